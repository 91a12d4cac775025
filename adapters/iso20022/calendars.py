"""When money of a currency can be settled: business days of its place, cut-off, value date.

Dated data: each year has its source, and a day that is only expected (a moon to be sighted, a
decree to come) counts as closed, since a payment promised for a closed day would be late. Beyond
what is known nothing is promised.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bridge.core.ids import Instant

WEEKEND = frozenset({5, 6})  # Saturday and Sunday, in all six places
_LAST_STEP = 30  # days within which there is a business day, or the data is wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Year:
    """The weekdays of a year on which a place does not settle, and who says so."""

    year: int
    closed: str  # MM-DD, of days published by the authority
    expected: str = ""  # MM-DD, of days not yet published, or subject to confirmation
    source: str

    def days(self) -> frozenset[date]:
        """Return every day that counts as closed."""
        written = f"{self.closed} {self.expected}".split()
        return frozenset(date.fromisoformat(f"{self.year}-{day}") for day in written)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The business days of a currency's place."""

    currency: str
    place: str  # ISO 3166-1
    zone: str
    years: tuple[Year, ...]

    @property
    def until(self) -> date:
        """The last day of which anything is known."""
        return date(max(one.year for one in self.years), 12, 31)

    def knows(self, day: date) -> bool:
        """Whether that day is within what is known."""
        return any(one.year == day.year for one in self.years)

    def is_open(self, day: date) -> bool:
        """Whether money is settled on that day."""
        return day.weekday() not in WEEKEND and not any(day in one.days() for one in self.years)

    def value_date(self, at: Instant, cut_off: time) -> date:
        """Return the day money instructed at `at` is settled: today before the cut-off, else next.

        Units: `cut_off` is local time of the place.
        """
        local = datetime.fromtimestamp(at / 1000, UTC).astimezone(ZoneInfo(self.zone))
        day = local.date()
        if local.time() >= cut_off:
            day += timedelta(days=1)
        for _ in range(_LAST_STEP):
            if self.is_open(day):
                return day
            day += timedelta(days=1)
        raise AssertionError(f"{self.place} never opens after {at}")

    def end_of(self, day: date) -> Instant:
        """Return the instant at which a day is over in the place."""
        end = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(self.zone))
        return Instant(int(end.timestamp()) * 1_000)


CALENDARS = {
    one.currency: one
    for one in (
        Calendar(
            currency="CNY",
            place="CN",
            zone="Asia/Shanghai",
            years=(
                Year(
                    year=2026,
                    closed=(
                        "01-01 01-02 02-16 02-17 02-18 02-19 02-20 02-23 04-06 05-01 05-04 05-05 "
                        "06-19 09-25 10-01 10-02 10-05 10-06 10-07"
                    ),
                    source="State Council, General Office, notice of 4 November 2025",
                ),
                Year(
                    year=2027,
                    closed="01-01",
                    expected=(
                        "02-05 02-08 02-09 02-10 02-11 02-12 04-05 05-03 05-04 05-05 06-09 09-15 "
                        "10-01 10-04 10-05 10-06 10-07"
                    ),
                    source="statutory days with the usual bridges; the notice was not seen",
                ),
            ),
        ),
        Calendar(
            currency="HKD",
            place="HK",
            zone="Asia/Hong_Kong",
            years=(
                Year(
                    year=2026,
                    closed=(
                        "01-01 02-17 02-18 02-19 04-03 04-06 04-07 05-01 05-25 06-19 07-01 10-01 "
                        "10-19 12-25"
                    ),
                    source="Hong Kong SAR Government, general holidays for 2026, 16 May 2025",
                ),
                Year(
                    year=2027,
                    closed=(
                        "01-01 02-08 02-09 03-26 03-29 04-05 05-13 06-09 07-01 09-16 10-01 10-08 "
                        "12-27"
                    ),
                    source="Hong Kong SAR Government, general holidays for 2027, in 2026",
                ),
            ),
        ),
        Calendar(
            currency="USD",
            place="US",
            zone="America/New_York",
            years=(
                Year(
                    year=2026,
                    closed="01-01 01-19 02-16 05-25 06-19 09-07 10-12 11-11 11-26 12-25",
                    source="Federal Reserve, K.8 holidays 2026-2030, 31 December 2025",
                ),
                Year(
                    year=2027,
                    closed="01-01 01-18 02-15 05-31 07-05 09-06 10-11 11-11 11-25",
                    source="Federal Reserve, K.8 holidays 2026-2030, 31 December 2025",
                ),
            ),
        ),
        Calendar(
            currency="SGD",
            place="SG",
            zone="Asia/Singapore",
            years=(
                Year(
                    year=2026,
                    closed="01-01 02-17 02-18 04-03 05-01 06-01 08-10 11-09 12-25",
                    expected="05-27",
                    source="Ministry of Manpower, public holidays for 2026, 16 June 2025",
                ),
                Year(
                    year=2027,
                    closed="01-01 02-08 03-26 05-20 08-09 10-28",
                    expected="03-10 05-17",
                    source="Ministry of Manpower, public holidays for 2027, 18 June 2026",
                ),
            ),
        ),
        Calendar(
            currency="AED",
            place="AE",
            zone="Asia/Dubai",
            years=(
                Year(
                    year=2026,
                    closed="01-01 12-02 12-03",
                    expected="03-19 03-20 05-26 05-27 05-28 05-29 06-15 06-16 06-17 08-25 08-28",
                    source="Cabinet Resolution 27 of 2024, which moves days; moons as sighted",
                ),
                Year(
                    year=2027,
                    closed="01-01 12-02 12-03",
                    expected=(
                        "03-08 03-09 03-10 03-11 03-12 05-14 05-17 05-18 05-19 06-07 08-13 08-16"
                    ),
                    source="Cabinet Resolution 27 of 2024, which moves days; moons as computed",
                ),
            ),
        ),
        Calendar(
            currency="KZT",
            place="KZ",
            zone="Asia/Almaty",
            years=(
                Year(
                    year=2026,
                    closed=(
                        "01-01 01-02 01-07 03-09 03-23 03-24 03-25 05-01 05-07 05-11 07-06 08-31 "
                        "10-26 12-16"
                    ),
                    expected="05-27",
                    source="electronic government portal, calendar for 2026, 2 January 2026",
                ),
                Year(
                    year=2027,
                    closed="",
                    expected=(
                        "01-01 01-04 01-07 03-08 03-15 03-22 03-23 03-24 05-03 05-07 05-10 05-17 "
                        "07-06 08-30 10-25 12-16"
                    ),
                    source="law on holidays and the rule of transfer; the calendar was not seen",
                ),
            ),
        ),
    )
}
