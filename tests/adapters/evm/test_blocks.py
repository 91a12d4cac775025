"""Headers and receipts of a real block give its hash and its root; changed anywhere they do not."""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import rlp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.evm.blocks import (
    header_of,
    parsed_header,
    parsed_receipt,
    receipt_bytes,
    receipts_trie,
)
from adapters.evm.tries import BadProof, Trie, walk

Block = tuple[Mapping[str, Any], list[Mapping[str, Any]]]


@pytest.fixture(scope="module")
def blocks(data_dir: Path) -> list[Block]:
    found = [
        (
            json.loads((folder / "block.json").read_text()),
            json.loads((folder / "receipts.json").read_text()),
        )
        for folder in sorted((data_dir / "evm").glob("mainnet-*"))
    ]
    assert found, "the folder has a block"
    return found


@pytest.fixture(scope="module")
def tries(blocks: list[Block]) -> list[Trie]:
    return [receipts_trie(receipts) for _, receipts in blocks]


def test_every_receipt_is_proved_from_the_header(blocks: list[Block], tries: list[Trie]) -> None:
    for (block, receipts), trie in zip(blocks, tries, strict=True):
        header = header_of(block)
        assert trie.root == header.receipts_root
        assert parsed_header(header.raw) == header
        for index, receipt in enumerate(receipts):
            key = rlp.encode(index)
            found = walk(header.receipts_root, key, trie.prove(key))
            assert found == receipt_bytes(receipt)
            said = parsed_receipt(found)
            assert said.succeeded == (receipt["status"] == "0x1")
            assert [log.data.hex() for log in said.logs] == [
                log["data"][2:] for log in receipt["logs"]
            ]
        beyond = rlp.encode(len(receipts))
        assert walk(header.receipts_root, beyond, trie.prove(beyond)) is None


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(data=st.data())
def test_a_changed_byte_of_any_receipt_changes_the_root(
    blocks: list[Block], tries: list[Trie], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(blocks) - 1))
    (_, receipts), trie = blocks[at], tries[at]
    index = data.draw(st.integers(0, len(receipts) - 1))
    key = rlp.encode(index)
    proof = list(trie.prove(key))
    place = data.draw(st.integers(0, len(proof) - 1))
    node = bytearray(proof[place])
    node[data.draw(st.integers(0, len(node) - 1))] ^= data.draw(st.integers(1, 255))
    proof[place] = bytes(node)
    with pytest.raises(BadProof):
        walk(trie.root, key, proof)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_changed_header_is_another_block_or_none(
    blocks: list[Block], data: st.DataObject
) -> None:
    header = header_of(data.draw(st.sampled_from(blocks))[0])
    raw = bytearray(header.raw)
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with suppress(BadProof):
        assert parsed_header(bytes(raw)).hash != header.hash


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"gasUsed": "0x00"}, "gasUsed is no quantity"),
        ({"gasUsed": None}, "gasUsed is no quantity"),
        ({"number": "0x1"}, "another hash"),
        ({"miner": "0x00"}, "miner has 1 bytes"),
        ({"extraData": "0xABCD"}, "extraData is no bytes"),
        ({"hash": "0x" + "00" * 32}, "another hash"),
    ],
)
def test_a_block_that_lies_about_itself_is_refused(
    blocks: list[Block], change: Mapping[str, Any], says: str
) -> None:
    for block, _ in blocks:
        with pytest.raises(BadProof, match=says):
            header_of({**block, **change})


def test_a_block_without_a_member_of_its_fork_is_refused(blocks: list[Block]) -> None:
    block, _ = blocks[0]
    for name in ("parentHash", "baseFeePerGas", "withdrawalsRoot"):
        with pytest.raises(BadProof, match=f"{name} is missing"):
            header_of({key: value for key, value in block.items() if key != name})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"type": "0x7e"}, "type 126"),
        ({"status": None}, "status"),
        ({"logs": "0x"}, "no list"),
        ({"logs": [{}]}, "topics"),
        ({"logsBloom": "0x00"}, "logsBloom"),
    ],
)
def test_a_receipt_nobody_here_knows_stops(
    blocks: list[Block], change: Mapping[str, Any], says: str
) -> None:
    with pytest.raises(BadProof, match=says):
        receipt_bytes({**blocks[0][1][0], **change})


@pytest.mark.parametrize(
    "raw", [b"", b"\x00", b"\x7e\xc0", b"\xc0", b"\x02", rlp.encode([b"\1" * 32, b"", b"", []])]
)
def test_bytes_that_are_no_receipt_are_refused(raw: bytes) -> None:
    with pytest.raises(BadProof):
        parsed_receipt(raw)
