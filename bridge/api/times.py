"""Times on our wire are RFC 3339 in UTC; inside they are milliseconds.

Source: RFC 3339, section 5.6.
"""

from datetime import UTC, datetime

from bridge.api.problems import Trouble
from bridge.core.ids import Instant


def time_text(instant: int) -> str:
    """Return an instant as RFC 3339 in UTC, with its milliseconds."""
    moment = datetime.fromtimestamp(instant // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{instant % 1000:03d}Z"


def instant(text: str, *loc: str, where: str = "body") -> Instant:
    """Return the instant of a time that exists. Errors: Trouble, 422, naming the place."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Trouble(
            422,
            "LQ-TIME",
            f"{text[:40]} is no time that exists",
            remedy="such as 2026-11-23T03:04:10Z",
            flaws=(((where, *loc), "no_such_time"),),
        ) from None
    whole = int(moment.replace(microsecond=0).timestamp())
    return Instant(whole * 1000 + moment.microsecond // 1000)
