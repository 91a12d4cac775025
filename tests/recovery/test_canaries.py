"""A mark in every personal value that can be sent: it stands beside the ledger and nowhere else.

The daemon is a process of its own; its log, its answers, its files, its ledger's leaves and rows,
its export and what networks were sent are all searched when everything has happened.
"""

import asyncio
import re
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import apsw
import pytest

from bridge.api.app import ROUTES
from bridge.cli import run
from bridge.cli.corridor import HEADER, LISTED, bring_list
from bridge.cli.stage import Stage, stage
from bridge.cli.teller import Teller

PERSONAL = frozenset({"name", "account", "accounts", "person_id"})
Asked = tuple[str, str, dict[str, Any]]  # an address, who asks, and the body
WHO = ("li.wei", "wang.fang", "zhao.min")


def draw(_: str) -> None:
    return


@dataclass
class Canaries:
    """Marks by what they stand for; each is met nowhere by chance."""

    made: dict[str, str] = field(default_factory=dict)

    def of(self, what: str) -> str:
        return self.made.setdefault(what, f"Canary{secrets.token_hex(8)}")

    def found(self, data: bytes, *, but: frozenset[str] = frozenset()) -> set[str]:
        """Which of them stand there, in any case, as text or as hex."""
        low = data.lower()
        return {
            what
            for what, text in self.made.items()
            if what not in but
            and any(form in low for form in (text.lower().encode(), text.encode().hex().encode()))
        }


def files(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below, by its name."""
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            yield str(file.relative_to(folder)), file.read_bytes()


def cells(database: Path) -> Iterator[tuple[str, bytes]]:
    """Every cell of the ledger, by its table."""
    db = apsw.Connection(str(database), flags=apsw.SQLITE_OPEN_READONLY)
    names = db.execute("SELECT name FROM sqlite_schema WHERE type='table'").fetchall()
    for (name,) in names:
        for row in db.execute(f"SELECT * FROM {name}"):
            for cell in row:
                yield str(name), cell if isinstance(cell, bytes) else str(cell).encode()
    db.close()


def filled(path: str, fills: Mapping[str, list[str]]) -> Iterator[str]:
    """The addresses a pattern stands for, among what is there."""
    hole = re.search(r"\{(\w+)(?::(?:[^{}]|\{[^{}]*\})*)?\}", path)
    if hole is None:
        yield path
        return
    for fill in fills.get(hole[1], []):
        yield from filled(path[: hole.start()] + fill + path[hole.end() :], fills)


def spoiled(whole: Mapping[str, Any], mark: str) -> Iterator[dict[str, Any]]:
    """The body again and again, each time with one personal member spoiled by the mark."""
    for name, value in whole.items():
        if isinstance(value, Mapping):
            for inner in spoiled(value, mark):
                yield {**whole, name: inner}
        elif name in PERSONAL:
            for wrong in (mark, [mark], {"a": mark}, mark * 40, f"{mark}\x07", [[mark]]):
                yield {**whole, name: wrong}


async def refusals(built: Stage, canaries: Canaries, bodies: list[Asked]) -> list[str]:
    """Send what is refused, marked in every personal place; return where the mark came back."""
    mark, leaks, refused = canaries.of("spoiled"), list[str](), 0
    async with speaking(built) as ask:
        for path, who, body in bodies:
            for one in spoiled(body, mark):
                status, raw = await ask("POST", path, who, one)
                refused += status >= 400
                leaks += [f"{path} {status} {raw!r}" for _ in canaries.found(raw)]
    assert refused > 40
    return leaks


async def told(built: Stage, canaries: Canaries, settlements: list[str]) -> list[str]:
    """Ask every address that is read, as each person; return where a canary stood."""
    proposals = [one["id"] for one in (await built.desk.get("/v1/proposals"))["items"]]
    shown = [await built.desk.get(f"/v1/settlements/{of}") for of in settlements]
    fills = {
        "settlement": settlements,
        "uetr": [one["uetr"] for one in shown],
        "proposal": proposals,
        "register": ["parties", "persons", "assets", "lanes"],
        "id": [*proposals, "canary-seller", "canary-buyer", "canary.person", "nobody"],
        "n": ["0", "9", "99"],
        "level": ["0"],
        "index": ["000.p/64"],
        "account": ["nobody"],
        "tx": ["nobody"],
    }
    leaks, good = list[str](), 0
    async with speaking(built) as ask:
        for route in ROUTES:
            if route.method != "GET" or route.path == "/openapi.json":
                continue
            paths = list(filled(route.path, fills))
            if route.name == "followSettlements":
                paths = [f"{path}?since=2020-01-01T00:00:00Z" for path in paths]
            assert paths, f"{route.path} is asked of nothing"
            for path in paths:
                for who in WHO:
                    status, raw = await ask("GET", path, who, None)
                    good += status == 200
                    leaks += [f"GET {path} {who}: {one}" for one in canaries.found(raw)]
    assert good > 60
    return leaks


async def whole(answer: aiohttp.ClientResponse) -> bytes:
    """Read an answer to its end, or a stream until it has nothing more to tell."""
    raw = b""
    with suppress(TimeoutError):
        while chunk := await asyncio.wait_for(answer.content.readany(), 3):
            raw += chunk
    return raw


Ask = Callable[[str, str, str, object], Awaitable[tuple[int, bytes]]]


@asynccontextmanager
async def speaking(built: Stage) -> AsyncGenerator[Ask]:
    """Yield how to ask as a person; who is told to slow down does."""
    tokens = {who: (built.folder / "keys" / f"token-{who}").read_text().strip() for who in WHO}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:

        async def ask(method: str, path: str, who: str, body: object) -> tuple[int, bytes]:
            headers = {"Authorization": f"Bearer {tokens[who]}"}
            headers |= {"Idempotency-Key": secrets.token_hex(8)} if method == "POST" else {}
            while True:
                async with session.request(
                    method, built.daemon.url + path, json=body, headers=headers
                ) as answer:
                    raw = await whole(answer)
                    if answer.status != 429:
                        return answer.status, raw
                await asyncio.sleep(0.2)

        yield ask


Rows = dict[tuple[str, str], dict[str, Any]]


async def register(built: Stage, canaries: Canaries) -> Rows:
    """A seller, a natural person who buys, and a clerk are marked in all that is theirs."""
    rows: Rows = {}
    for name, kind, where, account in (
        ("canary-seller", "legal", "CN", "seller-wallet"),
        ("canary-buyer", "natural", "HK", "buyer-wallet"),
    ):
        row: dict[str, Any] = {
            "id": name,
            "name": canaries.of(f"{name} name"),
            "kind": kind,
            "uscc": "",
            "jurisdiction": where,
            "wallets": [
                {"network": network, "account": account}
                for network in (built.origin, built.destination)
            ],
            "accounts": [canaries.of(f"{name} account {n}") for n in (1, 2)],
            "owners": [],
            "custody": [],
            "active": True,
        }
        if kind == "natural":
            row["person_id"] = canaries.of(f"{name} person_id")
        rows["register.party", name] = row
    rows["register.person", "canary.person"] = {
        "id": "canary.person",
        "name": canaries.of("canary.person name"),
        "key": "ab" * 32,
        "roles": ["operator"],
        "since": "0",
    }
    for (subject, name), row in rows.items():
        await built.desk.two(subject, name, row)
    return rows


def paid(canaries: Canaries) -> dict[str, object]:
    """A payment between two who are marked."""
    return {
        "amount": {"currency": "HKD", "amount": "1000.00"},
        "debtor": {
            "name": canaries.of("debtor"), "account": "HK00123", "agent": "HSBCHKHH",
        },
        "creditor": {
            "name": canaries.of("creditor"), "account": "CN00456", "agent": "BKCHCNBJ",
        },
    }  # fmt: skip


@pytest.mark.slow
async def test_a_canary_is_found_beside_the_ledger_and_nowhere_else(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int]
) -> None:
    canaries, leaks = Canaries(), list[str]()
    async with stage(tmp_path, f"tcp:localhost:{unused_tcp_port_factory()}") as built:
        teller = Teller(built, 1, draw)
        rows = await register(built, canaries)
        sides = {
            "originator": {"party": "canary-seller", "account": "seller-wallet"},
            "beneficiary": {"party": "canary-buyer", "account": "buyer-wallet"},
            "payment": paid(canaries),
        }
        clean = (await teller.send(teller.order("CLEAN", **sides)))["settlement"]
        await teller.until(clean, "settled")
        # a hit by name: what policy found names nobody either
        listed = f"{HEADER}{LISTED}X-9,person,{canaries.of('canary-buyer name')},,,,\n"
        await bring_list(built.desk, listed)
        hit = (await teller.send(teller.order("HIT", **sides)))["settlement"]
        shown = await teller.until(hit, "screening", "held")
        await built.desk.decide(shown["proposals"][0], "approve", "zhao.min")
        await teller.until(hit, "settled")
        bodies: list[Asked] = [
            ("/v1/settlements:simulate", "li.wei", teller.order("NEVER", **sides)),
            ("/v1/settlements", "li.wei", teller.order("", **sides, lane="no-such-lane")),
        ]
        for (subject, name), row in rows.items():
            asked = {"subject": subject, "target": name, "payload": row, "reason": "a test"}
            bodies.append(("/v1/proposals", "wang.fang", asked))
        leaks += await refusals(built, canaries, bodies)
        leaks += await told(built, canaries, [clean, hit])
    export = tmp_path / "export"
    assert run(["ledger", "export", str(export), "--folder", str(tmp_path)]) == 0
    beside: set[str] = set()
    for table, cell in cells(tmp_path / "data" / "ledger.db"):
        if table == "side":
            beside |= canaries.found(cell)
        else:
            leaks += [f"table {table}: {one}" for one in canaries.found(cell)]
    assert beside >= canaries.made.keys() - {"spoiled"}
    for name, data in files(tmp_path):
        if name.startswith("data/ledger.db"):
            continue  # by its tables, above
        if name.startswith("world/"):
            continue  # line by line, below
        leaks += [f"file {name}: {one}" for one in canaries.found(data)]
    for line in (tmp_path / "world" / "memory" / "commands.jsonl").read_bytes().splitlines():
        needs = frozenset({"debtor", "creditor"}) if b'"rail:' in line else frozenset()
        leaks += [f"world {line[:60]!r}: {one}" for one in canaries.found(line, but=needs)]
    assert leaks == []
