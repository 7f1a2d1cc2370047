"""What a terminal shows, and what a pipe gets."""

from __future__ import annotations

import pytest

from mmmlib.cli.screen import print_text

AGENDA = "### 1. Gate violations\n\n- 'PILOT\\_podcast' has no rule."


@pytest.mark.parametrize("terminal", [True, False])
def test_a_terminal_reads_an_agenda_and_a_pipe_gets_its_markdown(
    terminal: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)
    print_text(AGENDA)
    shown = capsys.readouterr().out
    assert ("'PILOT_podcast' has no rule." in shown) is terminal
    assert (AGENDA in shown) is not terminal
