"""Certificates as the service hands them out: multi-valued names, out of DER's order on purpose.

Whoever loads them as X.509 finds out here that the real ones cannot be loaded so.
"""

from functools import cache

from adapters.bsn.devnet.macs import SECP256R1, Public, Secret, pem, sm3

CA = Secret(SECP256R1, "ca")


def _tlv(tag: int, *content: bytes) -> bytes:
    inside = b"".join(content)
    size = len(inside)
    if size < 0x80:
        return bytes((tag, size)) + inside
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + inside


def _name(number: int, text: str) -> bytes:
    return _tlv(0x30, bytes((0x06, 0x03, 0x55, 0x04, number)), _tlv(0x0C, text.encode()))


@cache  # once a process: a signature of the authority is another each time
def certificate(name: str, key: Public) -> str:
    """The PEM of a certificate for a key."""
    signed = bytes.fromhex("300a06082a8648ce3d040302")  # ecdsa-with-SHA256
    issuer = _tlv(0x30, _tlv(0x31, _name(3, "devnet ca")))
    units = (_name(11, "client"), _name(11, "a"))  # the set ought to be sorted, and is not
    subject = _tlv(0x30, _tlv(0x31, *units), _tlv(0x31, _name(3, name)))
    validity = _tlv(0x30, _tlv(0x17, b"200101000000Z"), _tlv(0x17, b"491231235959Z"))
    serial = _tlv(0x02, b"\x01" + sm3(name.encode() + key.point)[:15])
    version = _tlv(0xA0, b"\x02\x01\x02")
    body = _tlv(0x30, version, serial, signed, issuer, validity, subject, key.spki())
    return pem("CERTIFICATE", _tlv(0x30, body, signed, _tlv(0x03, b"\x00", CA.sign(body))))
