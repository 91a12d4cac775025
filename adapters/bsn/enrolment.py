"""A user is registered and enrolled: the key is ours, the certificate the network's.

The request for a certificate is written by hand, because SM2 has no other way, and its PEM is
signed with every line feed, the last one too.

Source: RFC 2986 (PKCS 10); BSN user manual, permissioned services, for the subject.
"""

import base64
import secrets
from typing import Final

from adapters.bsn import certificates, der
from adapters.bsn.certificates import Algorithm
from adapters.bsn.pcn_answers import Untrusted, object_of, text_of
from adapters.bsn.pcn_client import FABRIC, PcnClient
from adapters.bsn.private_keys import KeyOfUser
from bridge.ports import Refused

REGISTER, ENROL = f"{FABRIC}user/register", f"{FABRIC}user/enroll"
_SET, _UTF8 = 0x31, 0x0C
_COUNTRY_LESS: Final = ((3, "{name}@{app}"), (11, "client"), (10, "Bsn"))  # CN, OU, O
_SCHEMES: Final = {
    Algorithm.SM2: bytes.fromhex("2a811ccf55018375"),  # SM2 with SM3
    Algorithm.SECP256R1: bytes.fromhex("2a8648ce3d040302"),  # ECDSA with SHA-256
    Algorithm.SECP256K1: bytes.fromhex("2a8648ce3d040302"),
}


def certificate_request(key: KeyOfUser, name: str, app: str) -> str:
    """The PEM of a certificate request for a user of an application."""
    names = b""
    for number, form in _COUNTRY_LESS:
        text = form.format(name=name, app=app).encode()
        kind = der.write(der.OBJECT_ID, bytes((0x55, 0x04, number)))
        names += der.write(_SET, der.write(der.SEQUENCE, kind + der.write(_UTF8, text)))
    version = der.write(der.INTEGER, b"\x00")
    subject = der.write(der.SEQUENCE, names)
    info = der.write(
        der.SEQUENCE, version + subject + certificates.write_spki(key.public) + der.write(0xA0, b"")
    )
    scheme = der.write(der.OBJECT_ID, _SCHEMES[key.public.algorithm])
    signature = der.write(der.BIT_STRING, b"\x00" + key.sign_bytes(info))
    whole = der.write(der.SEQUENCE, info + der.write(der.SEQUENCE, scheme) + signature)
    encoded = base64.b64encode(whole).decode()
    lines = [encoded[at : at + 64] for at in range(0, len(encoded), 64)]
    head, tail = "-----BEGIN CERTIFICATE REQUEST-----", "-----END CERTIFICATE REQUEST-----"
    return "\n".join([head, *lines, tail, ""])


async def register(client: PcnClient, name: str) -> str:
    """Register a user and return the secret it is enrolled with.

    Errors: Unavailable; Refused where the gateway says no; an echo of another name is refused.
    """
    secret = secrets.token_hex(16)
    body = {"name": name, "secret": secret, "extendProperties": ""}
    answer = await client.ask(REGISTER, body)
    if not answer.done:
        raise Refused(f"register: {answer.msg[:200]}")
    try:
        told = object_of(answer.body)
        echoed = text_of(told, "name"), text_of(told, "secret")
    except Untrusted as error:
        raise client.disagree(REGISTER, str(error)) from error
    if echoed != (name, secret):
        raise client.disagree(REGISTER, "name or secret: another than was asked for")
    return secret


async def enrol(client: PcnClient, key: KeyOfUser, name: str, app: str, secret: str) -> str:
    """Enrol a registered user's key and return its certificate, as received.

    Errors: Unavailable; Refused where the gateway says no, or certifies another key.
    """
    request = certificate_request(key, name, app)
    answer = await client.ask(ENROL, {"name": name, "secret": secret, "csrPem": request})
    if not answer.done:
        raise Refused(f"enroll: {answer.msg[:200]}")
    try:
        certificate = text_of(object_of(answer.body), "cert")
        certified = certificates.read_key(certificate)
    except (Untrusted, der.FormRefused) as error:
        raise client.disagree(ENROL, str(error)) from error
    if certified != key.public:
        raise client.disagree(ENROL, "the certificate is for another key")
    return certificate
