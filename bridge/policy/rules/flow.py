"""Which flow a rule measures, seen from its jurisdiction: money and asset run opposite ways."""

from bridge.core.money import UNITS_MAX, Units
from bridge.core.order import SettlementOrder
from bridge.policy.dossier import Dossier, Quota
from bridge.policy.params import MEASURES, PERIODS, Params
from bridge.policy.verdict import QuotaAsk

SIDES = frozenset({"payer.jurisdiction", "payee.jurisdiction"})  # what `flows` reads


def measured_fact(measure: str, currency: str) -> str:
    """Return the fact that holds an order's amount under a measure."""
    return f"{'amount' if measure.startswith('payment') else 'asset_amount'}.{currency}"


def flows(jurisdiction: str, measure: str, order: SettlementOrder, dossier: Dossier) -> bool | None:
    """Tell whether the order is such a flow; None where a side's jurisdiction is unknown.

    The payer receives the asset, the payee sends it.
    """
    if measure.startswith("payment") and order.payment is None:
        return False
    payer, payee = dossier.facts.get("payer.jurisdiction"), dossier.facts.get("payee.jurisdiction")
    if payer is None or payee is None:
        return None
    leaves, enters = (payer, payee) if measure.startswith("payment") else (payee, payer)
    if measure.endswith("_in"):
        leaves, enters = enters, leaves
    return leaves == jurisdiction != enters


def asked(params: Params, measure: str, *, rule: str = "", **more: bool) -> QuotaAsk:
    """Return what to gather for a rule with the parameters key, currency, period and zone."""
    currency = params.currency("currency")
    return QuotaAsk(
        rule=rule or params.rule,
        currency=currency,
        fact=measured_fact(measure, currency),
        key=params.texts("key", empty=True),
        period=params.text("period", *sorted(PERIODS)),
        zone=params.text("zone"),
        opposite=more.get("opposite", False),
        inward=more.get("inward", False),
    )


def measure_of(params: Params) -> str:
    """Return the parameter `measure`."""
    return params.text("measure", *sorted(MEASURES))


def account_limit(limit: int, quota: Quota) -> Units:
    """Return the limit of the ledger's account, which does not hold what was used before us."""
    return Units(min(UNITS_MAX, max(0, limit - quota.before)))


def numbers(quota: Quota, limit: int) -> tuple[tuple[str, str], ...]:
    """Return what was compared, for the finding."""
    return (
        ("limit", str(limit)),
        ("used", str(quota.used)),
        ("held", str(quota.held)),
        ("amount", "" if quota.amount is None else str(quota.amount)),
        ("unit", quota.unit),
    )
