"""What a party owes across the border stays within a multiple of its own means."""

from dataclasses import replace

from bridge.core.events import Reservation
from bridge.core.order import SettlementOrder
from bridge.policy.dossier import SCREENING, Dossier
from bridge.policy.params import BadPack, Kind, Made, Params
from bridge.policy.rules.flow import SIDES, account_limit, asked, flows, measure_of, numbers
from bridge.policy.verdict import Outcome, Result, Said, not_applicable, unknown, violated

THOUSANDTHS = 1_000


def read(params: Params) -> Made:
    """Return the rule: `key`, `measure`, `currency`, `zone`, `base`, `leverage`, `parameter`.

    The cap is base × leverage × parameter, both in whole thousandths, rounded down. `base` is
    `payer.net_assets` or `payee.net_assets`, a figure two people import with its date. Before
    `grandfather_until` the cap does not bind; `period` is `ever`, for a balance has none.
    """
    measure = measure_of(params)
    base = params.text("base", "payer.net_assets", "payee.net_assets")
    ask = asked(params, measure)
    if ask.period != "ever":
        raise BadPack(f"{params.rule}: params.period of a balance is ever")
    ask = replace(ask, base=f"{base}.{ask.currency}")
    factor = params.whole("leverage") * params.whole("parameter")
    grandfather = params.text("grandfather_until")

    def test(order: SettlementOrder, dossier: Dossier) -> Said:
        applies = flows(params.jurisdiction, measure, order, dossier)
        if applies is False or dossier.date <= grandfather:
            return not_applicable("no such flow" if applies is False else "before the cap binds")
        quota = dossier.quotas.get(params.rule)
        if applies is None or quota is None or quota.amount is None or quota.base is None:
            return unknown("nothing to measure with: a rate, a side or the base is missing")
        cap = quota.base * factor // THOUSANDTHS**2
        seen = (*numbers(quota, cap), ("base", str(quota.base)))
        if quota.used + quota.held + quota.amount > cap:
            return violated(Outcome.REJECT, "over the cap of the balance", *seen)
        held = Reservation(quota.account, quota.amount, quota.unit, account_limit(cap, quota))
        return Said(
            result=Result.PASS,
            outcome=Outcome.CLEAR,
            why="within the cap of the balance",
            values=seen,
            reservations=(held,) if quota.amount else (),
        )

    return Made(test=test, facts=SIDES | {ask.fact, ask.base, *ask.key}, quotas=(ask,))


KIND = Kind(name="balance_cap", points=frozenset({SCREENING}), read=read)
