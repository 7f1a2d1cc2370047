"""A notebook is read without what takes seconds to import and no notebook needs."""

from __future__ import annotations

import subprocess
import sys

from tests.small import ROOT

READ = """
import sys
from pathlib import Path
from mmmlib.notebook_files import read_notebook
print(len(read_notebook(Path("notebooks/01_readiness.ipynb")).cells))
assert "lark" not in sys.modules
"""


def test_a_notebook_is_read_without_a_grammar_of_iris() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", READ], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert answer.returncode == 0, answer.stderr
    assert int(answer.stdout) > 3
