"""The ledger behind the gateway: endorsed on one state, ordered, checked again at commit.

What was read is remembered with its versions; another write between endorsement and commit makes
a transaction invalid, and it is in its block all the same. Time decides when a block is cut.
"""

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from hashlib import sha256
from typing import Any

from adapters.bsn.chaincode.call import Call, Caller, Outcome
from adapters.bsn.chaincode.escrow import run
from adapters.bsn.chaincode.records import asset_key
from adapters.bsn.devnet import blocks as blocks_of
from adapters.bsn.devnet.behind import Endorsed, EndorsementFailed, Signing
from adapters.bsn.devnet.blocks import (
    CONFIG,
    DUPLICATE_TXID,
    ENDORSER_TRANSACTION,
    MVCC_READ_CONFLICT,
    VALID,
    Block,
    Header,
    Results,
    Version,
    response_payload,
)
from adapters.bsn.devnet.macs import SECP256R1, SM2, Public, Secret, sm3
from adapters.bsn.devnet.tape import Tape
from adapters.bsn.devnet.wire import count, message, part, parts, repeated
from bridge.core.ids import Instant

DEEPEST = 64  # blocks that can be taken back
_KINDS = {SECP256R1: "p256", SM2: "sm2"}


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody with a certificate of this network."""

    msp: str
    name: str
    key: Public


@dataclass(frozen=True, slots=True, kw_only=True)
class Held(Endorsed):
    """An endorsed transaction with what its commit needs."""

    creator: str
    time: int
    results: Results


@dataclass(slots=True, kw_only=True)
class Ledger:
    """One channel with one chaincode. Units: ms.

    One with a tape goes on where the tape ends: the same blocks, and what was ordered is cut.
    """

    clock: Callable[[], int]
    channel: str = "settle"
    chaincode: str = "escrow"
    block_ms: int = 200
    most: int = 10  # transactions of a block
    admits: str = ""  # the digest of the configuration both organisations agreed to
    signer: Secret = field(default_factory=lambda: Secret(SECP256R1, "gateway envelope"))
    members: dict[bytes, Member] = field(default_factory=dict)  # by SerializedIdentity
    state: dict[str, tuple[bytes, Version]] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    places: dict[str, tuple[int, int]] = field(default_factory=dict)
    envelopes: dict[tuple[int, int], bytes] = field(default_factory=dict)
    stalled: bool = False
    bent: list[int] = field(default_factory=list)  # codes that the next transactions get
    tape: Tape | None = None
    _pending: list[tuple[Held, int]] = field(default_factory=list)
    _before: deque[tuple[dict[str, tuple[bytes, Version]], dict[str, tuple[int, int]]]] = field(
        default_factory=lambda: deque(maxlen=DEEPEST)
    )

    def __post_init__(self) -> None:
        channel = message((1, CONFIG), (4, self.channel))
        first = message((1, message((1, message((1, channel))), (2, b"genesis"))))
        lines = [] if self.tape is None else self.tape.lines()
        made = blocks_of.block(0, b"", [first], (("", VALID, "", 0),))
        raw = bytes.fromhex(lines[0]["genesis"]) if lines else made.raw  # under that signature
        self._before.append(({}, {}))
        self.blocks.append(replace(made, raw=raw))
        self.envelopes[0, 0] = first
        for line in lines:
            self._play(line)
        if not lines:
            self._taped({"genesis": raw.hex()})

    def _taped(self, line: Mapping[str, object]) -> None:
        if self.tape is not None:
            self.tape.add(line)

    def _play(self, line: Mapping[str, Any]) -> None:
        match line:
            case {"join": [msp, name, certificate, *key]}:
                self._known(msp, name, certificate, Public(*key))
            case {"order": words, "at": at}:
                self._pending.append((_held(words), at))
            case {"cut": codes, "raw": raw}:
                self._cut(codes, bytes.fromhex(raw))
            case {"rewrite": depth}:
                self._rewrite(depth)
            case _:
                pass  # how it began, and that it stood

    @property
    def network(self) -> str:
        """The network's id: the hash of its first block."""
        return f"fabric:{self.blocks[0].hash.hex()[:32]}"

    def join(self, msp: str, name: str, certificate: str, key: Public) -> bytes:
        """Make a certificate known; returns its SerializedIdentity."""
        self._taped({"join": [msp, name, certificate, *astuple(key)]})
        return self._known(msp, name, certificate, key)

    def _known(self, msp: str, name: str, certificate: str, key: Public) -> bytes:
        identity = message((1, msp), (2, certificate))
        self.members[identity] = Member(msp, name, key)
        return identity

    def endorse(self, signed_proposal: bytes) -> Held:
        """What both organisations' peers make of a proposal on the state as it is now.

        Errors: EndorsementFailed; ValueError for bytes that are no proposal.
        """
        self.advance()
        proposal, signature = part(signed_proposal, 1), part(signed_proposal, 2)
        raw, payload = part(proposal, 1), part(proposal, 2)
        header = Header(channel=part(raw, 1), signature=part(raw, 2))
        identity, nonce = part(header.signature, 1), part(header.signature, 2)
        member = self.members.get(identity)
        if member is None or not self._signed(member, proposal, signature):
            raise EndorsementFailed("access denied: creator's signature is not true")
        tx = part(header.channel, 5).decode()
        if tx != transaction_id(member.key, nonce, identity):
            raise EndorsementFailed("the transaction id is not that of nonce and creator")
        if tx in self.places:
            raise EndorsementFailed(f"duplicate transaction found [{tx}]")
        if part(header.channel, 4).decode() != self.channel:
            raise EndorsementFailed("channel is not known")
        spec = part(part(payload, 1), 1)
        if part(spec, 2, 2).decode() != self.chaincode:
            raise EndorsementFailed("chaincode is not known")
        stamp = part(header.channel, 3)
        time = count(stamp, 1) * 1000 + count(stamp, 2) // 1_000_000
        words = parts(part(spec, 3), 1)
        if len(words) != 2:
            raise EndorsementFailed("a function and one argument are due")
        call = Call(
            channel=self.channel,
            chaincode=self.chaincode,
            tx=tx,
            caller=Caller(member.msp, _KINDS.get(member.key.algorithm, ""), member.key.point.hex()),
            verb=words[0].decode(),
            argument=words[1],
            time=Instant(time),
            clock=Instant(self.clock()),
            admits=self.admits,
        )
        return self._endorsed(call, member, header, payload)

    def _signed(self, member: Member, proposal: bytes, signature: bytes) -> bool:
        if member.key.algorithm == SM2:
            return member.key.verifies(sm3(proposal), signature)
        return member.key.verifies(proposal, signature)

    def _endorsed(self, call: Call, member: Member, header: Header, payload: bytes) -> Held:
        reads: dict[str, Version | None] = {}

        def get(key: str) -> bytes | None:
            found = self.state.get(key)
            reads[key] = None if found is None else found[1]
            return None if found is None else found[0]

        outcome = run(call, get)
        response = outcome.response
        if response.status >= 400:
            raise EndorsementFailed(
                f"chaincode response {response.status}, {response.message}", response.status
            )
        results = Results(reads=tuple(sorted(reads.items())), writes=tuple(sorted(outcome.writes)))
        action = self._action(call.tx, results, outcome)
        signed = response_payload(header, action, payload)
        made = blocks_of.envelope(
            header, signed, action, chaincode_payload=payload, signer=self.signer
        )
        return Held(
            tx=call.tx,
            creator=member.name,
            time=call.time,
            results=results,
            status=response.status,
            payload=response.payload,
            envelope=made,
            changes=bool(results.writes) or outcome.event is not None,
        )

    def _action(self, tx: str, results: Results, outcome: Outcome) -> bytes:
        response = outcome.response
        told = message((1, response.status), (2, response.message), (3, response.payload))
        event = b""
        if outcome.event is not None:
            name, body = outcome.event.name, outcome.event.payload
            event = message((1, self.chaincode), (2, tx), (3, name), (4, body))
        encoded = results.encoded(self.chaincode)
        chaincode = message((2, self.chaincode), (3, "1"))
        return message((1, encoded), (2, event), (3, told), (4, chaincode))

    def order(self, endorsed: Endorsed) -> None:
        """Take a transaction into the next block."""
        assert isinstance(endorsed, Held), "it was endorsed here"
        self.advance()
        at = self.clock()
        self._taped({"order": _words(endorsed), "at": at})
        self._pending.append((endorsed, at))
        if len(self._pending) >= self.most and not self.stalled:
            self.cut()

    def bend(self, code: int = MVCC_READ_CONFLICT, times: int = 1) -> None:
        """Let the next transactions be invalid by a code, else by a conflict."""
        self.bent += [code] * times

    def advance(self) -> None:
        """Cut the blocks whose time has come."""
        while self._pending and not self.stalled:
            if self.clock() < self._pending[0][1] + self.block_ms:
                return
            self.cut()

    def cut(self) -> None:
        """Cut the next block of what waits."""
        made, codes = self._cut(None, b"")
        self._taped({"cut": codes, "raw": made.raw.hex()})

    def _cut(self, told: Sequence[int] | None, raw: bytes) -> tuple[Block, list[int]]:
        """Cut a block as it comes, or again as it was told: with these codes, in these bytes."""
        size = self.most if told is None else len(told)
        taken, self._pending = self._pending[:size], self._pending[size:]
        number = len(self.blocks)
        self._before.append((dict(self.state), dict(self.places)))
        listed: list[tuple[str, int, str, int]] = []
        for place, (one, _) in enumerate(taken):
            code = self._code(one) if told is None else told[place]
            self._commit(one, code, number, place)
            listed.append((one.tx, code, one.creator, one.time))
            self.envelopes[number, place] = one.envelope
        envelopes = [one.envelope for one, _ in taken]
        made = blocks_of.block(number, self.blocks[-1].hash, envelopes, tuple(listed))
        self.blocks.append(replace(made, raw=raw or made.raw))
        return self.blocks[-1], [code for _, code, _, _ in listed]

    def _code(self, one: Held) -> int:
        if one.tx in self.places:
            return DUPLICATE_TXID
        if self.bent:
            return self.bent.pop(0)
        for key, version in one.results.reads:
            found = self.state.get(key)
            if (None if found is None else found[1]) != version:
                return MVCC_READ_CONFLICT
        return VALID

    def _commit(self, one: Held, code: int, number: int, place: int) -> None:
        self.places.setdefault(one.tx, (number, place))
        for key, value in one.results.writes if code == VALID else ():
            if value is None:
                self.state.pop(key, None)
            else:
                self.state[key] = (value, Version(number, place))

    def rewrite(self, depth: int) -> None:
        """Take the last blocks back, as no chain of this kind may: what follows is another past."""
        self.advance()
        self._taped({"rewrite": depth})
        self._rewrite(depth)

    def _rewrite(self, depth: int) -> None:
        for _ in range(min(depth, len(self.blocks) - 1, len(self._before))):
            gone = self.blocks.pop()
            self.state, self.places = self._before.pop()
            for place in range(len(gone.transactions)):
                self.envelopes.pop((gone.number, place), None)

    def height(self) -> int:
        """How many blocks there are now."""
        self.advance()
        return len(self.blocks)

    def block(self, number: int) -> Block:
        """A block that is there."""
        return self.blocks[number]

    def envelope(self, number: int, place: int) -> bytes:
        """A transaction as its block has it."""
        return self.envelopes[number, place]

    def lot(self, asset: str, part: str) -> dict[str, Any]:
        """A lot as the state has it now; nothing where there is none."""
        self.advance()
        found = self.state.get(asset_key(asset, part))
        lot: dict[str, Any] = {} if found is None else json.loads(found[0])
        return lot

    def found(self, tx: str) -> tuple[Block, int] | None:
        """The block and place of a transaction that was committed, valid or not."""
        self.advance()
        place = self.places.get(tx)
        return None if place is None else (self.blocks[place[0]], place[1])


def _words(held: Held) -> dict[str, object]:
    """An endorsed transaction as a tape has it."""
    reads = [[key, one and [one.block, one.tx]] for key, one in held.results.reads]
    writes = [[key, None if one is None else one.hex()] for key, one in held.results.writes]
    return {
        "tx": held.tx,
        "creator": held.creator,
        "time": held.time,
        "status": held.status,
        "payload": held.payload.hex(),
        "envelope": held.envelope.hex(),
        "changes": held.changes,
        "reads": reads,
        "writes": writes,
    }


def _held(words: Mapping[str, Any]) -> Held:
    reads = tuple((key, one and Version(*one)) for key, one in words["reads"])
    writes = tuple((key, one and bytes.fromhex(one)) for key, one in words["writes"])
    return Held(
        tx=words["tx"],
        creator=words["creator"],
        time=words["time"],
        status=words["status"],
        payload=bytes.fromhex(words["payload"]),
        envelope=bytes.fromhex(words["envelope"]),
        changes=words["changes"],
        results=Results(reads=reads, writes=writes),
    )


def transaction_id(key: Public, nonce: bytes, identity: bytes) -> str:
    """The id that Fabric demands; SM3 takes the place of SHA-256 where the creator's key is SM2."""
    made = nonce + identity
    return (sm3(made) if key.algorithm == SM2 else sha256(made).digest()).hex()


def proposal(
    *, secret: Signing, identity: bytes, nonce: bytes, time_ms: int, place: tuple[str, str],
    words: tuple[bytes, ...],
) -> bytes:  # fmt: skip
    """The SignedProposal that a gateway makes for a user whose key it keeps."""
    channel, chaincode = place
    extension = message((2, message((2, chaincode))))
    stamp = message((1, time_ms // 1000), (2, time_ms % 1000 * 1_000_000))
    header = message(
        (1, ENDORSER_TRANSACTION),
        (3, stamp),
        (4, channel),
        (5, transaction_id(secret.public(), nonce, identity)),
        (7, extension),
    )
    signature = message((1, identity), (2, nonce))
    inputs = repeated(1, list(words))
    spec = message((1, 1), (2, message((2, chaincode))), (3, inputs))
    payload = message((1, message((1, spec))))
    made = message((1, message((1, header), (2, signature))), (2, payload))
    data = sm3(made) if secret.algorithm == SM2 else made
    return message((1, made), (2, secret.sign(data)))
