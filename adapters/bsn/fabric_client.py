"""Fabric's gateway service over gRPC: what is asked, and what each refusal means.

No generated code: bytes in, bytes out. An answer that does not verify is `Uncertain`, and nothing
of it is used.
Source: Hyperledger Fabric 2.5, gateway service; gRPC status codes.
"""

import re
import secrets
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from typing import Final

import grpc
import grpc.aio

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
from bridge.ports import AdapterError, Clock, Refused, Unavailable, Uncertain
from schemas.fabric.messages import METHODS, VALIDITY

_LIMIT: Final = 100 * 1024 * 1024  # bytes of one message: a block may be as large
_OPTIONS: Final = (
    ("grpc.max_receive_message_length", _LIMIT),
    ("grpc.max_send_message_length", _LIMIT),
    ("grpc.keepalive_time_ms", 120_000),
)
_RESPONSE: Final = re.compile(r"chaincode response (\d{3})")
_DETAIL: Final = "type.googleapis.com/gateway.ErrorDetail"
SILENT: Final = frozenset({grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.CANCELLED})


class Misconfigured(Unavailable):
    """Raised where a peer will never serve us as we are set: a key, a channel, a chaincode."""


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


def open_channel(address: str, ca_file: bytes, name: str = "") -> grpc.aio.Channel:
    """Return a connection to a peer whose certificate the CA issued, always under TLS.

    `name` is what its certificate says, where it is dialled by another address.
    """
    override = (("grpc.ssl_target_name_override", name),) if name else ()
    credentials = grpc.ssl_channel_credentials(root_certificates=ca_file)
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

    async def _evaluated(self, proposal: Proposal) -> bytes:
        asked = {
            "transaction_id": proposal.tx,
            "channel_id": proposal.channel,
            "proposed_transaction": decode("protos.SignedProposal", proposal.signed),
        }
        try:
            answer = await self._call("/gateway.Gateway/Evaluate", asked)
        except grpc.aio.AioRpcError as error:
            raise _unendorsed(error) from error
        return blob(part(answer, "result"), "payload")

    async def endorse(self, proposal: Proposal) -> tuple[bytes, Told]:
        """Return the envelope to submit, checked and then signed, and what it will tell.

        Errors: Refused, Unavailable, Misconfigured; Uncertain where an endorser knows the
        transaction already, or what came back is not what we proposed.
        """
        asked = {
            "transaction_id": proposal.tx,
            "channel_id": proposal.channel,
            "proposed_transaction": decode("protos.SignedProposal", proposal.signed),
            "endorsing_organizations": sorted(self._target.organisations),
        }
        try:
            answer = await self._call("/gateway.Gateway/Endorse", asked)
        except grpc.aio.AioRpcError as error:
            raise _unendorsed(error) from error
        try:
            payload = blob(part(answer, "prepared_transaction"), "payload")
            told = checked(payload, proposal, self._trust, self._target.organisations)
        except (BadMessage, Untrusted) as error:
            raise Uncertain(f"the peer's answer is not our proposal's: {error}") from error
        return signed_envelope(self._identity, payload), told

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
            said = " ".join((error.details() or "", *_details(error)))
            if error.code() is grpc.StatusCode.ABORTED and "FORBIDDEN" in said:
                raise Refused(f"the orderer forbids it: {said[:200]}") from error
            raise Uncertain(f"{error.code().name}: {said[:200]}") from error

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
            raise _plain(error) from error
        return Commit(number(answer, "result"), number(answer, "block_number"))

    async def height(self) -> int:
        """Return how many blocks this peer has. Errors: Unavailable."""
        args = (b"GetChainInfo", self._target.channel.encode())
        raw = await self._evaluated(self._proposed(args, "qscc"))
        return number(decode("common.BlockchainInfo", raw), "height")

    async def block(self, index: int) -> bytes:
        """Return the bytes of a block, not verified yet. Errors: Unavailable."""
        args = (b"GetBlockByNumber", self._target.channel.encode(), str(index).encode())
        return await self._evaluated(self._proposed(args, "qscc"))

    async def knows(self, tx: str) -> bool:
        """Tell whether this peer has the transaction in a block. Errors: Unavailable."""
        args = (b"GetTransactionByID", self._target.channel.encode(), tx.encode())
        try:
            await self._evaluated(self._proposed(args, "qscc"))
        except Unavailable as error:
            if "no such transaction ID" in str(error):
                return False
            raise
        return True

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
                found = decode("gateway.ChaincodeEventsResponse", answer)
                at = number(found, "block_number")
                yield at, tuple(_event(at, one) for one in parts(found, "events"))
        except grpc.aio.AioRpcError as error:
            raise _plain(error) from error
        finally:
            call.cancel()

    async def _call(self, method: str, asked: Message, patience_s: float | None = None) -> Message:
        goes, comes = METHODS[method]
        call = self._channel.unary_unary(method)
        timeout = self._target.patience_s if patience_s is None else patience_s
        answer: bytes = await call(encode(goes, asked), timeout=timeout)
        try:
            return decode(comes, answer)
        except BadMessage as error:
            raise Uncertain(f"{method}: {error}") from error


async def _bytes(call: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for one in call:
        yield one


def _event(block: int, event: Message) -> ChaincodeEvent:
    return ChaincodeEvent(
        block, text(event, "tx_id"), text(event, "event_name"), blob(event, "payload")
    )


def _details(error: grpc.aio.AioRpcError) -> tuple[str, ...]:
    """Return what each endorser or orderer said, from the details of a status."""
    raw = next(
        (
            value
            for key, value in error.trailing_metadata() or ()
            if key == "grpc-status-details-bin"
        ),
        b"",
    )
    try:
        status = decode("google.rpc.Status", bytes(raw))
        return tuple(
            text(decode("gateway.ErrorDetail", blob(one, "value")), "message")
            for one in parts(status, "details")
            if text(one, "type_url") == _DETAIL
        )
    except (BadMessage, TypeError):
        return ()


def _unendorsed(error: grpc.aio.AioRpcError) -> AdapterError:
    """Return what it means that an endorsement or a question came to nothing.

    For good only where every endorser that answered refused for good: one whose clock or state
    lags says otherwise, and may say yes tomorrow.
    """
    told = (error.details() or "", *_details(error))
    whole = "; ".join(told)[:300]
    if any("duplicate transaction" in one for one in told):
        return Uncertain("an endorser has this transaction in a block already")
    if error.code() in {grpc.StatusCode.ABORTED, grpc.StatusCode.UNKNOWN}:
        answers = [found[1] for found in map(_RESPONSE.search, told) if found]
        if answers and all(one.startswith("4") for one in answers):
            return Refused(next(one for one in told if _RESPONSE.search(one))[:300])
    if error.code() is grpc.StatusCode.FAILED_PRECONDITION or "access denied" in whole:
        return Misconfigured(whole)  # with one organisation the code says it, with two a detail
    return Unavailable(f"{error.code().name}: {whole}")


def _plain(error: grpc.aio.AioRpcError) -> AdapterError:
    kind = Misconfigured if error.code() is grpc.StatusCode.FAILED_PRECONDITION else Unavailable
    return kind(f"{error.code().name}: {(error.details() or '')[:300]}")
