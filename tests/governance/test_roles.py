"""Roles: by name, strict, and the Model Owner never approves."""

from __future__ import annotations

from pathlib import Path

import pytest

from mmmlib.errors import InputError
from mmmlib.governance.roles import read_roles

DEFAULT = Path(__file__).parents[2] / "params" / "governance" / "roles.yaml"
GOOD = """\
version: "1"
decision_owner: {name: Ann}
mmm_product_owner: {name: Bob, email: bob@example.com}
model_owner: {name: Cid, email: cid@example.com}
data_owner: {name: Dee}
review_council: [{name: Eve}]
"""


def _read(tmp_path, text):
    path = tmp_path / "roles.yaml"
    path.write_text(text, encoding="utf-8")
    return read_roles(path)


def test_the_roles_that_come_along_are_in_order():
    roles = read_roles(DEFAULT)
    assert roles.person("decision_owner") != roles.person("model_owner")


def test_people_by_role(tmp_path):
    roles = _read(tmp_path, GOOD)
    assert roles.person("data_owner").name == "Dee"
    with pytest.raises(TypeError, match="several"):
        roles.person("review_council")


@pytest.mark.parametrize(
    "approver",
    [
        "decision_owner: {name: Cid}",
        "decision_owner: {name: ' CID '}",
        "decision_owner: {name: Cynthia, email: CID@example.com}",
    ],
)
def test_the_model_owner_is_not_the_decision_owner(tmp_path, approver):
    with pytest.raises(InputError, match="never gives the final approval"):
        _read(tmp_path, GOOD.replace("decision_owner: {name: Ann}", approver))


def test_nor_the_product_owner(tmp_path):
    text = GOOD.replace("name: Bob, email: bob@example.com", "name: Cid")
    with pytest.raises(InputError, match=r"line 3.*mmm_product_owner"):
        _read(tmp_path, text)


def test_all_problems_at_once(tmp_path):
    text = """\
version: "1"
decision_ovner: {name: Ann}
mmm_product_owner: {name: Cid}
model_owner: {name: Cid, phone: "1"}
data_owner: {name: ""}
review_council: []
"""
    with pytest.raises(InputError) as error:
        _read(tmp_path, text)
    told = str(error.value)
    for words in (
        "unknown key 'decision_ovner'",
        "Did you mean 'decision_owner'?",
        "never gives the final approval",
        "unknown key 'phone'",
        "data_owner.name",
        "review_council",
    ):
        assert words in told, words
