"""One refresh, from a parameter file to a finished pack.

The steps (:mod:`mmmlib.runner.steps`) run in the order of their needs, two at a time, while what
they are going to need gets ready beside them (:mod:`mmmlib.runner.background`). What each did goes into the
manifest as it happens, so that a refresh that is cut off can be taken up again.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from mmmlib.disk import trouble_with
from mmmlib.errors import InputError, MMMError, StepError
from mmmlib.manifest import MODEL_FIT, RunStatus, StepRecord
from mmmlib.params.load import read_params
from mmmlib.params.schema import Params
from mmmlib.provenance import changed_notebook, code_facts, released_notebook
from mmmlib.runner.background import Background
from mmmlib.runner.fork_server import start_fork_server
from mmmlib.runner.lifecycle import begin_run, bring_up_to_date, locked
from mmmlib.runner.progress import Watcher
from mmmlib.runner.steps import (
    FIT,
    STEPS,
    Step,
    key_of,
    outputs_of,
    remove_outputs,
    steps_left_out,
    steps_of,
    taking_part,
)
from mmmlib.runner.tasks import data_folder_of, do_step
from mmmlib.runs import Run, find_runs_dir
from mmmlib.verify import hash_beside

AT_ONCE = 2
"""Steps that run side by side; the fits of both go to one pool."""


class StoppedError(MMMError):
    """The refresh was told to stop; its run can be resumed."""


@dataclass
class Refresh:
    """A refresh at work: its run, and what it has come to."""

    run: Run
    params: Params
    watcher: Watcher
    records: dict[str, StepRecord] = field(default_factory=dict)
    steps: tuple[Step, ...] = field(init=False)
    left_out: set[str] = field(init=False)
    over: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.steps = steps_of(self.params)
        self.left_out = set(steps_left_out(self.params))

    def save(self, status: RunStatus | None = None, **values: object) -> None:
        """Write the manifest as things stand."""
        manifest = self.run.manifest.model_copy(update=values)
        manifest.steps = [self.records[step.name] for step in self.steps]
        if status:
            manifest.status = status
        self.run.write_manifest(manifest)


def run_refresh(
    params_file: Path,
    overrides: Sequence[str],
    watcher: Watcher,
    *,
    resume: bool = False,
    runs_dir: Path | None = None,
) -> Run:
    """Make a refresh, or take up the newest unfinished run of the same parameters.

    The ``manifest.verdict`` of the finished run says whether it may be published.

    Raises
    ------
    InputError
        If parameters, policy or roles are wrong: before anything is written.
    StepError
        If a step failed. The run says which, and can be resumed.
    StoppedError
        On SIGINT or SIGTERM.
    """
    params = read_params(params_file, overrides)
    folder = find_runs_dir(runs_dir).resolve()
    start_fork_server()
    run, resumed = begin_run(params, params_file, folder, resume, overrides)
    with locked(run):
        if resumed:
            bring_up_to_date(run, params, params_file)
        work = Refresh(run, params, watcher)
        watcher.run_begins(run, resumed)
        _record_code(work)
        try:
            _run_steps(work)
        except KeyboardInterrupt:
            _leave(work, "stopped")
            raise StoppedError(
                f"{run.name}: stopped. The run can be taken up again with --resume."
            ) from None
        except BaseException:
            _leave(work, "failed")
            raise
        work.save("done", verdict=verdict_of(run), files=hash_beside(run))
    run.exploring = True
    return run


def verdict_of(run: Run) -> str:
    """Return the verdict of a run's gates; ``block`` where the data was not ready."""
    from mmmlib.governance.verdict import GateResult

    gates = run.load_json("gates.json", GateResult)
    return "block" if not is_ready(run) else str(gates.level)


def is_ready(run: Run) -> bool:
    """Say whether readiness lets a model be fitted."""
    from mmmlib.readiness.verdict import Readiness, Verdict

    return run.load_json("readiness.json", Readiness).overall is not Verdict.NOT_READY


def why_not_ready(run: Run) -> str:
    """Say in a few sentences why readiness lets no model be fitted."""
    from mmmlib.findings import Level, Status
    from mmmlib.readiness.verdict import Readiness

    found = run.load_json("readiness.json", Readiness).findings
    against = [f for f in found if f.status is not Status.OK and f.level is Level.BLOCK]
    return " ".join(["The data is not ready for a model.", *(f.message for f in against[:2])])


def _changed_notebooks(work: Refresh) -> dict[str, str] | None:
    """Say of every notebook of the refresh what a person changed in it, if anything.

    One that was executed counts as it was executed: the file may have been edited meanwhile.
    None where there is nothing to hold notebooks against.
    """
    if not any(step.notebook and released_notebook(step.notebook) for step in STEPS):
        return None
    changed = {}
    for step in work.steps:
        if step.notebook:
            done = work.records[step.name].status == "done"
            used = work.run.path / step.executed if done else None
            changed[Path(step.notebook).stem] = changed_notebook(step.notebook, used)
    return {name: what for name, what in changed.items() if what}


def _record_code(work: Refresh) -> None:
    """Write down what this process is, which may differ from the one that was cut off."""
    from mmmlib.reports.format import format_version

    before = {record.name: record for record in work.run.manifest.steps}
    work.records = {
        step.name: before.get(step.name, StepRecord(name=step.name)) for step in work.steps
    }
    _cut_off(work)
    facts = code_facts()
    notebooks = _changed_notebooks(work)
    work.save("running", notebooks=notebooks, report_format=format_version(), **facts)


def _leave(work: Refresh, status: RunStatus) -> None:
    """Write down that the refresh ends here."""
    _cut_off(work)
    work.save(status)


def _cut_off(work: Refresh) -> None:
    """Take what was under way as not done."""
    for record in work.records.values():
        if record.status == "running":
            record.status, record.message = "pending", "cut off"


# --- running ------------------------------------------------------------------------


def _run_steps(work: Refresh) -> None:
    """Run every step whose result is not there already, as soon as its needs are met."""
    with (
        stop_signals(),
        _executor() as executor,
        Background(work.run, work.params, work.watcher.step_says) as background,
    ):
        inputs = {} if work.params.data.simulated else _hash_inputs(work)
        todo = list(work.steps)
        active: dict[Future[float], Step] = {}
        failures: list[Exception] = []
        while (todo and not failures) or active:
            while not failures and len(active) < AT_ONCE:
                step = _next_step(work, todo)
                if step is None:
                    break
                todo.remove(step)
                key = key_of(step, work.run, work.params, inputs, _needed(work, step))
                if _still_good(work, step, key):
                    _take_as_done(work, step, kept=True)
                    continue
                background.step_begins(step.name, _has_to_fit(work))
                _begin_step(work, step, key)
                say = partial(work.watcher.step_says, step.name)
                task = partial(do_step, step, work.run, work.params, background, say)
                active[executor.submit(_timed, task)] = step
            for future in wait(active, return_when=FIRST_COMPLETED).done:
                step = active.pop(future)
                try:
                    _finish(work, step, future)
                except Exception as error:
                    failures.append(_fail(work, step, error))
            if not _has_to_fit(work):
                background.fits_are_over()
    if failures:
        raise failures[0]


def _next_step(work: Refresh, todo: list[Step]) -> Step | None:
    """Return the first step whose needs are met; those that are left out are written off."""
    for step in list(todo):
        if step.name in work.left_out:
            todo.remove(step)
            _skip(work, step)
        elif set(taking_part(step.needs, work.left_out)) <= work.over:
            return step
    return None


def _has_to_fit(work: Refresh) -> bool:
    fitting = [work.records[name] for name in FIT if name in work.records]
    return any(record.status not in ("done", "skipped") for record in fitting)


@contextmanager
def _executor() -> Iterator[ThreadPoolExecutor]:
    """Threads for the steps; when stopped, what has not begun is dropped."""
    executor = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="step")
    try:
        yield executor
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _hash_inputs(work: Refresh) -> dict[str, str]:
    """Hash the data set's files as they lie there now, by source."""
    from mmmlib.data.ingest import hash_inputs

    return hash_inputs(work.params, data_folder_of(work.params, work.run))


def _needed(work: Refresh, step: Step) -> dict[str, str]:
    """Return what the steps that a step needs have left."""
    return {
        path: sha
        for name in taking_part(step.needs, work.left_out)
        for path, sha in work.records[name].outputs.items()
    }


def _still_good(work: Refresh, step: Step, key: str) -> bool:
    """Say whether an earlier process did this step, on the same things, and it is still there."""
    record = work.records[step.name]
    if record.status != "done" or record.key != key:
        return False
    outputs, missing = outputs_of(step, work.run, work.params)
    return not missing and outputs == record.outputs


def _begin_step(work: Refresh, step: Step, key: str) -> None:
    record = work.records[step.name]
    record.status, record.key, record.message = "running", key, ""
    record.seconds, record.outputs = None, {}
    work.save()
    remove_outputs(step, work.run, work.params)
    work.watcher.step_begins(step.name)


def _finish(work: Refresh, step: Step, future: Future[float]) -> None:
    """Take a step as done if what it was to leave is there."""
    record = work.records[step.name]
    record.seconds = round(future.result(), 3)
    outputs, missing = outputs_of(step, work.run, work.params)
    if missing:
        raise StepError(f"it ended without an error, but did not leave {', '.join(missing)}.")
    record.outputs, record.status = outputs, "done"
    if step.name == "data":
        from mmmlib.data.history.rows import kept_of

        work.save(inputs=_hash_inputs(work), kept=kept_of(work.run))
    _take_as_done(work, step, kept=False)
    work.save(notebooks=_changed_notebooks(work))


def _take_as_done(work: Refresh, step: Step, kept: bool) -> None:
    """Let what needs this step begin; leave the model out where readiness said no."""
    work.over.add(step.name)
    work.watcher.step_ends(work.records[step.name], kept)
    if step.name == "readiness" and not is_ready(work.run):
        work.left_out |= {step.name for step in STEPS if step.fitting}


def _fail(work: Refresh, step: Step, error: Exception) -> Exception:
    """Write a failure down; return the error with the step's name in its text."""
    if not isinstance(error, InputError):
        trouble = trouble_with(work.run.path, error)
        error = StepError(trouble) if trouble else error
    record = work.records[step.name]
    record.status, record.message = "failed", str(error)
    work.save()
    work.watcher.step_ends(record, kept=False)
    if type(error) in (StepError, MMMError):  # the others name a file already
        return StepError(f"{work.run.name}, step {step.name}: {error}")
    return error


def _skip(work: Refresh, step: Step) -> None:
    record = work.records[step.name]
    record.status, record.message = "skipped", "No model was fitted."
    if step.name in steps_left_out(work.params) and work.records[MODEL_FIT].status != "skipped":
        record.message = f"A {work.params.refresh.kind} refresh has none."
    if step.name == MODEL_FIT:
        record.message = why_not_ready(work.run)
    record.key, record.seconds, record.outputs = "", None, {}
    remove_outputs(step, work.run, work.params)
    work.save()


# --- being stopped ---------------------------------------------------------------------


@contextmanager
def stop_signals() -> Iterator[None]:
    """Turn SIGTERM into what Ctrl-C is, for as long as the steps run."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
