"""Who is named in logs, where some nodes leave logs out, make them up or give few at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eth_utils.address import to_checksum_address

from adapters.evm.client import Answer, Call, Json, NodeError
from adapters.evm.deploying.outsiders import Role, named
from adapters.evm.nodes import Nodes
from schemas.contracts.interface import interface
from tests.adapters.evm.stand import Time

ESCROW = "0x" + "e5" * 20
TOPIC = interface("Escrow").events["OperatorChanged"].id
LAST = 4_000


def spelled(number: int) -> str:
    return str(to_checksum_address(number.to_bytes(20, "big")))


OURS, EXTRA, FALSE = spelled(1), spelled(2), spelled(3)
ROLE = Role("Escrow", ESCROW, "OperatorChanged", {OURS, spelled(4)})
BOTH = ((10, OURS), (3_000, spelled(4)))


def log(who: str, *, by: str = ESCROW, topic: bytes = TOPIC) -> Mapping[str, Json]:
    words = (f"0x{topic.hex()}", f"0x{who[2:].lower():0>64}")
    return {"address": by, "topics": words, "data": "0x" + "0" * 64}


@dataclass
class Keeper:
    """A node with these logs, by block; it gives at most so many blocks at once."""

    operator: str
    logs: Sequence[tuple[int, str]]
    widest: int = LAST + 1
    more: tuple[Mapping[str, Json], ...] = ()

    async def batch(self, calls: Sequence[Call]) -> list[Answer]:
        ((method, (asked,)),) = calls
        assert method == "eth_getLogs"
        assert isinstance(asked, Mapping)
        first, last = (int(str(asked[name]), 16) for name in ("fromBlock", "toBlock"))
        if last - first >= self.widest:
            return [NodeError(-32005, "block range is too wide")]
        return [[*(log(who) for at, who in self.logs if first <= at <= last), *self.more]]

    async def send(self, raw: bytes) -> str:
        raise AssertionError(raw)


async def told(*keepers: Keeper) -> tuple[set[str], set[str]]:
    return await named(Nodes("eip155:1", keepers, 2, Time(), 1_000), ROLE, 0, LAST)


async def test_whom_any_node_names_is_named_and_who_leaves_known_ones_out_is_not_whole() -> None:
    north, south = Keeper("north", BOTH), Keeper("south", (*BOTH, (7, EXTRA)))
    east = Keeper("east", (BOTH[0], (8, FALSE)))
    for order in ((north, south, east), (south, east, north), (east, north, south)):
        assert await told(*order) == ({*ROLE.held_by, EXTRA, FALSE}, {"north", "south"})


async def test_a_node_that_gives_few_blocks_at_once_is_asked_for_all_of_them() -> None:
    found, whole = await told(Keeper("north", (*BOTH, (LAST, EXTRA)), widest=600))
    assert (found, whole) == ({*ROLE.held_by, EXTRA}, {"north"})
    assert await told(Keeper("north", BOTH, widest=1)) == (set(), set())


async def test_a_log_that_was_not_asked_for_is_a_lie() -> None:
    for bad in (log(EXTRA, by="0x" + "e6" * 20), log(EXTRA, topic=bytes(32)), log("0x" + "f" * 64)):
        keepers = Keeper("north", BOTH), Keeper("south", BOTH, more=(bad,))
        nodes = Nodes("eip155:1", keepers, 2, Time(), 1_000)
        assert await named(nodes, ROLE, 0, LAST) == (ROLE.held_by, {"north"})
        assert nodes.caught()[0].startswith("south: a log")
