"""What is remembered is what the library says."""

from eth_hash.auto import keccak as theirs
from hypothesis import given
from hypothesis import strategies as st

from adapters.evm.keccak import LONGEST, keccak


@given(st.one_of(st.binary(max_size=40), st.binary(min_size=LONGEST - 20, max_size=LONGEST + 20)))
def test_a_digest_is_the_librarys_the_second_time_too(data: bytes) -> None:
    assert keccak(data) == keccak(bytes(bytearray(data))) == theirs(data)
