"""A user is registered and enrolled with each algorithm, and then may ask for locks."""

from pathlib import Path

import pytest

from adapters.bsn import certificates
from adapters.bsn.adapter import VERBS
from adapters.bsn.devnet.gateway import UPLOAD
from adapters.bsn.devnet.macs import SECP256K1, SECP256R1, SM2, Secret
from adapters.bsn.devnet.requests import requested_key
from adapters.bsn.enrolment import certificate_request, enrol, register
from adapters.bsn.pcn_client import PcnClient
from adapters.bsn.pcn_evidence import point_of
from adapters.bsn.private_keys import KeyOfUser, key_of_user
from adapters.bsn.signing import MacVerifier
from adapters.bsn.unambiguous import Fixed
from bridge.ports import Refused, Unavailable
from tests.adapters.bsn.devnet.grounds import Here, spki

ALGORITHMS = (SM2, SECP256R1, SECP256K1)


def key(secret: Secret) -> KeyOfUser:
    return key_of_user(secret.pem(), allow_software_sm2=True)


def client_of(here: Here, name: str) -> PcnClient:
    return PcnClient(
        here.wire,
        here.clock,
        codes=(here.app.user_code, here.app.app_code),
        key=key(here.user),
        gateway=MacVerifier(point_of(spki(here.app.secret.public()))),
        fixed=Fixed(here.ledger.chaincode, name, VERBS),
    )


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_a_key_is_enrolled_and_its_certificate_read(algorithm: int, tmp_path: Path) -> None:
    here = Here(folder=tmp_path, algorithm=algorithm, mode=UPLOAD)
    client, mine = client_of(here, "bridge1"), key(Secret(algorithm, "bridge1"))
    secret = await register(client, "bridge1")
    certificate = await enrol(client, mine, "bridge1", here.app.app_code, secret)
    assert certificates.read_key(certificate) == mine.public
    with pytest.raises(Refused, match="user exists"):
        await register(client, "bridge1")
    with pytest.raises(Refused):
        await enrol(client, mine, "bridge1", here.app.app_code, "0" * 32)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_request_names_its_user_and_is_signed(algorithm: int) -> None:
    mine = key(Secret(algorithm, "somebody"))
    text = certificate_request(mine, "somebody", "app1")
    assert text.endswith("-----END CERTIFICATE REQUEST-----\n")
    name, public = requested_key(text)
    assert (name, public.point) == ("somebody@app1", mine.public.encoded)
    lines = text.splitlines()
    lines[-2] = "A" + lines[-2][1:]
    with pytest.raises(ValueError, match=r"signature|PKCS"):
        requested_key("\n".join(lines))


async def test_a_certificate_for_another_key_stops_everything(tmp_path: Path) -> None:
    here = Here(folder=tmp_path)
    client = client_of(here, "bridge1")
    secret = await register(client, "bridge1")
    here.gateway.faults.add("forged_field", "user/enroll")
    here.gateway.users[here.app.app_code, "bridge1"] = secret
    mine = key(Secret(SECP256R1, "bridge1"))

    class Swapped:
        """Asks with one key and expects another."""

        public = key(Secret(SECP256R1, "other")).public

        def sign(self, text: str) -> str:
            return mine.sign(text)

        def sign_bytes(self, data: bytes) -> bytes:
            return mine.sign_bytes(data)

    with pytest.raises((Refused, Unavailable)):
        await enrol(client, Swapped(), "bridge1", here.app.app_code, secret)
