"""The door: where assets are locked, and where their twins are made.

A verb asks, only an observation tells. Nothing but AdapterError crosses this door, and nothing of
consequence is kept behind it: every answer is read from the network.
"""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters._template import codec
from adapters._template.client import Client, reached
from adapters._template.settings import TemplateSettings, pinned, settings_of
from bridge.core.act import Act, Signature, act_for
from bridge.core.consent import Consent
from bridge.core.effects import DestinationEffect, LockAsset, OriginEffect, Verb, attempt_of
from bridge.core.ids import BEGINNING, Cursor, Instant, NetworkId, TxRef
from bridge.core.order import SettlementOrder
from bridge.ports import (
    Adapter,
    AdapterSettings,
    Again,
    Answered,
    Check,
    Clock,
    ConsentOwed,
    Disclosed,
    FinalityBroken,
    Kept,
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


class TemplateNetwork:
    """An OriginNetwork and a DestinationNetwork in one: both ask an escrow by its slots."""

    def __init__(
        self,
        settings: TemplateSettings,
        client: Client,
        clock: Clock,
        gateway: Ed25519PrivateKey | None,
    ) -> None:
        self._settings = settings
        self._client = client
        self._clock = clock
        self._gateway = gateway

    @property
    def id(self) -> NetworkId:
        """The CAIP-2 id that is signed; it stands in every act and every fact."""
        return self._settings.network

    @property
    def finality_ms(self) -> int:
        """How long a landed request takes to be observed, as the finality rule states."""
        return self._settings.finality_ms

    async def preflight(self, order: SettlementOrder, disclosed: Disclosed) -> tuple[Check, ...]:
        """Return what could be seen, reading only, of whether `order` could land here.

        Money is not locked to find out. What cannot be known is Unknown, which holds the order.
        Errors: Unavailable, for which the order waits.
        """
        del disclosed  # this network is told no name
        is_origin = order.origin.network == self.id
        leg = order.origin if is_origin else order.destination
        party = order.originator.account if is_origin else order.beneficiary.account
        slot = codec.slot_name(Verb.LOCK if is_origin else Verb.MINT, order.id)
        try:
            held = await self._client.holding(leg.asset, leg.part, party, self._public())
            stood = await self._client.standing("", slot)
        except Refused as error:
            return (Check("node answers", Answered.UNKNOWN, f"{self.id}: {error}"),)
        there = held.units if is_origin else held.available
        return (
            _check("escrow is ours", leg.escrow == self._settings.escrow, leg.escrow),
            _check("asset is listed", held.is_listed, leg.asset),
            _check("account is known", held.key, party),
            _check("gateway is known", held.knows_gateway, self.id),
            _check("settlement is new here", stood.slot.state == "", order.id),
            _check("the units are there", there is None or there >= order.units, leg.asset),
        )

    def consent_owed(self, order: SettlementOrder) -> ConsentOwed:
        """Return what the holder signs: the lock's act, which covers the order's terms."""
        return ConsentOwed(
            network=self.id,
            by=order.originator.account,
            kind="ed25519",
            message=act_for(LockAsset(order)).message(),
        )

    async def consent_holds(self, order: SettlementOrder, consent: Consent) -> Check:
        """Tell whether the account's own key signed the lock of this very order, reading only."""
        what, owed = "holder consents", self.consent_owed(order)
        named = (consent.settlement, consent.terms, consent.network, consent.by, consent.kind)
        if named != (order.id, order.terms, self.id, owed.by, owed.kind):
            return _check(what, holds=False, why="it names another settlement, account or kind")
        if not codec.is_signed(consent.public_key, consent.signature, owed.message):
            return _check(what, holds=False, why="the signature is not true")
        leg = order.origin
        try:
            held = await self._client.holding(leg.asset, leg.part, owed.by, self._public())
        except (Unavailable, Refused) as error:
            return Check(what, Answered.UNKNOWN, f"{self.id}: {error}")
        return _check(what, held.key == consent.public_key, "by the account's own key")

    async def prepare(
        self,
        effect: OriginEffect | DestinationEffect,
        act: Act,
        signatures: tuple[Signature, ...],
        replaces: TxRef | None = None,
    ) -> Prepared:
        """Return the exact bytes that carry `act`; nothing has left this machine but a question.

        The ledger keeps them before they are sent. A verb prepared twice lands once: the escrow
        keys by settlement. A lock's `signatures` are its holder's consent.
        Errors: Refused where it can never land, Unavailable where nobody answers or time must pass,
        StrangerOwes where somebody outside must act first: whoever traces it is told whom to ask.
        """
        if (act.network, act.escrow) != (self.id, self._settings.escrow):
            raise Refused(f"the act is for {act.network} and {act.escrow}")
        if self._gateway is None:
            raise Refused("gateway_key is not set: this gateway may only read here")
        expires = Instant(self._clock.now() + self._settings.request_life_ms)
        raw = codec.request(act, signatures, expires, self._gateway)
        await self._client.would_take(raw)
        return Prepared(
            key=Key(act.settlement, act.verb, attempt_of(effect)),
            network=self.id,
            tx=TxRef(codec.request_id(raw)),
            items=(raw,),
            expires=expires,
            replaces=replaces,
        )

    async def submit(self, prepared: Prepared) -> None:
        """Hand the very bytes over and return before finality. Twice is once.

        Errors: Unavailable, Refused, Uncertain.
        """
        await self._client.send(prepared.items[-1])

    async def look(self, prepared: Prepared) -> Sight:
        """Return what became of it, from the network's own words. Errors: Unavailable.

        The slot decides, whoever's request moved it. Never and Again are said only where they stay
        true: what may still be on its way is Unknown until it has expired. What waits for an act
        of somebody outside is Unknown, with `stranger`.
        """
        raw = prepared.items[-1]
        slot = codec.slot_name(prepared.key.verb, prepared.key.settlement)
        stood = await self._client.standing(prepared.tx, slot)
        if codec.has_landed(raw, stood.slot):
            return Landed()
        if stood.request in {"waiting", "open"} or stood.is_moving:
            return Unknown("it is on no final page yet")
        if why := codec.is_hopeless(raw, stood.slot, stood.now):
            return Never(why)
        if stood.request == "failed":
            return Again(stood.why)
        if prepared.expires is not None and stood.now > prepared.expires:
            return Again("it was never seen, and has expired")
        return Unknown("it was not seen, and may still be on its way")

    async def observe(self, since: Cursor) -> AsyncGenerator[Page, None]:
        """Yield what is final after `since`, in the network's order, for ever; never earlier.

        Asking for the next page acknowledges the one before. A cursor names the last page read to
        its end, so that one cut short by a crash is read again from its beginning.
        Errors: FinalityBroken where a page that was told is no longer there; Unavailable.
        """
        after, seen = _place(since)
        while True:
            pages = await self._client.pages(after, seen)
            if pages.head != seen:
                raise FinalityBroken(f"page {after} is no longer what it was")
            for page in pages.told:
                if page.number != after + 1:
                    raise Unavailable(f"told page {page.number} after {after}")
                if page.before != seen:
                    raise FinalityBroken(f"page {after} was another when it was told")
                begun = Cursor(f"{after}:{seen}")
                after, seen = page.number, page.hash
                cursors = [begun] * (len(page.facts) - 1) + [Cursor(f"{after}:{seen}")]
                if page.facts:
                    yield tuple(
                        Observation(subject=fact, cursor=cursor, evidence=page.evidence)
                        for fact, cursor in zip(page.facts, cursors, strict=True)
                    )

    def _public(self) -> str:
        return codec.public_hex(self._gateway) if self._gateway is not None else ""


def _place(cursor: Cursor) -> tuple[int, str]:
    """Return the number and the hash of the page a cursor names."""
    if cursor == BEGINNING:
        return 0, codec.BEFORE_ALL
    number, _, seen = cursor.partition(":")
    if not (number.isascii() and number.isdigit()) or len(seen) != len(codec.BEFORE_ALL):
        raise Unavailable(f"{cursor[:80]!r} is no cursor of this adapter")
    return int(number), seen


def _check(what: str, holds: object, why: str) -> Check:
    return Check(what, Answered.YES if holds else Answered.NO, why)


def _gateway(settings: TemplateSettings) -> Ed25519PrivateKey | None:
    if settings.gateway_key is None:
        return None
    return Ed25519PrivateKey.from_private_bytes(Path(settings.gateway_key).read_bytes())


@asynccontextmanager
async def opened(
    settings: AdapterSettings, clock: Clock, kept: Kept
) -> AsyncGenerator[TemplateNetwork]:
    """Yield the door while the daemon lives; nothing is asked of a node before it is used."""
    assert isinstance(settings, TemplateSettings)
    del kept  # a network that can be read again from any page keeps nothing
    gateway = _gateway(settings)
    async with reached(settings.node) as client:
        yield TemplateNetwork(settings, client, clock, gateway)


ADAPTER = Adapter(
    name="template", settings=settings_of, open=opened, pinned=pinned, verify=codec.verify
)
