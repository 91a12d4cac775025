"""The payment is in a currency that may be used in that direction."""

from bridge.core.order import SettlementOrder
from bridge.policy.dossier import SCREENING, Dossier
from bridge.policy.params import Kind, Made, Params
from bridge.policy.verdict import Outcome, Said, not_applicable, passes, violated


def read(params: Params) -> Made:
    """Return the rule: in `directions` (of the money; `*` any), `says` these only, or never."""
    currencies, directions = params.texts("currencies"), params.texts("directions")
    says = params.text("says", "only", "never")

    def test(order: SettlementOrder, dossier: Dossier) -> Said:
        if order.payment is None:
            return not_applicable("nothing is paid")
        enters, _, leaves = dossier.direction.partition("-")
        way = f"{leaves}-{enters}"  # money runs against the asset
        if "*" not in directions and way not in directions:
            return not_applicable("another direction")
        code = order.payment.amount.currency.code
        seen = (("currency", code), ("direction", way))
        if (code in currencies) is (says == "only"):
            return passes("that currency may be used", *seen)
        return violated(Outcome.REJECT, "that currency may not be used there", *seen)

    return Made(test=test)


KIND = Kind(name="currency_restriction", points=frozenset({SCREENING}), read=read)
