"""The papers of the trade are there, cover the amount and are used once."""

from bridge.core.events import Reservation
from bridge.core.ids import AccountId
from bridge.core.money import Units
from bridge.core.order import SettlementOrder
from bridge.policy.dossier import RESCREENING, SCREENING, Dossier
from bridge.policy.params import Kind, Made, Params
from bridge.policy.verdict import Outcome, Result, Said, not_applicable, unknown


def read(params: Params) -> Made:
    """Return the rule: for which `purposes` and above what, which kinds must be there.

    `border`: `gt` exempts the figure itself, `ge` does not. `all_of` must all be there, of `any_of`
    one. `amount_cover`: the instrument's face is at least the payment. `single_use` names kinds of
    reference that may carry one settlement only.
    """
    purposes, currency = params.texts("purposes"), params.currency("currency")
    above, border = params.whole("above"), params.text("border", "gt", "ge")
    all_of, any_of = params.texts("all_of", empty=True), params.texts("any_of", empty=True)
    covers, once = params.flag("amount_cover"), params.texts("single_use", empty=True)
    fact = f"amount.{currency}"
    worth = f"asset_amount.{currency}"

    def test(order: SettlementOrder, dossier: Dossier) -> Said:
        if order.payment is None:
            return not_applicable("nothing is paid")
        if "*" not in purposes and order.purpose not in purposes:
            return not_applicable("another purpose")
        amount = dossier.facts.get(fact)
        if not isinstance(amount, int):
            return unknown("no rate to measure the payment with", ("currency", currency))
        seen = (("amount", str(amount)), ("above", str(above)), ("currency", currency))
        if amount < above or (amount == above and border == "gt"):
            return not_applicable("at or below the figure")
        lacking = [kind for kind in all_of if kind not in dossier.documents]
        if any_of and not set(any_of) & set(dossier.documents):
            lacking.append(" or ".join(any_of))
        face = dossier.facts.get(worth)
        if covers and not isinstance(face, int):
            return unknown("what the papers are worth is unknown", *seen)
        if covers and isinstance(face, int) and face < amount:
            lacking.append("cover of the amount")
        if lacking:
            return Said(
                result=Result.VIOLATED,
                outcome=Outcome.HOLD,
                why=f"lacks {', '.join(lacking)}",
                values=seen,
                subjects=tuple(f"lacks/{params.rule}/{name}" for name in lacking),
            )
        held = tuple(_use(params.rule, kind, of) for kind, of in dossier.references if kind in once)
        return Said(
            result=Result.PASS,
            outcome=Outcome.CLEAR,
            why="the papers are there",
            values=seen,
            reservations=held if dossier.point == SCREENING else (),
        )

    return Made(test=test, facts=frozenset({fact, worth} if covers else {fact}))


def _use(rule: str, kind: str, of: str) -> Reservation:
    """One unit of an account that has one: the ledger refuses a second use while it is held."""
    return Reservation(AccountId(f"quota/{rule}/{kind}.{of}/once"), Units(1), "count", Units(1))


KIND = Kind(name="document_set", points=frozenset({SCREENING, RESCREENING}), read=read)
