"""A holder's consent over the API: a word that is none is named, and nothing is written of it."""

from pathlib import Path

import pytest

from adapters.memory.network import MemoryNetwork
from bridge.ports import Answered, Check
from tests.api.front import consent, front, order


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"signature": ""}, "LQ-CONSENT-BAD"),
        ({"signature": "", "public_key": ""}, "LQ-CONSENT-BAD"),
        ({"signature": "", "kind": "p256"}, "LQ-CONSENT-BAD"),
        ({"signature": "", "public_key": "", "kind": "custody"}, "LQ-CUSTODY-NONE"),
        ({"kind": "custody"}, "LQ-CUSTODY-NONE"),
        ({"signature": "00" * 64}, "LQ-CONSENT-BAD"),
        ({"terms": "ab" * 32}, "LQ-CONSENT-OTHER"),
    ],
)
async def test_an_empty_or_foreign_signature_is_no_consent(
    changes: dict[str, str], code: str, tmp_path: Path
) -> None:
    async with front(tmp_path) as desk:
        sent = await desk.ask("POST", "/v1/settlements", order(desk.water))
        place = f"/v1/settlements/{sent.json['settlement']}/consents"
        (owed,) = sent.json["consents"]
        written = desk.water.journal.head.seq
        told = await desk.ask("POST", place, {**consent(sent, owed), **changes})
        assert (told.status // 100, told.json["code"]) == (4, code)
        assert desk.water.journal.head.seq == written
        assert (await desk.ask("GET", place)).json["given"] == []
        assert (await desk.ask("POST", place, consent(sent, owed))).status == 201


async def test_a_consent_that_its_network_cannot_judge_now_is_not_called_bad(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def silent(*_: object) -> Check:
        return Check("holder consents", Answered.UNKNOWN, "no connection")

    async with front(tmp_path) as desk:
        sent = await desk.ask("POST", "/v1/settlements", order(desk.water))
        place = f"/v1/settlements/{sent.json['settlement']}/consents"
        (owed,) = sent.json["consents"]
        with monkeypatch.context() as away:
            away.setattr(MemoryNetwork, "consent_holds", silent)
            told = await desk.ask("POST", place, consent(sent, owed))
        assert (told.status, told.json["code"]) == (503, "LQ-NETWORK-AWAY")
        assert told.headers["Retry-After"]
        assert (await desk.ask("GET", place)).json["given"] == []
        assert (await desk.ask("POST", place, consent(sent, owed))).status == 201
