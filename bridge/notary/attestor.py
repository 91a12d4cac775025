"""The Attestor served by the keys of named operators held in one process: development custody.

A notary verifies in this order, and keeps its own vote book: that the ledger's state owes this verb
now and lies under no stop; that it would write the same act from order and ledger; that the raw
evidence proves the fact and agrees with the order; that its vote book allows it. It writes its
vote, sees that the ledger owes the verb still, then it signs. Here all read one ledger in one
process, so what they would each find of an act is found once. Production settings refuse this
custody.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from typing import Protocol

from bridge.core.act import Act, Signature
from bridge.core.agreement import disagreement
from bridge.core.effects import (
    InstructPayment,
    LockAsset,
    NetworkEffect,
    RecallPayment,
    Screen,
    Verb,
    verb_of,
)
from bridge.core.events import Fact
from bridge.core.ids import NetworkId, SettlementId
from bridge.core.order import SettlementOrder
from bridge.core.settlement import Settlement, due
from bridge.core.upkeep import upkeep
from bridge.notary.attestation import BadAct
from bridge.notary.citation import citing_act, must_read
from bridge.notary.state.view import View
from bridge.ports import Attestation, Attested, Clock, Evidence, FinalNo, NotYet, Unproved

Verify = Callable[[bytes], tuple[Fact, ...]]


class VoteBook(Protocol):
    """What one notary has signed, kept outside the ledger's database."""

    def vote(self, settlement: SettlementId, verb: Verb) -> Awaitable[bool]:
        """Begin a vote: True once it is durable, False where an earlier one forbids it."""
        ...


class ActSigner(Protocol):
    """One key of a notary, under the encoding its networks read."""

    def sign(self, act: Act) -> Signature:
        """Return the signature over the act's own encoding, made from its words. Errors: BadAct."""
        ...


@dataclass(frozen=True, slots=True)
class Notary:
    """One named operator: a signer for each kind of network, and one vote book."""

    name: str
    votes: VoteBook
    signers: Mapping[str, ActSigner]  # by CAIP-2 namespace; `*` for all others


class No(Exception):
    """Raised inside one notary's verification; `final` tells an alarm from patience."""

    def __init__(self, why: str, *, final: bool) -> None:
        super().__init__(why)
        self.final = final


class DevelopmentCustody:
    """m of n notaries in one process, each with its own verification, vote book and keys."""

    def __init__(
        self,
        notaries: tuple[Notary, ...],
        view: Callable[[], View],
        verifiers: Mapping[NetworkId, Verify],
        clock: Clock,
    ) -> None:
        self._notaries = notaries
        self._view = view
        self._verifiers = verifiers
        self._clock = clock

    async def attest(
        self, act: Act, order: SettlementOrder, evidence: tuple[Evidence, ...]
    ) -> Attestation:
        """Return the signatures of as many notaries as the lane's quorum asks for."""
        lane = self._view().lane(order.lane)
        if lane is None:
            return FinalNo(f"no lane {order.lane}")
        willing = iter([one for one in self._notaries if one.name in lane.notaries])
        voted: list[Notary] = []
        forbidden: list[No] = []
        try:
            self._proved(self._view(), self._owing(self._view(), act), act, evidence)
            while asked := tuple(islice(willing, lane.quorum - len(voted))):
                ayes, noes = await self._votes(asked, act)
                voted += ayes
                forbidden += noes
            self._owing(self._view(), act)  # the disk took its time
        except No as no:
            return FinalNo(str(no)) if no.final else NotYet(str(no))
        if len(voted) >= lane.quorum:
            try:
                signatures = [self._signed(notary, act) for notary in voted]
            except BadAct as error:
                return FinalNo(f"{act.network} has no form for this act: {error}")
            return Attested(tuple(sorted(signatures, key=lambda signed: signed.signer)))
        if forbidden and len(lane.notaries) - len(forbidden) < lane.quorum:
            return FinalNo(str(forbidden[0]))
        return NotYet(str(forbidden[0]) if forbidden else "too few notaries")

    async def _votes(self, asked: tuple[Notary, ...], act: Act) -> tuple[list[Notary], list[No]]:
        """Return who has voted for the act, durably, and who is forbidden to by its own book."""
        if act.verb is Verb.HOLD:
            return list(asked), []
        begun = [(notary, notary.votes.vote(act.settlement, act.verb)) for notary in asked]
        ayes: list[Notary] = []
        noes: list[No] = []
        for notary, vote in begun:
            if await vote:
                ayes.append(notary)
            else:
                why = f"{notary.name}'s vote book forbids {act.verb.value}"
                noes.append(No(why, final=True))
        return ayes, noes

    @staticmethod
    def _signed(notary: Notary, act: Act) -> Signature:
        namespace = act.network.partition(":")[0]
        signer = notary.signers.get(namespace) or notary.signers["*"]
        return signer.sign(act)

    def _owing(self, view: View, act: Act) -> Settlement:
        """Steps 1 and 2: the ledger owes this verb now, and would write this very act."""
        settlement = view.settlement(act.settlement)
        if settlement is None:
            raise No("no such settlement in the ledger", final=True)
        effect = self._owed(settlement, act.verb)
        if effect is None:
            raise No(f"{settlement.stage.value} does not owe {act.verb.value} now", final=False)
        if isinstance(effect, LockAsset):
            raise No("a lock is signed by its holder", final=True)
        if citing_act(view, settlement, effect) != act:
            raise No("the act differs from what order and ledger say", final=True)
        return settlement

    def _owed(self, settlement: Settlement, verb: Verb) -> NetworkEffect | None:
        if verb is Verb.HOLD:
            return upkeep(settlement, self._clock.now())
        effect = due(settlement)
        match effect:
            case None | Screen() | InstructPayment() | RecallPayment():
                return None
            case _:
                return effect if verb_of(effect) is verb else None

    def _proved(
        self, view: View, settlement: Settlement, act: Act, evidence: tuple[Evidence, ...]
    ) -> None:
        """Step 3: every fact the verb rests on is proved again, and agrees with the order."""
        brought = {item.leaf: item.raw for item in evidence}
        for name in must_read(settlement, act.verb):
            row = view.fact(act.settlement, name)
            if row is None:
                raise No(f"the ledger holds no {name}", final=False)
            raw = brought.get(row.leaf)
            if raw is None:
                raise No(f"the evidence of {name} was not brought", final=False)
            if row.side != f"bytes/{sha256(raw).hexdigest()}":
                raise No(f"the evidence of {name} is not what the ledger holds", final=True)
            try:
                facts = self._verifiers[_told_by(settlement.order, name)](raw)
            except Unproved as error:
                raise No(f"{name}: {error}", final=True) from error
            proved = [
                fact
                for fact in facts
                if type(fact).__name__ == name and fact.settlement == act.settlement
            ]
            if not proved:
                raise No(f"the evidence does not prove {name} of this settlement", final=True)
            if why := disagreement(settlement.order, proved[0]):
                raise No(f"{name} disagrees with the order: {why}", final=True)


def _told_by(order: SettlementOrder, name: str) -> NetworkId:
    """Return the network whose evidence proves a fact of this order."""
    if name.startswith("Payment"):
        assert order.payment is not None, f"{order.id} has no payment to be proved"
        return order.payment.rail
    origin = name in {"AssetLocked", "AssetBurned", "LockReleased"}
    return order.origin.network if origin else order.destination.network
