"""Who looked at packs and came back, and where the records stand on the ladder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mmmlib.errors import InputError
from mmmlib.governance.adoption import adoption_cycles, adoption_measures
from mmmlib.governance.maturity import maturity
from mmmlib.governance.records import Publication, Withdrawal
from mmmlib.governance.store import Store, open_store
from mmmlib.governance.views import consumers_of, import_views, views_key
from tests.fakes import fake_params
from tests.governance.test_decisions import LATER

RUNS = ("fake-2026-Q1-00000001", "fake-2026-Q2-00000002", "fake-2026-Q3-00000003")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path) as opened:
        yield opened


def publish(store: Store, run: str, **more: Any) -> None:
    values = {
        "run": run,
        "workbook": "fake",
        "period": run[5:12],
        "digest": "",
        "release": "APPROVED",
        "audience": "everyone",
        "policy_version": "1",
        "folder": "",
        "signed_by": (),
    }
    body = Publication.model_validate(values | more).body()
    store.append("publication", run, lambda _: body)


def line(who: str, path: str, day: str = "01", status: int = 200, user: str = "-") -> str:
    return f'{who} - {user} [{day}/Jul/2026:23:30:00 -0200] "GET {path} HTTP/1.1" {status} 512 "-" "x"\n'


def a_log(folder: Path, *lines: str) -> Path:
    path = folder / f"access{len(list(folder.glob('access*')))}.log"
    path.write_text("".join(lines))
    return path


def test_a_combined_log_is_counted_and_names_nobody(store: Store, tmp_path: Path) -> None:
    page = f"/packs/fake/{RUNS[0]}/index.html"
    log = a_log(
        tmp_path,
        line("10.0.0.1", page, user="dana@example.com"),
        line("10.0.0.1", page, user="Dana@example.com"),
        line("10.0.0.2", f"/packs/fake/{RUNS[0]}/pack.pdf?x=1"),
        line("10.0.0.3", page, status=404),
        line("10.0.0.3", "/packs/fake/latest.json"),
        line("10.0.0.3", f"/packs/other/{RUNS[0].replace('fake', 'other')}/index.html"),
        "this line is broken\n",
        line("10.0.0.4", page, day="32"),
    )
    key = views_key(tmp_path)
    assert views_key(tmp_path) == key
    assert (tmp_path / "views.key").stat().st_mode & 0o777 == 0o600
    assert import_views(store, log, "fake", key, names=False) == 3
    (entry,) = store.entries("views")
    assert "dana" not in json.dumps(entry.body) and "10.0.0" not in json.dumps(entry.body)
    seen = entry.body["views"][RUNS[0]]
    # Half past eleven at -0200 is the next day in UTC; one consumer wrote the name in two ways.
    assert sorted(map(str, seen.values())) == ["{'2026-07-02': 1}", "{'2026-07-02': 2}"]
    with pytest.raises(InputError, match="imported before"):
        import_views(store, log, "fake", key, names=False)
    # A longer log of the same day tells the same views again.
    more = a_log(tmp_path, log.read_text(), line("10.0.0.2", page))
    import_views(store, more, "fake", key, names=False)
    assert consumers_of(store.entries(), "fake") == {RUNS[0]: set(seen)}


def test_a_csv_log_has_names_where_the_policy_allows_them(store: Store, tmp_path: Path) -> None:
    log = tmp_path / "views.csv"
    log.write_text(f"time,consumer,run\n2026-07-01T09:30,Dana,{RUNS[0]}\n")
    import_views(store, log, "fake", b"key", names=True)
    assert consumers_of(store.entries(), "fake") == {RUNS[0]: {"Dana"}}


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.log", "nothing of the kind\n", "combined format"),
        ("a.log", "", "combined format"),
        ("a.csv", "who,when\n", "the columns time, consumer, run"),
        ("a.csv", f"time,consumer,run\nnoon,Dana,{RUNS[0]}\n", "line 2, time"),
        (
            "a.csv",
            "time,consumer,run\n2026-07-01,Dana,other-2026-Q1-00000001\n",
            "no view of a pack",
        ),
    ],
)
def test_other_files_are_refused(
    store: Store, tmp_path: Path, name: str, content: str, says: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=says):
        import_views(store, tmp_path / name, "fake", b"key", names=False)
    assert store.entries() == []


def test_who_comes_back_and_what_was_withdrawn(store: Store, tmp_path: Path) -> None:
    for run in RUNS:
        publish(store, run, audience="limited" if run == RUNS[0] else "everyone")
    body = Withdrawal(run=RUNS[1], why="A wrong file.", person="Mirko Vidal").body()
    store.append("withdrawal", RUNS[1], lambda _: body)
    rows = [("a", RUNS[0]), ("b", RUNS[0]), ("a", RUNS[2]), ("c", RUNS[1]), ("d", RUNS[2])]
    log = tmp_path / "views.csv"
    log.write_text(
        "time,consumer,run\n" + "".join(f"2026-07-01,{who},{run}\n" for who, run in rows)
    )
    import_views(store, log, "fake", b"key", names=False)
    cycles = adoption_cycles(store.entries(), "fake")
    assert [(one.consumers, one.came_back) for one in cycles] == [(2, 1), (1, 0), (2, 0)]
    values = {one.name: one.value for one in adoption_measures(store.entries(), "fake", LATER)}
    assert values["Repeat consumption"].startswith("1 of 3")  # of the newest nobody can have
    assert values["Stability incidents"].startswith("1 of 3")


def test_the_ladder_is_climbed_rung_by_rung(store: Store) -> None:
    params = fake_params()
    none = maturity(store.entries(), params, 5)
    assert not any(one.reached for one in none)  # tests alone are no rung: those below are missing
    first = ("published refreshes: 0 (needed: 1)", "published ranges: 0 (needed: 1)")
    assert none[0].evidence == first
    cited = none[2].evidence[1].replace("\N{NO-BREAK SPACE}", " ")
    assert cited.endswith("evidence: 0 % (needed: 50 %)")
    promise = {
        "promise": "p",
        "kind": "forecast",
        "about": "a week",
        "subject": "revenue.pooled",
        "start": "2026-07-06",
        "end": "2026-07-12",
        "expected": {
            "median": 1, "low": 0, "high": 2, "inner_low": 0.5, "inner_high": 1.5, "draws": 9
        },
    }  # fmt: skip
    publish(store, RUNS[0], promises=(promise,))
    assert [one.reached for one in maturity(store.entries(), params, 0)][:2] == [True, False]
    publish(store, RUNS[1])
    publish(store, RUNS[2])
    reached = [one.reached for one in maturity(store.entries(), params, 0)]
    assert reached == [True, True, False, False, False]
