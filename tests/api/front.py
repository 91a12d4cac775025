"""The front desk over a running ring: one client for each person, as over the wire."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp.test_utils import TestClient, TestServer

from adapters.memory.codec import public_hex
from bridge.api.app import build
from bridge.api.times import time_text
from bridge.api.tokens import Tokens
from bridge.core.ids import PersonId
from bridge.engine.admission import OrderRequest
from bridge.settings import ApiSettings
from tests.engine.river import River, key, river
from tests.notary.ledgers import LI, WANG, ZHAO, key_of


@dataclass
class Told:
    """An answer as the wire had it."""

    status: int
    headers: Mapping[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)


@dataclass
class Front:
    """Whom a test speaks as, and with which key."""

    water: River
    client: TestClient[Any, Any]
    tokens: Tokens
    texts: Mapping[str, str]
    asked: int = 0

    async def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        who: str = LI,
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> Told:
        """Ask as a person of the register; a write gets a key nobody used."""
        sent = {"Authorization": f"Bearer {self.texts.get(who, who)}"} if who else {}
        if method == "POST":
            self.asked += 1
            sent["Idempotency-Key"] = f"key-{self.asked}"
        if body is not None:
            raw = json.dumps(body).encode()
        if raw is not None:
            sent["Content-Type"] = "application/json"
        sent |= headers or {}
        async with self.client.request(
            method, path, data=raw, headers=sent, skip_auto_headers=("Content-Type",)
        ) as answer:
            return Told(answer.status, answer.headers, await answer.read())

    async def send(self, number: int = 1, **changes: object) -> str:
        """Send an order with its holder's consent; return the settlement's id."""
        sent = await self.ask("POST", "/v1/settlements", order(self.water, number, **changes))
        assert sent.status == 201, sent.raw
        of = sent.json["settlement"]
        assert isinstance(of, str)
        for owed in sent.json["consents"]:
            given = await self.ask("POST", f"/v1/settlements/{of}/consents", consent(sent, owed))
            assert given.status == 201, given.raw
        return of

    async def decide(self, proposal: Mapping[str, Any], says: str, who: str) -> Told:
        """Decide as a person, over their own key."""
        message = bytes.fromhex(proposal["message" if says == "approve" else "refusal"])
        body = {"signature": key_of(who).sign(message).hex(), "reason": "seen"}
        return await self.ask("POST", f"/v1/proposals/{proposal['id']}:{says}", body, who=who)


def consent(sent: Told, owed: Mapping[str, Any]) -> dict[str, object]:
    """The holder's word for what an order owes."""
    holder = key(owed["by"].removesuffix("-wallet"))
    return {
        "terms": sent.json["terms"],
        "network": owed["network"],
        "by": owed["by"],
        "kind": owed["kind"],
        "public_key": public_hex(holder),
        "signature": holder.sign(bytes.fromhex(owed["message"])).hex(),
        "not_after": "2027-06-01T00:00:00Z",
    }


def order(water: River, number: int = 1, **changes: object) -> dict[str, Any]:
    """An order for ten units of the n-th bond, as a client writes it."""
    return {**wire(water.order(number)), **changes}


def wire(request: OrderRequest) -> dict[str, Any]:
    """An order's request in the words of the wire."""
    paper, paid = request.instrument, request.payment
    assert paper.face is not None
    assert paid is not None
    return {
        "id": request.id,
        "seed": request.seed.hex(),
        "lane": request.lane,
        "instrument": {
            "kind": paper.kind.value,
            "asset": paper.asset,
            "profile": paper.profile,
            "issuer": paper.issuer,
            "number": paper.number,
            "document": paper.document,
            "face": {"currency": paper.face.currency.code, "amount": paper.face.text},
            "maturity": paper.maturity,
        },
        "units": str(request.units),
        "originator": {"party": request.originator.party, "account": request.originator.account},
        "beneficiary": {"party": request.beneficiary.party, "account": request.beneficiary.account},
        "deadline": time_text(request.deadline),
        "payment": {
            "amount": {"currency": paid.amount.currency.code, "amount": paid.amount.text},
            "debtor": {
                "name": paid.debtor,
                "account": paid.debtor_account,
                "agent": paid.debtor_agent,
            },
            "creditor": {
                "name": paid.creditor,
                "account": paid.creditor_account,
                "agent": paid.creditor_agent,
            },
        },
        "purpose": request.purpose,
        "bop_code": request.bop_code,
    }


@asynccontextmanager
async def front(folder: Path, *, rate_per_s: int = 10_000, **how: int) -> AsyncIterator[Front]:
    """A ring turning, and a desk before it."""
    async with river(folder, **how) as water:
        tokens = Tokens(folder / "tokens.json")
        texts = {str(person): tokens.create(PersonId(person)) for person in (LI, WANG, ZHAO)}
        settings = ApiSettings(rate_per_s=rate_per_s, read_timeout_s=1)
        app = build(water.ring, settings, tokens, origin="test/river", clock=water.ring.clock)
        server = TestServer(app)
        await server.start_server(auto_decompress=False)
        async with TestClient(server) as client:
            yield Front(water, client, tokens, texts)
