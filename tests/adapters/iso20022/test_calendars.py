"""Business days, cut-offs and value dates, and that a lock outlives its payment."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.iso20022.agreement import Instruct
from adapters.iso20022.calendars import CALENDARS, WEEKEND
from bridge.core.ids import Instant
from bridge.core.money import money
from bridge.ports import Answered
from tests.adapters.iso20022.script import Script
from tests.adapters.iso20022.teller import agreed

NOON, LATE = time(12), time(23, 59, 59)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 15), timezones=st.just(UTC))  # noqa: DTZ001


def at(text: str) -> Instant:
    return Instant(int(datetime.fromisoformat(text).timestamp() * 1000))


def test_the_six_currencies_have_both_years_each_with_its_source() -> None:
    assert set(CALENDARS) == {"CNY", "HKD", "USD", "SGD", "AED", "KZT"}
    for calendar in CALENDARS.values():
        assert [one.year for one in calendar.years] == [2026, 2027]
        for year in calendar.years:
            assert year.source
            assert year.days()
            for day in year.days():
                assert day.weekday() not in WEEKEND, f"{calendar.place} {day} is a weekend"
            assert not set(year.closed.split()) & set(year.expected.split())


@pytest.mark.parametrize(
    ("code", "moment", "cut_off", "value"),
    [
        ("HKD", "2026-11-26T10:00:00+08:00", NOON, "2026-11-26"),
        ("HKD", "2026-11-26T12:00:00+08:00", NOON, "2026-11-27"),
        ("HKD", "2026-11-27T13:00:00+08:00", NOON, "2026-11-30"),  # over a weekend
        ("HKD", "2026-04-02T13:00:00+08:00", NOON, "2026-04-08"),  # Easter and Ching Ming
        ("USD", "2026-11-25T23:30:00-05:00", LATE, "2026-11-25"),  # another day in Hong Kong
        ("USD", "2026-11-26T10:00:00-05:00", LATE, "2026-11-27"),  # Thanksgiving
        ("USD", "2026-07-03T10:00:00-04:00", LATE, "2026-07-03"),  # a Saturday holiday: open
        ("CNY", "2026-02-13T18:00:00+08:00", NOON, "2026-02-24"),  # the Spring Festival
        ("CNY", "2026-10-01T09:00:00+08:00", NOON, "2026-10-08"),
        ("SGD", "2026-08-09T09:00:00+08:00", NOON, "2026-08-11"),
        ("KZT", "2026-03-20T13:00:00+05:00", NOON, "2026-03-26"),  # Nauryz
        ("AED", "2026-12-01T13:00:00+04:00", NOON, "2026-12-04"),
    ],
)
def test_a_value_date_is_the_next_business_day_after_the_cut_off(
    code: str, moment: str, cut_off: time, value: str
) -> None:
    assert CALENDARS[code].value_date(at(moment), cut_off) == date.fromisoformat(value)


@given(st.sampled_from(sorted(CALENDARS)), MOMENTS, st.times())
def test_a_value_date_is_open_and_never_in_the_past(
    code: str, moment: datetime, cut_off: time
) -> None:
    calendar = CALENDARS[code]
    now = Instant(int(moment.timestamp() * 1000))
    day = calendar.value_date(now, cut_off)
    assert calendar.is_open(day)
    assert calendar.end_of(day) > now
    later = calendar.value_date(Instant(now + 86_400_000), cut_off)
    assert later >= day


async def test_a_lock_that_would_lapse_before_its_payment_is_final_is_not_made() -> None:
    script = Script(agreed(Instruct.PACS_008))
    bench, order = await script.order()
    checks = {one.what: one for one in await script.rail.preflight(order, bench.disclosed(order))}
    in_time = "the payment is final before the lock can lapse"
    assert checks[in_time].answer is Answered.YES
    assert "2026-11-27" in checks[in_time].why
    short = replace(order, lapse=Instant(order.deadline + 1_000))
    checks = {one.what: one for one in await script.rail.preflight(short, bench.disclosed(order))}
    assert checks[in_time].answer is Answered.NO


async def test_what_no_calendar_knows_is_held() -> None:
    script = Script(agreed(Instruct.PACS_008))
    bench, order = await script.order()
    assert order.payment is not None
    euros = replace(order, payment=replace(order.payment, amount=money("10.00", "EUR")))
    checks = await script.rail.preflight(euros, bench.disclosed(order))
    assert Answered.UNKNOWN in {one.answer for one in checks}
    far = replace(order, deadline=at("2029-01-05T10:00:00+08:00"))
    checks = await script.rail.preflight(far, bench.disclosed(order))
    assert Answered.UNKNOWN in {one.answer for one in checks}


async def test_an_instruction_asks_for_a_business_day() -> None:
    script = Script(agreed(Instruct.PACS_008, cut_off=NOON))
    script.clock.at = at("2026-11-27T13:00:00+08:00")
    order, _ = await script.pay()
    assert script.asked(order).value_date == "2026-11-30"
