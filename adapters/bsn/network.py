"""A channel as an origin and as a destination: one door for both ways, whatever leads to it.

What leads to it, a node gateway or a peer's own service, is an `Access`; the escrow behind both is
the same.
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from adapters.bsn.escrow_words import (
    BadWords,
    Slot,
    argument_of,
    hopeless,
    landed,
    lot_key,
    slot_key,
    slot_of,
)
from adapters.bsn.gathered import Records
from adapters.bsn.holders import has_signed
from adapters.bsn.pcn_client import CONFLICTS
from adapters.bsn.reading import Reader
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
    FinalityBroken,
    Key,
    Landed,
    Never,
    Page,
    Prepared,
    Refused,
    Sight,
    Unavailable,
    Unknown,
    Unseen,
)

POLICY_FAILED: Final = 10  # ENDORSEMENT_POLICY_FAILURE
TWINS: Final = "twin/"  # how the chaincode names what is at home elsewhere


class Access(Protocol):
    """A way to one channel and its escrow; whatever it hands out has been verified."""

    @property
    def account(self) -> str:
        """Who we are to the chain; empty where somebody signs for everybody."""
        ...

    @property
    def stopped(self) -> str:
        """Why nothing is sent any more, or nothing."""
        ...

    async def check(self) -> None:
        """Compare what the other end says of itself with the settings.

        Errors: Refused, naming both; Unavailable.
        """
        ...

    def request(self, verb: str, argument: bytes) -> tuple[TxRef, bytes]:
        """Return a transaction's id and the signed bytes that ask for it; nothing is sent."""
        ...

    def act_in(self, item: bytes) -> Act:
        """Return the act that a request of ours carries."""
        ...

    async def submit(self, prepared: Prepared) -> None:
        """Hand a request over. Errors: Unavailable, Refused, Uncertain."""
        ...

    async def status(self, tx: TxRef) -> int | None:
        """Return a transaction's validation code, or None while no block holds it.

        Errors: Unavailable.
        """
        ...

    async def records(self, *keys: str) -> list[Mapping[str, Value]]:
        """Return what the escrow keeps under some keys. Errors: Unavailable, Refused."""
        ...

    def disagree(self, why: str) -> Unavailable:
        """Stop sending, for an answer that cannot be; what to raise for it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What the settings say of this network.

    Units: ms; `life_ms` after it was made, a request is endorsed no more and has been seen.
    """

    network: NetworkId
    escrow: str
    consent: str  # the kind of key that a holder signs with
    custody: bool
    window_ms: int  # the widest that the chaincode's own may be
    life_ms: int
    finality_ms: int


class ChannelNetwork:
    """The door of one channel. It keeps nothing: every answer is read from the network."""

    def __init__(self, access: Access, reader: Reader, place: Place, clock: Clock) -> None:
        self._access = access
        self._records = Records(access.records)
        self._reader = reader
        self._place = place
        self._clock = clock
        self._checked = False

    @property
    def id(self) -> NetworkId:
        """`fabric:` and the first 32 digits of the genesis block's hash."""
        return self._place.network

    @property
    def finality_ms(self) -> int:
        """A batch's time-out and two polls, as the settings say."""
        return self._place.finality_ms

    async def check(self) -> None:
        """Compare who answers, the first block and the escrow's configuration with the settings.

        Errors: Refused, naming both; Unavailable where it could not be asked.
        """
        await self._access.check()
        try:
            await self._reader.block(0)
        except FinalityBroken as error:
            raise Refused(f"genesis_hash: {error}") from error
        (configuration,) = await self._records("configuration")
        if configuration.get("network") != self.id:
            said = configuration.get("network", "nothing")
            raise Refused(f"network: the chaincode says {said!r}, settings {self.id!r}")
        window = str(configuration.get("window", ""))
        if not window.isdigit() or int(window) > self._place.window_ms:
            raise Refused(
                f"window_ms: the chaincode says {window}, settings {self._place.window_ms}"
            )
        self._checked = True

    async def _ready(self) -> None:
        if not self._checked:
            await self.check()

    async def preflight(self, order: SettlementOrder, disclosed: Disclosed) -> tuple[Check, ...]:
        """Return whether the asset could be locked or minted here, reading only."""
        del disclosed  # no network is told a name
        origin = order.origin.network == self.id
        leg = order.origin if origin else order.destination
        party = order.originator.account if origin else order.beneficiary.account
        key = slot_key(Verb.LOCK if origin else Verb.MINT, order.id)
        lot = lot_key(leg.asset, leg.part)
        try:
            await self._ready()
            found = await self._records("configuration", key, lot, f"account/{party}")
            configuration, slot, held, account = found
            unused = slot_of(slot).state == "none"
        except (Refused, BadWords) as error:
            return (Check("network answers", Answered.UNKNOWN, f"{self.id}: {error}"),)
        checks = [
            _check("escrow is ours", leg.escrow == self._place.escrow, leg.escrow),
            _check("account is known", account, party),
            _check("settlement is new here", unused, order.id),
            _check("gateway is trusted", not self._access.stopped, self._access.stopped or "it is"),
        ]
        free, units = not held.get("settlement"), held.get("units") == str(order.units)
        if origin:
            owns = held.get("holder") == party
            checks += [
                _check("holder owns it", owns and free, f"{lot} is theirs and free"),
                _check("it is a whole lot", units, f"{held.get('units', '0')} of {order.units}"),
            ]
            if ours := self._access.account:
                operators = configuration.get("operators")
                listed = isinstance(operators, list | tuple) and ours in operators
                checks.append(_check("operator may lock", listed, ours))
        elif leg.asset.startswith(TWINS):
            checks.append(_check("it can be made", not held, f"{lot} is not here"))
        else:
            vaulted = held.get("holder") == "vault" and free and units
            checks.append(_check("it is in the vault", vaulted, lot))
        return tuple(checks)

    def consent_owed(self, order: SettlementOrder) -> ConsentOwed:
        """Return the lock's act, which the holder's own key signs or a custodian stands for."""
        return ConsentOwed(
            network=self.id,
            by=order.originator.account,
            kind="custody" if self._place.custody else self._place.consent,
            message=act_for(LockAsset(order)).message(),
        )

    async def consent_holds(self, order: SettlementOrder, consent: Consent) -> Check:
        """Tell whether the account's own key signed the lock of this very order."""
        what, owed = "holder consents", self.consent_owed(order)
        named = (consent.settlement, consent.terms, consent.network, consent.by)
        if named != (order.id, order.terms, self.id, owed.by):
            return Check(what, Answered.NO, "it names another settlement, account or network")
        custody = consent.kind == "custody"
        if custody and not self._place.custody:
            return Check(what, Answered.NO, "no custody agreement counts on this network")
        if not custody and not has_signed(consent, owed.message):
            return Check(what, Answered.NO, "the signature is not the account's key's")
        try:
            (account,) = await self._records(f"account/{owed.by}")
        except (Unavailable, Refused) as error:
            return Check(what, Answered.UNKNOWN, str(error))
        if custody:
            named_one = account.get("custodian", "")
            return _check(what, named_one, f"custodian: {named_one or 'nobody'}")
        return _check(what, account.get("key") == consent.public_key, "by the account's own key")

    async def prepare(
        self,
        effect: OriginEffect | DestinationEffect,
        act: Act,
        signatures: tuple[Signature, ...],
        replaces: TxRef | None = None,
    ) -> Prepared:
        """Return the signed request that carries `act`; nothing but a reading has been sent.

        Errors: Refused where it can never land, Unavailable where nobody answers.
        """
        if (act.network, act.escrow) != (self.id, self._place.escrow):
            raise Refused(f"the act is for {act.network} and {act.escrow}")
        slot = await self._slot(act)
        if not landed(act, slot) and (why := hopeless(act, slot, self._clock.now())):
            raise Refused(why)
        tx, request = self._access.request(act.verb.value, argument_of(act, signatures))
        expires = None
        if self._access.account:
            expires = Instant(self._clock.now() + self._place.life_ms)
        return Prepared(
            key=Key(act.settlement, act.verb, attempt_of(effect)),
            network=self.id,
            tx=tx,
            items=(request,),
            expires=expires,
            replaces=replaces,
            keep=(),
        )

    async def submit(self, prepared: Prepared) -> None:
        """Hand the request over; that is answered before its block is cut.

        Errors: Unavailable, Refused, Uncertain.
        """
        await self._ready()
        await self._access.submit(prepared)

    async def look(self, prepared: Prepared) -> Sight:
        """Return what became of it: the slot decides, whoever's transaction moved it.

        Errors: Unavailable.
        """
        await self._ready()
        act = self._access.act_in(prepared.items[-1])
        now = self._clock.now()
        slot = await self._slot(act)
        if landed(act, slot):
            return Landed()
        over = Instant(now - self._place.life_ms)  # endorsed in time, it may land so much later
        if why := hopeless(act, slot, over):
            return Never(why)
        if not self._access.account:
            # nobody can tell whether it was lost: the slot takes it once, however often it is sent
            return Unseen("the gateway gives no id beforehand, and it has not landed")
        status = await self._access.status(prepared.tx)
        if status in CONFLICTS:
            return Again(f"another transaction came between ({status})")
        if status == POLICY_FAILED:
            raise self._access.disagree("the channel asks for other endorsers than the settings")
        if status == 0:
            return Unknown("it is in a block that this reading did not reach")
        if status is not None:
            return Again(f"its block marks it invalid ({status})")
        if prepared.expires is not None and now > prepared.expires:
            if why := hopeless(act, slot, now):
                return Never(why)
            return Again("it was never seen, and is endorsed no more")
        return Unseen("it was not seen, and may still be on its way")

    async def _slot(self, act: Act) -> Slot:
        await self._ready()
        (record,) = await self._records(slot_key(act.verb, act.settlement))
        try:
            return slot_of(record)
        except BadWords as error:
            raise self._access.disagree(str(error)) from error

    def observe(self, since: Cursor) -> AsyncGenerator[Page, None]:
        """Yield pages of what is in blocks after `since`, for ever."""
        return self._reader.pages(since)


def _check(what: str, holds: object, why: str) -> Check:
    return Check(what, Answered.YES if holds else Answered.NO, why)
