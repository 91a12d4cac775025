"""What a text must be beyond its pattern: check digits, amounts, times, characters."""

import re
import unicodedata
from datetime import date
from decimal import Decimal

from schemas.iso20022 import codes

_HEAD_OFFICE = "X" * 3
_NUMBERS = {  # a letter counts as two digits
    letter: str(int(letter, 36))
    for letter in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
}
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_DATE_TIME = re.compile(
    r"(\d{4}-\d{2}-\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(Z|[+-]\d{2}:\d{2})?"
)
_DAY_S = 86_400
_FIRST_S, _END_S = _DAY_S * date.min.toordinal(), _DAY_S * (date.max.toordinal() + 1)
_EPOCH_S = _DAY_S * date(1970, 1, 1).toordinal()
_INVISIBLE = re.compile(
    "[\u0000-\u0008\u000b\u000c\u000e-\u001f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
_X = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 /-?:().,'+"
_NOT_X = re.compile(r"[^A-Za-z0-9 /\-?:().,'+]")
_NOT_EXTENDED = re.compile(r"""[^A-Za-z0-9 /\-?:().,'+!#$%&*=^_`{|}~";<>@\[\\\]]""")


def is_iban(text: str) -> bool:
    """Whether country, length and check digits agree.

    Source: ISO 13616; ISO 7064 MOD 97-10.
    """
    return (
        codes.IBAN.get(text[:2]) == len(text)
        and text.isascii()
        and text.isalnum()
        and "02" <= text[2:4] <= "98"
        and _mod_97(text[4:], text[:4]) == 1
    )


def is_lei(text: str) -> bool:
    """Whether the check digits agree.

    Source: ISO 17442; ISO 7064 MOD 97-10.
    """
    return text.isascii() and text.isalnum() and len(text) == 20 and _mod_97(text) == 1


def _mod_97(*parts: str) -> int:
    return int("".join([one if one.isdigit() else _as_digits(one) for one in parts])) % 97


def _as_digits(text: str) -> str:
    return "".join([_NUMBERS[letter] for letter in text])


def is_bic(text: str) -> bool:
    """Whether letters five and six are a country. The rest is the pattern's."""
    return text[4:6] in codes.BIC_PLACES


def same_bic(one: str, other: str) -> bool:
    """Whether two BICs name one institution and branch; without one it is the head office."""
    return one[:8] == other[:8] and (one[8:] or _HEAD_OFFICE) == (other[8:] or _HEAD_OFFICE)


def is_routing_number(text: str) -> bool:
    """Whether nine digits carry the check digit of a routing number of the United States."""
    if len(text) != 9 or not (text.isascii() and text.isdigit()):
        return False
    return sum(int(one) * by for one, by in zip(text, (3, 7, 1) * 3, strict=True)) % 10 == 0


def amount(text: str) -> Decimal:
    """The number a validated amount stands for."""
    return Decimal(text.strip() or "0")


def is_zero(text: str) -> bool:
    """Whether a validated amount is nothing."""
    return not text.strip("0. \t\r\n+-")


def fraction_digits(text: str) -> int:
    """How many digits after the point mean something."""
    return len(text.strip().partition(".")[2].rstrip("0"))


def has_zone(text: str) -> bool:
    """Whether a date or time says of which zone it is."""
    text = text.strip()
    return text[-1:] == "Z" or (text[-6:-5] in ("+", "-") and text[-3:-2] == ":")


def has_numeric_offset(text: str) -> bool:
    """Whether a time carries its zone as hours and minutes."""
    text = text.strip()
    return text[-6:-5] in ("+", "-") and text[-3:-2] == ":"


def is_plain_date(text: str) -> bool:
    """Whether it is a day of the calendar without a zone."""
    text = text.strip()
    if not _DATE.fullmatch(text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def instant_ms(text: str) -> int | None:
    """Milliseconds since the epoch; None for a time without zone or outside the calendar.

    24:00:00 is the next midnight; a fraction below a millisecond is cut.
    Source: ISO 8601; XML Schema Part 2, dateTime.
    """
    found = _DATE_TIME.fullmatch(text.strip())
    if found is None or found[6] is None:
        return None
    day, hour, minute, second, fraction, zone = found.groups()
    try:
        midnight = date.fromisoformat(day).toordinal() * _DAY_S
    except ValueError:
        return None
    here = midnight + int(hour) * 3_600 + int(minute) * 60 + int(second)
    off = 0 if zone == "Z" else int(zone[1:3]) * 3_600 + int(zone[4:6]) * 60
    seconds = here + off if zone[0] == "-" else here - off
    if not (_FIRST_S <= here < _END_S and _FIRST_S <= seconds < _END_S):
        return None
    return (seconds - _EPOCH_S) * 1_000 + int((fraction or "0").ljust(3, "0")[:3])


def are_plain(texts: list[str], whole: str) -> bool:
    """Whether every text is printable ASCII and says something: the quick answer for nearly all."""
    return whole.isascii() and whole.isprintable() and all(map(str.strip, texts))


def is_sound(text: str) -> bool:
    """Whether a text says something, and nothing in it is invisible or means nothing to others."""
    if not text.strip():
        return False
    if text.isascii():
        return text.isprintable() or _INVISIBLE.search(text) is None
    if _INVISIBLE.search(text):
        return False
    return all(unicodedata.category(letter) not in ("Co", "Cn") for letter in set(text))


def are_x(whole: str) -> bool:
    """Whether all is of the base set X: the quick answer for a whole message."""
    return whole.isascii() and not whole.encode().translate(None, _X)


def is_x(text: str) -> bool:
    """Whether all is of the base set X."""
    return _NOT_X.search(text) is None


def is_extended_x(text: str) -> bool:
    """Whether all is of set X with its extension."""
    return _NOT_EXTENDED.search(text) is None
