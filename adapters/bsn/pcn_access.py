"""A channel through its node gateway, in trust or in upload mode."""

import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from adapters.bsn.certificates import Algorithm
from adapters.bsn.escrow_words import BadWords, act_of, question_of, records_of
from adapters.bsn.fabric_proposals import arguments_of, propose, read_proposal
from adapters.bsn.holders import account_name
from adapters.bsn.identity import Enrolled
from adapters.bsn.pcn_answers import Untrusted, count_of, object_of
from adapters.bsn.pcn_client import CALL, FABRIC, TRANS, PcnClient
from adapters.bsn.pcn_evidence import Trusted
from bridge.core.act import Act
from bridge.core.canonical import Value
from bridge.core.ids import TxRef
from bridge.ports import Clock, Prepared, Refused, Unavailable, Uncertain

GET_TRANSACTION: Final = f"{FABRIC}node/getTransaction"
APP_INFO: Final = "/api/app/getAppInfo"
READ: Final = "read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What the settings say of the gateway's application."""

    user: str
    algorithm: Algorithm
    msp: str
    version: str  # of Fabric


class PcnAccess:
    """One application's way in. `identity` is the enrolled key of upload mode."""

    def __init__(
        self,
        client: PcnClient,
        trusted: Trusted,
        application: Application,
        clock: Clock,
        *,
        identity: Enrolled | None = None,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._client = client
        self._trusted = trusted
        self._application = application
        self._clock = clock
        self._identity = identity
        self._entropy = entropy

    @property
    def account(self) -> str:
        """Who we are to the chain; empty where the gateway signs for everybody."""
        return "" if self._identity is None else account_name(self._identity)

    @property
    def stopped(self) -> str:
        """Why nothing is sent any more, or nothing."""
        return self._client.stopped

    async def check(self) -> None:
        """Compare what the gateway says of itself with the settings.

        Errors: Refused, naming both; Unavailable where it could not be asked.
        """
        try:
            answer = await self._client.ask(APP_INFO)
        except Unavailable as error:
            if self._client.stopped:
                raise Refused(f"gateway_pin: not who the settings pin: {error}") from error
            raise
        if not answer.done:
            raise Unavailable(f"the gateway says: {answer.msg[:200]}")
        try:
            told = object_of(answer.body)
        except Untrusted as error:
            raise self._client.disagree(APP_INFO, str(error)) from error
        for name, ours in (
            ("caType", 1 if self._identity is None else 2),
            ("algorithmType", int(self._application.algorithm)),
            ("mspId", self._application.msp),
            ("channelId", self._trusted.pins.channel),
            ("appType", "fabric"),
            ("fabricVersion", self._application.version),
        ):
            if told.get(name) != ours:
                raise Refused(f"{name}: the gateway says {told.get(name)!r}, settings {ours!r}")

    def request(self, verb: str, argument: bytes) -> tuple[TxRef, bytes]:
        """The transaction's id, theirs or ours, and the bytes that call the chaincode."""
        nonce = self._entropy(24)
        chaincode = self._trusted.pins.chaincode
        if self._identity is not None:
            made = propose(
                self._identity,
                self._trusted.pins.channel,
                chaincode,
                (verb.encode(), argument),
                time=self._clock.now(),
                nonce=nonce,
            )
            body: dict[str, Any] = {"transData": b64encode(made.signed).decode()}
            return TxRef(made.tx), self._client.request(TRANS, body)
        body = {
            "userName": self._application.user,
            "nonce": b64encode(nonce).decode(),
            "chainCode": chaincode,
            "funcName": verb,
            "args": [argument.decode()],
            "transientData": {},
        }
        request = self._client.request(CALL, body)
        return TxRef(sha256(request).hexdigest()), request

    def act_in(self, item: bytes) -> Act:
        """The act that a request of ours carries; the ledger kept the very bytes."""
        body = json.loads(item)["body"]
        if "transData" in body:
            _, argument = arguments_of(read_proposal(b64decode(body["transData"])))
            return act_of(argument)
        return act_of(body["args"][0].encode())

    async def submit(self, prepared: Prepared) -> None:
        """Hand the request over; it is answered before its block is cut.

        Errors: Unavailable, Refused, Uncertain.
        """
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
            return await self.status(prepared.tx) == 0
        except Unavailable:
            return False

    @property
    def _path(self) -> str:
        return CALL if self._identity is None else TRANS

    async def status(self, tx: TxRef) -> int | None:
        """A transaction's validation code, or None while no block holds it.

        Errors: Unavailable.
        """
        answer = await self._client.ask(GET_TRANSACTION, {"txId": tx, "dataType": ""})
        if not answer.done:
            return None
        try:
            return count_of(object_of(answer.body), "status")
        except Untrusted as error:
            raise self._client.disagree(GET_TRANSACTION, str(error)) from error

    async def records(self, *keys: str) -> list[Mapping[str, Value]]:
        """What the escrow keeps under some keys, in their order. Errors: Unavailable, Refused."""
        tx, request = self.request(READ, question_of(*keys))
        told = await self._client.query(self._path, request)
        if self._identity is not None and told.tx != tx:
            raise self.disagree(f"transaction {told.tx} answers for {tx}")
        try:
            found = records_of(told.data)
        except BadWords as error:
            raise self.disagree(str(error)) from error
        if len(found) != len(keys):
            raise self.disagree(f"{len(found)} records for {len(keys)}")
        return found

    def disagree(self, why: str) -> Unavailable:
        """Stop sending, for an answer that cannot be; what to raise for it."""
        return self._client.disagree(self._path, why)
