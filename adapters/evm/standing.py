"""How a settlement stands in the escrow and how far an account's nonces are used, at a final block.

Both are proved from the state root of a block that is final: no quorum is asked for what one node
can prove.
Source: EIP-1186; Solidity documentation, Layout of State Variables in Storage.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from eth_hash.auto import keccak

from adapters.evm.blocks import Header, data
from adapters.evm.client import Answer, Json
from adapters.evm.codec import ORIGIN, Call
from adapters.evm.contracts.code import artifact
from adapters.evm.nodes import Nodes, found
from adapters.evm.states import storage_root, word_at
from adapters.evm.ticket import Domain
from adapters.evm.tries import BadProof, rlp_decoded, walk

U64 = (1 << 64) - 1


class State(IntEnum):
    """Of a slot, as the escrow numbers them."""

    NONE = 0
    OPEN = 1
    SPENT = 2
    DONE = 3
    ESCAPED = 4
    DELIVERING = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A slot, whether a hold's act was seen, and the sender's nonce. Units: seconds."""

    ticket: bytes
    state: State
    held_until: int
    hold_seen: bool
    nonce: int


async def standing(
    nodes: Nodes, header: Header, domain: Domain, call: Call, sender: bytes
) -> Standing:
    """Return how a call's settlement stands at a final block, proved. Errors: Unavailable."""
    layout = artifact("Escrow").storage
    side = "origin" if call.verb in ORIGIN else "destination"
    base = _place(call.ticket.settlement, layout[side])
    seen = _place(call.digest(domain), layout["holdSeen"]) if call.verb == "hold" else base
    places = (base, base + 1, seen)
    number = hex(header.number)
    escrow = f"0x{domain.contract.hex()}"
    asked: tuple[Json, ...] = tuple(f"0x{place:064x}" for place in places)

    def read(told: list[Answer]) -> Standing:
        of_escrow, of_sender = (_object(found(one)) for one in told)
        of_account = _nodes(of_escrow.get("accountProof"))
        root = storage_root(header.state_root, domain.contract, of_account)
        proofs = of_escrow.get("storageProof")
        if not isinstance(proofs, Sequence) or isinstance(proofs, str) or len(proofs) != 3:
            raise BadProof("three words were asked for")
        ticket, packed, hold = (
            word_at(root, place, _nodes(_object(one).get("proof")))
            for place, one in zip(places, proofs, strict=True)
        )
        return Standing(
            ticket=ticket.to_bytes(32, "big"),
            state=State(packed & 0xFF),
            held_until=packed >> 72 & U64,
            hold_seen=call.verb == "hold" and hold == 1,
            nonce=_nonce(header.state_root, sender, _nodes(of_sender.get("accountProof"))),
        )

    calls = [
        ("eth_getProof", (escrow, asked, number)),
        ("eth_getProof", (f"0x{sender.hex()}", (), number)),
    ]
    return await nodes.one(calls, read)


def landed(call: Call, now: Standing) -> bool:
    """Tell whether the verb is what made, or helped to make, this slot."""
    same = now.ticket == call.ticket.hash()
    match call.verb:
        case "lock" | "mint":
            return same and now.state is not State.NONE
        case "release":
            return now.state in {State.SPENT, State.ESCAPED}
        case "unmint":
            return now.state is State.SPENT
        case "hold":
            return now.hold_seen
        case "assign":
            return same and now.state in {State.DONE, State.DELIVERING}
        case _:
            return same and now.state is State.DONE


def hopeless(call: Call, now: Standing, seconds: int) -> str:
    """Return why the verb can never land any more, or nothing while it can."""
    if call.verb in {"lock", "mint"}:
        if now.state is State.SPENT:
            return "fenced"
        if now.state is not State.NONE:
            return "the slot was opened for another ticket"
        not_after = call.words["notAfter"]
        assert isinstance(not_after, int), "a time is a number"
        return "too late" if seconds > not_after else ""
    if now.state is State.NONE:
        return ""
    if now.ticket != call.ticket.hash() and now.state is not State.SPENT:
        return "the slot was opened for another ticket"
    if now.state in {State.SPENT, State.ESCAPED, State.DONE}:
        return f"the slot is {now.state.name.lower()}"
    return ""


def _place(key: bytes, base: int) -> int:
    return int.from_bytes(keccak(key + base.to_bytes(32, "big")), "big")


def _nonce(state_root: bytes, account: bytes, proof: Sequence[bytes]) -> int:
    raw = walk(state_root, keccak(account), proof)
    if raw is None:
        return 0
    members = rlp_decoded(raw, "the account")
    if isinstance(members, bytes) or len(members) != 4 or not isinstance(members[0], bytes):
        raise BadProof("an account has four members")
    return int.from_bytes(members[0], "big")


def _object(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, Mapping):
        raise BadProof("a proof is no object")
    return value


def _nodes(value: Json) -> list[bytes]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise BadProof("a proof is no list of nodes")
    return [data(one, "a node") for one in value]
