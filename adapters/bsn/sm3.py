"""SM3 and HMAC-SM3, computed by the compiled library.

Source: GB/T 32905-2016; RFC 2104 for HMAC.
"""

from cryptography.hazmat.primitives import hashes, hmac


def sm3(data: bytes) -> bytes:
    """The 32-byte SM3 digest of `data`."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


def hmac_sm3(key: bytes, data: bytes) -> bytes:
    """The 32-byte HMAC-SM3 of `data` under `key`."""
    code = hmac.HMAC(key, hashes.SM3())
    code.update(data)
    return code.finalize()
