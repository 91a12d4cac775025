"""Whose signatures stand under a call: the notaries' of an epoch, or a holder's own.

The escrow rebuilds the signed bytes from words it has read; it never takes a digest.
Source: RFC 8032; FIPS 186-5, ECDSA with SHA-256 and the lower s; GB/T 32918.2 with the default id.
"""

from collections.abc import Mapping
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from adapters.bsn import der, sm2
from adapters.bsn.chaincode.call import (
    FORBIDDEN,
    PASSING,
    Refusal,
    hex_bytes,
    listed,
    members,
    text,
)
from adapters.bsn.chaincode.records import Account, Epoch
from bridge.core.act import Signature
from bridge.core.canonical import Value

DAY = 24 * 3_600_000  # ms
GRACE = DAY  # in which the former notaries' acts still land, but make nothing
MOST_KEYS = 32
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def signatures_of(body: Mapping[str, Value]) -> tuple[Signature, ...]:
    """Return the signatures that ride with a call. Errors: Refusal."""
    found = []
    for one in listed(body, "signatures", MOST_KEYS):
        words = members(one, "kind", "signer", "signature")
        found.append(
            Signature(
                kind=text(words, "kind"),
                signer=text(words, "signer"),
                signature=hex_bytes(words, "signature"),
            )
        )
    return tuple(found)


def in_force(epoch: Epoch | None, now: int, *, makes_value: bool) -> Epoch:
    """Return the epoch if its notaries may sign now. Errors: Refusal.

    A mint, and a change of notaries, take the ones in force; what ends or gives back may be
    signed by those of a day ago.
    """
    if epoch is None:
        raise Refusal(FORBIDDEN, "no such epoch of notaries")
    if now < epoch.since:
        raise Refusal(PASSING, "the epoch has not begun")
    grace = 0 if makes_value else GRACE
    if epoch.retired and now >= epoch.retired + grace:
        raise Refusal(FORBIDDEN, "the epoch is closed")
    return epoch


def attested(message: bytes, signatures: tuple[Signature, ...], epoch: Epoch) -> None:
    """Refuse unless enough notaries of the epoch, each once, signed these very bytes.

    One signature that is not a notary's, or not true, refuses the whole: a call has one form.
    Errors: Refusal.
    """
    signers = [one.signer for one in signatures]
    if not set(epoch.keys).issuperset(signers) or any(one.kind != "ed25519" for one in signatures):
        raise Refusal(FORBIDDEN, "a signer is no notary of this epoch")
    if len(set(signers)) != len(signers):
        raise Refusal(FORBIDDEN, "a notary stands twice")
    if len(signers) < epoch.threshold:
        raise Refusal(FORBIDDEN, f"{len(signers)} of {epoch.threshold} notaries have signed")
    for one in signatures:
        try:
            _notary(one.signer).verify(one.signature, message)
        except (InvalidSignature, ValueError):
            raise Refusal(FORBIDDEN, "a notary's signature is not over this") from None


def signed_by(account: Account, message: bytes, signatures: tuple[Signature, ...]) -> None:
    """Refuse unless the one signature is that account's own key's, under `message`.

    Errors: Refusal.
    """
    if len(signatures) != 1:
        raise Refusal(FORBIDDEN, "one signature of the account is asked for")
    (one,) = signatures
    if (one.kind, one.signer) != (account.kind, account.key):
        raise Refusal(FORBIDDEN, "the signature is of another key")
    if not _true(account.kind, account.key, message, one.signature):
        raise Refusal(FORBIDDEN, "the account's signature is not over this")


def _true(kind: str, key: str, message: bytes, signature: bytes) -> bool:
    """Tell whether an enrolled key signed `message`; a curve the escrow does not know never."""
    try:
        r, s = der.read_signature(signature)
        if kind == "sm2":
            return _sm2(key).verifies(message, r, s)
        if kind != "p256" or not 1 <= s <= _ORDER // 2:
            return False
        _p256(key).verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


@lru_cache(256)
def _notary(key: str) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(bytes.fromhex(key))


@lru_cache(1_024)
def _p256(key: str) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes.fromhex(key))


@lru_cache(256)  # of some 100 kB
def _sm2(key: str) -> sm2.Verifier:
    raw = bytes.fromhex(key)
    x, y = int.from_bytes(raw[1:33], "big"), int.from_bytes(raw[33:], "big")
    return sm2.Verifier(sm2.PublicKey(x, y), width=sm2.MET)
