"""A counterparty bank started for the demo, and what settings and stories need to know of it.

The entry point group `bridge.worlds` names `WORLD`. `WORLD.start(folder, notaries, threshold)` is
an async context manager: it starts the bank as a process on loopback, agrees keys with it, opens
the accounts below, and yields a `Stand`. Its tape stays in the folder: a bank that was killed comes
back as the same bank.
"""

import asyncio
import importlib
import json
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.iso20022.signed import load_signer
from bridge.core.canonical import Value
from bridge.core.ids import SettlementId, uetr_of
from bridge.ports import Refused, Unavailable

if TYPE_CHECKING:
    import aiohttp

START_S = 30  # until the bank has played its tape and listens
CALL_S = 10
INSTANCE, RAIL = "bank-a", "rail:bank-a"
OURS, THEIRS = "gateway-1", "bank-1"  # the names of the two keys, as agreed
OWN_BIC, BANK_BIC = "LIANHKHH", "HSBCHKHH"
MONEY = {"HK00123": 10**12, "CN00456": 10**12}  # account to minor units of HKD: each pays once
LIFE_MS = 20_000
SETTLE_MS = 300  # so that a recall can come in time


class Bank:
    """The bank's process: it can be killed at any moment, and started again over its tape."""

    def __init__(self, config: Path, state: Path) -> None:
        self._config = config
        self._state = state
        self._child: Process | None = None

    @property
    def pid(self) -> int:
        """Its id now."""
        assert self._child is not None, "it was started"
        return self._child.pid

    async def start(self) -> None:
        """Start it and wait until its door is open. Errors: Unavailable."""
        self._child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "adapters.iso20022.bank", "--config", str(self._config),
            "--state", str(self._state), "--until-eof",
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,  # it ends when we do
            start_new_session=True,  # Ctrl-C is for the demo, which takes this down
        )  # fmt: skip
        assert self._child.stdout is not None, "its standard output is a pipe"
        try:
            async with asyncio.timeout(START_S):
                line = await self._child.stdout.readline()
        except TimeoutError as error:
            raise Unavailable("the bank did not come up") from error
        if not line:
            raise Unavailable(f"the bank ended with {await self._child.wait()}")

    async def ended(self) -> int:
        """Wait until it has ended, and return its code."""
        assert self._child is not None, "it was started"
        return await self._child.wait()

    async def kill(self) -> None:
        """Kill it, as a failing machine would, and wait."""
        if self._child is not None and self._child.returncode is None:
            self._child.kill()
            await self._child.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """A running bank.

    `rails` is its table of settings by instance name, complete with its `adapter`; there is no
    network, so no holder.
    """

    address: str
    networks: Mapping[str, Mapping[str, object]]
    rails: Mapping[str, Mapping[str, object]]
    holders: Mapping[str, Path]
    bank: Bank
    session: "aiohttp.ClientSession"
    accounts: Mapping[str, str]
    escrow: str
    assets: Mapping[str, object]

    @property
    def processes(self) -> Mapping[str, Bank]:
        """What can be killed and started again, as the demo calls it."""
        return {"bank": self.bank}

    def leg(self, name: str, part: str = "") -> NoReturn:
        """Nothing lies at a bank. Errors: Refused."""
        raise Refused(f"{name} {part}: a bank keeps no asset")

    def consent(self, account: str, message: bytes) -> NoReturn:
        """Nobody of a bank holds an asset. Errors: Refused."""
        raise Refused(
            f"{account}: a bank keeps no asset, so nobody consents to {len(message)} bytes"
        )

    async def do(self, command: Mapping[str, Value]) -> None:
        """Carry out one command: money, fate, word, settle, return; or kill and start it.

        A payment is named by its `uetr`, or by the `settlement` it is for.
        Errors: Refused, Unavailable.
        """
        words = {name: str(word) for name, word in command.items() if name != "at"}
        if (settlement := words.pop("settlement", None)) is not None:
            words["uetr"] = uetr_of(SettlementId(settlement))
        match words.get("do"):
            case "kill":
                await self.bank.kill()
            case "start":
                await self.bank.start()
            case "money":
                await self._call("POST", "/panel", {**words, "do": "open"})
            case _:
                await self._call("POST", "/panel", words)

    async def fault(self, name: str, words: Mapping[str, Value]) -> None:
        """Ask the panel of the bank. Errors: Refused, Unavailable."""
        if name not in {INSTANCE, RAIL}:
            raise Refused(f"no {name} in this world")
        await self.do(words)

    async def ask(self, name: str, question: Mapping[str, Value]) -> Mapping[str, Value]:
        """Return the bank's books: accounts, and payments by UETR. Errors: Unavailable."""
        del name, question  # there is one bank, and it shows all it has
        told: dict[str, Value] = json.loads(await self._call("GET", "/books", None))
        return told

    async def _call(self, method: str, path: str, words: Mapping[str, str] | None) -> bytes:
        from aiohttp import ClientError  # noqa: PLC0415 loaded while it starts

        try:
            async with (
                asyncio.timeout(CALL_S),
                self.session.request(method, self.address + path, json=words) as answer,
            ):
                if answer.status == 422:
                    raise Refused(await answer.text())
                if answer.status >= 400:
                    raise Unavailable(f"the bank answers {answer.status}")
                return await answer.read()
        except (ClientError, TimeoutError) as error:
            raise Unavailable(f"the bank does not answer: {error}") from error


@dataclass(frozen=True, slots=True)
class World:
    """A side of the demo. `start` takes a folder, the notaries' Ed25519 keys and how many sign.

    `loads` what its side here needs; one that starts processes waits for them meanwhile.
    """

    name: str
    start: Callable[[Path, tuple[str, ...], int], AbstractAsyncContextManager[Stand]]
    loads: Callable[[], None] = lambda: None


@asynccontextmanager
async def start(folder: Path, notaries: tuple[str, ...], threshold: int) -> AsyncGenerator[Stand]:
    """Yield the demo's bank; what its folder already holds is not opened a second time.

    A bank asks no notary: it answers to its customer's key. Errors: Unavailable.
    """
    del notaries, threshold
    is_new, config = _prepared(folder)
    agreed = json.loads(config.read_text("utf-8"))
    bank = Bank(config, folder / "tape")
    try:
        await bank.start()
        from aiohttp import ClientSession  # noqa: PLC0415 loaded while it starts

        async with ClientSession() as session:
            stand = Stand(
                address=f"http://127.0.0.1:{agreed['port']}",
                networks={},
                rails={INSTANCE: _table(folder, agreed)},
                holders={},
                accounts={},
                escrow="",
                assets={},
                bank=bank,
                session=session,
            )
            for account, minor in MONEY.items() if is_new else ():
                words = {"account": account, "currency": "HKD", "minor": str(minor)}
                await stand.do({"do": "money", **words})
            yield stand
    finally:
        await bank.kill()


def _prepared(folder: Path) -> tuple[bool, Path]:
    """Make the folder and what the bank is told; tell whether there was no bank in it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    config = folder / "bank.json"
    is_new = not config.exists()
    if is_new:
        config.write_text(json.dumps(_agreed(folder)), "utf-8")
    return is_new, config


def _agreed(folder: Path) -> dict[str, object]:
    """Make both keys, and return what the bank is told of its customer."""
    for name in (OURS, THEIRS):
        _key_file(folder / f"{name}.pem")
    ours, theirs = _ports(2)
    return {
        "bic": BANK_BIC,
        "partner_bic": OWN_BIC,
        "customer": True,
        "key_name": THEIRS,
        "signing_key": f"{THEIRS}.pem",
        "partner_keys": {OURS: load_signer(OURS, folder / f"{OURS}.pem").public},
        "partner": f"http://127.0.0.1:{ours}",
        "port": theirs,
        "life_ms": LIFE_MS,
        "settle_ms": SETTLE_MS,
    }


def _table(folder: Path, agreed: Mapping[str, object]) -> dict[str, object]:
    """Return the customer's settings: pain.001 out, status and booking as proof, recalls agreed."""
    return {
        "adapter": "iso20022",
        "network": RAIL,
        "instruct": "pain.001",
        "recall": "camt.056",
        "proof": "status_and_booking",
        "own_bic": OWN_BIC,
        "bank_bic": BANK_BIC,
        "key_name": OURS,
        "signing_key": str(folder / f"{OURS}.pem"),
        "bank_keys": {THEIRS: load_signer(THEIRS, folder / f"{THEIRS}.pem").public},
        "channel": "http",
        "address": f"http://127.0.0.1:{agreed['port']}",
        "listen": f"tcp:127.0.0.1:{str(agreed['partner']).rpartition(':')[2]}",
        "message_life_ms": LIFE_MS,
        "finality_ms": SETTLE_MS,
    }


def _ports(count: int) -> list[int]:
    """Return ports that are free now: each side's settings name the other's door."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
    finally:
        for probe in probes:
            probe.close()


def _key_file(path: Path) -> None:
    path.touch(0o600)
    path.write_bytes(
        Ed25519PrivateKey.generate().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def loads() -> None:
    """See that all is loaded that a stand uses."""
    importlib.import_module("aiohttp")


WORLD = World("iso20022", start, loads=loads)
