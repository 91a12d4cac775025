"""Bytes of an answer are taken in one form alone, however they are looked at."""

import pytest
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError
from hypothesis import given
from hypothesis import strategies as st

from adapters.evm.calls import decoded

KINDS: tuple[str, ...] = (
    "uint8",
    "uint64",
    "uint128",
    "uint256",
    "int8",
    "int256",
    "bool",
    "address",
)
KINDS += ("bytes1", "bytes4", "bytes32")
WORDS = st.one_of(
    st.binary(min_size=32, max_size=32),
    st.binary(max_size=8).map(lambda raw: raw.rjust(32, b"\0")),
    st.binary(max_size=8).map(lambda raw: raw.ljust(32, b"\0")),
    st.binary(max_size=20).map(lambda raw: raw.rjust(32, b"\xff")),
)


@given(st.lists(st.tuples(st.sampled_from(KINDS), WORDS), min_size=1, max_size=4))
def test_words_are_taken_just_where_they_are_written_so(told: list[tuple[str, bytes]]) -> None:
    """A word is not written again to be compared: the decoder alone is as strict."""
    kinds, data = [kind for kind, _ in told], b"".join(word for _, word in told)
    try:
        again = encode(kinds, decode(kinds, data)) == data
    except DecodingError:
        again = False
    if again:
        assert decoded(kinds, data) == decode(kinds, data)
    else:
        with pytest.raises(ValueError, match="not "):
            decoded(kinds, data)


def test_what_is_longer_than_its_words_is_written_again() -> None:
    word = (7).to_bytes(32, "big")
    assert decoded(["uint256"], word) == (7,)
    for data in (word + bytes(32), word[:31], b""):
        with pytest.raises(ValueError, match="not "):
            decoded(["uint256"], data)
    tail = encode(["bytes"], [b"abc"])
    assert decoded(["bytes"], tail) == (b"abc",)
    with pytest.raises(ValueError, match="more than one way"):
        decoded(["bytes"], tail + bytes(32))
