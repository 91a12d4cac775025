"""What one person moves in a period stays within the figure."""

from bridge.core.events import Reservation
from bridge.core.order import SettlementOrder
from bridge.policy.dossier import SCREENING, Dossier
from bridge.policy.params import Kind, Made, Params
from bridge.policy.rules.flow import SIDES, account_limit, asked, flows, measure_of, numbers
from bridge.policy.verdict import Outcome, Result, Said, not_applicable, unknown


def read(params: Params) -> Made:
    """Return the rule: `key`, `measure`, `currency`, `limit`, `period`, `zone`, `border`, `over`.

    `border`: `le` includes the figure, `lt` does not. `over`: `hold` lets a person who saw the
    documents clear it, and then nothing is taken from the quota; `reject` does not.
    """
    measure = measure_of(params)
    ask = asked(params, measure)
    limit = params.whole("limit")
    border = params.text("border", "le", "lt")
    over = params.outcome("over", Outcome.HOLD, Outcome.REJECT)

    def test(order: SettlementOrder, dossier: Dossier) -> Said:
        applies = flows(params.jurisdiction, measure, order, dossier)
        if applies is False:
            return not_applicable("no such flow")
        quota = dossier.quotas.get(params.rule)
        if applies is None or quota is None or quota.amount is None:
            return unknown("nothing to measure with: a rate, a person or a side is missing")
        total = quota.used + quota.held + quota.amount
        seen = numbers(quota, limit)
        if total < limit or (total == limit and border == "le"):
            top = account_limit(limit if border == "le" else limit - 1, quota)
            held = Reservation(quota.account, quota.amount, quota.unit, top)
            return Said(
                result=Result.PASS,
                outcome=Outcome.CLEAR,
                why="within the quota",
                values=seen,
                reservations=(held,) if quota.amount else (),
            )
        return Said(
            result=Result.VIOLATED,
            outcome=over,
            why="over the quota",
            values=seen,
            subjects=(f"quota/{quota.account}/{quota.amount}",),
        )

    return Made(test=test, facts=SIDES | {ask.fact, *ask.key}, quotas=(ask,))


KIND = Kind(name="person_period_quota", points=frozenset({SCREENING}), read=read)
