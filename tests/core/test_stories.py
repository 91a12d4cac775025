"""Settlements told as tables: who speaks, what they say, where we stand, what we owe.

A line has four columns. An event may carry an argument in brackets; a line of a story that begins
with `given` sets the order up: `given free`, `given papers 2`, `given no consents`.
"""

import re
from pathlib import Path

import pytest

from bridge.core.effects import HoldLock, Screen, verb_of
from bridge.core.ids import Instant
from bridge.core.settlement import Settlement, advance, due, proposed
from bridge.core.upkeep import upkeep
from tests.strategies import NOW, make_event, make_order

STORIES = sorted((Path(__file__).parent / "stories").glob("*.txt"))
LINE = re.compile(
    r"(?P<who>\S+) +(?P<what>\w+)(\((?P<argument>[^)]*)\))? +(?P<stage>[A-Z]+)"
    r"(?P<stop>( +(HELD|FROZEN|SUSPENDED))?)( +owes (?P<owes>\w+))?( +and (?P<hold>holds))?\Z"
)
WHO = {"policy", "origin", "destination", "rail", "people", "holder", "clock", "perform", "paper"}


def told(text: str) -> list[tuple[str, list[str]]]:
    """The stories of a file: title and lines; a blank line parts them."""
    stories: list[tuple[str, list[str]]] = []
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = [line for line in block.splitlines() if line.strip()]
        assert lines[0].startswith("# "), f"a story begins with its title: {lines[0]!r}"
        stories.append((lines[0][2:], lines[1:]))
    return stories


CASES = [
    pytest.param(lines, id=f"{file.stem}: {title[:60]}")
    for file in STORIES
    for title, lines in told(file.read_text("utf-8"))
]


def test_there_are_stories() -> None:
    """An empty folder would pass every story."""
    assert len(CASES) >= 20


def start(lines: list[str]) -> tuple[Settlement, list[str]]:
    """The settlement a story begins with."""
    given = [line.split()[1:] for line in lines if line.startswith("given")]
    papers = next((int(words[1]) for words in given if words[0] == "papers"), 0)
    order = make_order(
        paid=["free"] not in given, conditions=papers, consents=["consents"] in given
    )
    return proposed(order), [line for line in lines if not line.startswith("given")]


@pytest.mark.parametrize("lines", CASES)
def test_story(lines: list[str]) -> None:
    """Every line leaves the settlement where it says, owing what it says."""
    settlement, lines = start(lines)
    for line in lines:
        said = LINE.fullmatch(line.strip())
        assert said is not None, f"not a line of a story: {line!r}"
        assert said["who"] in WHO, f"nobody called {said['who']!r} speaks here"
        event = make_event(said["what"], settlement.order, settlement.visit, said["argument"] or "")
        if said["what"] in {"NeverLands", "EffectRefused"}:  # of bytes that were journalled
            owed = due(settlement)
            assert owed is not None, line
            assert not isinstance(owed, Screen), line
            settlement = settlement.with_prepared(verb_of(owed))
        settlement = advance(settlement, event)
        effect = due(settlement)
        stands = settlement.stage.name + (f" {settlement.stop.name}" if settlement.stop else "")
        assert stands == said["stage"] + (said["stop"] and " " + said["stop"].strip()), line
        owes = type(effect).__name__ if effect else "nothing"
        assert owes == (said["owes"] or "nothing"), line
        held = upkeep(settlement.with_prepared("lock"), Instant(NOW))  # type: ignore[arg-type]  # the verb's value
        if said["hold"]:
            assert isinstance(held, HoldLock), line
