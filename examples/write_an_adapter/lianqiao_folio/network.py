"""The door of a folio register: where assets are locked, and where their twins are made."""

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bridge.core.act import Act, Signature, act_for
from bridge.core.canonical import Value
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
from lianqiao_folio import codec
from lianqiao_folio.client import Client
from lianqiao_folio.settings import FolioSettings


class FolioNetwork:
    """One register. It keeps nothing: every answer is read from the node."""

    def __init__(
        self,
        settings: FolioSettings,
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
        """The register's id, `folio:` and its name."""
        return self._settings.network

    @property
    def finality_ms(self) -> int:
        """How long the supervisor may take to sign a page, as the settings say."""
        return self._settings.review_ms

    async def preflight(self, order: SettlementOrder, disclosed: Disclosed) -> tuple[Check, ...]:
        """Return whether the asset could be locked or made here, reading only."""
        del disclosed  # the register is told no name
        is_origin = order.origin.network == self.id
        leg = order.origin if is_origin else order.destination
        party = order.originator.account if is_origin else order.beneficiary.account
        gateway = codec.public_hex(self._gateway) if self._gateway else ""
        slot = codec.slot_name(Verb.LOCK if is_origin else Verb.MINT, order.id)
        try:
            held = await self._client.holding(leg.asset, leg.part, party, gateway)
            stood = await self._client.standing("", slot)
            enough = held["units"] if is_origin else held["abroad"]
            is_made = not is_origin and not held["home"]
            return (
                _check("escrow is ours", leg.escrow == self._settings.escrow, leg.escrow),
                _check("asset is listed", held["listed"], leg.asset),
                _check("account is known", held["known"], party),
                _check("gateway is known", held["gateway"], self.id),
                _check("settlement is new here", stood["slot"]["state"] == "", order.id),
                _check("the units are there", is_made or enough >= order.units, str(enough)),
            )
        except (Unavailable, Refused, KeyError, TypeError) as error:
            return (Check("node answers", Answered.UNKNOWN, str(error)),)

    def consent_owed(self, order: SettlementOrder) -> ConsentOwed:
        """Return the lock's act, which the account's own key signs."""
        return ConsentOwed(
            network=self.id,
            by=order.originator.account,
            kind="ed25519",
            message=act_for(LockAsset(order)).message(),
        )

    async def consent_holds(self, order: SettlementOrder, consent: Consent) -> Check:
        """Tell whether the account, which is a key, signed the lock of this very order."""
        owed = self.consent_owed(order)
        named = (consent.settlement, consent.terms, consent.network, consent.by, consent.kind)
        if named != (order.id, order.terms, self.id, owed.by, owed.kind):
            return _check("holder consents", holds=False, why="it names something else")
        true = codec.is_signed(owed.by, consent.signature, owed.message)
        return _check("holder consents", true and consent.public_key == owed.by, "by its key")

    async def prepare(
        self,
        effect: OriginEffect | DestinationEffect,
        act: Act,
        signatures: tuple[Signature, ...],
        replaces: TxRef | None = None,
    ) -> Prepared:
        """Return the request that carries `act`; the register has said that it would take it.

        Errors: Refused where it would not, Unavailable where nobody answers or time must pass.
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
        """Hand the request over. Errors: Unavailable, Refused, Uncertain."""
        await self._client.send(prepared.items[-1])

    async def look(self, prepared: Prepared) -> Sight:
        """Return what became of it: the slot decides, whoever's request moved it."""
        raw = prepared.items[-1]
        slot = codec.slot_name(prepared.key.verb, prepared.key.settlement)
        stood = await self._client.standing(prepared.tx, slot)
        with _reading():
            if codec.has_landed(raw, stood["slot"]):
                return Landed()
            if stood["request"] in {"waiting", "open"} or stood["moving"]:
                return Unknown("its page is not signed twice yet")
            if why := codec.is_hopeless(raw, stood["slot"], stood["now"]):
                return Never(why)
            if stood["request"] == "failed":
                return Again(stood["why"])
            if prepared.expires is not None and stood["now"] > prepared.expires:
                return Again("the register never saw it, and takes it no more")
            return Unknown("the register has not seen it yet")

    async def observe(self, since: Cursor) -> AsyncGenerator[Page, None]:
        """Yield the facts of final pages after `since`, a page of ours for each, for ever.

        A cursor is the number and the hash of the last page that was read to its end, so a page
        cut short is read again from its beginning.
        Errors: FinalityBroken where a page that was told is no longer there; Unavailable.
        """
        after, seen = _place(since)
        while True:
            told = await self._client.pages(after, seen)
            with _reading():
                pages = [
                    (codec.page_of(one["page"]), codec.evidence_of(one)) for one in told["pages"]
                ]
                head = told["head"]
            if head != seen:
                raise FinalityBroken(f"page {after} is no longer what it was")
            for page, evidence in pages:
                if page.number != after + 1:
                    raise Unavailable(f"told page {page.number} after {after}")
                if page.before != seen:
                    raise FinalityBroken(f"page {after} was another when it was told")
                begun = Cursor(f"{after}:{seen}")
                after, seen = page.number, page.hash
                cursors = [begun] * (len(page.facts) - 1) + [Cursor(f"{after}:{seen}")]
                if page.facts:
                    yield tuple(
                        Observation(subject=fact, cursor=cursor, evidence=evidence)
                        for fact, cursor in zip(page.facts, cursors, strict=True)
                    )


def _place(cursor: Cursor) -> tuple[int, str]:
    if cursor == BEGINNING:
        return 0, codec.BEFORE_ALL
    number, _, seen = cursor.partition(":")
    if not number.isdigit() or len(seen) != len(codec.BEFORE_ALL):
        raise Unavailable(f"{cursor[:80]!r} is no cursor of a folio register")
    return int(number), seen


@contextmanager
def _reading() -> Iterator[None]:
    """Say in the words of the ports that a node's answer is not of this wire."""
    try:
        yield
    except (KeyError, TypeError, ValueError) as error:
        raise Unavailable("the node's answer is not of this wire") from error


def _check(what: str, holds: object, why: str) -> Check:
    return Check(what, Answered.YES if holds else Answered.NO, why)


def pinned(settings: AdapterSettings) -> Value:
    """Return what a verifier fixes for a register: its id, its escrow, the two keys."""
    assert isinstance(settings, FolioSettings)
    return {
        "network": settings.network,
        "escrow": settings.escrow,
        "registrar": settings.registrar,
        "supervisor": settings.supervisor,
    }


@asynccontextmanager
async def opened(
    settings: AdapterSettings, clock: Clock, kept: Kept
) -> AsyncGenerator[FolioNetwork]:
    """Yield the door of a register; nothing is asked of its node before it is used."""
    assert isinstance(settings, FolioSettings)
    del kept  # a register that can be read from any page keeps nothing
    gateway = _gateway(settings)
    async with aiohttp.ClientSession(settings.node) as session:
        yield FolioNetwork(settings, Client(session), clock, gateway)


def _gateway(settings: FolioSettings) -> Ed25519PrivateKey | None:
    if settings.gateway_key is None:
        return None
    return Ed25519PrivateKey.from_private_bytes(Path(settings.gateway_key).read_bytes())


def settings_of(table: Mapping[str, object]) -> FolioSettings:
    """Return the settings of an operator's table. Errors: ValueError naming key and rule."""
    return FolioSettings.model_validate(dict(table))


ADAPTER = Adapter(
    name="folio", settings=settings_of, open=opened, pinned=pinned, verify=codec.verify
)
