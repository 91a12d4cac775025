"""What a pilot may move: a ceiling per settlement and one per day, whatever lanes and packs say.

Development custody keeps several operators' keys in one process, so it is trusted with little.
"""

from collections.abc import Iterator, Mapping

from bridge.core.canonical import Value
from bridge.core.ids import Instant, SettlementId
from bridge.core.money import Money, currency
from bridge.engine.admission import Declined, OrderRequest, measured
from bridge.notary.journal import Journal
from bridge.notary.since import first_since
from bridge.notary.state.view import View

DAY_MS = 86_400_000
PAGE = 512


class Ceilings:
    """Counts the orders of each UTC day, given back or not, from the ledger's own entries.

    An order counts with its payment, else with its paper's face. Units: both ceilings are money of
    one currency, and what is at a ceiling is still admitted.
    """

    def __init__(self, journal: Journal, per_settlement: Money, per_day: Money) -> None:
        self._journal = journal
        self._each = per_settlement
        self._day = per_day
        self._today = -1
        self._read = 0  # entries read so far
        self._orders: dict[SettlementId, Money] = {}  # of today: committed, or under way

    def admit(self, view: View, request: OrderRequest, now: Instant) -> None:
        """Return where the order fits under both. Errors: Declined."""
        amount = _worth(request)
        if amount is None:
            return  # nothing to measure, as for a lane's limit
        worth = self._measured(view, amount)
        if not worth <= self._each:
            raise _over("a settlement", self._each)
        self._catch_up(now)
        others = (one for name, one in self._orders.items() if name != request.id)
        total = worth.minor + sum(self._measured(view, one).minor for one in others)
        if total > self._day.minor:
            raise _over("a day", self._day)

    def count(self, request: OrderRequest) -> None:
        """Count an order that is about to be written; where it is not after all, it still counts.

        The next start forgets that.
        """
        amount = _worth(request)
        if amount is not None:
            self._orders[request.id] = amount

    def _measured(self, view: View, amount: Money) -> Money:
        worth = measured(view, amount, self._each)
        if worth is None:
            raise Declined(
                "LQ-RATE-MISSING",
                f"no rate from {amount.currency.code} to {self._each.currency.code} is known",
                loc="payment.amount",
                remedy="lianqiao rates import FILE.csv",
            )
        return worth

    def _catch_up(self, now: Instant) -> None:
        day = now // DAY_MS
        if day != self._today:
            self._today, self._orders = day, {}
            self._read = first_since(self._journal, Instant(day * DAY_MS))
        while page := self._journal.entries(self._read - 1, PAGE):
            self._read = page[-1].n + 1
            for entry in page:
                if entry.kind == "order":
                    self._orders |= _counted(entry.body)


def _worth(request: OrderRequest) -> Money | None:
    return request.payment.amount if request.payment is not None else request.instrument.face


def _counted(body: Mapping[str, Value]) -> dict[SettlementId, Money]:
    order = body["order"]
    assert isinstance(order, Mapping), "an order's entry holds its leaf"
    return {SettlementId(str(order["id"])): amount for amount in _amount(order)}


def _amount(order: Mapping[str, Value]) -> Iterator[Money]:
    payment, instrument = order.get("payment"), order["instrument"]
    assert isinstance(instrument, Mapping), "an order's leaf names its instrument"
    said = payment.get("amount") if isinstance(payment, Mapping) else instrument.get("face")
    if isinstance(said, Mapping):
        yield Money(int(str(said["minor"])), currency(str(said["currency"])))


def _over(what: str, ceiling: Money) -> Declined:
    return Declined(
        "LQ-CEILING",
        f"more than this installation's ceiling for {what}, "
        f"{ceiling.text} {ceiling.currency.code}: its keys are in development custody",
        loc="payment.amount",
        remedy="lianqiao config explain custody.per_day; production has notaries of its own",
    )
