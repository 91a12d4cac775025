"""A dev chain that was killed is the same chain again: every hash, every state, what waited."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import rlp
from eth_account import Account
from eth_hash.auto import keccak
from eth_utils.address import to_checksum_address
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.evm.devchain import DevChain
from adapters.evm.tape import Tape
from tests.adapters.evm.chain import CHAIN_ID, STRANGER

GWEI = 10**9
SINK = to_checksum_address("0x" + "11" * 20)
# What is deployed keeps what it is called with: CALLDATALOAD of 0, SSTORE at 0.
KEEPER = bytes.fromhex("6007600c60003960076000f360003560005500")


def signed(nonce: int, *, tip: int = 1, **changes: Any) -> bytes:
    words = {
        "type": 2, "chainId": CHAIN_ID, "nonce": nonce, "to": SINK, "value": nonce, "gas": 200_000,
        "maxFeePerGas": 10 * tip * GWEI, "maxPriorityFeePerGas": tip * GWEI,
    }  # fmt: skip
    made = {name: word for name, word in (words | changes).items() if word is not None}
    return bytes(Account.sign_transaction(made, STRANGER.key.secret).raw_transaction)


def opened(file: Path, time: Iterator[int]) -> DevChain:
    return DevChain(CHAIN_ID, [STRANGER.bytes20], lambda: next(time), 2, tape=Tape(file))


def shown(chain: DevChain) -> object:
    """Everything that somebody could ask it."""
    account = STRANGER.bytes20
    states = [
        (chain.balance(account, at), chain.nonce(account, at)) for at in range(chain.head + 1)
    ]
    blocks = [(mined.header, mined.transactions, mined.receipts) for mined in chain.blocks]
    pool = {key: one.raw for key, one in chain.pool.items()}
    return blocks, states, pool, chain.finalized, chain.base_fee()


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    """py-evm raises the limit of recursion where it is loaded; not in the middle of a test."""
    DevChain(CHAIN_ID, [], lambda: 1)


DEEDS = st.sampled_from(["send", "dearer", "mine", "undo", "kill"])


@settings(max_examples=20, deadline=None)
@given(st.lists(DEEDS, min_size=5, max_size=40))
def test_one_that_was_killed_at_any_moment_is_the_same_chain(deeds: list[str]) -> None:
    with TemporaryDirectory() as folder:
        time, file, nonce = count(1_000), Path(folder) / "tape", 0
        chain = opened(file, time)
        for deed in deeds:
            last = chain.pool.get((STRANGER.bytes20, nonce - 1))
            if deed == "send":
                chain.add(signed(nonce))
                nonce += 1
            elif deed == "dearer" and last is not None and last.tip == GWEI:
                chain.add(signed(nonce - 1, tip=2))
            elif deed == "mine":
                chain.mine()
            elif deed == "undo" and chain.head:
                chain.undo(1)
            elif deed == "kill":
                before = shown(chain)
                chain = opened(file, time)
                assert shown(chain) == before
        assert shown(opened(file, time)) == shown(chain)


def test_what_a_contract_keeps_is_there_and_can_be_proved(tmp_path: Path) -> None:
    time, file = count(1_000), tmp_path / "tape"
    chain = opened(file, time)
    chain.add(signed(0, to=None, value=0, data=KEEPER))
    chain.mine()
    made = keccak(rlp.encode([STRANGER.bytes20, 0]))[12:]
    chain.add(signed(1, to=to_checksum_address(made), value=0, data=(77).to_bytes(32, "big")))
    chain.mine()
    assert chain.word(made, 0, chain.head) == 77
    again = opened(file, time)
    assert again.word(made, 0, again.head) == 77
    assert again.proof(made, [0], again.head) == chain.proof(made, [0], chain.head)
    again.mine()  # and it goes on
    assert again.word(made, 0, again.head) == 77


def test_half_a_last_line_is_dropped_wherever_it_was_torn(tmp_path: Path) -> None:
    time, file = count(1_000), tmp_path / "tape"
    chain = opened(file, time)
    chain.add(signed(0))
    before, length = shown(chain), file.stat().st_size
    chain.mine()
    whole = file.read_bytes()
    for end in (length, length + 1, len(whole) // 2 + length // 2, len(whole) - 1):
        file.write_bytes(whole[:end])
        assert shown(opened(file, time)) == before
        assert file.stat().st_size == length
    file.write_bytes(whole)
    assert shown(opened(file, time)) == shown(chain)


def test_a_new_tape_is_in_its_folder_before_its_first_line(
    tmp_path: Path, synced: list[str]
) -> None:
    tape = Tape(tmp_path / "tape")
    tape.add({"n": 1})
    tape.close()
    assert synced == [str(tmp_path), str(tmp_path / "tape")]
