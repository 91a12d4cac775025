"""A memory network as an origin and as a destination: one door, whichever way a lane goes."""

from collections.abc import AsyncGenerator, Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.memory.client import Client
from adapters.memory.codec import (
    BadWire,
    event_fact,
    is_signed,
    public_hex,
    read_transaction,
    text,
    transaction,
    tx_ref,
    unsealed,
    whole,
)
from adapters.memory.reading import pages
from adapters.memory.slots import EMPTY, Slot, hopeless, landed, slot_key, slot_of
from bridge.core.act import Act, Signature, act_for
from bridge.core.canonical import Value
from bridge.core.consent import Consent
from bridge.core.effects import DestinationEffect, LockAsset, OriginEffect, Verb, attempt_of
from bridge.core.ids import Cursor, Instant, NetworkId, TxRef
from bridge.core.order import SettlementOrder
from bridge.ports import (
    Again,
    Answered,
    Check,
    Clock,
    ConsentOwed,
    Disclosed,
    Key,
    Landed,
    Never,
    Observation,
    Page,
    Prepared,
    Refused,
    Sight,
    Unavailable,
    Unknown,
)


class MemoryNetwork:
    """The door of one memory network. It keeps nothing: every answer is read from the network."""

    def __init__(
        self,
        network: NetworkId,
        escrow: str,
        client: Client,
        clock: Clock,
        *,
        operator: Ed25519PrivateKey | None = None,
        finality_ms: int = 0,
        tx_life_ms: int = 30_000,
    ) -> None:
        self._id = network
        self._escrow = escrow
        self._client = client
        self._clock = clock
        self._operator = operator
        self._finality_ms = finality_ms
        self._life_ms = tx_life_ms

    @property
    def id(self) -> NetworkId:
        """The network's id, `memory:` and its name."""
        return self._id

    @property
    def finality_ms(self) -> int:
        """From a block to its being final, as the settings say."""
        return self._finality_ms

    async def preflight(self, order: SettlementOrder, disclosed: Disclosed) -> tuple[Check, ...]:
        """Return whether the asset could be locked or minted here. Errors: Unavailable."""
        del disclosed  # no network of ours is told a name
        origin = order.origin.network == self._id
        leg = order.origin if origin else order.destination
        party = order.originator.account if origin else order.beneficiary.account
        try:
            answer = await self._client.ask(
                {
                    "ask": "holding",
                    "asset": leg.asset,
                    "part": leg.part,
                    "account": party,
                    "operator": public_hex(self._operator) if self._operator else "",
                }
            )
            key = slot_key(Verb.LOCK if origin else Verb.MINT, order.id)
            stood = await self._client.ask({"ask": "standing", "tx": "", "slot": key})
            unused = slot_of(stood["slot"]) == EMPTY
            units, vault = whole(answer, "units"), whole(answer, "vault")
        except (BadWire, KeyError) as error:
            return (Check("network answers", Answered.UNKNOWN, f"{self._id}: {error}"),)
        known = _check("account is known", bool(answer.get("key")), party)
        checks = [
            _check("escrow is ours", leg.escrow == self._escrow, leg.escrow),
            _check("asset is listed", answer.get("listed") is True, leg.asset),
            known,
            _check("settlement is new here", unused, order.id),
        ]
        if origin:
            checks += [
                _check("holder owns it", units >= order.units, f"{units} of {order.units}"),
                _check("operator may lock", answer.get("operator") is True, self._escrow),
            ]
        else:
            enough = answer.get("home") is not True or vault >= order.units
            admitted = answer.get("blocked") is not True
            checks += [
                _check("it can be made or is in the vault", enough, f"{vault} in the vault"),
                _check("recipient is admitted", admitted, party),
            ]
        return tuple(checks)

    def consent_owed(self, order: SettlementOrder) -> ConsentOwed:
        """Return the lock's act, which the holder's Ed25519 key signs."""
        return ConsentOwed(
            network=self._id,
            by=order.originator.account,
            kind="ed25519",
            message=act_for(LockAsset(order)).message(),
        )

    async def consent_holds(self, order: SettlementOrder, consent: Consent) -> Check:
        """Tell whether the account's own key signed the lock of this very order."""
        what, owed = "holder consents", self.consent_owed(order)
        named = (consent.settlement, consent.terms, consent.network, consent.by, consent.kind)
        if named != (order.id, order.terms, self._id, owed.by, owed.kind):
            return Check(what, Answered.NO, "it names another settlement, account or kind")
        if not is_signed(consent.public_key, consent.signature, owed.message):
            return Check(what, Answered.NO, "the signature is not true")
        question: dict[str, Value] = {
            "ask": "holding",
            "asset": order.origin.asset,
            "part": order.origin.part,
            "account": owed.by,
            "operator": "",
        }
        try:
            answer = await self._client.ask(question)
        except Unavailable as error:
            return Check(what, Answered.UNKNOWN, str(error))
        return _check(what, answer.get("key") == consent.public_key, "by the account's own key")

    async def prepare(
        self,
        effect: OriginEffect | DestinationEffect,
        act: Act,
        signatures: tuple[Signature, ...],
        replaces: TxRef | None = None,
    ) -> Prepared:
        """Return the transaction that carries `act`; the network has said that it could land.

        Errors: Refused where it could not, Unavailable where nobody answers or time must pass.
        """
        if act.network != self._id or act.escrow != self._escrow:
            raise Refused(f"the act is for {act.network} and {act.escrow}")
        operator = self._operator if act.verb is Verb.LOCK else None
        if act.verb is Verb.LOCK and operator is None:
            raise Refused("no operator key: this gateway may not lock here")
        expires = Instant(self._clock.now() + self._life_ms)
        raw = transaction(act, signatures, expires=expires, replaces=replaces, operator=operator)
        slot, _ = await self._standing(act, TxRef(""))
        if not landed(act, slot):
            await self._client.ask({"ask": "check", "item": raw.hex()})
        return Prepared(
            key=Key(act.settlement, act.verb, attempt_of(effect)),
            network=self._id,
            tx=tx_ref(raw),
            items=(raw,),
            expires=expires,
            replaces=replaces,
        )

    async def submit(self, prepared: Prepared) -> None:
        """Hand the transaction over. Errors: Unavailable, Refused, Uncertain."""
        await self._client.send(prepared.items[-1])

    async def look(self, prepared: Prepared) -> Sight:
        """Return what became of it: the slot decides, whoever's transaction moved it."""
        act = read_transaction(prepared.items[-1]).act
        slot, stood = await self._standing(act, prepared.tx)
        state, now = text(stood, "tx"), Instant(whole(stood, "now"))
        if landed(act, slot):
            return Landed()
        if state in {"pooled", "included"} or stood.get("moving") is True:
            return Unknown("it is in no final block yet")
        if why := hopeless(act, slot, now):
            return Never(why)
        if state == "failed":
            return Again(text(stood, "why"))
        if prepared.expires is not None and now > prepared.expires:
            return Again("it was never seen, and has expired")
        return Unknown("it was not seen, and may still be on its way")

    def observe(self, since: Cursor) -> AsyncGenerator[Page, None]:
        """Yield pages of final events after `since`, for ever."""
        return pages(self._client, since, _told)

    async def _standing(self, act: Act, tx: TxRef) -> tuple[Slot, Mapping[str, Value]]:
        key = slot_key(act.verb, act.settlement)
        answer = await self._client.ask({"ask": "standing", "tx": tx, "slot": key})
        return slot_of(answer.get("slot", "")), answer


def _told(evidence: bytes, cursor: Cursor) -> Observation:
    fact = event_fact(unsealed(evidence))
    return Observation(subject=fact, cursor=cursor, evidence=evidence)


def _check(what: str, holds: object, why: str) -> Check:
    return Check(what, Answered.YES if holds else Answered.NO, why)
