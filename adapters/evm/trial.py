"""A verb is tried on the newest block before it is signed: would the escrow take it?

Source: Ethereum execution-apis, eth_call; the contracts' Escrow.sol (its errors).
"""

from collections.abc import Mapping

from adapters.evm import calls
from adapters.evm.addresses import to_checksum_address
from adapters.evm.client import Answer, Json, NodeError
from adapters.evm.codec import ORIGIN, Call
from adapters.evm.nodes import Nodes
from adapters.evm.preflight import read
from adapters.evm.standing import Standing, State, landed
from adapters.evm.ticket import Domain
from bridge.ports import Refused, StrangerOwes, Unavailable

LOOK_FIRST = frozenset(  # our own verb may have made it so
    {"Fenced", "WrongTicket", "WrongState", "BadTitle", "NoBacking", "Late", "Replayed"}
)
LATER = frozenset(  # somebody opens it again; the effect stays owed
    {
        "RateLimited",
        "OverCap",
        "AssetClosed",
        "InWindow",
        "Halted",
        "OnHold",
        "NotOperator",
        "Shortfall",
        "ReentrancyGuardReentrantCall",
    }
)


async def tried(nodes: Nodes, escrow: str, call: Call, sender: bytes, head: str) -> Answer:
    """Return how it goes on that block, as a quorum sees it. Errors: Unavailable."""
    asked: Mapping[str, Json] = {
        "from": f"0x{sender.hex()}",
        "to": escrow,
        "data": f"0x{call.data.hex()}",
    }
    (told,) = await nodes.agreed([("eth_call", (asked, head))])
    return told


async def would_land(nodes: Nodes, domain: Domain, call: Call, told: Answer, head: str) -> bool:
    """Tell by how it went on that block; False where our own verb is in it already.

    Errors: Refused, Unavailable.
    """
    if not isinstance(told, NodeError):
        return True
    if not told.data:
        raise Unavailable(f"the nodes refuse: {told.message[:200]}")
    said = calls.revert(told.data)
    if said.name == "BadTitle" and call.verb == "lock" and call.ticket.token_id:
        who = f"0x{call.ticket.party.hex()}"
        raise StrangerOwes(f"waits for {who} to give the title to custody")
    if said.name in LOOK_FIRST and await _is_in(nodes, domain, call, head):
        return False
    why = f"{said.name}({', '.join(said.words)})"
    ours = calls.is_ours(said)
    if said.name in LATER or (call.verb != "lock" and not ours):
        raise Unavailable(f"the escrow would refuse: {why}")
    raise Refused(f"the escrow would refuse: {why}")


async def _is_in(nodes: Nodes, domain: Domain, call: Call, head: str) -> bool:
    """Whether the verb has landed in a block that is not final yet."""
    side = "origin" if call.verb in ORIGIN else "destination"
    data = calls.call("Escrow", side, call.ticket.settlement)
    seen = calls.call("Escrow", "holdSeen", call.digest(domain))
    escrow = to_checksum_address(domain.contract)
    asked = [{"to": escrow, "data": f"0x{one.hex()}"} for one in (data, seen)]
    slot, held = await nodes.agreed([("eth_call", (one, head)) for one in asked])
    words, hold = read("Escrow", side, slot), read("Escrow", "holdSeen", held)
    if words is None or hold is None:
        raise Unavailable("the escrow answers something else")
    ticket, state, _, held_until, _ = words
    assert isinstance(ticket, bytes), "a ticket is a word"
    now = Standing(
        ticket=ticket,
        state=State(int(str(state))),
        held_until=int(str(held_until)),
        hold_seen=hold == (True,),
        nonce=0,
    )
    return landed(call, now)
