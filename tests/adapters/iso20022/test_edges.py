"""Where our words and a message's meet at their edges: times, characters, accounts, hours."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from adapters.iso20022.bank_words import DAY_MS, Hours
from adapters.iso20022.calendars import CALENDARS, Calendar
from adapters.iso20022.codec import instant
from adapters.iso20022.inquiry import Turns
from adapters.iso20022.parts import account
from adapters.iso20022.write import BadMessage, message
from bridge.core.ids import Instant, SettlementId

MIDNIGHT = 1_795_737_600_000  # that ends 26 November 2026


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-26T24:00:00+00:00",
        "2026-11-27T00:00:00Z",
        "2026-11-27T08:00:00.0000000+08:00",
        " 2026-11-27T00:00:00.000999Z ",
    ],
)
def test_a_time_is_read_as_its_schema_means_it(text: str) -> None:
    assert instant(text) == MIDNIGHT


@pytest.mark.parametrize(
    "text", ["2026-11-26T10:00:00", "2026-11-26", "2026-02-30T00:00:00Z", "20261126T000000Z", ""]
)
def test_a_time_without_a_zone_or_in_another_form_is_none(text: str) -> None:
    with pytest.raises(BadMessage):
        instant(text)


@pytest.mark.parametrize("letter", ["\0", "\x0b", "\ud800", "\ufffe"])
def test_a_letter_no_xml_may_hold_is_bad_and_no_crash(letter: str) -> None:
    reason = {"RltdRef": {"Ref": "1"}, "Rsn": {"RjctgPtyRsn": f"a{letter}b"}}
    with pytest.raises(BadMessage, match="RjctgPtyRsn"):
        message("admi.002.001.01", reason)


@pytest.mark.parametrize(
    ("number", "place"),
    [
        ("DE89370400440532013000", "IBAN"),
        ("DE89370400440532013001", "Othr"),  # check digits
        ("ZZ9437040044053201", "Othr"),  # a country without IBANs
        ("DE0337040044", "Othr"),  # too short for its country, though its digits agree
    ],
)
def test_what_is_no_iban_is_written_as_another_number(number: str, place: str) -> None:
    found = account(number)["Id"]
    assert isinstance(found, dict)
    assert list(found) == [place]


def hours_of(calendar: Calendar, cut_off: time, at: datetime) -> Hours:
    """The bank's hours by a calendar, at the offset of that moment."""
    zone = ZoneInfo(calendar.zone)
    offset = at.astimezone(zone).utcoffset()
    assert offset is not None
    epoch = date(1970, 1, 1)
    closed = frozenset((day - epoch).days for year in calendar.years for day in year.days())
    return Hours(
        cut_off_ms=(cut_off.hour * 60 + cut_off.minute) * 60_000,
        zone_ms=int(offset.total_seconds()) * 1_000,
        holidays=closed,
        weekend=False,
    )


@pytest.mark.parametrize("code", sorted(CALENDARS))
def test_bank_and_calendar_name_the_same_day_of_settlement(code: str) -> None:
    """Each third hour of two years but the last days, before, at and after the cut-off."""
    calendar, cut_off = CALENDARS[code], time(17)
    zone = ZoneInfo(calendar.zone)
    at = datetime(2026, 1, 1, 1, 30, tzinfo=UTC)
    while at < datetime(2027, 12, 20, tzinfo=UTC):
        now = Instant(int(at.timestamp() * 1_000))
        hours = hours_of(calendar, cut_off, at)
        opens = hours.opens(now) + hours.zone_ms
        named = calendar.value_date(now, cut_off)
        assert date(1970, 1, 1) + timedelta(days=opens // DAY_MS) == named, at.astimezone(zone)
        at += timedelta(hours=3)


def test_what_was_asked_is_remembered_of_few() -> None:
    """The timer of questions is of payments under way; a daemon pays for years."""
    turns = Turns()
    for number in range(Turns.MOST + 5):
        turns.asked(SettlementId(f"{number:026}"), 1)
        turns.asked(SettlementId("first"), number + 1)
    assert len(turns._last) == Turns.MOST
    assert not turns.is_new(SettlementId("first"), Turns.MOST)
    assert turns.is_new(SettlementId("first"), Turns.MOST + 6)
