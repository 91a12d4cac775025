"""An installation between an EVM chain and the memory world, its daemon a process that dies.

Two lanes, out and home; whatever is at home on the chain has a twin in the memory world, and the
other way round.
"""

import asyncio
import json
import secrets
from base64 import b64encode
from collections import Counter
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eth_account import Account

from adapters.evm.ticket import network_word
from adapters.memory.stand import ORIGIN as AWAY
from adapters.memory.stand import WORLD, Stand
from bridge.cli.corridor import DAY_MS, HEADER, LISTED, bring_list
from bridge.cli.desk_client import DeskClient
from bridge.cli.found import NOTARIES, QUORUM, found, keys_of, write_settings
from bridge.clock import SystemClock
from bridge.core.canonical import Value, canonical
from bridge.core.ids import new_ulid
from bridge.notary.attestation import Eip712Signer
from bridge.notary.fsck import fsck
from bridge.notary.keys import load_secp256k1
from bridge.notary.store.sqlite import SqliteReader
from tests.adapters.evm.chain import HOLDERS, OPERATOR, Bridge
from tests.adapters.evm.live import BLOCK_S, Live, right
from tests.adapters.evm.stand import EXIT, GWEI
from tests.adapters.evm.town_pack import town_pack
from tests.recovery.daemon_lives import Lives

HERE = "eip155:31337"
SELLER, BUYER = HOLDERS[:2]
THERE = ("seller-wallet", "buyer-wallet")  # the same two in the memory world
NAMES = ("orchid", "harbourview")  # and in the register
ISSUER = "529900T8BM49AURSDO55"
READER = Ed25519PrivateKey.from_private_bytes(b"\x21" * 32)
WITHIN_S = 120


@dataclass(frozen=True, kw_only=True)
class Thing:
    """What is moved: its name in the register, where it is at home, its ids."""

    name: str
    kind: str
    at_home: bool  # on the chain
    here: str  # contract
    part: str = ""
    issued: int = 1_000


@dataclass
class Town:
    """The stage of one test."""

    live: Live
    bridge: Bridge
    folder: Path
    wires: Stand
    desk: DeskClient
    daemon: Lives
    custodies: dict[str, str]
    listen: str = ""
    sent: list[str] = field(default_factory=list)
    owed: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # consents by settlement
    began: int = 0  # the chain's head when all was set up

    async def held(self, thing: Thing, whose: int) -> tuple[int, int]:
        """How much of it the seller (0) or buyer (1) has here and there."""
        account = HOLDERS[whose].address
        here = 0 if thing.part else self.bridge.balance(thing.here, account)
        asked = {"ask": "holding", "asset": thing.name, "part": thing.part, "operator": ""}
        told = await self.wires.ask(AWAY, {**asked, "account": THERE[whose]})
        return here, int(str(told["units"]))

    def custody(self, thing: Thing) -> tuple[int, int]:
        """How much of it is locked in open slots here, and how much of the custody's is abroad."""
        view = self.bridge.chain.view
        if not thing.at_home:
            (issued,) = view(self.bridge.twin_vault, "issued", thing.here, network_word(AWAY))
            return self.bridge.balance(thing.here, self.bridge.twin_vault), int(str(issued))
        held, backed = view(self.bridge.vault, "accounts", thing.here)
        return int(str(held)), int(str(backed))

    def order(self, thing: Thing, lane: str, units: int, *, back: bool = False) -> dict[str, Any]:
        """From seller to buyer over a lane, or back to the seller."""
        sides = [0, 1] if not back else [1, 0]
        away = [lane == "home", lane == "out"]
        accounts = [
            THERE[who] if is_away else right(HOLDERS[who].address)
            for who, is_away in zip(sides, away, strict=True)
        ]
        deadline = datetime.now(UTC) + timedelta(hours=1)  # noqa: TID251 who orders has a watch
        body: dict[str, Any] = {
            "id": new_ulid(SystemClock().now(), secrets.token_bytes(10)),
            "seed": secrets.token_hex(32),
            "lane": lane,
            "instrument": {
                "kind": thing.kind,
                "asset": thing.name,
                "profile": f"{thing.kind}/1",
                "issuer": ISSUER,
                "number": f"N{thing.name.upper()}".replace("-", ""),
                "document": thing.part or "ab" * 32,
            },
            "units": str(units),
            "originator": {"party": NAMES[sides[0]], "account": accounts[0]},
            "beneficiary": {"party": NAMES[sides[1]], "account": accounts[1]},
            "deadline": deadline.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "purpose": "GDDS",
            "bop_code": "121010",
        }
        if thing.kind == "bond":
            body["instrument"] |= {
                "face": {"currency": "HKD", "amount": "1000000.00"},
                "maturity": "2027-06-30",
            }
        return body

    async def send(self, body: Mapping[str, Any]) -> str:
        """Send an order with its holder's consent; its settlement."""
        sent = await self.desk.post("/v1/settlements", body)
        for owed in sent["consents"]:
            message = bytes.fromhex(owed["message"])
            public, signature = "", b""
            if owed["kind"] == "eip712":
                (holder,) = (one for one in HOLDERS if right(one.address) == owed["by"])
                data = json.loads(message)
                signed = Account.sign_typed_data(holder.key.secret, full_message=data)
                signature = bytes(signed.signature)
            else:
                key = Ed25519PrivateKey.from_private_bytes(
                    self.wires.holders[owed["by"]].read_bytes()
                )
                public, signature = key.public_key().public_bytes_raw().hex(), key.sign(message)
            consent = {
                "terms": sent["terms"],
                "network": owed["network"],
                "by": owed["by"],
                "kind": owed["kind"],
                "public_key": public,
                "signature": signature.hex(),
                "not_after": "2027-12-31T00:00:00Z",
            }
            await self.desk.post(f"/v1/settlements/{sent['settlement']}/consents", consent)
        self.sent.append(sent["settlement"])
        self.owed[sent["settlement"]] = sent["consents"]
        return str(sent["settlement"])

    async def until(self, of: str, stage: str) -> dict[str, Any]:
        """Wait until it stands there, under no stop."""
        shown: dict[str, Any] = {}
        try:
            async with asyncio.timeout(WITHIN_S):
                while True:
                    shown = await self.desk.get(f"/v1/settlements/{of}")
                    if (shown["stage"], shown["stop"]) == (stage, ""):
                        return shown
                    await asyncio.sleep(0.05)
        except TimeoutError as error:
            raise AssertionError(f"{of} never was {stage}: {shown}") from error

    async def crosses(self, thing: Thing, lane: str, units: int, *, back: bool = False) -> None:
        """An order over a lane settles."""
        await self.until(await self.send(self.order(thing, lane, units, back=back)), "settled")

    async def alarms(self) -> list[str]:
        status = await self.desk.get("/v1/status")
        return [str(one) for one in status["alarms"]]

    def landed(self) -> set[str]:
        """The hashes of what had the escrow say something since all was set up."""
        escrow = self.bridge.escrow.lower()
        told = [
            self.live.chain.node.ask("eth_getBlockReceipts", hex(number))
            for number in range(self.began + 1, self.head() + 1)
        ]
        return {
            str(one["transactionHash"])
            for receipts in told
            for one in receipts
            if any(log["address"].lower() == escrow for log in one["logs"])
        }

    def head(self) -> int:
        """How many blocks the chain has."""
        return int(self.live.chain.node.ask("eth_blockNumber"), 16)

    async def at_rest(self) -> None:
        """Each was settled once: say the ledger, each fact in it, and each transaction's hash."""
        for of in self.sent:
            await self.until(of, "settled")
        await self.daemon.kill()
        reader = SqliteReader(self.folder / "data" / "ledger.db")
        try:
            assert fsck(reader) == ()
            asked = sorted(("tx", name) for name in self.landed())
            found = reader.load(asked)
            assert len(asked) >= 2 * len(self.sent), "each has two verbs here at least"
            assert {json.loads(found[one]) for one in asked} == set(self.sent)
            facts = Counter(
                key.rpartition("/")[2] for kind, key, _ in reader.every_row() if kind == "fact"
            )
        finally:
            reader.close()
        assert facts
        assert set(facts.values()) == {len(self.sent)}, facts


def chain_settings(live: Live, bridge: Bridge, custodies: Mapping[str, str]) -> dict[str, object]:
    """What an operator writes of the chain."""
    contracts = {"notaryset": bridge.set, **custodies}
    return {
        "adapter": "evm",
        "network": HERE,
        "genesis_hash": f"0x{bridge.genesis.hex()}",
        "escrow": right(bridge.escrow),
        "escrow_code_hash": f"0x{live.chain.code_hash(bridge.escrow).hex()}",
        "start_block": int(live.chain.block("latest")["number"], 16),
        "contracts": [
            {
                "name": name,
                "address": right(address),
                "code_hash": f"0x{live.chain.code_hash(address).hex()}",
            }
            for name, address in contracts.items()
        ],
        "endpoints": [{"url": url, "operator": name} for name, url in live.urls.items()],
        "quorum": 2,
        "finality": "finalized",
        "readers": [READER.public_key().public_bytes_raw().hex()],
        "reader_key_file": "keys/reader.key",
        "entry_key": {"keystore": "keys/entry.json", "password_file": "keys/evm.password"},
        "exit_key": {"keystore": "keys/exit.json", "password_file": "keys/evm.password"},
        "max_fee_wei": 100 * GWEI,
        "finality_ms": int(6 * BLOCK_S * 1_000),
        "poll_ms": 50,
        "tx_life_ms": 30_000,
        "timeout_ms": 5_000,
    }


def key_files(folder: Path) -> None:
    """The chain's keys, as an operator keeps them."""
    (folder / "keys" / "reader.key").write_bytes(READER.private_bytes_raw())
    (folder / "keys" / "evm.password").write_text("a password\n")
    for name, party in (("entry", OPERATOR), ("exit", EXIT)):
        made = Account.encrypt(party.key.secret, "a password", kdf="scrypt", iterations=2)
        (folder / "keys" / f"{name}.json").write_text(json.dumps(made))


def notaries_of(folder: Path) -> list[str]:
    """The addresses of the operators' keys, in the order a set takes them."""
    secrets_ = [load_secp256k1(folder / f"keys/notary-{name}.secp256k1.pem") for name in NOTARIES]
    return sorted(Eip712Signer(secret, {}).address for secret in secrets_)


@asynccontextmanager
async def town(folder: Path, port: int, live: Live) -> AsyncGenerator[Town]:
    """Yield it with nothing in the registers yet; the daemon is not started."""
    keys = keys_of(folder)
    key_files(folder)
    publics = tuple(key.public for key in keys.values())
    bridge = Bridge(
        live.chain,
        threshold=QUORUM,
        genesis=live.chain.genesis_hash,
        signers=notaries_of(folder),
    )
    for party in (OPERATOR, EXIT):
        live.chain.node.ask("anvil_setBalance", party.address, hex(10**24))
    listen = f"tcp:localhost:{port}"
    async with WORLD.start(folder / "world", publics, QUORUM) as wires:
        await asyncio.to_thread(found, folder, keys, profile="demo", url=f"http://localhost:{port}")
        async with aiohttp.ClientSession() as session:
            daemon = Lives(folder / "lianqiao.toml")
            custodies = {"vault": bridge.vault, "twinvault": bridge.twin_vault}
            made = Town(live, bridge, folder, wires, DeskClient(folder, session), daemon, custodies)
            made.listen = listen
            try:
                yield made
            finally:
                await daemon.stop()


async def opened(town_: Town, things: Sequence[Thing]) -> None:
    """Write the settings, start the daemon, and make the registers: two people each."""
    networks = {"away": town_.wires.networks["shenzhen"]}
    networks |= {"chain": chain_settings(town_.live, town_.bridge, town_.custodies)}
    write_settings(town_.folder, profile="demo", listen=town_.listen, networks=networks, rails={})
    await town_.daemon.start()
    desk = town_.desk
    for place, name in enumerate(NAMES):
        await desk.two("register.party", name, _party(place, name))
    for thing in things:
        asset: dict[str, Value] = {"do": "asset", "at": AWAY, "asset": thing.name}
        await town_.wires.do({**asset, "home": not thing.at_home})
        await desk.two("register.asset", thing.name, _asset(thing, town_.bridge))
    for name, there, back in (("out", HERE, AWAY), ("home", AWAY, HERE)):
        lane = {
            "id": name,
            "origin": there,
            "destination": back,
            "pack": "demo",
            "limit": {"currency": "HKD", "minor": "500000000000"},
            "quorum": str(QUORUM),
            "notaries": sorted(NOTARIES),
            "acknowledge": "sealed",
            "assets": sorted(thing.name for thing in things),
            "lapse_ms": str(400 * DAY_MS),
            "open": True,
            "paused": "",
        }
        await desk.two("lane.open", name, lane)
    await publish(desk, sorted({thing.kind for thing in things}))
    await bring_list(desk, HEADER + LISTED)
    town_.began = town_.head()


def _party(place: int, name: str) -> dict[str, object]:
    wallets = [
        {"network": HERE, "account": right(HOLDERS[place].address)},
        {"network": AWAY, "account": THERE[place]},
    ]
    return {
        "id": name,
        "name": f"{name} Ltd",
        "kind": "legal",
        "uscc": "",
        "jurisdiction": "HK",
        "wallets": wallets,
        "accounts": [],
        "owners": [],
        "custody": [],
        "active": True,
    }


def _asset(thing: Thing, bridge: Bridge) -> dict[str, object]:
    escrow, here = right(bridge.escrow), right(thing.here)
    legs = [
        {"network": AWAY, "escrow": "escrow", "asset": thing.name, "part": thing.part},
        {"network": HERE, "escrow": escrow, "asset": here, "part": thing.part},
    ]
    return {
        "id": thing.name,
        "profile": f"{thing.kind}/1",
        "kind": thing.kind,
        "home": HERE if thing.at_home else AWAY,
        "legs": legs,
        "scale": "0",
        "issued": str(thing.issued),
        "cap": "1000000",
        "code": "",
        "active": True,
    }


async def publish(desk: DeskClient, kinds: Sequence[str]) -> None:
    """Put the demo's pack in force, which admits these kinds."""
    pack = town_pack()
    rules: Any = pack["rules"]
    table = [{"class": kind, "network": "*", "direction": "*", "says": "allow"} for kind in kinds]
    rules[-1]["params"] = {"table": table}
    raw = canonical(pack)
    named = sha256(raw).hexdigest()
    body = {"name": "demo", "pack": named, "state": "active", "side": f"bytes/{named}"}
    await desk.two("pack.publish", "demo", body, documents=(b64encode(raw).decode(),))
