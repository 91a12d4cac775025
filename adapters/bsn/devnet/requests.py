"""What a certificate request asks for: a name and a key, whose holder has signed it."""

import base64
from collections.abc import Iterator

from adapters.bsn.devnet.macs import SECP256K1, SECP256R1, SM2, Public, sm3

_CURVES = {"2a811ccf5501822d": SM2, "2a8648ce3d030107": SECP256R1, "2b8104000a": SECP256K1}
_BEGIN, _END = "-----BEGIN CERTIFICATE REQUEST-----", "-----END CERTIFICATE REQUEST-----"
_COMMON_NAME = bytes.fromhex("550403")


def _split(data: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """The elements of DER in order: tag, content, and the element whole."""
    at = 0
    while at < len(data):
        start, size = at + 2, data[at + 1]
        if size > 0x80:
            start += size & 0x7F
            size = int.from_bytes(data[at + 2 : start], "big")
        if start + size > len(data):
            raise ValueError("cut off")
        yield data[at], data[start : start + size], data[at : start + size]
        at = start + size


def requested_key(text: str) -> tuple[str, Public]:
    """The common name and the key of a request in PEM, its signature checked.

    Errors: ValueError.
    """
    body = text.strip()
    if not (body.startswith(_BEGIN) and body.endswith(_END)):
        raise ValueError("no PEM of a certificate request")
    raw = base64.b64decode("".join(body[len(_BEGIN) : -len(_END)].split()), validate=True)
    try:
        ((_, whole, _),) = _split(raw)
        (_, info, signed), _, (_, bits, _) = _split(whole)
        _, (_, subject, _), (_, key, _), *_ = _split(info)
        (_, kinds, _), (_, point, _) = _split(key)
        _, (_, curve, _) = _split(kinds)
    except (IndexError, ValueError) as error:
        raise ValueError("it is no PKCS 10") from error
    algorithm = _CURVES.get(curve.hex())
    if algorithm is None or len(point) != 66 or point[:2] != b"\0\x04":
        raise ValueError("its key is of another kind")
    x, y = int.from_bytes(point[2:34], "big"), int.from_bytes(point[34:], "big")
    public = Public(algorithm, x, y)
    message = sm3(signed) if algorithm == SM2 else signed
    if not (public.verifies(message, bits[1:]) or public.verifies(signed, bits[1:])):
        raise ValueError("its signature is not true")
    return _common_name(subject), public


def _common_name(subject: bytes) -> str:
    for _, names, _ in _split(subject):
        for _, pair, _ in _split(names):
            (_, kind, _), (_, text, _) = _split(pair)
            if kind == _COMMON_NAME:
                return text.decode()
    raise ValueError("it names nobody")
