"""Our tries against published vectors, against another library's, and against a liar."""

import importlib
import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from adapters.evm.states import storage_root, word_at
from adapters.evm.tries import EMPTY, BadProof, trie_of, walk

KEYS = st.binary(min_size=1, max_size=5)
TRIES = st.dictionaries(KEYS, st.binary(min_size=1, max_size=60), max_size=40)


def _loaded(module: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(module)


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text[2:]) if text.startswith("0x") else text.encode()


def _cases(data_dir: Path) -> list[tuple[str, Mapping[str, Any], bool]]:
    found = []
    for file in sorted((data_dir / "evm" / "trie").glob("*.json")):
        for name, case in json.loads(file.read_text()).items():
            found.append((f"{file.stem}:{name}", case, "secure" in file.stem))
    assert found, "the folder has cases"
    return found


def test_published_tries_have_their_roots(data_dir: Path) -> None:
    for name, case, secure in _cases(data_dir):
        pairs = case["in"].items() if isinstance(case["in"], dict) else case["in"]
        items: dict[bytes, bytes] = {}
        for key, value in pairs:
            where = keccak(_bytes(key)) if secure else _bytes(key)
            if value is None:
                items.pop(where, None)
            else:
                items[where] = _bytes(value)
        assert trie_of(items).root == _bytes(case["root"]), name


@given(TRIES, KEYS)
def test_another_library_makes_the_same_trie_and_takes_our_proofs(
    items: dict[bytes, bytes], key: bytes
) -> None:
    theirs = _loaded("trie").HexaryTrie({})
    for name, value in items.items():
        theirs[name] = value
    ours = trie_of(items)
    assert ours.root == theirs.root_hash
    proof = ours.prove(key)
    assert walk(ours.root, key, proof) == items.get(key)
    nodes = tuple(_loaded("rlp").decode(node) for node in proof)
    if items:
        told = _loaded("trie").HexaryTrie.get_from_proof(ours.root, key, nodes)
        assert (told or None) == items.get(key)


@given(TRIES.filter(bool), st.data())
def test_a_proof_with_a_node_more_or_less_or_a_bit_changed_proves_nothing(
    items: dict[bytes, bytes], data: st.DataObject
) -> None:
    trie = trie_of(items)
    key = data.draw(st.sampled_from(sorted(items)))
    proof = list(trie.prove(key))
    at = data.draw(st.integers(0, len(proof) - 1))
    node = bytearray(proof[at])
    node[data.draw(st.integers(0, len(node) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    for bad in (
        [*proof[:at], bytes(node), *proof[at + 1 :]],
        [*proof, proof[-1]],
        proof[:-1],
        [*proof[:at], proof[at], *proof[at:]],
    ):
        with pytest.raises(BadProof):
            walk(trie.root, key, bad)


def test_nothing_is_proved_of_an_empty_trie_with_nodes() -> None:
    assert walk(EMPTY, b"k", ()) is None
    with pytest.raises(BadProof):
        walk(EMPTY, b"k", (b"\x80\x80",))
    with pytest.raises(BadProof):
        walk(b"\x01" * 32, b"k", ())


def test_a_word_of_mainnet_is_read_from_its_state_root(data_dir: Path) -> None:
    for folder in sorted((data_dir / "evm").glob("mainnet-*")):
        block = json.loads((folder / "block.json").read_text())
        for file in sorted(folder.glob("*_proof.json")):
            told = json.loads(file.read_text())
            account = [_bytes(node) for node in told["accountProof"]]
            root = storage_root(_bytes(block["stateRoot"]), _bytes(told["address"]), account)
            assert root == _bytes(told["storageHash"])
            for slot in told["storageProof"]:
                proof = [_bytes(node) for node in slot["proof"]]
                place = int(slot["key"], 16)
                assert word_at(root, place, proof) == int(slot["value"], 16)
                with pytest.raises(BadProof):
                    word_at(root, place + 1, proof)
                with pytest.raises(BadProof):
                    word_at(root, place, proof[:-1])


def test_a_missing_account_and_an_empty_word_are_proved_missing() -> None:
    trie = trie_of({keccak(b"a" * 20): b"\xc4\x80\x80\xa0\x01"})
    proof = trie.prove(keccak(b"b" * 20))
    assert storage_root(trie.root, b"b" * 20, proof) == EMPTY
    assert word_at(EMPTY, 7, ()) == 0
