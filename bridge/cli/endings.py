"""Why a demo cannot go on: what came out of it, as one sentence with the next command."""

from pathlib import Path

from aiohttp import ClientError

from bridge.cli.desk_client import DeskClient, Refusal
from bridge.cli.machine import unusable, unwritten
from bridge.cli.manners import DOWN, FAILED, Stopped
from bridge.notary.keys import BadKey
from bridge.notary.outcomes import LedgerError
from bridge.ports import AdapterError

ELSEWHERE = "lianqiao demo, TMPDIR or --keep on a disk that has 200 MB free"


def first_cause(error: BaseException) -> BaseException:
    """Return the first that was raised among what tasks raised together."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


async def see_it_written(desk: DeskClient) -> None:
    """See that the ledger of a desk is written. Errors: Stopped; those of a desk."""
    status = await desk.get("/v1/status")
    if not status["ready"]:
        why = "; ".join(status["alarms"][-1:])
        said = "the ledger of the demo is only read"
        raise Stopped(FAILED, "LQ-READ-ONLY", said, cause=why, following=ELSEWHERE)


def ending(error: BaseException, folder: Path) -> Stopped | None:
    """Return what to say of what ended the demo of a folder; None for a bug of ours."""
    why = first_cause(error)
    match why:
        case Stopped():
            return why
        case Refusal() if why.is_only_read:
            return Stopped(
                FAILED,
                "LQ-READ-ONLY",
                str(why).partition(": ")[2],
                cause=why.remedy,
                following=ELSEWHERE,
            )
        case LedgerError():
            return unwritten(why, ELSEWHERE)
        case ClientError() | AdapterError():  # before OSError, which some of them are
            said = f"the demo is not ready: {why}"
            cause = "a process of it ended, or was slow; what it said stands above"
            return Stopped(DOWN, "LQ-DEMO", said, cause=cause, following=ELSEWHERE)
        case BadKey():
            said = f"{folder}: {why}"
            cause = "a key of the demo was changed, or opened to others"
            following = "lianqiao demo --keep with another folder, or --reset"
            return Stopped(FAILED, "LQ-KEY", said, cause=cause, following=following)
        case OSError():
            return unusable(why, folder, ELSEWHERE)
        case _:
            return None
