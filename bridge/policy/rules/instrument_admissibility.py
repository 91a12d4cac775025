"""The class of instrument may cross to that class of network; what no row names may not."""

from bridge.core.order import SettlementOrder
from bridge.policy.dossier import SCREENING, Dossier, fact_type
from bridge.policy.params import BadPack, Kind, Made, Params
from bridge.policy.verdict import Outcome, Said, passes, unknown, violated

_NEEDS = "needs:"


def read(params: Params) -> Made:
    """Return the rule: a `table` of class, network, direction and what it says.

    A class is an instrument's kind or its profile, a network the class of the destination; `*` is
    any. `says` is `allow`, `deny` or `needs:<fact>`. Of several rows that fit, the strictest
    counts, so their order means nothing; none is a denial.
    """
    table = params.rows("table", "class", "network", "direction", "says")
    needed = frozenset(row[3].removeprefix(_NEEDS) for row in table if row[3].startswith(_NEEDS))
    for row in table:
        if row[3] not in {"allow", "deny"} and not row[3].startswith(_NEEDS):
            raise BadPack(f"{params.rule}: params.table says allow, deny or needs:<fact>")
    for name in needed:
        of = fact_type(name)
        if of is None or of.kind != "bool":
            raise BadPack(f"{params.rule}: needs:{name[:64]} is not a fact that is true or false")

    def test(order: SettlementOrder, dossier: Dossier) -> Said:
        network = dossier.facts.get("destination.class")
        classes = {order.instrument.kind.value, order.instrument.profile, "*"}
        fitting = [
            says
            for of, where, way, says in table
            if of in classes and where in {network, "*"} and way in {dossier.direction, "*"}
        ]
        seen = (("class", order.instrument.kind.value), ("network", str(network)))
        if network is None:
            return unknown("the class of the network is unknown", *seen)
        if not fitting or "deny" in fitting:
            why = "denied there" if fitting else "no row admits it"
            return violated(Outcome.REJECT, why, *seen)
        facts = sorted({s.removeprefix(_NEEDS) for s in fitting if s.startswith(_NEEDS)})
        lacking = [name for name in facts if dossier.facts.get(name) is False]
        if lacking:
            return violated(Outcome.REJECT, f"lacks {lacking[0]}", *seen)
        if any(dossier.facts.get(name) is not True for name in facts):
            return unknown(f"whether it has {' '.join(facts)} is unknown", *seen)
        return passes("admitted there", *seen)

    facts = needed | {"destination.class"}
    return Made(test=test, facts=facts)


KIND = Kind(name="instrument_admissibility", points=frozenset({SCREENING}), read=read)
