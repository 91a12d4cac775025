"""A list is young enough to be relied on."""

from bridge.core.order import SettlementOrder
from bridge.policy.dossier import POINTS, Dossier
from bridge.policy.params import BadPack, Kind, Made, Params
from bridge.policy.verdict import Outcome, Result, Said, passes, unknown, violated

HOUR_MS = 3_600_000


def read(params: Params) -> Made:
    """Return the rule: `list`, and from which age in whole hours it warns and holds."""
    name = params.text("list")
    warn, hold = params.whole("warn_hours"), params.whole("hold_hours")
    if warn > hold:
        raise BadPack(f"{params.rule}: warns at {warn} hours, later than it holds")

    def test(_order: SettlementOrder, dossier: Dossier) -> Said:
        state = dossier.looked.state(name)
        if state is None:
            return unknown("the list is not there", ("list", name))
        age = ("age_ms", str(state.age_ms))
        if state.age_ms >= hold * HOUR_MS:
            return violated(Outcome.HOLD, f"the list is {hold} hours old or older", age)
        if state.age_ms >= warn * HOUR_MS:
            return Said(
                result=Result.PASS,
                outcome=Outcome.CLEAR,
                why=f"the list is {warn} hours old or older",
                values=(age,),
                reports=(f"list_ageing/{name}",),
            )
        return passes("the list is fresh", age)

    return Made(test=test, lists=(name,))


KIND = Kind(name="list_freshness", points=POINTS, read=read)
