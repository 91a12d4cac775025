"""The machine drawn from its own table, as Mermaid text; the README shows it, a test compares."""

from bridge.core.settlement import REST, STOPS, TRANSITIONS, Stage


def diagram() -> str:
    """Return the stages and their rows: one line for each pair of stages, its events on it."""
    lines = ["stateDiagram-v2", f"    [*] --> {Stage.PROPOSED.value}"]
    lines.append(f"    {Stage.PROPOSED.value} --> {Stage.SCREENING.value}: consents given")
    lines.append(f"    {Stage.AWAITING.value} --> {Stage.RESCREENING.value}: papers given")
    for stage, row in TRANSITIONS.items():
        onward: dict[Stage, list[str]] = {}
        for event, to in row.items():
            onward.setdefault(to, []).append(event.__name__)
        for to, events in onward.items():
            lines.append(f"    {stage.value} --> {to.value}: {', '.join(events)}")
    lines += [
        f"    note right of {stage.value}: {', '.join(f'{e.__name__} stops' for e in row)}"
        for stage, row in STOPS.items()
    ]
    lines += [f"    {stage.value} --> [*]" for stage in sorted(REST)]
    return "\n".join(lines)
