"""The table audited as a graph, and its picture in the README."""

from pathlib import Path

from bridge.core.diagram import diagram
from bridge.core.events import Answer, Event, Fact
from bridge.core.settlement import GIVE_BACK, GO_ON, REST, STOPS, TRANSITIONS, Stage

TREE = Path(__file__).resolve().parents[2]
PAST_OVER = {Stage.PROPOSED: {Stage.SCREENING}, Stage.AWAITING: {Stage.RESCREENING}}


def onward(stage: Stage) -> set[Stage]:
    """Every stage a row leads to, and those entered by consents or papers."""
    return set(TRANSITIONS[stage].values()) | PAST_OVER.get(stage, set())


def reached(stage: Stage) -> set[Stage]:
    """Every stage that can follow, however late."""
    seen: set[Stage] = set()
    stack = [stage]
    while stack:
        for to in onward(stack.pop()) - seen:
            seen.add(to)
            stack.append(to)
    return seen


def test_every_stage_has_rows_and_reaches_rest() -> None:
    assert set(TRANSITIONS) == set(Stage)
    for stage in set(Stage) - REST:
        assert reached(stage) & REST, stage


def test_every_stage_is_reached_from_the_beginning() -> None:
    assert reached(Stage.PROPOSED) | {Stage.PROPOSED} == set(Stage)


def test_nothing_leads_back_from_burning() -> None:
    assert reached(Stage.BURNING) == {Stage.ASSIGNING, Stage.SETTLED}
    assert all(issubclass(event, Fact) for event in TRANSITIONS[Stage.BURNING])
    assert all(issubclass(event, Fact) for event in TRANSITIONS[Stage.ASSIGNING])


def test_nothing_is_released_unscreened() -> None:
    into = {stage for stage in Stage if Stage.RELEASING in onward(stage)}
    assert into == {Stage.RECHECKING, Stage.RELEASING}
    assert GO_ON[Stage.RELEASING] is Stage.RECHECKING
    assert Stage.RELEASING not in set(GIVE_BACK.values())


def test_a_verdict_is_an_answer_and_a_stop_is_a_verdict() -> None:
    events: set[type[Event]] = {event for row in STOPS.values() for event in row}
    assert all(issubclass(event, Answer) for event in events)


def test_the_readme_shows_the_machine_as_it_is() -> None:
    text = (TREE / "README.md").read_text("utf-8")
    assert f"```mermaid\n{diagram()}\n```" in text
