"""A root, an identity under it, and the table of settings that pins them."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.bsn.fabric_trust import Identity

PEM = serialization.Encoding.PEM
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def _certificate(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "user")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name)
    made = made.public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(BEGAN).not_valid_after(BEGAN + timedelta(days=9_000))
    return made.sign(key, hashes.SHA256())


_KEY = ec.derive_private_key(7, ec.SECP256R1())
_MADE = _certificate(_KEY)
ROOT = base64.b64encode(_MADE.public_bytes(serialization.Encoding.DER)).decode()
CERTIFICATE = _MADE.public_bytes(PEM)
SECRET = _KEY.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
IDENTITY = Identity("Org1MSP", CERTIFICATE, SECRET)


def table(folder: Path) -> dict[str, object]:
    """What an operator writes."""
    (folder / "user.pem").write_bytes(SECRET)
    (folder / "user.crt").write_bytes(CERTIFICATE)
    return {
        "network": "fabric:" + "a1" * 16,
        "access": "fabric",
        "address": "127.0.0.1:7051",
        "ca_file": str(folder / "user.crt"),
        "msp_id": "Org1MSP",
        "identity_key_file": str(folder / "user.pem"),
        "identity_certificate_file": str(folder / "user.crt"),
        "channel": "settle",
        "chaincode": "escrow",
        "genesis_hash": "a1" * 32,
        "organisations": [{"msp": f"Org{n}MSP", "root": ROOT} for n in (1, 2)],
        "orderers": [{"msp": "OrdererMSP", "root": ROOT}],
    }
