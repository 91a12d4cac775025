"""Above the figure, so many other people stand behind the order."""

from bridge.core.order import SettlementOrder
from bridge.policy.dossier import SCREENING, Dossier
from bridge.policy.params import Kind, Made, Params
from bridge.policy.verdict import Outcome, Said, not_applicable, passes, unknown, violated


def read(params: Params) -> Made:
    """Return the rule: `currency`, `above`, `border`, `roles`, and how many `distinct` persons.

    The order's maker is not one of them. A held order is cleared by a person, who then is.
    """
    currency, above = params.currency("currency"), params.whole("above")
    border = params.text("border", "gt", "ge")
    roles, distinct = frozenset(params.texts("roles")), params.whole("distinct")
    fact = f"amount.{currency}"

    def test(order: SettlementOrder, dossier: Dossier) -> Said:
        if order.payment is None:
            return not_applicable("nothing is paid")
        amount = dossier.facts.get(fact)
        if not isinstance(amount, int):
            return unknown("no rate to measure the payment with", ("currency", currency))
        if amount < above or (amount == above and border == "gt"):
            return not_applicable("at or below the figure")
        there = {
            one.person
            for one in dossier.people
            if one.person != order.maker and roles.intersection(one.roles)
        }
        seen = (("there", str(len(there))), ("wanted", str(distinct)))
        if len(there) < distinct:
            return violated(Outcome.HOLD, "too few people stand behind it", *seen)
        return passes("enough people stand behind it", *seen)

    return Made(test=test, facts=frozenset({fact}))


KIND = Kind(name="four_eyes", points=frozenset({SCREENING}), read=read)
