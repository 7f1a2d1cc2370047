"""Parameter files: every problem is reported with its place, and what is good is read exactly."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mmmlib.data.naming.taxonomy import read_taxonomy
from mmmlib.errors import InputError
from mmmlib.governance.policy import read_policy
from mmmlib.governance.roles import read_roles
from mmmlib.params import Params
from mmmlib.params.load import (
    new_params,
    next_period,
    params_of,
    read_params,
    write_params,
)
from mmmlib.runs import Manifest, Run

HERE = Path(__file__).parent
GOOD = HERE / "good.yaml"
MANY = HERE / "bad" / "many.yaml"


def faults(path: Path, *overrides: str) -> list[str]:
    with pytest.raises(InputError) as raised:
        read_params(path, overrides)
    assert raised.value.exit_code == 1
    assert str(path) in str(raised.value)
    return [str(problem) for problem in raised.value.problems]


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "file.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


# --- good files ---------------------------------------------------------------------


def test_values_are_what_they_look_like() -> None:
    params = read_params(GOOD)
    assert params.model.draws == 1000
    assert isinstance(params.model.draws, int)
    prior = params.channels["tv"].prior
    assert prior is not None
    assert prior.roi is not None
    assert prior.roi.low == 0.1
    assert params.audience.not_for == ("on",)
    assert list(params.channels) == ["on", "tv"]
    assert params.events["fair"].start == dt.date(2026, 1, 31)
    assert params.title == "Widgets & <script>alert('x')</script> — Ünïcode"
    assert params.model_names == ("revenue.self_serve", "revenue.sales_assisted")


def test_overrides_replace_add_and_reach_into_lists() -> None:
    params = read_params(
        GOOD,
        [
            "model.draws=500",
            "health.max_rhat=1.05",
            "audience.supports.0='Cut: with care'",
            "refresh.as_of=2026-11-30",
            "data.simulated=null",
            "channels.radio={spend: radio}",
        ],
    )
    assert params.model.draws == 500
    assert params.health.max_rhat == 1.05
    assert params.audience.supports == ("Cut: with care",)
    assert params.refresh.as_of == dt.date(2026, 11, 30)
    assert params.data.simulated is None
    assert params.channels["radio"].spend == "radio"


OTHERS = {"policy": read_policy, "roles": read_roles, "taxonomies": read_taxonomy}


@pytest.mark.parametrize(
    "path", sorted((HERE.parents[1] / "params").rglob("*.y*ml")), ids=lambda path: path.stem
)
def test_every_file_of_the_project_is_in_order(path: Path) -> None:
    assert OTHERS.get(path.stem, OTHERS.get(path.parent.name, read_params))(path)


# --- bad files ----------------------------------------------------------------------


def test_every_problem_is_reported_at_once_in_the_order_of_the_file() -> None:
    assert faults(MANY) == MANY.with_suffix(".txt").read_text().splitlines()


@pytest.mark.parametrize(
    ("override", "fault"),
    [
        ("model.darws=5", ("--set model.darws=5, key model.darws: found unknown key 'darws'; "
         "expected a key that belongs here. Did you mean 'draws'?")),
        ("model.draws", ("--set model.draws: found 'model.draws'; expected key=value, such as "
         "model.draws=500.")),
        ("model..draws=5", ("--set model..draws=5: found 'model..draws=5'; expected key=value, "
         "such as model.draws=500.")),
        ("model.draws=many", ("--set model.draws=many, key model.draws: found 'many'; expected "
         "a whole number.")),
        ("model.draws=5", "--set model.draws=5, key model.draws: found 5; expected 50 or more."),
        ("title.size=5", ("--set title.size=5: found 'Widgets & <script>alert('x')</script> — "
         "Ünïcode' at title; expected a mapping, which has keys.")),
        ("audience.supports.4=x", ("--set audience.supports.4=x: found '4' after "
         "audience.supports; expected a number from 0 to 0.")),
        ("model={draws: 500, draws: 600}", ("--set model={draws: 500, draws: 600}: found a "
         "broken value; expected plain YAML.")),
        ("health.max_rhat=.inf", ("--set health.max_rhat=.inf, key health.max_rhat: found inf; "
         "expected a finite number.")),
    ],
)  # fmt: skip
def test_faults_of_overrides(override: str, fault: str) -> None:
    assert faults(GOOD, override) == [fault]


def test_faults_of_overrides_and_file_come_together() -> None:
    reported = faults(MANY, "modle.draws=5", "nothing")
    assert len(reported) == len(faults(MANY)) + 2
    assert any("Did you mean 'model'?" in fault for fault in reported)


def test_a_count_in_three_capitals_is_no_currency(tmp_path: Path) -> None:
    text = GOOD.read_text(encoding="utf-8")
    leads = "outcomes:\n  leads: {kind: count, unit: MQL, column: c}\n"
    (fault,) = faults(written(tmp_path, text.replace("outcomes:\n", leads)))
    assert "outcomes.leads.unit: found 'MQL'; expected what is counted" in fault
    assert "write MQLs" in fault
    good = text.replace("outcomes:\n", leads.replace("MQL", "MQLs"))
    assert read_params(written(tmp_path, good)).return_unit("leads.pooled") == "MQLs/USD"


def test_misspelled_required_key_is_reported_once(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.read_text().replace("currency:", "curency:"))
    assert faults(path) == [
        (
            "line 4, column 1, key curency: found unknown key 'curency'; expected a key that "
            "belongs here. Did you mean 'currency'?"
        )
    ]


def test_missing_key_names_itself(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.read_text().replace("  period: 2026-Q4   # this quarter\n", ""))
    assert faults(path) == [
        (
            "line 6, column 1, key refresh.period: found nothing; expected a value for 'period', "
            "which is required."
        )
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "the file: found nothing in it; expected a mapping (key: value)."),
        ("# only a comment\n", "the file: found nothing in it; expected a mapping (key: value)."),
        ("- a\n- b\n", "line 1, column 1: found a list of 2; expected a mapping (key: value)."),
        ("words", "line 1, column 1: found 'words'; expected a mapping (key: value)."),
        ("a: b: c", ("line 1, column 5: found mapping values are not allowed here; expected valid "
         "YAML. Check the indentation, and put a text that holds ': ' in quotes.")),
        ("a:\n\t- b", ("line 2, column 1: found while scanning for the next token found character "
         "'\\t' that cannot start any token; expected valid YAML. Indent with spaces, not with "
         "tabs.")),
        ("a: [1,", ("line 1, column 7: found while parsing a flow node expected the node content, "
         "but found '<stream end>'; expected valid YAML.")),
        ("--- a\n--- b\n", ("line 2, column 1: found expected a single document in the stream but "
         "found another document; expected valid YAML.")),
        ("a: &x\n  b: *x\n", ("line 1, column 4, key a.b: found an alias to itself; expected "
         "values.")),
        ("a: !!python/object:os.system x", ("line 1, column 4, key a: found the tag "
         "!!python/object:os.system; expected a value without a tag.")),
        (b"title: \xff\n", ("byte 8: found a byte that is not UTF-8; expected text in UTF-8. "
         "Save the file again with the encoding UTF-8.")),
    ],
)  # fmt: skip
def test_files_that_are_no_parameters(tmp_path: Path, text: str | bytes, fault: str) -> None:
    assert faults(written(tmp_path, text)) == [fault]


def test_file_that_is_not_there(tmp_path: Path) -> None:
    written(tmp_path, "")
    assert faults(tmp_path / "flie.yaml") == [
        "the file: found nothing; expected a parameter file. Did you mean 'file.yaml'?"
    ]
    assert faults(tmp_path) == ["the file: found Is a directory; expected a file that can be read."]


def test_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = written(tmp_path, b"\xef\xbb\xbf" + GOOD.read_bytes())
    assert read_params(path) == read_params(GOOD)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(sorted(Params.model_fields)) | st.text(max_size=5), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@given(content=st.dictionaries(st.sampled_from(sorted(Params.model_fields)), JUNK))
def test_no_content_gives_another_error(
    content: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    import json

    path = tmp_path_factory.mktemp("junk") / "junk.yaml"
    path.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(InputError):  # something required is always missing or wrong
        read_params(path)


@given(text=st.text(max_size=60))
def test_no_text_gives_another_error(text: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("junk") / "junk.yaml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError):
        read_params(path)


# --- with the run -------------------------------------------------------------------


@pytest.fixture
def run(tmp_path: Path) -> Run:
    now = dt.datetime(2026, 7, 1, tzinfo=dt.UTC)
    manifest = Manifest(run="good", workbook="good", period="2026-Q4", created=now)
    (tmp_path / "manifest.json").write_text(manifest.model_dump_json())
    (tmp_path / "params.json").write_text("{}")
    return Run(tmp_path)


def test_run_keeps_the_file_and_what_it_came_to(run: Run) -> None:
    params = read_params(GOOD, ["model.draws=500"])
    write_params(run.path, params, GOOD.read_text())
    assert (run.path / "params.yaml").read_text() == GOOD.read_text()
    assert params_of(run) == params


def test_an_earlier_run_is_told_as_it_was_not_by_a_default_of_today(run: Run) -> None:
    """Reproduced with keys that came since, it would not have been the same model."""
    path = run.path / "params.json"
    write_params(run.path, read_params(GOOD), GOOD.read_text())
    content = json.loads(path.read_bytes())
    for key in ("returns_alike", "form_error"):
        del content["model"][key]
    path.write_text(json.dumps(content))
    assert (params_of(run).model.returns_alike, params_of(run).model.form_error) == (0.0, 0.0)


def test_run_without_parameters(run: Run) -> None:
    (run.path / "params.json").unlink()
    with pytest.raises(InputError, match=r"params\.json: the file: found nothing"):
        params_of(run)


def test_run_with_damaged_parameters(run: Run) -> None:
    (run.path / "params.json").write_text('{"workbook": "x"')
    with pytest.raises(InputError, match=r"params\.json"):
        params_of(run)


# --- the next period ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("period", "kind", "following"),
    [
        ("2026-Q2", "quarterly", "2026-Q3"),
        ("2026-Q4", "quarterly", "2027-Q1"),
        ("2026-12", "monthly", "2027-01"),
        ("2026-Q2", "monthly", "2026-07"),
        ("2026-05", "quarterly", "2026-Q2"),
        ("2026-06", "quarterly", "2026-Q3"),
    ],
)
def test_next_period(period: str, kind: str, following: str) -> None:
    assert next_period(period, kind) == following  # type: ignore[arg-type]


def test_new_file_differs_only_where_time_moves(tmp_path: Path) -> None:
    source = tmp_path / "q4.yaml"
    source.write_text(GOOD.read_text())
    target = new_params(source, "q1")
    assert target == tmp_path / "q1.yaml"
    expected = (
        GOOD.read_text()
        .replace("2026-Q4", "2027-Q1")
        .replace("2026-12-31", "2027-03-31")
        .replace("vintage: 3", "vintage: 4")
    )
    assert target.read_text() == expected
    assert read_params(target).refresh.period == "2027-Q1"


def test_new_file_never_replaces_one(tmp_path: Path) -> None:
    source = tmp_path / "q4.yaml"
    source.write_text(GOOD.read_text())
    with pytest.raises(InputError, match="found a file; expected a name that is free"):
        new_params(source, "q4")
    assert source.read_text() == GOOD.read_text()


@pytest.mark.parametrize("name", ["../out", "a/b", "", ".hidden", "a b", "x" * 80])
def test_new_file_stays_beside_its_source(tmp_path: Path, name: str) -> None:
    source = tmp_path / "q4.yaml"
    source.write_text(GOOD.read_text())
    with pytest.raises(InputError, match="NAME"):
        new_params(source, name)
    assert [path.name for path in tmp_path.iterdir()] == ["q4.yaml"]


def test_simulated_data_is_looked_at_after_its_period() -> None:
    bare = ["refresh.as_of=null"]
    assert read_params(GOOD, bare).as_of == dt.date(2027, 1, 1)
    assert read_params(GOOD, [*bare, "refresh.period=2026-02"]).as_of == dt.date(2026, 3, 1)
    assert read_params(GOOD).as_of == dt.date(2026, 12, 31)
    assert read_params(GOOD, [*bare, "data.simulated=null"]).as_of == dt.date.today()


def test_lift_tests_in_the_file_are_checked_with_the_rest(tmp_path: Path) -> None:
    text = GOOD.read_text(encoding="utf-8") + (
        "lift_tests:\n"
        "  one: {channel: tvv, outcome: revenue, motion: self_serv, start: 2026-03-02,\n"
        "    end: 2026-02-01, spend_change: 0, incremental_outcome: 3, standard_error: 0}\n"
        "  two: {channel: tv, outcome: rev, start: 2026-01-05, end: 2026-02-01,\n"
        "    spend_change_share: -2, incremental_outcome: .nan, standard_error: 1, size: 3}\n"
        "  three: {channel: tv, outcome: revenue, start: 2026-01-05, end: 2026-02-01,\n"
        "    spend_change_share: -1, incremental_outcome: -3, standard_error: 1}\n"
    )
    reported = faults(written(tmp_path, text))
    for words in (
        "key lift_tests.one.channel: found 'tvv'; expected one of on, tv.",
        "key lift_tests.one.motion: found 'self_serv'; expected a motion: one of self_serve,",
        "key lift_tests.one.standard_error: found 0; expected more than 0.",
        "key lift_tests.two.outcome: found 'rev'; expected one of revenue. Did you mean",
        "key lift_tests.two.spend_change_share: found -2; expected -1 or more.",
        "key lift_tests.two.incremental_outcome: found nan; expected a finite number.",
        "key lift_tests.two.size: found unknown key 'size'",
        "key lift_tests.three.motion: found no motion; expected a motion: one of self_serve,",
    ):
        assert any(words in line for line in reported), f"{words}\n" + "\n".join(reported)
    assert len(reported) == 8
    good = text.replace("tvv", "tv").replace("self_serv,", "self_serve,")
    good = (
        good.replace("2026-03-02", "2026-01-05")
        .replace("0, incr", "9, incr")
        .replace("error: 0", "error: 1")
    )
    good = good.split("  two:")[0]
    params = read_params(written(tmp_path, good))
    assert params.lift_tests["one"].model == "revenue.self_serve"
