"""The escrow contract on an Ethereum-compatible chain, as an origin and as a destination."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from adapters.evm import calls
from adapters.evm.accounts import hash_of, transaction_in
from adapters.evm.addresses import to_checksum_address
from adapters.evm.blocks import Header
from adapters.evm.client import Json
from adapters.evm.codec import (
    CONSENTS,
    DELIVERY,
    BadWords,
    Call,
    call_in,
    call_of,
    ticket_of,
    typed_data,
)
from adapters.evm.consents import CONSENTS as WHAT
from adapters.evm.consents import Allowances, contract_stands, key_signed
from adapters.evm.finality import Finality
from adapters.evm.nodes import Nodes, beside
from adapters.evm.preflight import LISTED, preflight, read
from adapters.evm.reading import Reader
from adapters.evm.standing import Standing, State, hopeless, landed, standing
from adapters.evm.ticket import Domain, digest
from adapters.evm.titles import next_step, title_at
from adapters.evm.trial import tried, would_land
from adapters.evm.tries import BadProof
from adapters.evm.wallet import Rungs, Wallet
from bridge.core.act import Act, Signature, act_for
from bridge.core.consent import Consent
from bridge.core.effects import DestinationEffect, LockAsset, OriginEffect, Verb, attempt_of
from bridge.core.ids import Cursor, NetworkId, TxRef
from bridge.core.order import SettlementOrder
from bridge.ports import (
    Again,
    Answered,
    Check,
    ConsentOwed,
    Disclosed,
    Key,
    Landed,
    Never,
    Page,
    Prepared,
    Refused,
    Sight,
    StrangerOwes,
    Unavailable,
    Unknown,
)

ENTRY = frozenset({Verb.LOCK, Verb.MINT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """Entry locks and mints; exit gives back and ends, and never waits behind the other."""

    entry: Wallet | None
    exit: Wallet | None

    def of(self, verb: Verb) -> Wallet | None:
        """Return the key that sends a verb."""
        return self.entry if verb in ENTRY else self.exit


class EscrowNetwork:
    """The door of one escrow. It keeps nothing: every answer is read from the chain and proved.

    `check` compares the chain with what the settings pin; nothing is done before it has held.
    `pinned` are the contracts beside the escrow, whose custodies are known from then on.
    """

    def __init__(
        self,
        network: NetworkId,
        domain: Domain,
        nodes: Nodes,
        finality: Finality,
        *,
        reader: Reader,
        keys: Keys,
        finality_ms: int,
        check: Callable[[], Awaitable[None]],
        pinned: Sequence[str] = (),
    ) -> None:
        self._id = network
        self._domain = domain
        self._escrow: str = to_checksum_address(domain.contract)
        self._nodes = nodes
        self._finality = finality
        self._reader = reader
        self._keys = keys
        self._finality_ms = finality_ms
        self._check = check
        self._checked = False
        self._pinned = tuple(pinned)
        self._allowances = Allowances(nodes, self._escrow)

    @property
    def id(self) -> NetworkId:
        """`eip155:` and the chain id."""
        return self._id

    @property
    def finality_ms(self) -> int:
        """From a block to its being final, as the settings say."""
        return self._finality_ms

    async def close(self) -> None:
        """End what is asked of nodes beside any call."""
        await self._nodes.close()

    async def _ready(self) -> None:
        if not self._checked:
            await self._check()
            await self._allowances.learn(self._pinned)
            self._checked = True

    async def preflight(self, order: SettlementOrder, disclosed: Disclosed) -> tuple[Check, ...]:
        """Return whether the asset could be locked or minted here. Errors: Unavailable."""
        del disclosed  # no chain is told a name
        entry = self._keys.entry
        operator = f"0x{entry.account.address.hex()}" if entry is not None else None
        try:
            await self._ready()
            if order.origin.network == self._id:
                with suppress(BadWords):  # which preflight names
                    ticket = ticket_of(act_for(LockAsset(order)))
                    await self._allowances.learn_of(order.origin.asset, ticket)
            seen = await preflight(self._nodes, self._id, self._escrow, operator, order)
        except Refused as error:
            return (Check("network answers", Answered.UNKNOWN, f"{self._id}: {error}"),)
        leg = order.origin if order.origin.network == self._id else order.destination
        if any(one.what == LISTED and one.answer is Answered.YES for one in seen):
            self._reader.watchman.asked_for(leg.asset)
        if why := self._reader.watchman.short(leg.asset):
            seen += (Check("asset is as it was listed", Answered.UNKNOWN, why),)
        return seen

    def consent_owed(self, order: SettlementOrder) -> ConsentOwed:
        """Return the typed data of the lock, and the allowance it needs. Errors: Refused."""
        act = act_for(LockAsset(order))
        try:
            ticket = ticket_of(act)
        except BadWords as error:
            raise Refused(str(error)) from error
        return ConsentOwed(
            network=self._id,
            by=order.originator.account,
            kind="eip712",
            message=typed_data(self._domain, ticket, act.not_after // 1_000),
            calls=(self._allowances.owed(order.origin.asset, ticket),),
        )

    async def consent_holds(self, order: SettlementOrder, consent: Consent) -> Check:
        """Tell whether the holder signed the lock of this very order, or their contract did."""
        holder, act = order.originator.account, act_for(LockAsset(order))
        named = (consent.settlement, consent.terms, consent.network, consent.by)
        if named != (order.id, order.terms, self._id, holder) or consent.kind not in CONSENTS:
            return Check(WHAT, Answered.NO, "it names another settlement, account or kind")
        until = act.not_after // 1_000
        try:
            ticket = ticket_of(act)
            if consent.kind == "eip712":
                return await key_signed(self._nodes, self._domain, ticket, until, consent.signature)
            hashed = digest(self._domain, "Lock", ticket, {"notAfter": until})
            return await contract_stands(
                self._nodes, self._escrow, hashed, holder, consent.signature
            )
        except BadWords as error:
            return Check(WHAT, Answered.NO, str(error))
        except Unavailable as error:
            return Check(WHAT, Answered.UNKNOWN, str(error))

    async def prepare(
        self,
        effect: OriginEffect | DestinationEffect,
        act: Act,
        signatures: tuple[Signature, ...],
        replaces: TxRef | None = None,
    ) -> Prepared:
        """Return the signed rungs that carry `act`; nothing has left this machine.

        Errors: Refused where it can never land, Unavailable where too few nodes agree, a brake is
        on, or the token refuses what was locked before.
        """
        call = self._asked(effect, act, signatures)
        wallet = self._keys.of(act.verb)
        if wallet is None:
            raise Refused(f"no key is set that sends a {act.verb.value} here")
        await self._ready()
        sender = wallet.account.address
        async with beside(wallet.look_around(self._domain.contract, call.data)) as looking:
            final = (await self._finality.final()).header
            seen = await looking
        head = hex(seen.head)
        async with beside(tried(self._nodes, self._escrow, call, sender, head)) as trying:
            now = await self._standing(call, sender, final)
            done = landed(call, now)
            why = self._reader.watchman.short(act.asset)
            if why and act.verb in ENTRY and not done:
                raise Unavailable(f"the asset is suspended: {why}")
            if now.state is State.DELIVERING and call.verb == "assign":
                return await self._goes_on(effect, call, wallet, replaces)
            if not done and (why := hopeless(call, now, final.timestamp)):
                raise Refused(why)
            if not done:
                done = not await would_land(self._nodes, self._domain, call, await trying, head)
        key = Key(act.settlement, act.verb, attempt_of(effect))
        made = wallet.rungs(self._domain.contract, call.data, seen, known_to_land=not done)
        return self._prepared(key, made, replaces)

    def _prepared(self, key: Key, made: Rungs, replaces: TxRef | None) -> Prepared:
        return Prepared(
            key=key,
            network=self._id,
            tx=made.tx,
            items=made.items,
            expires=made.expires,
            replaces=replaces,
            names=tuple(map(hash_of, made.items)),
        )

    def _asked(
        self,
        effect: OriginEffect | DestinationEffect,
        act: Act,
        signatures: tuple[Signature, ...],
    ) -> Call:
        """Return the escrow's call of an act that is the effect's own. Errors: Refused."""
        if (act.network, act.escrow) != (self._id, self._escrow):
            raise Refused(f"the act is for {act.network} and {act.escrow}")
        own = act_for(effect, evidence=act.evidence, verdict=act.verdict, epoch=act.epoch)
        if (act.verb, act.not_after, act.until) != (own.verb, own.not_after, own.until):
            raise Refused("the act has other times than what is owed")
        try:
            return call_of(act, signatures)
        except BadWords as error:
            raise Refused(str(error)) from error

    async def _standing(self, call: Call, sender: bytes, header: Header) -> Standing:
        """Return how the settlement stands in a final block."""
        now = await standing(self._nodes, header, self._domain, call, sender)
        self._reader.watchman.counted(sender, header.number, now.nonce)
        if why := self._reader.watchman.undone:
            raise Unavailable(f"finality broken: {why}")
        return now

    async def _step(self, call: Call) -> str:
        """Return what carries on a title that was handed over, or nothing while it waits."""
        head = hex(await self._nodes.head())
        data = calls.call("Escrow", "assets", f"0x{call.ticket.asset.hex()}")
        asked: Mapping[str, Json] = {"to": self._escrow, "data": f"0x{data.hex()}"}
        (told,) = await self._nodes.agreed([("eth_call", (asked, head))])
        rule = read("Escrow", "assets", told)
        if rule is None:
            raise Unavailable("the escrow answers something else")
        title = await title_at(self._nodes, head, str(rule[0]), call.ticket)
        return "" if title is None else next_step(title, call.ticket)

    async def _delivering(self, call: Call) -> Sight:
        """Tell for whom a title that was handed over waits."""
        if step := await self._step(call):
            return Again(f"the title is due to {step}")
        who = f"0x{call.ticket.party.hex()}"
        return Unknown(f"the title waits for {who} to accept it", stranger=True)

    async def _goes_on(
        self,
        effect: OriginEffect | DestinationEffect,
        call: Call,
        wallet: Wallet,
        former: TxRef | None,
    ) -> Prepared:
        """Return what carries on a title's assignment. Errors: Unavailable while it waits."""
        step = await self._step(call)
        if not step:
            raise StrangerOwes(f"the title waits for 0x{call.ticket.party.hex()} to accept it")
        next_ = Call(step, call.ticket, {}, b"")
        seen = await wallet.look_around(self._domain.contract, next_.data)
        made = wallet.rungs(self._domain.contract, next_.data, seen, known_to_land=True)
        return self._prepared(Key(effect.order.id, Verb.ASSIGN, attempt_of(effect)), made, former)

    async def submit(self, prepared: Prepared) -> None:
        """Hand the bytes to a node's pool. Twice is once: a nonce is used once.

        Errors: Unavailable, Refused, Uncertain.
        """
        await self._ready()
        _, _, wallet = self._read(prepared)
        await wallet.submit(prepared.items)

    async def look(self, prepared: Prepared) -> Sight:
        """Return what became of it: the slot in a final block decides, then the nonce.

        Errors: Unavailable; FinalityBroken.
        """
        await self._ready()
        call, sender, wallet = self._read(prepared)
        final = await self._finality.final()
        now = await standing(self._nodes, final.header, self._domain, call, sender)
        self._reader.watchman.counted(sender, final.header.number, now.nonce)
        if now.state is State.DELIVERING and call.verb in {"assign", *DELIVERY}:
            if call.verb == "assign" or transaction_in(prepared.items[-1])[0].nonce < now.nonce:
                return await self._delivering(call)
            return await wallet.tend(prepared.items, prepared.expires, now.nonce)
        if landed(call, now):
            return Landed()
        if why := hopeless(call, now, final.header.timestamp):
            await wallet.abandon(prepared.items, now.nonce)
            return Never(why)
        return await wallet.tend(prepared.items, prepared.expires, now.nonce)

    def _read(self, prepared: Prepared) -> tuple[Call, bytes, Wallet]:
        """Return the call, its sender and the key that sends it. Errors: Refused."""
        try:
            told, sender = transaction_in(prepared.items[-1])
            call = call_in(told.data)
        except (BadProof, BadWords) as error:
            raise Refused(f"the prepared bytes are none of this door's: {error}") from error
        for wallet in (self._keys.entry, self._keys.exit):
            if wallet is not None and wallet.account.address == sender:
                return call, sender, wallet
        raise Refused(f"no key is set for 0x{sender.hex()}, which signed these bytes")

    def observe(self, since: Cursor) -> AsyncGenerator[Page, None]:
        """Yield pages of what the escrow said in final blocks after `since`, for ever."""
        return self._pages(since)

    async def _pages(self, since: Cursor) -> AsyncGenerator[Page, None]:
        await self._ready()
        async for page in self._reader.pages(since):
            yield page
