"""The keys of a parameter file as JSON Schema: completion and help in editors.

``python -m mmmlib.params.editor_schema params/schema.json`` writes it anew; a test holds that the
file is current. An editor with a YAML language server reads it by the first line of a parameter
file: ``# yaml-language-server: $schema=schema.json``. It checks keys and kinds as one types;
``mmm check`` checks everything.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from mmmlib.params.schema import Params


def schema_text() -> str:
    """Return the schema of a parameter file as JSON, the docstring of each key as its help."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Params.model_json_schema(),
    }
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(schema_text(), encoding="utf-8")
