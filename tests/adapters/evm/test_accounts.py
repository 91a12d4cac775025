"""Transactions and keystores are what a library that is not ours makes and takes."""

import json
from typing import Any

import pytest
from eth_account import Account as Theirs
from hypothesis import given
from hypothesis import strategies as st

from adapters.evm.accounts import Account, BadKeystore, Transaction, opened, transaction_in
from adapters.evm.tries import BadProof
from tests.adapters.evm.chain import OPERATOR

NUMBERS = st.integers(0, 2**64 - 1)


@given(
    numbers=st.tuples(NUMBERS, NUMBERS, NUMBERS, NUMBERS),
    data=st.binary(max_size=80),
    secret=st.binary(min_size=31, max_size=31),
)
def test_a_signed_transaction_is_theirs_byte_for_byte(
    numbers: tuple[int, int, int, int], data: bytes, secret: bytes
) -> None:
    nonce, tip, more, gas = numbers
    ours = Transaction(
        chain_id=1, nonce=nonce, tip=tip, max_fee=tip + more, gas=gas, to=b"\x11" * 20, data=data
    )
    words: dict[str, Any] = {
        "type": 2,
        "chainId": 1,
        "nonce": nonce,
        "maxPriorityFeePerGas": tip,
        "maxFeePerGas": tip + more,
        "gas": gas,
        "to": "0x" + "11" * 20,
        "value": 0,
        "data": data,
    }
    key = b"\x01" + secret
    raw = ours.signed(Account(key))
    assert raw == bytes(Theirs.sign_transaction(words, key).raw_transaction)
    assert transaction_in(raw) == (ours, Account(key).address)


def test_what_is_no_transaction_is_refused() -> None:
    raw = Transaction(
        chain_id=1, nonce=0, tip=1, max_fee=1, gas=1, to=b"\x11" * 20, data=b""
    ).signed(Account(OPERATOR.key.secret))
    for wrong in (b"", b"\x02", raw[:-1], b"\x01" + raw[1:], b"\x02\xc0"):
        with pytest.raises(BadProof):
            transaction_in(wrong)


def kept(**changes: object) -> bytes:
    made: dict[str, Any] = Theirs.encrypt(
        OPERATOR.key.secret, "a long password", kdf="scrypt", iterations=2
    )
    crypto = {name: changes.pop(name) for name in list(changes) if name in made["crypto"]}
    made["crypto"].update(crypto)
    return json.dumps(made | changes).encode()


def test_a_keystore_of_theirs_opens() -> None:
    assert opened(kept(), b"a long password").address == OPERATOR.bytes20


@pytest.mark.parametrize(
    ("keystore", "says"),
    [
        (b"", "not of version 3"),
        (b"[]", "not of version 3"),
        (kept(version=4), "version 3, scrypt and aes-128-ctr are taken"),
        (kept(kdf="pbkdf2"), "version 3, scrypt and aes-128-ctr are taken"),
        (kept(mac="00" * 32), "the password is another"),
        (kept(address="11" * 20), "another account's key"),
        (
            kept(kdfparams={"n": 2**30, "r": 8, "p": 1, "dklen": 32, "salt": "00"}),
            "asks for too much",
        ),
        (
            kept(kdfparams={"n": 2**18, "r": 1, "p": 8, "dklen": 32, "salt": "00"}),
            "breaks RFC 7914",
        ),
    ],
)
def test_what_gives_no_key_says_why(keystore: bytes, says: str) -> None:
    with pytest.raises(BadKeystore, match=says):
        opened(keystore, b"a long password")


def test_another_password_opens_nothing() -> None:
    with pytest.raises(BadKeystore, match="the password is another"):
        opened(kept(), b"another")
