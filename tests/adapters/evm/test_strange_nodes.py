"""A node that answers in an unheard-of form is set aside or waited for; it ends nothing of ours."""

import sys
from collections.abc import Mapping, Sequence
from contextlib import aclosing

import pytest
import rlp
from eth_hash.auto import keccak
from typing_extensions import override

from adapters.evm.accounts import Account
from adapters.evm.blocks import HEADER, SHORTEST, header_of
from adapters.evm.client import Answer, Call, Json, NodeError
from adapters.evm.codec import Call as Verb
from adapters.evm.finality import Finality
from adapters.evm.nodes import Nodes
from adapters.evm.preflight import View
from adapters.evm.standing import standing
from adapters.evm.ticket import Domain, Ticket
from adapters.evm.turns import TURN_MS
from adapters.evm.wallet import Limits, Wallet
from bridge.core.effects import LockAsset
from bridge.core.ids import BEGINNING, Instant
from bridge.ports import Unavailable
from tests.adapters.evm.chain import GUARDIAN
from tests.adapters.evm.grounds import Here

TICKET = Ticket(
    settlement=b"\1" * 16 + bytes(16),
    terms=b"\2" * 32,
    asset=b"\3" * 20,
    token_id=0,
    amount=1,
    party=b"\4" * 20,
    counterpart=b"\5" * 32,
)


class Still:
    """A clock that stands."""

    def now(self) -> Instant:
        return Instant(1_000)


class Passing:
    """A clock by which it is always another's turn."""

    def __init__(self) -> None:
        self.time = 1_000

    def now(self) -> Instant:
        self.time += TURN_MS
        return Instant(self.time)


class Node:
    """One that answers each method as it was told to."""

    def __init__(self, operator: str, said: Mapping[str, Answer]) -> None:
        self.operator = operator
        self._said = said

    async def batch(self, calls: Sequence[Call]) -> list[Answer]:
        return [self._said[f"{name} {params[0]}" if params else name] for name, params in calls]

    async def send(self, raw: bytes) -> str:
        raise NodeError(0, f"{len(raw)} bytes are not taken")


class Always(Node):
    """One that answers everything alike."""

    @override
    async def batch(self, calls: Sequence[Call]) -> list[Answer]:
        return [self._said[""]] * len(calls)


def alike(answer: Answer, quorum: int = 2) -> Nodes:
    """Nodes of three operators, all of one answer."""
    nodes = [Always(name, {"": answer}) for name in ("north", "south", "east")]
    return Nodes("eip155:1", nodes, quorum, Still(), 1_000)


def shown_block(number: int, salt: int = 0) -> dict[str, Json]:
    """A block as a node shows it; `salt` makes another one in its place."""
    sizes = {"miner": 20, "logsBloom": 256, "nonce": 8, "extraData": 0}
    numbers = {"difficulty", "number", "gasLimit", "gasUsed", "timestamp"}
    block: dict[str, Json] = {
        name: "0x0" if name in numbers else f"0x{bytes(sizes.get(name, 32)).hex()}"
        for name, _ in HEADER[:SHORTEST]
    }
    block |= {"number": hex(number), "gasUsed": hex(salt)}
    members = [
        b"" if text == "0x0" else bytes.fromhex(text[2:].rjust(len(text) % 2 + len(text) - 2, "0"))
        for text in map(str, block.values())
    ]
    return block | {"hash": f"0x{keccak(rlp.encode(members)).hex()}"}


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"accountProof": []},
        {"accountProof": [], "storageProof": [{}, {}, {}]},
        {"accountProof": "0x", "storageProof": 3},
    ],
)
async def test_a_proof_that_lacks_a_member_is_a_lie(answer: Json) -> None:
    block = header_of(shown_block(7))
    nodes = alike(answer)
    call = Verb("lock", TICKET, {"notAfter": 1}, b"")
    with pytest.raises(Unavailable, match="nobody could prove it"):
        await standing(nodes, block, Domain(1, b"\6" * 20, b"\7" * 32), call, b"\x08" * 20)
    assert len(nodes.caught()) == 3


@pytest.mark.parametrize("fee", ["0x" + "f" * 5_000, "0x" + "f" * 65])
async def test_a_fee_that_is_no_word_is_a_lie(fee: str) -> None:
    nodes = alike({"baseFeePerGas": [fee], "reward": []})
    limits = Limits(max_fee=10**12, min_tip=1, max_gas=10**6, bump_blocks=5, life_ms=1_000)
    wallet = Wallet(Account(b"\x09" * 32), nodes, Still(), 1, limits)
    with pytest.raises(Unavailable, match="operators answer"):
        await wallet.look_around(b"\3" * 20, b"")
    assert len(nodes.caught()) == 3


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("refused 01", NodeError(3, "execution reverted", b"\1")),
        ("null", None),
        ("7", 7),
        ('["a"]', ["a"]),
        ("a", "a "),
    ],
)
async def test_no_text_agrees_with_what_it_only_looks_like(one: Answer, other: Answer) -> None:
    nodes = [Always("north", {"": one}), Always("south", {"": other})]
    with pytest.raises(Unavailable, match="no 2 operators agree"):
        await Nodes("eip155:1", nodes, 2, Still(), 1_000).agreed([("eth_chainId", ())])


async def test_answers_too_deep_to_be_compared_are_no_agreement() -> None:
    nodes: list[Node] = []
    for name in ("north", "south"):
        deep: Json = []
        for _ in range(100_000):
            deep = [deep]
        nodes.append(Always(name, {"": deep}))
    with pytest.raises(Unavailable, match="no 2 operators agree"):
        await Nodes("eip155:1", nodes, 2, Still(), 1_000).agreed([("eth_chainId", ())])


async def test_a_quorum_that_is_busy_has_refused_nothing_of_a_contracts() -> None:
    """Else a token would be said not to admit its recipient, or an account to have no code."""
    busy = View(alike(NodeError(-32005, "too many requests")), "0x1")
    with pytest.raises(Unavailable):
        await busy.passes("0x" + "01" * 20, "0x" + "02" * 20, b"")
    with pytest.raises(Unavailable):
        await busy.ask(also=[busy.code("0x" + "02" * 20)])
    refuses = View(alike(NodeError(-32000, "execution reverted")), "0x1")
    assert not await refuses.passes("0x" + "01" * 20, "0x" + "02" * 20, b"")


@pytest.mark.parametrize(
    "busy",
    [
        NodeError(-32005, "too many requests"),
        NodeError(429, "compute units exceeded"),
        NodeError(-32000, "header not found"),
        NodeError(-32601, "the method does not exist"),
    ],
)
async def test_a_node_that_refuses_to_answer_is_no_vote(busy: NodeError) -> None:
    """Else a busy quorum reads as a balance of 0, and outvotes who answered."""
    call: Call = ("eth_call", ("to", "0x7"))
    balance = "0x" + "00" * 31 + "64"
    asked = [
        Always("north", {"": busy}),
        Always("south", {"": busy}),
        Always("east", {"": balance}),
    ]
    with pytest.raises(Unavailable, match=f"no 2 operators agree on eth_call.*{busy.message}"):
        await Nodes("eip155:1", asked, 2, Still(), 1_000).agreed([call])
    assert await Nodes("eip155:1", asked, 1, Still(), 1_000).agreed([call]) == [balance]


async def test_contracts_refusals_agree_whatever_code_a_client_has_for_them() -> None:
    codes = [NodeError(3, "execution reverted"), NodeError(-32015, "VM execution error")]
    asked = [Always(str(place), {"": one}) for place, one in enumerate(codes)]
    (told,) = await Nodes("eip155:1", asked, 2, Still(), 1_000).agreed(
        [("eth_call", ("to", "0x7"))]
    )
    assert isinstance(told, NodeError)


async def test_only_who_called_a_block_final_is_counted_and_named() -> None:
    """A liar's height must not make final what one operator alone calls so."""
    tip, mid, old = shown_block(120, 9), shown_block(98), shown_block(90)
    said = {"98": "eth_getBlockByNumber 0x62", "90": "eth_getBlockByNumber 0x5a"}
    tag = "eth_getBlockByNumber finalized"
    nodes = [
        Node("liar", {tag: tip, said["98"]: shown_block(98, 9), said["90"]: shown_block(90, 9)}),
        Node("north", {tag: mid, said["98"]: mid, said["90"]: old}),
        Node("south", {tag: old, said["98"]: mid, said["90"]: old}),
    ]
    final = await Finality(Nodes("eip155:1", nodes, 2, Still(), 1_000), None).final()
    assert final.header.number == 90
    assert final.told == {"kind": "quorum", "operators": ["north", "south"]}


async def test_a_block_that_is_too_deep_to_compare_ends_no_reading() -> None:
    """It was read with less of the stack in use; its header is whole."""

    def deep() -> Json:
        inner: Json = []
        for _ in range(1_000):
            inner = [inner]
        return shown_block(7) | {"more": inner}

    nodes = [Always(name, {"": deep()}) for name in ("north", "south", "east")]
    finality = Finality(Nodes("eip155:1", nodes, 2, Still(), 1_000), None)
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000)  # Python's own; another package of the tests sets one of its own
    try:
        for _ in range(2):
            assert (await finality.final()).header.number == 7
    finally:
        sys.setrecursionlimit(before)


@pytest.mark.parametrize("settlement", [bytes(32), b"\xff" * 32])
async def test_a_veto_of_what_is_no_settlement_does_not_stop_the_reader(settlement: bytes) -> None:
    """The escrow takes any word there; a guardian's key must not be able to end all reading."""
    async with Here() as here:
        bench = here.bench()
        here.world.do(GUARDIAN, "Escrow", here.world.at["Escrow"], "veto", settlement)
        order = await bench.new_order()
        await bench.carry_out(LockAsset, order)
        assert await bench.names(order) == ["AssetLocked"]
        async with aclosing(here.network.observe(BEGINNING)) as reading:
            assert await anext(reading)


ASKED: Call = ("eth_call", ("to", "0x7"))
REVERTED = NodeError(3, "execution reverted", b"\x01\x02\x03\x04")


@pytest.mark.parametrize(
    ("says", "block", "lies"),
    [
        ("0x02", "0xaa", True),
        (REVERTED, "0xaa", True),
        ("0x01", "0xbb", False),  # it agrees
        ("0x02", "0xbb", False),  # near the head it has another block for a moment
        (NodeError(-32000, "header not found"), "0xaa", False),  # it does not say otherwise
        (None, "0xaa", False),
    ],
)
async def test_who_says_otherwise_of_the_same_block_is_set_aside_and_written_down(
    says: Answer, block: str, *, lies: bool
) -> None:
    def node(operator: str, answer: Answer, hashed: str) -> Node:
        shown = {"hash": hashed}
        return Node(operator, {"eth_call to": answer, "eth_getBlockByNumber 0x7": shown})

    asked = [
        node("north", "0x01", "0xaa"),
        node("south", "0x01", "0xaa"),
        node("east", says, block),
    ]
    nodes = Nodes("eip155:1", asked, 2, Passing(), 3_600_000)
    for _ in range(20):
        assert await nodes.agreed([ASKED]) == ["0x01"]
    why = "east: eth_call is another to 2 others, of the same block"
    assert nodes.caught() == ((why,) if lies else ())
    assert (asked[2] in nodes.able()) is not lies


async def test_who_shows_no_block_is_not_taken_to_mean_the_same_one() -> None:
    """Two nodes that lag behind alike have no block in common: nothing says that one lies."""

    def node(operator: str, answer: Answer, block: Answer) -> Node:
        return Node(operator, {"eth_call to": answer, "eth_getBlockByNumber 0x7": block})

    shown = {"hash": "0xaa"}
    asked = [node("north", "0x01", None), node("south", "0x01", shown), node("east", "0x02", None)]
    nodes = Nodes("eip155:1", asked, 2, Passing(), 3_600_000)
    for _ in range(20):
        assert await nodes.agreed([ASKED]) == ["0x01"]
    assert nodes.caught() == ()
