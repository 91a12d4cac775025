"""A channel behind a node gateway, as an origin and as a destination: one door for both ways."""

import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from adapters.bsn.certificates import Algorithm
from adapters.bsn.escrow_words import (
    BadWords,
    Slot,
    act_of,
    argument_of,
    hopeless,
    landed,
    lot_key,
    question_of,
    records_of,
    slot_key,
    slot_of,
)
from adapters.bsn.holders import account_name, has_signed
from adapters.bsn.pcn_answers import Untrusted, count_of, object_of
from adapters.bsn.pcn_client import CALL, CONFLICTS, FABRIC, TRANS, PcnClient
from adapters.bsn.pcn_evidence import Trusted
from adapters.bsn.pcn_reading import Reader
from adapters.bsn.proposals import Identity, argument_in, signed_proposal
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
    Uncertain,
    Unknown,
)

GET_TRANSACTION: Final = f"{FABRIC}node/getTransaction"
APP_INFO: Final = "/api/app/getAppInfo"
READ: Final = "read"
TWINS: Final = "twin/"  # how the chaincode names what is at home elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What the settings say of this network. Units: ms."""

    user: str
    algorithm: Algorithm
    msp: str
    custody: bool
    window_ms: int
    timeout_ms: int
    finality_ms: int


class PcnNetwork:
    """The door of one channel. It keeps nothing: every answer is read from the network.

    `identity` is the enrolled key of upload mode; without one the gateway signs for the chain.
    """

    def __init__(
        self,
        client: PcnClient,
        reader: Reader,
        trusted: Trusted,
        place: Place,
        clock: Clock,
        *,
        identity: Identity | None = None,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._client = client
        self._reader = reader
        self._trusted = trusted
        self._place = place
        self._clock = clock
        self._identity = identity
        self._entropy = entropy
        self._checked = False

    @property
    def id(self) -> NetworkId:
        """`fabric:` and the first 32 digits of the genesis block's hash."""
        return self._trusted.network

    @property
    def finality_ms(self) -> int:
        """A batch's time-out and two polls, as the settings say."""
        return self._place.finality_ms

    async def check(self) -> None:
        """Compare what the gateway says of itself, and its first block, with the settings.

        Errors: Refused, naming both; Unavailable where it could not be asked.
        """
        try:
            answer = await self._client.ask(APP_INFO)
        except Unavailable as error:
            if self._client.stopped:
                raise Refused(f"gateway_key: not who the settings pin: {error}") from error
            raise
        if not answer.done:
            raise Unavailable(f"the gateway says: {answer.msg[:200]}")
        try:
            told = object_of(answer.body)
        except Untrusted as error:
            raise self._client.disagree(APP_INFO, str(error)) from error
        mode = 1 if self._identity is None else 2
        for name, ours in (
            ("caType", mode),
            ("algorithmType", int(self._place.algorithm)),
            ("mspId", self._place.msp),
            ("channelId", self._trusted.pins.channel),
            ("appType", "fabric"),
        ):
            if told.get(name) != ours:
                raise Refused(f"{name}: the gateway says {told.get(name)!r}, settings {ours!r}")
        try:
            await self._reader.block(0)
        except FinalityBroken as error:
            raise Refused(f"genesis_hash: {error}") from error
        (configuration,) = await self._records("configuration")
        if configuration.get("network") != self.id:
            said = configuration.get("network", "nothing")
            raise Refused(f"network: the chaincode says {said!r}, settings {self.id!r}")
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
        except (Unavailable, Refused, BadWords) as error:
            return (Check("network answers", Answered.UNKNOWN, f"{self.id}: {error}"),)
        checks = [
            _check("escrow is ours", leg.escrow == self._trusted.escrow, leg.escrow),
            _check("account is known", account, party),
            _check("settlement is new here", unused, order.id),
            _check("gateway is trusted", not self._client.stopped, self._client.stopped or "it is"),
        ]
        free, units = not held.get("settlement"), held.get("units") == str(order.units)
        if origin:
            owns = held.get("holder") == party
            checks += [
                _check("holder owns it", owns and free, f"{lot} is theirs and free"),
                _check("it is a whole lot", units, f"{held.get('units', '0')} of {order.units}"),
            ]
            if self._identity is not None:
                operators, ours = configuration.get("operators"), account_name(self._identity)
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
        kind = "sm2" if self._place.algorithm is Algorithm.SM2 else "p256"
        return ConsentOwed(
            network=self.id,
            by=order.originator.account,
            kind="custody" if self._place.custody else kind,
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
        if (act.network, act.escrow) != (self.id, self._trusted.escrow):
            raise Refused(f"the act is for {act.network} and {act.escrow}")
        slot = await self._slot(act)
        if not landed(act, slot) and (why := hopeless(act, slot, self._clock.now())):
            raise Refused(why)
        tx, request = self._request(act.verb.value, argument_of(act, signatures))
        expires = None
        if self._identity is not None:
            life = self._place.window_ms + self._place.timeout_ms + self._place.finality_ms
            expires = Instant(self._clock.now() + life)
        return Prepared(
            key=Key(act.settlement, act.verb, attempt_of(effect)),
            network=self.id,
            tx=tx,
            items=(request,),
            expires=expires,
            replaces=replaces,
            keep=(),
        )

    def _request(self, verb: str, argument: bytes) -> tuple[TxRef, bytes]:
        """The bytes that call the chaincode, and the transaction's id, theirs or ours."""
        nonce = self._entropy(24)
        chaincode = self._trusted.pins.chaincode
        if self._identity is not None:
            where = (self._trusted.pins.channel, chaincode)
            words = (verb, argument)
            made = signed_proposal(
                self._identity, where, words, nonce=nonce, time=self._clock.now()
            )
            body: dict[str, Any] = {"transData": b64encode(made).decode()}
            return self._identity.transaction_id(nonce), self._client.request(TRANS, body)
        body = {
            "userName": self._place.user,
            "nonce": b64encode(nonce).decode(),
            "chainCode": chaincode,
            "funcName": verb,
            "args": [argument.decode()],
            "transientData": {},
        }
        request = self._client.request(CALL, body)
        return TxRef(sha256(request).hexdigest()), request

    async def submit(self, prepared: Prepared) -> None:
        """Hand the request over; it is answered before its block is cut.

        Errors: Unavailable, Refused, Uncertain.
        """
        await self._ready()
        try:
            told = await self._client.invoke(self._path, prepared.items[-1])
        except Uncertain:
            if await self._is_in(prepared):
                return  # it is there already: the peers endorse an id once
            raise
        if self._identity is not None and told.tx != prepared.tx:
            self._client.disagree(self._path, f"transaction {told.tx} answers for {prepared.tx}")
            raise Uncertain("gateway.untrusted: the answer is to another transaction")

    async def _is_in(self, prepared: Prepared) -> bool:
        if self._identity is None or self._client.stopped:
            return False
        try:
            return await self._status(prepared.tx) == 0
        except Unavailable:
            return False

    @property
    def _path(self) -> str:
        return CALL if self._identity is None else TRANS

    async def look(self, prepared: Prepared) -> Sight:
        """Return what became of it: the slot decides, whoever's transaction moved it.

        Errors: Unavailable.
        """
        await self._ready()
        act = _act_in(prepared.items[-1])
        now = self._clock.now()
        slot = await self._slot(act)
        if landed(act, slot):
            return Landed()
        if why := hopeless(act, slot, now):
            return Never(why)
        if self._identity is None:
            return Unknown("the gateway gives no id beforehand: it may be on its way")
        status = await self._status(prepared.tx)
        if status in CONFLICTS:
            return Again(f"another transaction came between ({status})")
        if status == 0:
            return Unknown("it is in a block that this reading did not reach")
        if status is not None:
            return Again(f"its block marks it invalid ({status})")
        if prepared.expires is not None and now > prepared.expires:
            return Again("it was never seen, and is endorsed no more")
        return Unknown("it was not seen, and may still be on its way")

    async def _status(self, tx: TxRef) -> int | None:
        """A transaction's validation code, or None while no block holds it."""
        answer = await self._client.ask(GET_TRANSACTION, {"txId": tx, "dataType": ""})
        if not answer.done:
            return None
        try:
            return count_of(object_of(answer.body), "status")
        except Untrusted as error:
            raise self._client.disagree(GET_TRANSACTION, str(error)) from error

    async def _slot(self, act: Act) -> Slot:
        await self._ready()
        (record,) = await self._records(slot_key(act.verb, act.settlement))
        try:
            return slot_of(record)
        except BadWords as error:
            raise self._client.disagree(self._path, str(error)) from error

    async def _records(self, *keys: str) -> list[Mapping[str, Value]]:
        tx, request = self._request(READ, question_of(*keys))
        told = await self._client.query(self._path, request)
        if self._identity is not None and told.tx != tx:
            raise self._client.disagree(self._path, f"transaction {told.tx} answers for {tx}")
        try:
            found = records_of(told.data)
        except BadWords as error:
            raise self._client.disagree(self._path, str(error)) from error
        if len(found) != len(keys):
            raise self._client.disagree(self._path, f"{len(found)} records for {len(keys)}")
        return found

    def observe(self, since: Cursor) -> AsyncGenerator[Page, None]:
        """Yield pages of what is in blocks after `since`, for ever."""
        return self._reader.pages(since)


def _act_in(request: bytes) -> Act:
    """The act that a request of ours carries; the ledger kept the very bytes."""
    body = json.loads(request)["body"]
    if "transData" in body:
        return act_of(argument_in(b64decode(body["transData"])))
    return act_of(body["args"][0].encode())


def _check(what: str, holds: object, why: str) -> Check:
    return Check(what, Answered.YES if holds else Answered.NO, why)
