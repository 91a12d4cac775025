"""The composition root: builds every room once, turns the ring, serves the desk, stops on a signal.

It alone carries the keys. A ledger that is damaged, or older than its own seal, opens read-only:
the API answers reads, nothing turns, and the sentence says which entry and what to do.
"""

import asyncio
import gc
import re
import secrets
import signal
import ssl
import sys
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeGuard

import structlog
from aiohttp import web

from bridge import registry
from bridge.api.app import build
from bridge.api.tokens import Tokens
from bridge.clock import SystemClock
from bridge.core.canonical import Value
from bridge.core.events import Fact
from bridge.core.ids import ETHEREUM, NetworkId, is_ethereum
from bridge.core.registers import Lane, Shut
from bridge.engine.ceilings import Ceilings
from bridge.engine.desk import disclosed
from bridge.engine.dossiers import DossierScreening
from bridge.engine.held import KeptValues
from bridge.engine.perform import Doors
from bridge.engine.proved import remembering
from bridge.engine.ring import Ring
from bridge.engine.watch import Verify
from bridge.log import set_up
from bridge.notary.attestation import CanonicalSigner, Eip712Signer
from bridge.notary.attestor import ActSigner, DevelopmentCustody, Notary
from bridge.notary.journal import Journal
from bridge.notary.keys import Backwards, BadKey, HighWater, load_ed25519, load_secp256k1
from bridge.notary.outcomes import Damaged, LedgerError
from bridge.notary.sealer import OtherLog, Sealer
from bridge.notary.store.memory import MemoryStore
from bridge.notary.store.port import Store
from bridge.notary.store.room import refused_by_disk
from bridge.notary.store.sqlite import SqliteStore
from bridge.notary.votebook import FileVoteBook, VotesFailed
from bridge.ports import (
    Adapter,
    AdapterSettings,
    Clock,
    DestinationNetwork,
    Door,
    OriginNetwork,
    PaymentRail,
)
from bridge.settings import BadSettings, Settings, ceiling, flaws, load, placed, why_shut

log = structlog.stdlib.get_logger(__name__)

COLLECTED = (10_000, 3, 3)  # thresholds of the collector: some 2 MB between two looks
VERIFIED = 1_024  # evidences a network whose facts are known: the reader proves, the notaries again


@dataclass(frozen=True, slots=True)
class Opened:
    """Every adapter instance that is open, by what it can be asked, with how to verify it."""

    doors: Doors
    verifiers: Mapping[NetworkId, Verify]
    instances: Mapping[str, NetworkId]  # by section and name
    genesis: Mapping[NetworkId, bytes]  # of chains of Ethereum's kind: the hash of block 0


async def serve(settings: Settings, folder: Path, ready: Callable[[str], None]) -> None:
    """Run until SIGTERM or SIGINT; `ready` hears the URL once orders can be taken.

    Errors: BadSettings, BadKey, LedgerError: it did not start, and the sentence says why.
    """
    clock, stopping = SystemClock(), _stopping()  # heard from the beginning, also before `ready`
    async with AsyncExitStack() as stack:
        data = folder / settings.data
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        journal = Journal.open(_store(settings, data), clock, rows=settings.ledger.rows_held)
        journal.bound(settings.ledger.queue_max, settings.ledger.queue_age_ms)
        stack.push_async_callback(journal.close)
        opened = await _adapters(settings, folder, journal, clock, stack)
        ring = _ring(settings, folder, journal, opened, clock=clock, stack=stack)
        sealer = _sealer(settings, folder, journal, clock)  # or the journal is only read
        url = await stack.enter_async_context(_listening(settings, folder, ring, clock))
        stack.enter_context(rare_collections())
        log.info("daemon.ready", size=journal.head.seq)
        ready(url)
        await _turn(ring, sealer, journal, stopping)
    log.info("daemon.stopped")


@contextmanager
def rare_collections() -> Generator[None]:
    """While the body runs, cycles are sought seldom, and never among what was there before it."""
    # a settlement leaves next to none; some are left by tries at a wire that is away: `let_go`
    before = gc.get_threshold()
    gc.freeze()  # what importing left is forty objects; to seek them took a tenth of a second
    gc.collect()  # old is nothing now: else it had to grow by a quarter of what is frozen
    gc.set_threshold(*COLLECTED)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def _stopping() -> asyncio.Event:
    """Return what is set at the first SIGTERM or SIGINT from here on."""
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopping.set)
    return stopping


async def _turn(
    ring: Ring, sealer: Sealer | None, journal: Journal, stopping: asyncio.Event
) -> None:
    """Turn until a signal; a ledger in trouble is only read."""
    if journal.trouble is None and sealer is not None:
        await _write(ring, sealer, journal, stopping)
    if journal.trouble is not None:
        log.error("ledger.read_only", what=type(journal.trouble).__name__, why=str(journal.trouble))
        ring.trouble.alarm("ledger.read_only", None, str(journal.trouble))
        ring.inbox.fail(journal.trouble)
    await stopping.wait()


async def _write(ring: Ring, sealer: Sealer, journal: Journal, stopping: asyncio.Event) -> None:
    """Turn until a signal, or until the ledger is not written any more."""
    try:
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(ring.run()),
                tasks.create_task(_seal(sealer, journal)),
            ]
            await stopping.wait()
            for task in running:
                task.cancel()
    except* VotesFailed as failed:
        journal.halt(refused_by_disk("no vote can be written", failed.exceptions[0]))
    except* LedgerError:
        assert journal.trouble is not None, "the journal says what stopped it"


async def _seal(sealer: Sealer, journal: Journal) -> None:
    """Seal until the ledger stops; what cannot be sealed any more is not written any more."""
    try:
        await sealer.run()
    except (Backwards, OSError) as error:
        journal.halt(refused_by_disk("no checkpoint can be signed", error))


def _store(settings: Settings, data: Path) -> Store:
    kind, _, name = settings.ledger.store.partition(":")
    return MemoryStore() if kind == "memory" else SqliteStore(data / name)


def _sealer(settings: Settings, folder: Path, journal: Journal, clock: Clock) -> Sealer | None:
    """Return what signs checkpoints; None where this is not the ledger its key has signed."""
    key = load_ed25519(folder / settings.log_key)
    try:
        return Sealer(
            journal,
            key,
            HighWater(folder / settings.data / "sealed.mark"),
            settings.ledger.origin,
            clock,
            every_ms=settings.ledger.seal_every_ms,
        )
    except OtherLog as error:
        if error.member == "origin":
            raise BadSettings(f"ledger.origin: {error}: set it back", "ledger.origin") from error
        raise BadKey(f"{settings.log_key}: {error}: bring that key's file back") from error
    except ValueError as error:
        raise BadKey(f"sealed.mark cannot be read ({error}): restore it") from error
    except (Backwards, Damaged) as error:
        damage = error if isinstance(error, Damaged) else Damaged(journal.head.seq, str(error))
        log.error("ledger.damaged", entry=damage.entry, why=damage.why)  # noqa: TRY400
        journal.halt(damage)
        return None


async def _adapters(
    settings: Settings, folder: Path, journal: Journal, clock: Clock, stack: AsyncExitStack
) -> Opened:
    networks: dict[NetworkId, Door] = {}
    rails: dict[NetworkId, Door] = {}
    verifiers: dict[NetworkId, Verify] = {}
    instances: dict[str, NetworkId] = {}
    genesis: dict[NetworkId, bytes] = {}
    for section, held, into in (
        ("network", settings.network, networks),
        ("rail", settings.rail, rails),
    ):
        for name, table in held.items():
            adapter = adapter_of(section, name, table)
            parsed = instance_of(adapter, f"{section}.{name}", table, folder)
            kept = KeptValues(journal, parsed.network)
            instances[f"{section}.{name}"] = parsed.network
            try:
                door = await stack.enter_async_context(adapter.open(parsed, clock, kept))
            except ValueError as error:  # a key file that is none, most likely
                raise BadSettings(f"{section}.{name}: {error}") from error
            into[parsed.network] = door
            pinned = adapter.pinned(parsed)
            if is_ethereum(parsed.network):
                genesis[parsed.network] = _genesis(f"{section}.{name}", pinned)
            verifiers[parsed.network] = remembering(partial(_verified, adapter, pinned), VERIFIED)
    doors = Doors(
        origins={key: door for key, door in networks.items() if _is_origin(door)},
        destinations={key: door for key, door in networks.items() if _is_destination(door)},
        rails={key: door for key, door in rails.items() if _is_rail(door)},
    )
    return Opened(doors, verifiers, instances, genesis)


def _is_origin(door: Door) -> TypeGuard[OriginNetwork]:
    return hasattr(door, "consent_owed") and hasattr(door, "prepare")


def _is_destination(door: Door) -> TypeGuard[DestinationNetwork]:
    return hasattr(door, "prepare")


def _is_rail(door: Door) -> TypeGuard[PaymentRail]:
    return hasattr(door, "prepare")


def adapter_of(section: str, name: str, table: Mapping[str, object]) -> Adapter:
    """Return the adapter an instance's settings name. Errors: BadSettings."""
    wanted = str(table.get("adapter", ""))
    try:
        found = registry.load(registry.ADAPTERS, wanted)
    except registry.NotFound as error:
        raise BadSettings(f"{section}.{name}.adapter: {error}") from error
    if not isinstance(found, Adapter):
        raise BadSettings(f"{section}.{name}.adapter: {wanted} names no Adapter")
    return found


def instance_of(
    adapter: Adapter, place: str, table: Mapping[str, object], folder: Path
) -> AdapterSettings:
    """Return an instance's settings; files are named from the settings' folder: BadSettings."""
    own = {key: value for key, value in table.items() if key != "adapter"}
    try:
        return adapter.settings(placed(own, folder))
    except ValueError as error:
        named = str(table.get("adapter"))
        raise BadSettings(f"{place}: {flaws(error)}", place, adapter=named) from error


def _genesis(place: str, pinned: Value) -> bytes:
    """Return the hash of block 0 that an adapter pins: without it no act is good on one chain."""
    said = pinned.get("genesis") if isinstance(pinned, Mapping) else None
    if not isinstance(said, str) or re.fullmatch("0x[0-9a-f]{64}", said) is None:
        raise BadSettings(f"{place}: its adapter pins no genesis, the hash of block 0")
    return bytes.fromhex(said[2:])


def _verified(adapter: Adapter, pinned: Value, evidence: bytes) -> tuple[Fact, ...]:
    return adapter.verify(evidence, pinned)


def _ring(
    settings: Settings,
    folder: Path,
    journal: Journal,
    opened: Opened,
    *,
    clock: Clock,
    stack: AsyncExitStack,
) -> Ring:
    key = (folder / settings.fingerprint_key).read_bytes()
    notaries = tuple(
        _notary(settings, name, folder, opened.genesis, stack) for name in sorted(settings.notary)
    )
    screening = DossierScreening(
        journal,
        opened.doors,
        clock,
        disclosed=lambda order: disclosed(journal, order),
        key=key,
    )
    custody = DevelopmentCustody(notaries, lambda: journal.view, opened.verifiers, clock)

    doors = opened.doors
    every = (*doors.origins.values(), *doors.destinations.values(), *doors.rails.values())
    waits = {door.id: door.finality_ms for door in every}

    def shut(lane: Lane) -> Shut | None:
        return why_shut(lane, settings.lane.get(lane.id), opened.instances, waits)

    for lane in journal.view.lanes():
        if found := shut(lane):
            log.warning("lane.shut", what=lane.id, code=found.code, why=found.why)
    return Ring(
        journal,
        opened.doors,
        opened.verifiers,
        attestor=custody,
        screening=screening,
        clock=clock,
        entropy=secrets.token_bytes,
        fingerprint_key=key,
        shut=shut,
        ceilings=_ceilings(settings, journal),
    )


def _ceilings(settings: Settings, journal: Journal) -> Ceilings | None:
    held = settings.custody
    if held.per_settlement is None or held.per_day is None:
        return None
    each = ceiling("per_settlement", held.per_settlement)
    return Ceilings(journal, each, ceiling("per_day", held.per_day))


def _notary(
    settings: Settings,
    name: str,
    folder: Path,
    genesis: Mapping[NetworkId, bytes],
    stack: AsyncExitStack,
) -> Notary:
    """Return one operator's notary: development custody, which production settings refuse."""
    held = settings.notary[name]
    votes = FileVoteBook(folder / held.votes)
    stack.callback(votes.close)
    signers: dict[str, ActSigner] = {"*": CanonicalSigner(load_ed25519(folder / held.ed25519))}
    if genesis:
        assert held.secp256k1 is not None, "settings refuse a chain no notary can sign for"
        signers[ETHEREUM] = Eip712Signer(load_secp256k1(folder / held.secp256k1), genesis)
    return Notary(name, votes, signers)


@asynccontextmanager
async def _listening(
    settings: Settings, folder: Path, ring: Ring, clock: Clock
) -> AsyncGenerator[str]:
    """Serve the API while the body runs; yield its URL."""
    api = settings.api
    tokens = Tokens(folder / settings.data / "tokens.json")
    app = build(ring, api, tokens, origin=settings.ledger.origin, clock=clock)
    runner = web.AppRunner(app, keepalive_timeout=api.keep_alive_s, access_log=None)
    await runner.setup()
    try:
        kind, _, rest = api.listen.partition(":")
        if kind == "unix":
            await web.UnixSite(runner, str(folder / rest)).start()
            yield api.listen
            return
        host, _, port = rest.rpartition(":")
        tls = _tls(settings, folder)
        await web.TCPSite(runner, host, int(port), ssl_context=tls).start()
        yield f"{'http' if tls is None else 'https'}://{host}:{port}"
    finally:
        await runner.cleanup()


def _tls(settings: Settings, folder: Path) -> ssl.SSLContext | None:
    api = settings.api
    if api.tls_certificate is None or api.tls_key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / api.tls_certificate, folder / api.tls_key)
    return context


def main(config: Path) -> None:
    """Serve the settings of a file; a line on standard output says where once it is ready.

    Errors: SystemExit with one sentence where it does not start.
    """

    def ready(url: str) -> None:
        sys.stdout.write(f"ready {url}\n")
        sys.stdout.flush()

    set_up()
    try:
        asyncio.run(serve(load(config), config.resolve().parent, ready))
    except (BadSettings, BadKey, LedgerError, OSError) as error:
        raise SystemExit(f"lianqiao does not start: {error}") from error


if __name__ == "__main__":
    main(Path(sys.argv[1]))
