"""The schema that editors read is that of the parameters, and takes every parameter file there is."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from mmmlib.params.editor_schema import schema_text
from mmmlib.params.places import read_yaml

ROOT = Path(__file__).parents[2]
HEADER = "# yaml-language-server: $schema=schema.json\n"
NEW = ROOT / "mmmlib" / "cli" / "new_workbook" / "NAME.yaml"
WORKBOOKS = [*sorted(ROOT.glob("params/*.yaml")), NEW]


def test_the_schema_is_current() -> None:
    kept = (ROOT / "params" / "schema.json").read_text(encoding="utf-8")
    assert kept == schema_text(), "python -m mmmlib.params.editor_schema params/schema.json"


@pytest.mark.parametrize("path", WORKBOOKS, ids=lambda path: path.name)
def test_every_parameter_file_names_the_schema_and_meets_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith(HEADER)
    text = text.replace("PERIOD", "2026-Q1").replace("NAME", "name")
    content = read_yaml(text, path.name).content
    jsonschema.validate(json.loads(json.dumps(content, default=str)), json.loads(schema_text()))


def test_a_misspelt_key_and_a_wrong_kind_are_seen_and_keys_have_help() -> None:
    schema = json.loads(schema_text())
    content = read_yaml((ROOT / "params" / "demo.yaml").read_text("utf-8"), "demo.yaml").content
    plain = json.loads(json.dumps(content, default=str))
    for wrong in ({"chanels": {}}, {"model": {"draws": "many"}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(plain | wrong, schema)
    helped = schema["$defs"]["ScenarioParams"]["properties"]["safe_probability"]
    assert helped["description"].startswith("Probability of beating the baseline")
