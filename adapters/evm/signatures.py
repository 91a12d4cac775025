"""A signature of a key, in the forms wallets and signers write it, and who made it.

Source: EIP-2098 (a signature in 64 bytes); SEC 1, 4.1.6 (recovery).
"""

from coincurve import PublicKey

from adapters.evm.accounts import address_of
from adapters.evm.addresses import to_checksum_address

_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
_PARITY = 1 << 255


class BadSignature(ValueError):
    """Raised for bytes that are no signature of a key; the sentence says which are."""


def plain(signature: bytes) -> bytes:
    """Return a key's signature as the escrow takes it: r, s, and a v of 27 or 28.

    A v of 0 or 1, and the 64 bytes of EIP-2098, say the same and are taken.
    Errors: BadSignature.
    """
    if len(signature) == 64:
        second = int.from_bytes(signature[32:], "big")
        parity, s = second // _PARITY, second % _PARITY
    elif len(signature) == 65:
        parity, s = signature[64], int.from_bytes(signature[32:64], "big")
        parity -= 27 if parity in {27, 28} else 0
    else:
        raise BadSignature(f"a key signs in 65 bytes, or 64 of EIP-2098, not {len(signature)}")
    if parity not in {0, 1}:
        raise BadSignature(f"its last byte, v, is 27 or 28, or 0 or 1, not {parity}")
    if s > _HALF_ORDER:
        raise BadSignature("its s is high: the same signer gives order - s, and the other v")
    return signature[:32] + s.to_bytes(32, "big") + bytes([27 + parity])


def signer(hashed: bytes, signature: bytes) -> str:
    """Return who signed, or nothing; `signature` is plain."""
    try:
        key = PublicKey.from_signature_and_message(
            signature[:64] + bytes([signature[64] - 27]), hashed, hasher=None
        )
    except ValueError:
        return ""
    return to_checksum_address(address_of(key))
