"""From draft to published: nobody passes a gate, a role, a key or another's signature."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mmmlib.errors import InputError, RunError
from mmmlib.findings import Level, judge
from mmmlib.governance.gates import pass_gates
from mmmlib.governance.keys import make_key, read_key
from mmmlib.governance.review import State
from mmmlib.governance.store import Store, open_store
from mmmlib.governance.verdict import GateEntry, GateResult, Release, SignOffNeeded
from mmmlib.governance.workflow import Desk, approved_runs
from mmmlib.manifest import StepRecord
from mmmlib.runs import Run, sha256_file
from tests.fake_run import make_fake_run
from tests.governance.race import hold, play

TODAY = dt.date(2026, 8, 3)
DATA_OWNER, PRODUCT_OWNER = "Tomasz Lindqvist", "Mirko Vidal"
MODEL_OWNER, DECISION_OWNER = "Priya Raman", "Dana Okafor"
NEEDED = (
    ("data", "Data Owner", DATA_OWNER),
    ("data", "MMM Product Owner", PRODUCT_OWNER),
    ("recommendation", "Decision Owner", DECISION_OWNER),
)
BLOCKING = ("health.holdout_error", "revenue.pooled")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return make_fake_run(tmp_path_factory.mktemp("runs"))


@pytest.fixture
def run(template: Run, tmp_path: Path) -> Run:
    path = tmp_path / template.name
    shutil.copytree(template.path, path)
    return prepare(Run(path))


def prepare(run: Run, *blocking: tuple[str, str]) -> Run:
    """Give a fake run gates that pass but for some checks, and a whole record."""
    entries = [entry("data.freshness", "media", passed=True)]
    entries += [entry(check, subject, passed=False) for check, subject in blocking]
    gates = pass_gates(run).model_copy(
        update={
            "level": max(one.level for one in entries),
            "entries": tuple(entries),
            "release": Release.NOT_APPROVED if blocking else Release.DRAFT,
            "sign_offs": tuple(
                SignOffNeeded(subject=subject, role=role, person=person, why="It changed.")
                for subject, role, person in NEEDED
            ),
        }
    )
    run.save_json("gates.json", gates)
    outputs = {"artefacts/gates.json": sha256_file(run.artefact("gates.json"))}
    record = StepRecord(name="review", status="done", outputs=outputs)
    run.write_manifest(run.manifest.model_copy(update={"status": "done", "steps": [record]}))
    return run


def entry(check: str, subject: str, *, passed: bool) -> GateEntry:
    level = Level.INFO if passed else Level.BLOCK
    found = judge(check, subject, passed=passed, level=Level.BLOCK, message="Seen.")
    return GateEntry(finding=found, level=level, rule="as proposed by the check")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path) as opened:
        yield opened


@pytest.fixture
def desk(run: Run, store: Store) -> Desk:
    return Desk(run, store, TODAY)


def sign_all(desk: Desk) -> None:
    for subject, _, person in NEEDED:
        desk.sign(subject, person)


def test_the_way_from_draft_to_published(desk: Desk, store: Store) -> None:
    assert desk.review().state is State.DRAFT
    assert desk.open_review().state is State.IN_REVIEW
    review = desk.sign("data", DATA_OWNER)
    assert (review.state, review.release) == (State.IN_REVIEW, Release.DRAFT)
    assert f"Still to sign: {PRODUCT_OWNER}" in review.sentence
    with pytest.raises(RunError, match=f"still needs {PRODUCT_OWNER}.*{DECISION_OWNER}"):
        desk.publish("there")
    desk.sign("data", "mirko.vidal@example.com")  # an address names its owner
    review = desk.sign("recommendation", DECISION_OWNER)
    assert (review.state, review.release) == (State.APPROVED, Release.APPROVED)
    assert approved_runs(store, [desk.run]) == [desk.run.name]
    entry = desk.publish("there")
    assert entry.body["audience"] == "everyone"
    assert desk.review().state is State.PUBLISHED
    with pytest.raises(RunError, match="published"):
        desk.publish("there")
    assert desk.withdraw(PRODUCT_OWNER, "A source was wrong.").state is State.WITHDRAWN
    assert approved_runs(store, [desk.run]) == []


def test_a_later_publication_supersedes(desk: Desk, store: Store, tmp_path: Path) -> None:
    sign_all(desk)
    desk.publish("there")
    path = tmp_path / "demo-2026-Q3-00000000"
    shutil.copytree(desk.run.path, path)
    later = Run(path)
    later.write_manifest(later.manifest.model_copy(update={"run": path.name}))
    other = Desk(later, store, TODAY)
    sign_all(other)
    other.publish("there")
    assert desk.review().state is State.SUPERSEDED
    assert other.review().state is State.PUBLISHED


@pytest.mark.parametrize(
    ("subject", "person", "words"),
    [
        ("date", DATA_OWNER, "Did you mean 'data'"),
        ("data", MODEL_OWNER, "who is Data Owner or MMM Product Owner"),
        ("recommendation", PRODUCT_OWNER, f"who is Decision Owner on 2026-08-03: {DECISION_OWNER}"),
        ("data", "Nobody", "Data Owner"),
    ],
)
def test_who_may_not_sign(desk: Desk, subject: str, person: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        desk.sign(subject, person)
    assert desk.store.entries() == []


def test_nobody_signs_twice(desk: Desk) -> None:
    desk.sign("data", DATA_OWNER)
    with pytest.raises(InputError, match="signed for Data Owner"):
        desk.sign("data", DATA_OWNER)


def test_a_role_has_its_time_and_its_deputies(desk: Desk, store: Store) -> None:
    roles = desk.signers.roles
    gone = roles.data_owner.model_copy(update={"until": dt.date(2026, 7, 31)})
    deputy = gone.model_validate({"name": "Lee Novak", "since": "2026-08-01"})
    of_today = roles.model_copy(
        update={"data_owner": gone.model_copy(update={"deputies": (deputy,)})}
    )
    desk = Desk(desk.run, store, TODAY, of_today)
    with pytest.raises(InputError, match="from ever to 2026-07-31"):
        desk.sign("data", DATA_OWNER)
    signed = desk.sign("data", "Lee Novak").signatures
    assert [one.record.person for one in signed] == ["Lee Novak"]


def test_a_deputy_does_not_sign_both_sides(desk: Desk, store: Store) -> None:
    roles = desk.signers.roles
    deputy = roles.data_owner.model_validate({"name": "Lee Novak"})
    both = {
        role: roles.person(role).model_copy(update={"deputies": (deputy,)})
        for role in ("data_owner", "mmm_product_owner")
    }
    desk = Desk(desk.run, store, TODAY, roles.model_copy(update=both))
    desk.sign("data", "Lee Novak", "Data Owner")
    with pytest.raises(InputError, match="one person does not sign both sides"):
        desk.sign("data", "Lee Novak", "MMM Product Owner")


def test_a_key_proves_who_signed(desk: Desk, store: Store, tmp_path: Path) -> None:
    roles = desk.signers.roles
    public = make_key(tmp_path / "tomasz")
    make_key(tmp_path / "mallory")
    with_key = roles.data_owner.model_copy(update={"key": public})
    desk = Desk(desk.run, store, TODAY, roles.model_copy(update={"data_owner": with_key}))
    with pytest.raises(InputError, match="the roles file names one"):
        desk.sign("data", DATA_OWNER)
    with pytest.raises(InputError, match="another key"):
        desk.sign("data", DATA_OWNER, key=read_key(tmp_path / "mallory"))
    signed = desk.sign("data", DATA_OWNER, key=read_key(tmp_path / "tomasz")).signatures
    assert signed[0].proven
    desk.sign("data", PRODUCT_OWNER)
    assert not desk.review().signatures[1].proven
    assert "; signed with a key) and " in desk.review().sentence
    strict = desk.policy.signing.model_copy(update={"key_required": True})
    desk.policy = desk.policy.model_copy(update={"signing": strict})
    desk.signers = type(desk.signers)(desk.signers.roles, desk.policy, TODAY)
    # What was typed in counts no more; what was proven does.
    assert [one.record.person for one in desk.review().signatures] == [DATA_OWNER]


def test_a_key_that_the_roles_file_does_not_name_proves_nothing(desk: Desk, tmp_path: Path) -> None:
    make_key(tmp_path / "own")
    with pytest.raises(InputError, match="the roles file names none"):
        desk.sign("data", DATA_OWNER, key=read_key(tmp_path / "own"))
    with pytest.raises(InputError, match="'Lee'; expected somebody who is Data Owner"):
        desk.sign("data", "Lee")


def test_a_decision_alone_opens_no_review(desk: Desk, store: Store) -> None:
    store.append("decision", desk.run.name, lambda _: {})
    assert desk.review().state is State.DRAFT


def test_a_signature_is_for_the_run_as_it_is(desk: Desk, store: Store) -> None:
    sign_all(desk)
    gates = desk.run.load_json("gates.json", GateResult)
    desk.run.save_json("gates.json", gates.model_copy(update={"statement": "All is well."}))
    with pytest.raises(
        RunError, match=r"not as its refresh left it: artefacts/gates.json is altered"
    ):
        desk.publish("there")
    outputs = {"artefacts/gates.json": sha256_file(desk.run.artefact("gates.json"))}
    steps = [StepRecord(name="review", status="done", outputs=outputs)]
    desk.run.write_manifest(desk.run.manifest.model_copy(update={"steps": steps}))
    # Made again and recorded anew, it is another thing, which nobody has signed.
    review = Desk(desk.run, store, TODAY).review()
    assert review.signatures == ()
    assert len(review.missing) == len(NEEDED)


def test_nothing_is_signed_of_an_edited_manifest(desk: Desk) -> None:
    path = desk.run.path / "manifest.json"
    path.write_text(path.read_text().replace('"seed": ', '"seed": 1'))
    with pytest.raises(RunError, match=r"manifest\.json is altered"):
        desk.sign("data", DATA_OWNER)


def test_what_blocks_can_be_waived_for_a_time(run: Run, store: Store) -> None:
    desk = Desk(prepare(run, BLOCKING), store, TODAY)
    assert desk.review().state is State.BLOCKED
    with pytest.raises(RunError, match=r"blocked, so it cannot be signed.*mmm waive"):
        desk.sign("data", DATA_OWNER)
    with pytest.raises(RunError, match=r"health\.holdout_error revenue\.pooled"):
        desk.publish("there")
    until = TODAY + dt.timedelta(days=30)
    review = desk.waive(*BLOCKING, PRODUCT_OWNER, "The strike week is known.", until)
    assert review.state is State.IN_REVIEW
    assert "Reason: The strike week is known." in review.sentence
    assert BLOCKING[0] not in review.sentence  # the check has the name that pages give it
    sign_all(desk)
    review = desk.review()
    assert (review.state, review.release) == (State.LIMITED, Release.LIMITED)
    assert review.sentence.count("typed in") == 1  # said once of all
    assert Desk(run, store, until + dt.timedelta(days=1)).review().state is State.BLOCKED


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"check": "health.rhat"}, "one that blocks: health.holdout_error revenue.pooled"),
        ({"person": MODEL_OWNER}, "MMM Product Owner or Decision Owner"),
        ({"why": " "}, "the reason"),
        ({"until": TODAY + dt.timedelta(days=400)}, "within 92 days"),
        ({"until": TODAY - dt.timedelta(days=1)}, "within 92 days"),
    ],
)
def test_what_is_no_waiver(run: Run, store: Store, changes: dict[str, object], words: str) -> None:
    desk = Desk(prepare(run, BLOCKING), store, TODAY)
    values = {
        "check": BLOCKING[0],
        "subject": BLOCKING[1],
        "person": PRODUCT_OWNER,
        "why": "Known.",
        "until": TODAY,
    }
    with pytest.raises(InputError, match=words):
        desk.waive(**(values | changes))  # type: ignore[arg-type]
    assert store.entries() == []


def test_a_broken_contract_is_never_waived(run: Run, store: Store) -> None:
    desk = Desk(prepare(run, ("data.contract", "media")), store, TODAY)
    with pytest.raises(InputError, match="Mend its cause"):
        desk.waive("data.contract", "media", PRODUCT_OWNER, "It is late.", TODAY)


def test_only_a_finished_run_is_reviewed(run: Run, store: Store) -> None:
    run.write_manifest(run.manifest.model_copy(update={"status": "stopped"}))
    with pytest.raises(RunError, match="finish it before it is reviewed"):
        Desk(run, store, TODAY)


def test_nobody_publishes_alone(run: Run, store: Store) -> None:
    gates = run.load_json("gates.json", GateResult).model_copy(update={"sign_offs": ()})
    run.save_json("gates.json", gates)
    outputs = {"artefacts/gates.json": sha256_file(run.artefact("gates.json"))}
    steps = [StepRecord(name="review", status="done", outputs=outputs)]
    run.write_manifest(run.manifest.model_copy(update={"steps": steps}))
    desk = Desk(run, store, TODAY)
    with pytest.raises(RunError, match=f"still needs {PRODUCT_OWNER}"):
        desk.publish("there")
    desk.sign("publication", PRODUCT_OWNER)
    assert desk.publish("there").kind == "publication"


def test_without_any_act_no_run_is_approved_or_not(run: Run, store: Store) -> None:
    assert approved_runs(store, [run]) is None


def test_two_who_sign_decide_and_publish_at_once(run: Run, tmp_path: Path) -> None:
    hold(play(tmp_path, run, 4), 4, len(NEEDED))
