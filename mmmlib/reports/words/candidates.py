"""How far the answers of specifications that were tried are apart, in a sentence."""

from __future__ import annotations

from mmmlib.estimates import format_number
from mmmlib.refresh.choice import ModelChoice, share_of_choice
from mmmlib.reports.results import Results


def furthest_sentence(results: Results, choice: ModelChoice) -> str:
    """Say on which channel all specifications together differ most, and what that adds to its range."""
    every = {
        name: [taken, *(one.returns[name] for one in choice.compared if name in one.returns)]
        for name, taken in choice.returns.items()
    }
    shares = {name: share_of_choice(each) for name, each in every.items() if len(each) > 1}
    if not shares:
        return "No channel is in all of them, so their returns are not held against each other."
    name = max(shares, key=lambda one: shares[one])
    words, each = results.return_words(choice.model), every[name]
    widest = each[0].model_copy(
        update={"low": min(one.low for one in each), "high": max(one.high for one in each)}
    )
    part = (
        format_number(round(shares[name], 2), "share") if shares[name] >= 0.01 else "less than 1 %"
    )
    return (
        f"Their answers are furthest apart on {results.short(name)}: {words.sentence(each[0])} as taken, "
        f"{words.text(widest)} from the lowest end to the highest of all {len(each)}. Of that spread, "
        f"{part} comes of the choice of specification."
    )
