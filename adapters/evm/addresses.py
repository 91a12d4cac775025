"""An address in its one spelling: its letters' cases are a sum of it.

Source: EIP-55.
"""

import re
from functools import lru_cache

from adapters.evm.keccak import keccak

_ADDRESS = re.compile("0[xX][0-9a-fA-F]{40}")


def to_checksum_address(address: str | bytes) -> str:
    """Return an address in its one spelling. Errors: ValueError for what is none."""
    if isinstance(address, str):
        return _summed(address)
    if len(address) != 20:
        raise ValueError(f"{address.hex()} is no address: it has not 20 bytes")
    return _summed(f"0x{address.hex()}")


@lru_cache(256)
def _summed(address: str) -> str:
    if _ADDRESS.fullmatch(address) is None:
        raise ValueError(f"{address} is no address: 0x and 40 hexadecimal digits")
    small = address[2:].lower()
    upper = keccak(small.encode()).hex()
    return "0x" + "".join(
        one.upper() if high >= "8" else one for one, high in zip(small, upper, strict=False)
    )


def told(text: str) -> str:
    """Return a text as it is, or in its one spelling where it is an address."""
    return _summed(text) if _ADDRESS.fullmatch(text) else text


@lru_cache(256)
def spelled(address: str) -> str:
    """Return an address in its one spelling. Errors: ValueError that gives the right one."""
    right = to_checksum_address(address)
    if address != right:
        digits = address[2:]
        is_bare = digits in {digits.lower(), digits.upper()}
        said = "bare" if is_bare else "with a wrong letter or case"
        raise ValueError(f"{address} is written {said}: EIP-55 writes it {right}")
    return right
