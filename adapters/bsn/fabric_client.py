"""Fabric's gateway service over gRPC: what is asked, and what each refusal means.

No generated code: bytes in, bytes out. An answer that does not verify is `Uncertain`, and nothing
of it is used.
Source: Hyperledger Fabric 2.5, gateway service; gRPC status codes.
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Final

import grpc
import grpc.aio

from adapters.bsn.fabric_outcomes import Bent, Lagging, Later, plain, unendorsed, unsubmitted
from adapters.bsn.fabric_proposals import Proposal, Told, checked, propose, signed_envelope
from adapters.bsn.fabric_trust import Identity, Trust, Untrusted
from adapters.bsn.fabric_wire import (
    BadMessage,
    Message,
    blob,
    decode,
    encode,
    number,
    part,
    parts,
    text,
)
from bridge.core.ids import Instant
from bridge.ports import AdapterError, Clock, Refused, Unavailable
from schemas.fabric.messages import METHODS, VALIDITY

_LIMIT: Final = 100 * 1024 * 1024  # bytes of one message: a block may be as large
_OPTIONS: Final = (
    ("grpc.max_receive_message_length", _LIMIT),
    ("grpc.max_send_message_length", _LIMIT),
    ("grpc.keepalive_time_ms", 120_000),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),  # two minutes else, with the peer long back
)
LAGS: Final = 20  # times that a peer which lags behind another is asked again
LAG_S: Final = 0.05
SILENT: Final = frozenset({grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED})


@dataclass(frozen=True, slots=True)
class Commit:
    """What became of a transaction: Fabric's validation code, and the block it stands in."""

    code: int
    block: int

    @property
    def name(self) -> str:
        return VALIDITY.get(self.code, str(self.code))


@dataclass(frozen=True, slots=True)
class ChaincodeEvent:
    """One event of a valid transaction, as the peer tells it. Not evidence: a hint where it is."""

    block: int
    tx: str
    name: str
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What this client speaks of. Units: seconds for a call."""

    channel: str
    chaincode: str
    organisations: frozenset[str]  # all of them must endorse
    patience_s: float = 10


def open_channel(
    address: str, ca_file: bytes, name: str = "", own: tuple[bytes, bytes] | None = None
) -> grpc.aio.Channel:
    """Return a connection to a peer whose certificate the CA issued, always under TLS.

    `name` is what its certificate says, where it is dialled by another address; `own` are key and
    certificate for a peer that asks for them.
    """
    key, certificate = own or (None, None)
    override = (("grpc.ssl_target_name_override", name),) if name else ()
    credentials = grpc.ssl_channel_credentials(ca_file, key, certificate)
    return grpc.aio.secure_channel(address, credentials, options=(*_OPTIONS, *override))


class FabricClient:
    """One identity at one peer's gateway."""

    def __init__(
        self,
        channel: grpc.aio.Channel,
        identity: Identity,
        target: Target,
        trust: Trust,
        clock: Clock,
    ) -> None:
        self._channel = channel
        self._identity = identity
        self._target = target
        self._trust = trust
        self._clock = clock

    def propose(
        self, verb: str, argument: bytes, *, chaincode: str = "", time: Instant | None = None
    ) -> Proposal:
        """Return a signed proposal; nothing is sent."""
        return self._proposed((verb.encode(), argument), chaincode, time)

    def _proposed(
        self, args: tuple[bytes, ...], chaincode: str = "", time: Instant | None = None
    ) -> Proposal:
        return propose(
            self._identity,
            self._target.channel,
            chaincode or self._target.chaincode,
            args,
            time=self._clock.now() if time is None else time,
            nonce=secrets.token_bytes(24),
        )

    async def evaluate(self, verb: str, argument: bytes) -> bytes:
        """Return what the chaincode answers at this peer; nothing is ordered.

        Errors: Refused, Unavailable.
        """
        return await self._evaluated(self.propose(verb, argument))

    async def _evaluated(self, proposal: Proposal, organisation: str = "") -> bytes:
        asked = {
            "transaction_id": proposal.tx,
            "channel_id": proposal.channel,
            "proposed_transaction": decode("protos.SignedProposal", proposal.signed),
            "target_organizations": [organisation] if organisation else [],
        }
        try:
            answer = await self._call("/gateway.Gateway/Evaluate", asked)
        except grpc.aio.AioRpcError as error:
            raise unendorsed(error) from error
        result = _part(answer, "result")
        if number(result, "status") != 200:
            raise Bent(f"the chaincode's answer has status {number(result, 'status')}")
        return blob(result, "payload")

    async def endorse(self, proposal: Proposal) -> tuple[bytes, Told]:
        """Return the envelope to submit, checked and then signed, and what it will tell.

        Errors: Refused, Unavailable, Misconfigured; Uncertain where an endorser knows the
        transaction already; Bent where what came back is not what we proposed.
        """
        for _ in range(LAGS):
            try:
                payload, told = await self._endorsed(proposal, self._target.organisations)
            except (Refused, Later) as error:
                unlike = isinstance(error, Lagging)
                if not unlike and await self._all_say(proposal, type(error)):
                    raise
                await asyncio.sleep(LAG_S)
            else:
                return signed_envelope(self._identity, payload), told
        raise Lagging("one organisation's peer lags behind the others")

    async def _all_say(self, proposal: Proposal, kind: type[AdapterError]) -> bool:
        """Tell whether a peer of every organisation answers so; the first one may only lag.

        Errors: Unavailable, Uncertain.
        """
        for organisation in sorted(self._target.organisations):
            try:
                await self._evaluated(proposal, organisation)
            except (Refused, Later) as error:
                if type(error) is not kind:
                    return False
            else:
                return False
        return True

    async def _endorsed(
        self, proposal: Proposal, organisations: frozenset[str]
    ) -> tuple[bytes, Told]:
        """Return what these organisations endorsed, checked and not yet signed."""
        asked = {
            "transaction_id": proposal.tx,
            "channel_id": proposal.channel,
            "proposed_transaction": decode("protos.SignedProposal", proposal.signed),
            "endorsing_organizations": sorted(organisations),
        }
        try:
            answer = await self._call("/gateway.Gateway/Endorse", asked)
        except grpc.aio.AioRpcError as error:
            raise unendorsed(error) from error
        try:
            payload = blob(part(answer, "prepared_transaction"), "payload")
            told = checked(payload, proposal, self._trust, organisations)
        except (BadMessage, Untrusted) as error:
            raise Bent(f"the peer's answer is not our proposal's: {error}") from error
        return payload, told

    async def submit(self, tx: str, envelope: bytes) -> None:
        """Hand the envelope to the orderer. Twice is once.

        Errors: Refused where the orderer forbids it; Uncertain for everything else.
        """
        asked = {
            "transaction_id": tx,
            "channel_id": self._target.channel,
            "prepared_transaction": decode("common.Envelope", envelope),
        }
        try:
            await self._call("/gateway.Gateway/Submit", asked)
        except grpc.aio.AioRpcError as error:
            raise unsubmitted(error) from error

    async def commit(self, tx: str, patience_s: float | None = None) -> Commit | None:
        """Return what became of a transaction, or None while its peer knows nothing of it.

        The peer waits for an id it does not know, and never says so: None is not Never.
        Errors: Unavailable.
        """
        body = encode(
            "gateway.CommitStatusRequest",
            {
                "transaction_id": tx,
                "channel_id": self._target.channel,
                "identity": self._identity.creator,
            },
        )
        asked = {"request": body, "signature": self._identity.sign(body)}
        try:
            answer = await self._call("/gateway.Gateway/CommitStatus", asked, patience_s)
        except grpc.aio.AioRpcError as error:
            if error.code() in SILENT:
                return None
            raise plain(error) from error
        return Commit(number(answer, "result"), number(answer, "block_number"))

    async def info(self) -> tuple[int, bytes]:
        """Return how many blocks this peer has, and the last one's hash.

        Errors: Unavailable; Bent.
        """
        args = (b"GetChainInfo", self._target.channel.encode())
        found = _read("common.BlockchainInfo", await self._evaluated(self._proposed(args, "qscc")))
        return number(found, "height"), blob(found, "currentBlockHash")

    async def signed_block(self, index: int, *, organisations: frozenset[str]) -> bytes:
        """Return an answer that holds a block, endorsed by a peer of each organisation.

        Errors: Unavailable; Bent.
        """
        args = (b"GetBlockByNumber", self._target.channel.encode(), str(index).encode())
        try:
            return (await self._endorsed(self._proposed(args, "qscc"), organisations))[0]
        except Refused as error:
            raise Unavailable(str(error)) from error

    async def status(self, tx: str) -> int | None:
        """Return a transaction's validation code, or None where this peer has no block with it.

        Errors: Unavailable; Bent.
        """
        args = (b"GetTransactionByID", self._target.channel.encode(), tx.encode())
        try:
            raw = await self._evaluated(self._proposed(args, "qscc"))
        except Unavailable as error:
            if f"no such transaction ID [{tx}]" in str(error):
                return None
            raise
        found = _read("protos.ProcessedTransaction", raw)
        payload = _read("common.Payload", blob(_part(found, "transactionEnvelope"), "payload"))
        header = blob(_part(payload, "header"), "channel_header")
        if text(_read("common.ChannelHeader", header), "tx_id") != tx:
            raise Bent(f"another transaction answers for {tx}")
        return number(found, "validationCode")

    async def events(
        self, block: int, after: str = ""
    ) -> AsyncGenerator[tuple[int, tuple[ChaincodeEvent, ...]]]:
        """Yield block by block what our chaincode told, from a checkpoint on, for ever.

        A checkpoint is a block and the last transaction seen in it; after a whole block, the next
        one and no transaction. At least once. Errors: Unavailable.
        """
        body = encode(
            "gateway.ChaincodeEventsRequest",
            {
                "channel_id": self._target.channel,
                "chaincode_id": self._target.chaincode,
                "identity": self._identity.creator,
                "start_position": {"specified": {"number": block}},
                "after_transaction_id": after,
            },
        )
        raw = encode(
            "gateway.SignedChaincodeEventsRequest",
            {"request": body, "signature": self._identity.sign(body)},
        )
        call = self._channel.unary_stream("/gateway.Gateway/ChaincodeEvents")(raw)
        try:
            async for answer in _bytes(call):
                found = _read("gateway.ChaincodeEventsResponse", answer)
                at = number(found, "block_number")
                yield at, tuple(_event(at, one) for one in parts(found, "events"))
        except grpc.aio.AioRpcError as error:
            raise plain(error) from error
        finally:
            call.cancel()

    async def _call(self, method: str, asked: Message, patience_s: float | None = None) -> Message:
        goes, comes = METHODS[method]
        call = self._channel.unary_unary(method)
        timeout = self._target.patience_s if patience_s is None else patience_s
        answer: bytes = await call(encode(goes, asked), timeout=timeout)
        return _read(comes, answer)


def _read(name: str, raw: bytes) -> Message:
    """Return a message that a peer sent. Errors: Bent."""
    try:
        return decode(name, raw)
    except BadMessage as error:
        raise Bent(f"{name}: {error}") from error


def _part(message: Message, name: str) -> Message:
    """Return the message within one that a peer sent. Errors: Bent."""
    try:
        return part(message, name)
    except BadMessage as error:
        raise Bent(str(error)) from error


async def _bytes(call: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for one in call:
        yield one


def _event(block: int, event: Message) -> ChaincodeEvent:
    return ChaincodeEvent(
        block, text(event, "tx_id"), text(event, "event_name"), blob(event, "payload")
    )
