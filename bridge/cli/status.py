"""How the daemon does, in one line, and what needs a person."""

import click

from bridge.cli.link import Doc, Talk, spoken
from bridge.cli.manners import Stopped, show


def passed(seconds: int) -> str:
    """Return a length of time as people say it."""
    days, rest = divmod(seconds, 86_400)
    hours, minutes = rest // 3600, rest % 3600 // 60
    if days:
        return f"{days} d {hours:02d}:{minutes:02d}"
    return f"{hours}:{minutes:02d}:{rest % 60:02d}" if rest >= 60 else f"{rest} s"


@click.command()
@spoken
def status(talk: Talk) -> None:
    """How the daemon does, and what needs you."""
    told = talk.get("/v1/status")
    show(talk.form, "status", told.raw, lambda: lines(told))
    if not told.raw["ready"]:
        raise Stopped(
            6,
            "LQ-READ-ONLY",
            "the ledger is only read",
            cause="; ".join(told.texts("alarms")[-1:]),
            following="lianqiao ledger fsck",
        )


def lines(told: Doc) -> list[str]:
    """Return what is told as lines for people."""
    lanes = told.all("lanes")
    states = dict.fromkeys(("open", "paused", "shut"), 0)
    for lane in lanes:
        states[lane.text("state")] += 1
    lane_text = " ".join(f"{count} {state}" for state, count in states.items() if count)
    parts = [
        f"{'ready' if told.raw['ready'] else 'read only'} up {passed(int(told.text('up_s')))}",
        f"lanes {lane_text or 'none'}",
        f"in flight {told.text('in_flight')}, oldest {passed(int(told.text('oldest_s')))}",
        *(f"{stop} {count}" for stop, count in told.one("stopped").raw.items()),
        f"entries {told.text('entries')}, sealed {told.text('sealed')}",
        f"needs you: {told.text('yours')} of {told.text('approvals')} approvals",
    ]
    return [" · ".join(parts), *(f"alarm {alarm}" for alarm in told.texts("alarms"))]
