"""Final blocks are read one by one: header chain, receipts under their root, the escrow's logs.

Logs are never asked for: a node may leave some out, and nothing in its answer would show it. A
cursor is a block's number, its hash, and how many of its facts were told.
"""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final as Constant
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.evm.blocks import Header, parsed_receipt, receipt_bytes
from adapters.evm.client import Answer, Call, NodeError
from adapters.evm.events import fact_of
from adapters.evm.evidence import ChainEvidence, attested_finality
from adapters.evm.finality import Final, Finality, shown
from adapters.evm.nodes import Nodes, found
from adapters.evm.tries import EMPTY, BadProof, index_key, trie_of_list
from adapters.evm.watchman import Watchman
from bridge.core.canonical import Value
from bridge.core.events import Fact
from bridge.core.ids import BEGINNING, Cursor, NetworkId, TxRef
from bridge.ports import FinalityBroken, Notice, Observation, Page, Unavailable

STRETCH: Constant = 64  # headers in one request
QUIET: Constant = 500  # blocks without a fact, after which the place is kept all the same
PATIENCE: Constant = 60  # polls of a chain whose final block lies under what was read
NO_METHOD: Constant = -32601
Receipts: TypeAlias = tuple[list[bytes], list[TxRef | None]]  # a root proves no transaction's hash
_HASH = re.compile(r"0x[0-9a-fA-F]{64}")
_CURSOR = re.compile(r"([0-9]{1,18}):([0-9a-f]{64}):([0-9]{1,9})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """What of a chain is fixed by settings, and who attests its finality."""

    network: NetworkId
    genesis: bytes
    escrow: bytes
    start_block: int
    reader: Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reader stands: a block, and how many of its facts were told."""

    number: int
    hash: bytes
    told: int

    @property
    def cursor(self) -> Cursor:
        """The text it is kept as."""
        return Cursor(f"{self.number}:{self.hash.hex()}:{self.told}")


def place_of(cursor: Cursor) -> Place | None:
    """Return the place a cursor names, None for the beginning. Errors: Unavailable."""
    if cursor == BEGINNING:
        return None
    found_ = _CURSOR.fullmatch(cursor)
    if found_ is None:
        raise Unavailable(f"{cursor[:80]!r} is no cursor of an Ethereum-compatible chain")
    return Place(int(found_[1]), bytes.fromhex(found_[2]), int(found_[3]))


class Reader:
    """Reads one chain through its nodes. Units: `poll_ms` between two looks for a final block."""

    def __init__(
        self,
        nodes: Nodes,
        finality: Finality,
        pinned: Pinned,
        *,
        poll_ms: int,
        watchman: Watchman | None = None,
    ) -> None:
        self._nodes = nodes
        self._finality = finality
        self._pinned = pinned
        self._poll_s = poll_ms / 1000
        self.watchman = watchman or Watchman(nodes, f"0x{pinned.escrow.hex()}")

    async def pages(self, since: Cursor) -> AsyncGenerator[Page, None]:
        """Yield a page for each final block that tells a fact, after `since`, for ever.

        Errors: FinalityBroken, Unavailable.
        """
        stood = place_of(since)
        at = stood if stood is not None else Place(self._pinned.start_block - 1, b"", 0)
        if stood is not None:
            final = await self._final_over(stood.number)
            header, _ = await self._finality.agreed(stood.number)
            if header.hash != stood.hash:
                raise FinalityBroken(_was(stood, header.hash))
            if page := await self._page(header, final, stood.told):
                yield page
        quiet = behind = 0
        while True:
            final = await self._finality.final()
            if caught := self._nodes.caught():
                yield tuple(self._noted(at, "endpoint.lied", why) for why in caught)
            if self.watchman.undone:
                raise FinalityBroken(self.watchman.undone)
            if wrong := await self.watchman.compared(final.header):
                yield tuple(self._noted(at, what, why) for what, why in wrong)
            if keep := self.watchman.unkept():
                yield (self._kept(at, keep),)
                self.watchman.has_kept(keep)  # who read on has committed it
            behind = behind + 1 if final.header.number < at.number else 0
            if behind > PATIENCE:
                raise Unavailable(f"final is block {final.header.number}, {at.number} was read")
            while at.number < final.header.number:
                for header in await self._stretch(at, final):
                    page = await self._page(header, final, 0)
                    quiet = 0 if page else quiet + 1
                    at = Place(header.number, header.hash, len(page))
                    if page:
                        yield page
                    elif quiet >= QUIET:
                        quiet = 0
                        yield (self._kept(at, (("evm/read", at.cursor.encode()),)),)
            await asyncio.sleep(self._poll_s)

    async def _final_over(self, number: int) -> Final:
        """Wait for nodes that lag behind what was read."""
        for _ in range(PATIENCE):
            final = await self._finality.final()
            if final.header.number >= number:
                return final
            await asyncio.sleep(self._poll_s)
        raise Unavailable(f"no final block reaches {number}, which was read")

    async def _stretch(self, at: Place, final: Final) -> Sequence[Header]:
        """Return the next headers, each the parent of the next, the last one final by quorum.

        Errors: FinalityBroken where they do not descend from where we stand; Unavailable.
        """
        last = min(at.number + STRETCH, final.header.number)
        top = final.header
        if last < top.number:
            top, _ = await self._finality.agreed(last)
        calls: list[Call] = [
            ("eth_getBlockByNumber", (hex(number), False)) for number in range(at.number + 1, last)
        ]
        linked = [top]
        if calls:
            linked = await self._nodes.one(calls, lambda told: _linked(told, top))
        if at.hash and linked[0].parent != at.hash:
            raise FinalityBroken(_was(at, linked[0].parent))
        return linked

    async def _page(self, header: Header, final: Final, told: int) -> Page:
        """Return what the escrow said in a block, without the first facts that were told."""
        if header.receipts_root == EMPTY:
            return ()
        receipts, named = await self._receipts(header)
        said: list[tuple[int, int, Fact]] = []
        for index, raw in enumerate(receipts):
            for place, log in enumerate(parsed_receipt(raw).logs):
                if log.emitter != self._pinned.escrow:
                    continue
                try:
                    fact = fact_of(log, self._pinned.network)
                except BadProof as error:
                    raise Unavailable(f"block {header.number}: the escrow said {error}") from error
                if fact is not None:
                    said.append((index, place, fact))
        if len(said) <= told:
            return ()
        trie = trie_of_list(receipts)
        return tuple(
            Observation(
                subject=fact,
                cursor=Place(header.number, header.hash, count).cursor,
                evidence=self._evidence(header, final, trie.prove(index_key(index)), index, place),
                keep=self.watchman.moved(_asset(fact)),
                tx=named[index],
            )
            for count, (index, place, fact) in enumerate(said, 1)
            if count > told
        )

    async def _receipts(self, header: Header) -> Receipts:
        """Return a block's receipts, which lie under its root. Errors: Unavailable."""

        def read(told: list[Answer]) -> Receipts:
            return _rooted(found(told[0]), header)

        try:
            asked: Call = ("eth_getBlockReceipts", (hex(header.number),))
            return await self._nodes.one([asked], read)
        except Unavailable:
            return await self._one_by_one(header)

    async def _one_by_one(self, header: Header) -> Receipts:
        """Return the receipts from nodes that do not give a block's at once."""

        def hashes(told: list[Answer]) -> list[str]:
            block = found(told[0])
            if not isinstance(block, Mapping) or shown(block).hash != header.hash:
                raise BadProof("another block than was asked for")
            listed = block.get("transactions")
            if not isinstance(listed, Sequence) or isinstance(listed, str):
                raise BadProof("a block's transactions are no list")
            return [str(one) for one in listed]

        block: Call = ("eth_getBlockByHash", (f"0x{header.hash.hex()}", False))
        named = await self._nodes.one([block], hashes)
        calls: list[Call] = [("eth_getTransactionReceipt", (one,)) for one in named]
        return await self._nodes.one(
            calls, lambda told: _rooted([found(one) for one in told], header)
        )

    def _evidence(
        self, header: Header, final: Final, proof: tuple[bytes, ...], index: int, place: int
    ) -> bytes:
        fixed = self._pinned
        told: Mapping[str, Value] = final.told
        signed = attested_finality(fixed.reader, fixed.network, fixed.genesis, header.hash, told)
        return ChainEvidence(
            network=fixed.network,
            genesis=fixed.genesis,
            header=header.raw,
            receipt_index=index,
            receipt_proof=proof,
            log_index=place,
            finality=told,
            reader=fixed.reader.public_key().public_bytes_raw(),
            signature=signed,
        ).encoded()

    def _noted(self, at: Place, what: str, why: str) -> Observation:
        """People are told of an operator who lied, or an asset that is not as it was."""
        notice = Notice(network=self._pinned.network, what=what, detail=why)
        return Observation(subject=notice, cursor=at.cursor if at.hash else BEGINNING)

    def _kept(self, at: Place, keep: tuple[tuple[str, bytes | None], ...]) -> Observation:
        """Something a reader who comes back must know, of which people need not be told."""
        told = self._noted(at, "finality.progress", "")
        return replace(told, keep=keep)


def _asset(fact: Fact) -> str:
    return str(getattr(fact, "asset", ""))


def _was(at: Place, now: bytes) -> str:
    return f"block {at.number} was 0x{at.hash.hex()}, is 0x{now.hex()}"


def _linked(told: Sequence[Answer], top: Header) -> list[Header]:
    """Return the headers up to `top`. Errors: BadProof, NodeError."""
    headers: list[Header] = []
    for answer in told:
        block = found(answer)
        if block is None:
            raise NodeError(0, "the node does not have a block under the final one")
        headers.append(shown(block))
    headers.append(top)
    for parent, child in pairwise(headers):
        if child.parent != parent.hash or child.number != parent.number + 1:
            raise BadProof(f"block {parent.number} is not the parent of the next one")
    return headers


def _rooted(told: object, header: Header) -> Receipts:
    """Return receipts whose root is the header's, and what the node calls their transactions.

    Errors: BadProof, NodeError.
    """
    if told is None:
        raise NodeError(0, "the node does not have the receipts")
    if not isinstance(told, Sequence) or isinstance(told, str):
        raise BadProof("receipts are no list")
    receipts: list[bytes] = []
    named: list[TxRef | None] = []
    for one in told:
        if not isinstance(one, Mapping):
            raise BadProof("a receipt is no object")
        receipts.append(receipt_bytes(one))
        name = one.get("transactionHash")
        is_hash = isinstance(name, str) and _HASH.fullmatch(name)
        named.append(TxRef(str(name).lower()) if is_hash else None)
    if trie_of_list(receipts).root != header.receipts_root:
        raise BadProof(f"receipts of block {header.number} do not lie under its root")
    return receipts, named
