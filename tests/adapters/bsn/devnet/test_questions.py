"""What is asked of the gateway again and again is signed once, and is still the question asked."""

import json
from pathlib import Path

import pytest

from adapters.bsn.adapter import network_over
from adapters.bsn.devnet.gateway import TRUST
from adapters.bsn.fabric_proposals import arguments_of, propose, read_proposal
from adapters.bsn.identity import Enrolled
from adapters.bsn.pcn_reading import LEDGER_INFO
from adapters.bsn.signing import Sm2MacSigner
from adapters.bsn.sm3 import sm3
from bridge.core.ids import Instant
from tests.adapters.bsn.devnet.grounds import Here


async def test_a_polled_head_costs_one_signature_and_other_questions_are_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Here(folder=tmp_path, mode=TRUST)
    network = network_over(here.wire, here.settings(), here.clock)
    client = network._access._client  # type: ignore[attr-defined]
    signed: list[str] = []
    sign = client._key.sign

    def counted(text: str) -> str:
        signed.append(text)
        return str(sign(text))

    monkeypatch.setattr(client._key, "sign", counted)
    here.wire.sent.clear()
    reader = network._reader
    first = await reader.head()
    await here.new_asset()
    assert (await reader.head())[0] == first[0] + 1
    assert len(signed) == 1
    assert (await reader.block(0)).number == 0
    assert (await reader.block(1)).number == 1
    await client.ask("/api/fabric/v1/chainCode/event/query")  # has no body either
    assert len(signed) == 4
    asked = [(path, json.loads(data)["body"]) for path, data in here.wire.sent]
    assert [path.rpartition("/")[2] for path, _ in asked] == [
        *("getLedgerInfo", "getLedgerInfo", "getBlockData", "getBlockData", "query")
    ]
    assert asked[0] == asked[1] == (LEDGER_INFO, None)
    assert here.wire.sent[0] == here.wire.sent[1]


def test_a_proposal_is_what_its_bytes_say_and_each_identitys_and_chaincodes_own() -> None:
    key = Sm2MacSigner(12345)
    for certificate in ("one", "two"):
        for chaincode in ("escrow", "another"):
            identity = Enrolled("Org1MSP", certificate, key)
            call = ((b"lock", b"{}"), Instant(1_767_225_600_123), bytes(24))
            made = propose(identity, "c", chaincode, call[0], time=call[1], nonce=call[2])
            assert read_proposal(made.signed) == made
            assert arguments_of(made) == call[0]
            assert made.chaincode == chaincode
            assert certificate.encode() in made.signature_header
            assert made.tx == sm3(bytes(24) + identity.creator).hex()
