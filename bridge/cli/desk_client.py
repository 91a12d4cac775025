"""The API as the demo's people use it: their token carries their words, their key signs."""

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import aiohttp

from bridge.notary.keys import load_ed25519

QUIET_S = 60.0  # a stream without a word for so long is dead; the desk speaks every 15 s


class Refusal(Exception):
    """Raised where the desk answers with a problem document; `code` and `remedy` are its own."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{problem.get('code')}: {problem.get('detail')}")
        self.status = status
        self.code = str(problem.get("code"))
        self.remedy = str(problem.get("remedy", ""))

    @property
    def is_only_read(self) -> bool:
        """Whether the desk's ledger is not written any more, until somebody mends it."""
        return self.code == "LQ-READ-ONLY"


class DeskClient:
    """A person's requests over HTTP. What absence breaks is asked again, same key.

    For half a minute, which is what a daemon that was killed has for its start.
    """

    PAUSES_S: ClassVar[tuple[float, ...]] = (0.1, 0.2, 0.5, 1, 2, *(3,) * 9)

    def __init__(self, folder: Path, session: aiohttp.ClientSession) -> None:
        client = json.loads((folder / "data" / "client.json").read_text("utf-8"))
        self.url = str(client["url"])
        self._session = session
        self._tokens = {
            who: Path(file).read_text().strip() for who, file in client["tokens"].items()
        }
        self._keys = {who: load_ed25519(Path(file)) for who, file in client["keys"].items()}

    async def get(self, path: str, who: str = "li.wei") -> Any:
        """Return what a read answers."""
        return await self._ask("GET", path, who, None)

    async def post(self, path: str, body: Mapping[str, object], who: str = "li.wei") -> Any:
        """Return what a write answers, under an Idempotency-Key of its own."""
        return await self._ask("POST", path, who, body)

    async def _ask(self, method: str, path: str, who: str, body: object) -> Any:
        headers = {"Authorization": f"Bearer {self._tokens[who]}"}
        if method == "POST":
            headers["Idempotency-Key"] = secrets.token_hex(16)
        for pause in (*self.PAUSES_S, None):
            try:
                async with self._session.request(
                    method, self.url + path, json=body, headers=headers
                ) as answer:
                    said = await answer.json(content_type=None)
                    if answer.status < 400:
                        return said
                    refusal = Refusal(answer.status, said)
                    if answer.status != 503 or refusal.is_only_read or pause is None:
                        raise refusal
            except aiohttp.ClientError:
                if pause is None:
                    raise
            assert pause is not None, "the last one has raised"
            await asyncio.sleep(pause)
        raise AssertionError("the last pause raises")

    async def events(self, of: str, who: str = "li.wei") -> AsyncGenerator[dict[str, Any]]:
        """Yield what happens to a settlement, from its order on, until it is at rest."""
        headers = {"Authorization": f"Bearer {self._tokens[who]}"}
        quiet = aiohttp.ClientTimeout(total=None, sock_read=QUIET_S)
        address = f"{self.url}/v1/settlements/{of}/events"
        async with self._session.get(address, headers=headers, timeout=quiet) as answer:
            async for line in answer.content:
                if line.startswith(b"data: "):
                    yield json.loads(line.removeprefix(b"data: "))

    async def decide(self, proposal: str, says: str, who: str) -> Any:
        """Sign the exact bytes the desk shows, and bring the signature."""
        shown = await self.get(f"/v1/proposals/{proposal}", who)
        message = shown["message"] if says == "approve" else shown["refusal"]
        signature = self._keys[who].sign(bytes.fromhex(message)).hex()
        body = {"signature": signature, "reason": "seen"}
        return await self.post(f"/v1/proposals/{proposal}:{says}", body, who)

    async def two(
        self,
        subject: str,
        target: str,
        payload: Mapping[str, object],
        *,
        documents: tuple[str, ...] = (),
    ) -> None:
        """Have two people do it: one proposes, another approves."""
        body = {
            "subject": subject,
            "target": target,
            "payload": payload,
            "reason": "the demo",
            "documents": list(documents),
        }
        made = await self.post("/v1/proposals", body, "wang.fang")
        await self.decide(made["id"], "approve", "zhao.min")
