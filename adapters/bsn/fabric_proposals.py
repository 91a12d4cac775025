"""A proposal from its words to its bytes, and what a peer made of it, checked before we sign.

The peer chooses the bytes we are to sign: whatever is not our proposal, endorsed by whom we asked,
is refused. Pure: chance and time are arguments.
Source: Hyperledger Fabric 2.5, transaction flow and gateway service.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Protocol

from adapters.bsn.fabric_trust import Trust, Untrusted
from adapters.bsn.fabric_wire import (
    BadMessage,
    Message,
    blob,
    blobs,
    decode,
    encode,
    number,
    part,
    parts,
    text,
)
from bridge.core.ids import Instant
from schemas.fabric.messages import ENUMS

_ENDORSER_TRANSACTION = ENUMS["common.HeaderType"]["ENDORSER_TRANSACTION"]
_GOLANG = ENUMS["protos.ChaincodeSpec.Type"]["GOLANG"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """One call, signed by us: its id is known before anything is sent."""

    tx: str
    channel: str
    chaincode: str
    signed: bytes  # protos.SignedProposal
    channel_header: bytes
    signature_header: bytes
    payload: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the endorsers say the call comes to."""

    payload: bytes
    event: tuple[str, bytes] | None
    organisations: frozenset[str]


class Proposer(Protocol):
    """Who signs a proposal, and which id that makes."""

    @property
    def creator(self) -> bytes:
        """The SerializedIdentity."""
        ...

    def transaction_id(self, nonce: bytes) -> str:
        """The id that a nonce and this creator make."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The DER signature of a message."""
        ...


def propose(
    identity: Proposer,
    channel: str,
    chaincode: str,
    args: Iterable[bytes],
    *,
    time: Instant,
    nonce: bytes,
) -> Proposal:
    """Return the signed proposal of a call. Units: `nonce` is 24 bytes of chance."""
    assert len(nonce) == 24, "a nonce has 24 bytes"
    seconds, ms = divmod(int(time), 1_000)
    tx = identity.transaction_id(nonce)
    header = {
        "type": _ENDORSER_TRANSACTION,
        "timestamp": {"seconds": seconds, "nanos": ms * 1_000_000},
        "channel_id": channel,
        "tx_id": tx,
        "extension": _extension(chaincode),
    }
    spec = {
        "type": _GOLANG,
        "chaincode_id": {"name": chaincode},
        "input": {"args": list(args)},
    }
    invocation = encode("protos.ChaincodeInvocationSpec", {"chaincode_spec": spec})
    payload = encode("protos.ChaincodeProposalPayload", {"input": invocation})
    signer = {"creator": identity.creator, "nonce": nonce}
    headers = {
        "channel_header": encode("common.ChannelHeader", header),
        "signature_header": encode("common.SignatureHeader", signer),
    }
    proposal = {"header": encode("common.Header", headers), "payload": payload}
    raw = encode("protos.Proposal", proposal)
    signed = {"proposal_bytes": raw, "signature": identity.sign(raw)}
    return Proposal(
        tx=tx,
        channel=channel,
        chaincode=chaincode,
        signed=encode("protos.SignedProposal", signed),
        payload=payload,
        **headers,
    )


@lru_cache(16)
def _extension(chaincode: str) -> bytes:
    return encode("protos.ChaincodeHeaderExtension", {"chaincode_id": {"name": chaincode}})


def read_proposal(signed: bytes) -> Proposal:
    """Return a proposal of its bytes, as they were kept. Errors: BadMessage."""
    proposal = decode(
        "protos.Proposal", blob(decode("protos.SignedProposal", signed), "proposal_bytes")
    )
    header = decode("common.Header", blob(proposal, "header"))
    channel = decode("common.ChannelHeader", blob(header, "channel_header"))
    extension = decode("protos.ChaincodeHeaderExtension", blob(channel, "extension"))
    return Proposal(
        tx=text(channel, "tx_id"),
        channel=text(channel, "channel_id"),
        chaincode=text(part(extension, "chaincode_id"), "name"),
        signed=signed,
        channel_header=blob(header, "channel_header"),
        signature_header=blob(header, "signature_header"),
        payload=blob(proposal, "payload"),
    )


def arguments_of(proposal: Proposal) -> tuple[bytes, ...]:
    """Return what a proposal calls its chaincode with. Errors: BadMessage."""
    given = blob(decode("protos.ChaincodeProposalPayload", proposal.payload), "input")
    spec = part(decode("protos.ChaincodeInvocationSpec", given), "chaincode_spec")
    return blobs(part(spec, "input"), "args")


def checked(
    payload: bytes, proposal: Proposal, trust: Trust, organisations: frozenset[str]
) -> Told:
    """Return what was endorsed, if it is this very proposal, by all of these organisations.

    1 the headers are ours; 2 there is one action and it is ours; 3 the endorsers answered our
    proposal; 4 they ran our chaincode and it said 200; 5 every endorsement of a pinned organisation
    is true and every organisation asked for is among them. Errors: Untrusted, naming the step.
    """
    try:
        outer = decode("common.Payload", payload)
        header = part(outer, "header")
        if blob(header, "channel_header") != proposal.channel_header:
            raise Untrusted("1: another channel header")
        if blob(header, "signature_header") != proposal.signature_header:
            raise Untrusted("1: another signature header")
        (action,) = parts(decode("protos.Transaction", blob(outer, "data")), "actions")
        if blob(action, "header") != proposal.signature_header:
            raise Untrusted("2: the action has another header")
        inner = decode("protos.ChaincodeActionPayload", blob(action, "payload"))
        if blob(inner, "chaincode_proposal_payload") != proposal.payload:
            raise Untrusted("2: another chaincode, verb or argument")
        endorsed = part(inner, "action")
    except ValueError as error:
        raise Untrusted(f"2: {error}") from error
    return endorsed_by(endorsed, proposal, trust, organisations)


def endorsed_by(
    endorsed: Message, proposal: Proposal, trust: Trust, organisations: frozenset[str]
) -> Told:
    """Return what an endorsed action says, if all of these organisations say it.

    Errors: Untrusted, naming the step.
    """
    raw = blob(endorsed, "proposal_response_payload")
    try:
        response = decode("protos.ProposalResponsePayload", raw)
        hashed = proposal.channel_header + proposal.signature_header + proposal.payload
        if blob(response, "proposal_hash") != sha256(hashed).digest():
            raise Untrusted("3: the endorsers answered another proposal")
        action = decode("protos.ChaincodeAction", blob(response, "extension"))
        said = part(action, "response")
        if text(part(action, "chaincode_id"), "name") != proposal.chaincode:
            raise Untrusted("4: another chaincode ran")
        event = event_of(blob(action, "events"), proposal)
    except BadMessage as error:
        raise Untrusted(f"3: {error}") from error
    if number(said, "status") != 200:
        raise Untrusted(f"4: the chaincode said {number(said, 'status')}")
    found = set()
    for one in parts(endorsed, "endorsements"):
        endorser = blob(one, "endorser")
        if not trust.knows(endorser):
            continue  # another organisation of the channel, whose word we do not count
        found.add(trust.verify(endorser, blob(one, "signature"), raw + endorser, "peer"))
    if missing := organisations - found:
        raise Untrusted(f"5: {', '.join(sorted(missing))} did not endorse")
    return Told(payload=blob(said, "payload"), event=event, organisations=frozenset(found))


def event_of(raw: bytes, proposal: Proposal) -> tuple[str, bytes] | None:
    """Return the event's name and payload, if there is one and it is this transaction's.

    Errors: Untrusted, BadMessage.
    """
    if not raw:
        return None
    event = decode("protos.ChaincodeEvent", raw)
    if (text(event, "chaincode_id"), text(event, "tx_id")) != (proposal.chaincode, proposal.tx):
        raise Untrusted("4: the event is of another chaincode or transaction")
    return text(event, "event_name"), blob(event, "payload")


def signed_envelope(identity: Proposer, payload: bytes) -> bytes:
    """Return the envelope that goes to the orderer. `payload` has been checked."""
    return encode("common.Envelope", {"payload": payload, "signature": identity.sign(payload)})
