"""An address has one spelling, the one another library gives it."""

import pytest
from eth_utils.address import to_checksum_address as theirs
from hypothesis import given
from hypothesis import strategies as st

from adapters.evm.addresses import spelled, to_checksum_address


@given(st.binary(min_size=20, max_size=20))
def test_it_is_spelled_as_another_library_spells_it(raw: bytes) -> None:
    right = theirs(raw)
    for said in (raw, raw.hex(), right, right.lower(), f"0x{raw.hex().upper()}", f"0X{raw.hex()}"):
        told = said if isinstance(said, bytes) or said[:2].lower() == "0x" else f"0x{said}"
        assert to_checksum_address(told) == right
    assert spelled(right) == right


@pytest.mark.parametrize(
    "said", ["", "0x", "0x" + "g" * 40, "0x" + "0" * 39, "0x" + "0" * 40 + "\n"]
)
def test_what_is_no_address_is_refused(said: str) -> None:
    with pytest.raises(ValueError, match="is no address"):
        to_checksum_address(said)
    with pytest.raises(ValueError, match="is no address"):
        to_checksum_address(bytes(21))


def test_whoever_spells_it_otherwise_is_told_the_right_one() -> None:
    right = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"  # of EIP-55
    assert spelled(right) == right
    for wrong, why in (
        (right.lower(), "bare"),
        (f"0x{right[2:].upper()}", "bare"),
        (right.replace("A", "a"), "with a wrong letter or case"),
    ):
        with pytest.raises(ValueError, match=f"written {why}: EIP-55 writes it {right}"):
            spelled(wrong)
