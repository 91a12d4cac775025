"""What leaves, less what came in, stays within the figure for all together."""

from dataclasses import replace

from bridge.core.events import Reservation
from bridge.core.money import UNITS_MAX, Units
from bridge.core.order import SettlementOrder
from bridge.policy.dossier import SCREENING, Dossier
from bridge.policy.params import Kind, Made, Params
from bridge.policy.rules.flow import SIDES, account_limit, asked, flows, measure_of, numbers
from bridge.policy.verdict import Outcome, Result, Said, not_applicable, unknown, violated

INWARD = ".in"  # suffix of the account that counts what comes in
_REVERSE = {
    "payment_out": "payment_in",
    "payment_in": "payment_out",
    "asset_out": "asset_in",
    "asset_in": "asset_out",
}


def read(params: Params) -> Made:
    """Return the rule: `key`, `measure`, `currency`, `limit`, `period`, `zone`, `inflow`.

    `inflow` is `at_commit`: what comes in reserves nothing and lends room only once it has settled,
    so one that fails can never have lent any.
    """
    measure = measure_of(params)
    params.text("inflow", "at_commit")
    ask = asked(params, measure, opposite=True)
    inward = replace(ask, rule=f"{params.rule}{INWARD}", opposite=False, inward=True)
    limit = params.whole("limit")

    def test(order: SettlementOrder, dossier: Dossier) -> Said:
        jurisdiction = params.jurisdiction
        out = flows(jurisdiction, measure, order, dossier)
        back = flows(jurisdiction, _REVERSE[measure], order, dossier)
        if out is False and back is False:
            return not_applicable("no such flow")
        quota = dossier.quotas.get(inward.rule if back else params.rule)
        if out is None or quota is None or quota.amount is None:
            return unknown("nothing to measure with: a rate or a side is missing")
        if back:
            counted = Reservation(quota.account, quota.amount, quota.unit, Units(UNITS_MAX))
            return Said(
                result=Result.PASS,
                outcome=Outcome.CLEAR,
                why="flows in; counts when it has settled",
                reservations=(counted,) if quota.amount else (),
            )
        seen = (*numbers(quota, limit), ("inflow", str(quota.inflow)))
        if quota.used - quota.inflow + quota.held + quota.amount > limit:
            return violated(Outcome.REJECT, "over the net quota", *seen)
        held = Reservation(
            quota.account, quota.amount, quota.unit, account_limit(limit + quota.inflow, quota)
        )
        return Said(
            result=Result.PASS,
            outcome=Outcome.CLEAR,
            why="within the net quota",
            values=seen,
            reservations=(held,) if quota.amount else (),
        )

    return Made(test=test, facts=SIDES | {ask.fact, *ask.key}, quotas=(ask, inward))


KIND = Kind(name="net_aggregate_quota", points=frozenset({SCREENING}), read=read)
