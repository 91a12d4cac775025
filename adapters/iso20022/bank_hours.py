"""When the counterparty bank settles, as its configuration has it."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from adapters.iso20022.bank_words import DAY_MS, Hours

EPOCH: Final = date(1970, 1, 1)


def hours_of(words: object) -> Hours:
    """Return when a bank settles, as its configuration has it; always, where it says nothing.

    Units: `cut_off` HH:MM in the bank's place, `zone` its offset as +08:00, `holidays` dates,
    `weekend` whether it works then. Errors: ValueError, naming the member.
    """
    if not isinstance(words, Mapping):
        raise _wrong("hours", "an object of cut_off, zone, holidays, weekend")
    said: dict[str, object] = {
        "cut_off": "24:00", "zone": "+00:00", "holidays": [], "weekend": True,
        **{str(name): value for name, value in words.items()},
    }  # fmt: skip
    if unknown := set(said) - {"cut_off", "zone", "holidays", "weekend"}:
        raise _wrong(f"hours.{min(unknown)}", "no such member")
    closed, weekend = said["holidays"], said["weekend"]
    if not isinstance(closed, list):
        raise _wrong("hours.holidays", "a list of dates, YYYY-MM-DD")
    if not isinstance(weekend, bool):
        raise _wrong("hours.weekend", "true or false")
    cut_off = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)|24:00", str(said["cut_off"]))
    zone = re.fullmatch(r"([+-])(0\d|1[0-4]):([0-5]\d)", str(said["zone"]))
    if cut_off is None:
        raise _wrong("hours.cut_off", "HH:MM, of the bank's own place")
    if zone is None:
        raise _wrong("hours.zone", "the offset from UTC, as +08:00")
    try:
        days = frozenset((date.fromisoformat(str(day)) - EPOCH).days for day in closed)
    except ValueError as error:
        raise _wrong("hours.holidays", "a list of dates, YYYY-MM-DD") from error
    east = _minutes(zone[2], zone[3]) * 60_000
    return Hours(
        cut_off_ms=_minutes(cut_off[1], cut_off[2]) * 60_000 if cut_off[1] else DAY_MS,
        zone_ms=-east if zone[1] == "-" else east,
        holidays=days,
        weekend=weekend,
    )


def _minutes(hours: str, minutes: str) -> int:
    return int(hours) * 60 + int(minutes)


def _wrong(member: str, why: str) -> ValueError:
    return ValueError(f"{member}: {why}")
