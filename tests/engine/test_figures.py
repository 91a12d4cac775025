"""Periods follow the zone's calendar; rates round up and grow old."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.ids import Instant
from bridge.engine.figures import legal_date, period_of, quota_key

SHANGHAI = "Asia/Shanghai"


def at(text: str, zone: str = SHANGHAI) -> Instant:
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return Instant(int(moment.timestamp()) * 1000)


@pytest.mark.parametrize(
    ("text", "kind", "name", "end"),
    [
        ("2025-12-31T23:59:59", "calendar_year", "2025", "2026-01-01T00:00:00"),
        ("2026-01-01T00:00:00", "calendar_year", "2026", "2027-01-01T00:00:00"),
        ("2026-12-31T23:59:59", "calendar_month", "2026-12", "2027-01-01T00:00:00"),
        ("2026-01-31T12:00:00", "calendar_month", "2026-01", "2026-02-01T00:00:00"),
        ("2024-02-29T00:00:00", "calendar_day", "2024-02-29", "2024-03-01T00:00:00"),
    ],
)
def test_a_period_is_that_of_the_zones_calendar(text: str, kind: str, name: str, end: str) -> None:
    period = period_of(at(text), kind, SHANGHAI)
    assert (period.name, period.end) == (name, at(end))


def test_one_instant_is_another_year_elsewhere() -> None:
    moment = at("2026-01-01T00:30:00")
    assert period_of(moment, "calendar_year", "UTC").name == "2025"
    assert legal_date(moment, SHANGHAI) == "2026-01-01"
    assert legal_date(moment, "UTC") == "2025-12-31"


def test_a_day_of_a_changing_clock_ends_when_it_ends() -> None:
    """Kazakhstan went to UTC+5 on 2024-03-01; Berlin's day of spring has 23 hours."""
    before, after = at("2024-02-28T12:00:00", "UTC"), at("2024-03-02T12:00:00", "UTC")
    hours = [
        datetime.fromtimestamp(when // 1000, ZoneInfo("Asia/Almaty")).utcoffset()
        for when in (before, after)
    ]
    assert hours[0] != hours[1]
    spring = period_of(at("2026-03-29T12:00:00", "Europe/Berlin"), "calendar_day", "Europe/Berlin")
    assert spring.end == at("2026-03-30T00:00:00", "Europe/Berlin")


@given(
    st.integers(0, 4_102_444_800_000),
    st.sampled_from(["calendar_day", "calendar_month", "calendar_year"]),
)
def test_a_period_holds_its_instant_and_the_next_begins_where_it_ends(
    moment: int, kind: str
) -> None:
    period = period_of(Instant(moment), kind, SHANGHAI)
    assert period.end is not None
    assert period.end > moment
    assert period_of(Instant(period.end - 1), kind, SHANGHAI).name == period.name
    assert period_of(period.end, kind, SHANGHAI).name != period.name


def test_a_balance_has_no_period() -> None:
    assert period_of(Instant(0), "ever", "UTC").end is None


def test_an_account_is_named_by_its_key_without_showing_it() -> None:
    assert quota_key(()) == "all"
    assert quota_key(("buyer",)) != quota_key(("seller",))
    assert "buyer" not in quota_key(("buyer",))
