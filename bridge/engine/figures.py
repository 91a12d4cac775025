"""Figures of a dossier: amounts in the currency a rule asks for, periods, and quotas as they stand.

Zones and calendars are read here, because policy has no clock; rates are the ledger's.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bridge.core.ids import AccountId, DateText, Instant
from bridge.core.money import Money, Rate, Rounding, Units, currency
from bridge.core.order import SettlementOrder
from bridge.notary.state.rows import OpeningRow
from bridge.notary.state.view import View
from bridge.policy.dossier import Datum, Quota, currency_of_fact
from bridge.policy.verdict import QuotaAsk

RATE_DAYS = 45  # monthly tables are published for the next month; an older rate is unknown
NET_ASSETS = "net_assets"


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of a zone's calendar; `end` is the first instant after it, None for ever."""

    name: str
    end: Instant | None


def legal_date(at: Instant, zone: str) -> DateText:
    """Return the calendar date of an instant in a zone. An unknown zone is read as UTC."""
    return DateText(_local(at, zone).date().isoformat())


def zone_known(zone: str) -> bool:
    """Tell whether this machine's time zone tables have that zone."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True


def _local(at: Instant, zone: str) -> datetime:
    return datetime.fromtimestamp(at // 1000, ZoneInfo(zone) if zone_known(zone) else UTC)


def period_of(at: Instant, kind: str, zone: str) -> Period:
    """Return the period an instant falls in: that of the reservation, not of the settlement."""
    if kind == "ever":
        return Period("ever", None)
    local = _local(at, zone)
    today = local.date()
    if kind == "calendar_day":
        name, after = today.isoformat(), today + timedelta(days=1)
    elif kind == "calendar_month":
        name = f"{today.year:04d}-{today.month:02d}"
        after = date(today.year + today.month // 12, today.month % 12 + 1, 1)
    else:
        name, after = f"{today.year:04d}", date(today.year + 1, 1, 1)
    begins = datetime(after.year, after.month, after.day, tzinfo=local.tzinfo)
    return Period(name, Instant(int(begins.timestamp()) * 1000))


def converted(view: View, amount: Money, code: str, today: DateText) -> int | None:
    """Return an amount in another currency, rounded up, or None where no fresh rate is known.

    Units: minor units of `code`.
    """
    if amount.currency.code == code:
        return amount.minor
    row = view.rate(amount.currency.code, code)
    if row is None or _days(row.day, today) > RATE_DAYS:
        return None
    rate = Rate(
        base=amount.currency,
        quote=currency(code),
        numerator=row.numerator,
        denominator=row.denominator,
    )
    return rate.convert(amount, Rounding.UP).minor


def _days(then: str, today: DateText) -> int:
    try:
        return (date.fromisoformat(today) - date.fromisoformat(then)).days
    except ValueError:
        return RATE_DAYS + 1


def amounts(
    view: View, order: SettlementOrder, wanted: Iterable[str], today: DateText
) -> dict[str, Datum]:
    """Return the amount facts among `wanted`; what cannot be converted is unknown."""
    worth = _worth(view, order)
    found: dict[str, Datum] = {}
    for name in wanted:
        code = currency_of_fact(name)
        if not code:
            continue
        if name.startswith("amount.") and order.payment is not None:
            found[name] = converted(view, order.payment.amount, code, today)
        elif name.startswith("asset_amount.") and worth is not None:
            found[name] = converted(view, worth, code, today)
        elif name.startswith("payer."):
            found[name] = _net_assets(view, order.beneficiary.party, code)
        elif name.startswith("payee."):
            found[name] = _net_assets(view, order.originator.party, code)
    return found


def _worth(view: View, order: SettlementOrder) -> Money | None:
    """The face of what moves: of a bond's units their share, rounded up."""
    face, asset = order.instrument.face, view.asset(order.instrument.asset)
    if face is None or asset is None or asset.issued <= 0:
        return None
    return Money(-(-face.minor * order.units // asset.issued), face.currency)


def _net_assets(view: View, party: str, code: str) -> int | None:
    """A party's audited figure, imported by two people as the opening `fact/<party>/net_assets`."""
    row = view.of("opening", f"fact/{party}/{NET_ASSETS}", OpeningRow)
    return row.used if row is not None and row.unit == code else None


def quota_account(rule: str, key: str, period: str) -> AccountId:
    """Return the ledger account of a quota."""
    return AccountId(f"quota/{rule}/{key}/{period}")


def quota_key(values: Iterable[str]) -> str:
    """Return what names a quota's account: a hash of the values of the rule's key facts."""
    joined = "\n".join(values)
    return sha256(joined.encode()).hexdigest()[:32] if joined else "all"


def quotas(
    view: View, asks: Iterable[QuotaAsk], facts: Mapping[str, Datum], at: Instant
) -> tuple[dict[str, Quota], Instant | None]:
    """Return every quota as it stands, by rule, and when the first of their periods ends.

    One whose key is unknown, or whose zone is, is left out: its rule holds.
    """
    found: dict[str, Quota] = {}
    ends: list[Instant] = []
    for ask in asks:
        values = [facts.get(name) for name in ask.key]
        words = [value for value in values if isinstance(value, str) and value]
        if len(words) != len(values) or not zone_known(ask.zone):
            continue
        period = period_of(at, ask.period, ask.zone)
        if period.end is not None:
            ends.append(period.end)
        found[ask.rule] = _quota(view, ask, quota_key(words), period.name, facts)
    return found, min(ends, default=None)


def _quota(view: View, ask: QuotaAsk, key: str, period: str, facts: Mapping[str, Datum]) -> Quota:
    account = quota_account(ask.rule, key, period)
    posted, held, before = _counted(view, account)
    lent = 0
    if ask.opposite:
        came, _, opened = _counted(view, quota_account(f"{ask.rule}.in", key, period))
        lent = came + opened
    amount, base = facts.get(ask.fact), facts.get(ask.base) if ask.base else None
    return Quota(
        account=account,
        unit=ask.currency,
        amount=Units(amount) if isinstance(amount, int) and amount >= 0 else None,
        used=posted + before,
        held=held,
        before=before,
        inflow=lent,
        base=base if isinstance(base, int) else None,
    )


def _counted(view: View, account: AccountId) -> tuple[int, int, int]:
    """Return what an account has posted, what is pending, and what was used before we opened."""
    row, opening = view.account(account), view.of("opening", account, OpeningRow)
    posted, held = (0, 0) if row is None else (row.debits_posted, row.debits_pending)
    return posted, held, 0 if opening is None else opening.used
