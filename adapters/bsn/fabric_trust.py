"""Whose keys count on a Fabric channel: an identity is one that its organisation's root issued.

Roots are pinned by the settings, never taken from the channel. Peers and orderers carry their role
in the certificate, as Fabric's node units have it.
Source: RFC 5280; Hyperledger Fabric 2.5, membership service providers and node units.
"""

import base64
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.bsn import der
from adapters.bsn.fabric_wire import BadMessage, blob, decode, encode, text

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_SCHEME = ec.ECDSA(hashes.SHA256())


class Untrusted(Exception):
    """Raised where bytes are not what a pinned organisation signed; it names the step."""


class Identity:
    """A key and its certificate: what signs our proposals. A hardware door may stand for it.

    Errors: ValueError for a key that is not of P-256.
    """

    def __init__(self, msp: str, certificate: bytes, private_key: bytes) -> None:
        key = serialization.load_pem_private_key(private_key, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
            raise ValueError("a Fabric identity signs with a key of P-256")
        self._key = key
        self.msp = msp
        self.creator = encode("msp.SerializedIdentity", {"mspid": msp, "id_bytes": certificate})

    def transaction_id(self, nonce: bytes) -> str:
        """Return the id that a nonce and this creator make."""
        return sha256(nonce + self.creator).hexdigest()

    def sign(self, message: bytes) -> bytes:
        """Return ECDSA over SHA-256 in DER, with the lower s, which Fabric demands."""
        scheme = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)
        r, s = der.read_signature(self._key.sign(message, scheme))
        return der.write_signature(r, min(s, P256_ORDER - s))


class Trust:
    """The pinned roots of each organisation, in PEM, by the id of its membership service."""

    def __init__(self, roots: Mapping[str, bytes]) -> None:
        self._roots = {
            msp: tuple(x509.load_pem_x509_certificates(pem)) for msp, pem in roots.items()
        }
        self.key_of = lru_cache(1_024)(self._key_of)
        self.knows = lru_cache(1_024)(self._knows)

    def _knows(self, creator: bytes) -> bool:
        """Return whether an identity is of an organisation whose root is pinned.

        Errors: Untrusted.
        """
        try:
            return text(decode("msp.SerializedIdentity", creator), "mspid") in self._roots
        except BadMessage as error:
            raise Untrusted(f"identity: {error}") from error

    def _key_of(self, creator: bytes, role: str) -> tuple[str, ec.EllipticCurvePublicKey]:
        """Return organisation and key of an identity that may act in `role`; empty: in any.

        Errors: Untrusted.
        """
        try:
            identity = decode("msp.SerializedIdentity", creator)
            msp = text(identity, "mspid")
            certificate = x509.load_pem_x509_certificate(blob(identity, "id_bytes"))
        except (BadMessage, ValueError) as error:
            raise Untrusted(f"identity: {error}") from error
        if not any(_issued(certificate, root) for root in self._roots.get(msp, ())):
            raise Untrusted(f"identity: no pinned root of {msp} issued it")
        units = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
        if role and role not in {unit.value for unit in units}:
            raise Untrusted(f"identity: of {msp}, but no {role}")
        key = certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name != "secp256r1":
            raise Untrusted(f"identity: of {msp}, but its key is not of P-256")
        return msp, key

    def verify(self, creator: bytes, signature: bytes, message: bytes, role: str = "") -> str:
        """Return the organisation whose member signed `message`. Errors: Untrusted."""
        msp, key = self.key_of(creator, role)
        try:
            _, s = der.read_signature(signature)
            if s > P256_ORDER // 2:
                raise Untrusted(f"signature of {msp}: s lies in the upper half")
            key.verify(signature, message, _SCHEME)
        except (InvalidSignature, der.FormRefused) as error:
            raise Untrusted(f"signature of {msp}: it does not verify") from error
        return msp


def certificate_pem(text: str) -> bytes:
    """Return as PEM a certificate given as the base64 of its DER. Errors: ValueError."""
    raw = base64.b64decode(text, validate=True)
    return x509.load_der_x509_certificate(raw).public_bytes(serialization.Encoding.PEM)


def _issued(certificate: x509.Certificate, root: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(root)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True
