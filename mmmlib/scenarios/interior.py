"""A smooth figure made as large as linear limits allow: Newton steps that stay inside of them.

Second derivatives come in small blocks (the weeks of one channel in one region), limits are few:
so a step costs little even for thousands of variables. Every point on the way keeps the limits. Where
it ends is held against the best that a linear programme sees from there: :func:`first_order_gap`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, hstack, vstack

STAY = 0.99
"""Share of the way to the nearest limit that a step may go."""
STEPS = 60
"""Newton steps before it counts as not converged."""
HALVINGS = 25
CALMER = 0.15
"""Factor on the barrier when its own best point is found."""
EXACT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
KEEP = 1e8
"""Multipliers stay within this factor of what the barrier says, so that steps stay sound."""


@dataclass(frozen=True, eq=False)
class LinearLimits:
    """``low <= x <= high``, ``equal @ x = equal_to``, ``rows @ x <= at_most``."""

    low: np.ndarray
    high: np.ndarray
    equal: np.ndarray
    equal_to: np.ndarray
    rows: np.ndarray
    at_most: np.ndarray

    def inside(self) -> np.ndarray | None:
        """Return a point as far from the limits as can be; None if there is no point at all."""
        width, one = self.high - self.low, eye_array(len(self.low))
        away = csr_array(width[:, None])
        scale = csr_array((np.abs(self.rows) @ width)[:, None])
        # One unknown more: by which share of its room every limit is kept away from.
        rows = vstack(
            [hstack([-one, away]), hstack([one, away]), hstack([csr_array(self.rows), scale])]
        )
        price = np.zeros(len(width) + 1)
        price[-1] = -1.0
        found = linprog(
            price,
            A_ub=rows,
            b_ub=np.concatenate([-self.low, self.high, self.at_most]),
            A_eq=hstack([csr_array(self.equal), csr_array((len(self.equal), 1))]),
            b_eq=self.equal_to,
            bounds=[(None, None)] * len(width) + [(0.0, 0.5)],
            method="highs",
            options=EXACT,
        )
        return np.asarray(found.x[:-1]) if found.status == 0 else None

    def best(self, price: np.ndarray) -> np.ndarray | None:
        """Return the point at which ``price @ x`` is largest; None if there is none."""
        size = float(np.abs(price).max(initial=0.0)) or 1.0
        found = linprog(
            -price / size,
            A_ub=csr_array(self.rows),
            b_ub=self.at_most,
            A_eq=csr_array(self.equal),
            b_eq=self.equal_to,
            bounds=np.stack([self.low, self.high], axis=1),
            method="highs",
            options=EXACT,
        )
        return np.asarray(found.x) if found.status == 0 else None


@dataclass(frozen=True, eq=False)
class Curvature:
    """Second derivatives of what is made large: blocks, less outer products that tie them.

    ``blocks`` is ``(block, k, k)``; ``place`` (``(block, k)``) says which variable each of its rows
    is, -1 for none. ``ties`` is ``(row, variable)``: the blocks less ``ties.T @ ties``.
    """

    blocks: np.ndarray
    place: np.ndarray
    ties: np.ndarray


@dataclass(frozen=True, eq=False)
class Climb:
    """Where a climb ended; ``ended``: because there was nothing more to gain."""

    x: np.ndarray
    value: float
    steps: int
    ended: bool


class _Room(NamedTuple):
    """Something for each limit: for lower ends, upper ends and rows."""

    low: np.ndarray
    high: np.ndarray
    rows: np.ndarray

    @classmethod
    def at(cls, x: np.ndarray, limits: LinearLimits) -> _Room:
        return cls(x - limits.low, limits.high - x, limits.at_most - limits.rows @ x)


def climb(
    slope_of: Callable[[np.ndarray], tuple[float, np.ndarray]],
    curvature_of: Callable[[np.ndarray], Curvature],
    limits: LinearLimits,
    start: np.ndarray,
    *,
    tolerance: float,
    barrier: float,
) -> Climb:
    """Climb from a point inside of the limits.

    Parameters
    ----------
    slope_of
        What is made large, with its gradient.
    curvature_of
        Its second derivatives, roughly: they set the length of steps, not where they end.
    limits
        What every step keeps.
    start
        Strictly inside.
    tolerance
        Gain, in the unit of the value, below which there is nothing more to be had.
    barrier
        Gain that is first given up for staying away from the limits.
    """
    x = start
    value, slope = slope_of(x)
    room = _Room.at(x, limits)
    count = sum(map(len, room))
    mu = max(barrier, tolerance) / count
    duals = _Room(*(mu / one for one in room))
    for step in range(STEPS):
        change, new = _newton(slope, curvature_of(x), limits, room, duals, mu)
        moves = _Room(change, -change, -(limits.rows @ change))
        reach = min([1.0, *(_reach(one, by) for one, by in zip(room, moves, strict=True))])
        merit = value + mu * _logs(room)
        rise = float(
            slope @ change + mu * sum((by / one).sum() for one, by in zip(room, moves, strict=True))
        )
        for _ in range(HALVINGS):
            there = x + reach * change
            now = _Room.at(there, limits)
            if all((one > 0).all() for one in now):
                found, steeper = slope_of(there)
                if found + mu * _logs(now) >= merit + 1e-4 * reach * rise - 1e-12 * abs(merit):
                    break
            reach /= 2
        else:
            return Climb(x, value, step, ended=count * mu <= tolerance)
        gained = found - value
        x, value, slope, room = there, found, steeper, now
        turn = min([1.0, *(_reach(a, b - a) for a, b in zip(duals, new, strict=True))])
        duals = _Room(
            *(
                np.clip(a + turn * (b - a), mu / one / KEEP, mu / one * KEEP)
                for a, b, one in zip(duals, new, room, strict=True)
            )
        )
        settled = rise <= 0.5 * count * mu and reach > 0.3
        if settled and count * mu <= tolerance and abs(gained) <= tolerance:
            return Climb(x, value, step + 1, ended=True)
        if settled:
            mu = max(CALMER * mu, 0.3 * tolerance / count)
    return Climb(x, value, STEPS, ended=False)


def first_order_gap(slope: np.ndarray, x: np.ndarray, limits: LinearLimits) -> float:
    """Return the most that a linear programme sees to be gained from ``x``.

    Where the figure bends down everywhere, nothing inside the limits is better by more than that;
    where it does not, nothing near is.
    """
    end = limits.best(slope)
    return float("inf") if end is None else max(0.0, float(slope @ (end - x)))


def _logs(room: _Room) -> float:
    return float(sum(np.log(one).sum() for one in room))


def _reach(distance: np.ndarray, change: np.ndarray) -> float:
    """How far a step may go without coming too near to zero."""
    toward = change < 0
    if not toward.any():
        return 1.0
    return float(min(1.0, STAY * (distance[toward] / -change[toward]).min()))


def _newton(
    slope: np.ndarray,
    bend: Curvature,
    limits: LinearLimits,
    room: _Room,
    duals: _Room,
    mu: float,
) -> tuple[np.ndarray, _Room]:
    """One primal-dual step, and the multipliers that it asks for."""
    stiff = duals.low / room.low + duals.high / room.high
    held = np.vstack([limits.equal, limits.rows, bend.ties])
    right = slope + mu / room.low - mu / room.high
    solved = _solve(bend, stiff, np.column_stack([right, held.T]))
    equals, rows = len(limits.equal), len(limits.rows)
    asked = held @ solved[:, 0]
    asked[equals : equals + rows] += mu / duals.rows
    change = solved[:, 0]
    multipliers = np.zeros(len(held))
    if len(held):
        matrix = held @ solved[:, 1:]
        between = [np.zeros(equals), room.rows / duals.rows, np.ones(len(bend.ties))]
        matrix[np.diag_indices_from(matrix)] += np.concatenate(between)
        size = np.sqrt(np.maximum(np.diag(matrix), 1e-300))  # rows of very unlike sizes
        multipliers = np.linalg.lstsq(matrix / np.outer(size, size), asked / size, rcond=1e-13)[0]
        multipliers /= size
        change = change - solved[:, 1:] @ multipliers
    return change, _Room(
        (mu - duals.low * change) / room.low,
        (mu + duals.high * change) / room.high,
        multipliers[equals : equals + rows],
    )


def _solve(bend: Curvature, stiff: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Solve block by block; upward bends are made flat, so that a step always climbs."""
    k = bend.place.shape[1]
    known = bend.place >= 0
    place = np.where(known, bend.place, 0)
    diagonal = np.where(known, stiff[place], 1.0)
    root = 1 / np.sqrt(diagonal)
    scaled = -bend.blocks * root[:, :, None] * root[:, None, :]
    scaled *= known[:, :, None] & known[:, None, :]
    values, vectors = np.linalg.eigh(scaled)
    inverse = (vectors / (1 + np.maximum(values, 0.0))[:, None, :]) @ vectors.swapaxes(1, 2)
    inverse *= root[:, :, None] * root[:, None, :]
    each = np.where(known[:, :, None], right[place], 0.0)
    found = inverse @ each
    out = np.empty_like(right)
    out[bend.place[known]] = found[known]
    assert k == bend.blocks.shape[1]
    return out
