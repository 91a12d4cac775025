"""What the act of each verb rests on: which entries it cites, and whose evidence must be read.

The engine cites by this, and every notary checks by it against the ledger it reads itself.
"""

from dataclasses import dataclass

from bridge.core.act import Act, Signature, act_for
from bridge.core.effects import LockAsset, NetworkEffect, Verb, verb_of
from bridge.core.ids import Digest
from bridge.core.order import SettlementOrder
from bridge.core.settlement import Settlement, Stage
from bridge.notary.state.view import View

NOTHING = Digest("")

# the facts whose raw evidence is verified again before a notary signs the verb
READS: dict[Verb, tuple[str, ...]] = {
    Verb.MINT: ("AssetLocked",),
    Verb.BURN: ("AssetMinted", "PaymentSettled"),
    Verb.ASSIGN: ("AssetBurned",),
    Verb.UNMINT: (),
    Verb.RELEASE: ("AssetUnminted",),
    Verb.HOLD: (),
    Verb.LOCK: (),
}
_VERDICT = {Verb.MINT: Stage.SCREENING, Verb.BURN: Stage.RESCREENING}


@dataclass(frozen=True, slots=True)
class Cited:
    """The leaf hashes an act names; empty where its verb names none."""

    evidence: Digest
    verdict: Digest


def cited(view: View, settlement: Settlement, verb: Verb) -> Cited | None:
    """Return what the act must cite, or None where the ledger does not hold it yet."""
    of = settlement.order.id
    evidence: Digest | None = NOTHING
    match verb:
        case Verb.MINT:
            evidence = _fact(view, settlement, "AssetLocked")
        case Verb.ASSIGN:
            evidence = _fact(view, settlement, "AssetBurned")
        case Verb.BURN:
            evidence = _entered(view, settlement, Stage.BURNING)
        case Verb.UNMINT:
            evidence = _entered(view, settlement, Stage.UNMINTING)
        case Verb.RELEASE if Verb.MINT in settlement.acts:
            evidence = _fact(view, settlement, "AssetUnminted")
        case Verb.RELEASE:
            evidence = _entered(view, settlement, Stage.RECHECKING)
        case Verb.HOLD:
            evidence = _entered(view, settlement, settlement.stage)
        case Verb.LOCK | Verb.PAY | Verb.RECALL:
            evidence = NOTHING
    judged = _VERDICT.get(verb)
    decision = view.decision(of, judged.value) if judged is not None else None
    if evidence is None or (judged is not None and decision is None):
        return None
    return Cited(evidence, decision.leaf if decision is not None else NOTHING)


def citing_act(view: View, settlement: Settlement, effect: NetworkEffect) -> Act | None:
    """Return the act for `effect` with what it must cite, or None where that is not there yet."""
    verb = verb_of(effect)
    found = cited(view, settlement, verb)
    if found is None:
        return None
    epoch = 0 if isinstance(effect, LockAsset) else view.epoch
    return act_for(effect, evidence=found.evidence, verdict=found.verdict, epoch=epoch)


def must_read(settlement: Settlement, verb: Verb) -> tuple[str, ...]:
    """Return the facts whose evidence a notary verifies before it signs `verb`."""
    order: SettlementOrder = settlement.order
    reads = READS.get(verb, ())
    if order.payment is None:
        reads = tuple(name for name in reads if name != "PaymentSettled")
    if verb is Verb.RELEASE and Verb.MINT not in settlement.acts:
        return ()
    return reads


def _fact(view: View, settlement: Settlement, name: str) -> Digest | None:
    row = view.fact(settlement.order.id, name)
    return row.leaf if row is not None else None


def _entered(view: View, settlement: Settlement, stage: Stage) -> Digest | None:
    row = view.saga(settlement.order.id, stage.value)
    return row.leaf if row is not None else None


def consent_signatures(view: View, order: SettlementOrder) -> tuple[Signature, ...]:
    """Return the holder's consents as the signatures a lock is prepared with."""
    given = (view.consent(order.id, network) for network in order.consents)
    return tuple(
        Signature(kind=one.kind, signer=one.public_key or one.by, signature=one.signature)
        for one in given
        if one is not None
    )
