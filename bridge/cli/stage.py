"""The demo's stage: wires in a process of their own, the daemon in another, registers made by two.

Nothing here is a path around the daemon: what is written goes through its API, as two people.
"""

import asyncio
import importlib
import os
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.cli.child import TREE, Daemon, warmed
from bridge.cli.corridor import (
    DAY_MS,
    HEADER,
    HOME,
    LISTED,
    OUT,
    bring_list,
    bring_packs,
    bring_rates,
)
from bridge.cli.found import (
    NOTARIES,
    QUORUM,
    addresses_of,
    found,
    keys_again,
    keys_of,
    write_settings,
)
from bridge.cli.manners import FAILED, Stopped
from bridge.cli.wires import CASTS, Cast, Process, Wires, wires
from bridge.clock import SystemClock
from bridge.core.canonical import Value

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from bridge.cli.desk_client import DeskClient

LANE, BACK = "sz-hk", "hk-sz"
SELLER, BUYER = "Qianhai Orchid Trading Co", "Harbourview Commodities Ltd"
PARTIES = {  # id to name, jurisdiction, and whose wallets on both sides of the corridor
    "orchid": (SELLER, "CN", "seller"),
    "harbourview": (BUYER, "HK", "buyer"),
    "wong": ("Wong Tai Man", "HK", "buyer"),
}
FACE = 1_000_000  # units issued of each paper


@dataclass(frozen=True, slots=True)
class Goods:
    """What crosses: the asset as the register names it, its kind, and how many are issued."""

    asset: str
    kind: str
    issued: int = 1


ADMITTED = (
    Goods("receivable-a", "receivable", 100),
    Goods("receivable-b", "receivable"),
    Goods("bill-of-lading-a", "bill_of_lading"),
)
GOODS = (*ADMITTED, Goods("bond-a", "bond", 100))
SHARE = Goods("rwa-share-t", "rwa_share", 1_000)
TOKEN = Goods("receivable-t", "receivable", 1_000)
TITLE = Goods("bill-of-lading-t", "bill_of_lading")
INSTRUMENTS = (SHARE, TOKEN, TITLE)  # of others, at home at the destination


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything a story may use: the desk, the wires' fault panel, the daemon's life."""

    folder: Path
    desk: "DeskClient"
    wires: Wires
    daemon: Daemon
    processes: Mapping[str, Process]  # the daemon and the wires, by what people call them
    origin: str
    destination: str
    rail: str


@asynccontextmanager
async def stage(
    folder: Path,
    listen: str,
    cast: Cast = CASTS["memory"],
    draw: Callable[[str], None] = lambda _: None,
    answers: Callable[[str], None] = lambda _: None,
    *,
    is_kept: bool = False,
    daemon: Daemon | None = None,
) -> AsyncGenerator[Stage]:
    """Yield a stage with registers made, in a folder that holds it for as long as it is kept.

    Where it `is_kept` there already, it comes back as it was left. `cast` says which worlds its
    wires come from, `draw` hears what is waited for, `answers` where the daemon answers, at once. A
    `daemon` of that folder may be warm already.
    """
    draw("starting two networks and a bank")
    os.environ["PYTHONPATH"] = TREE
    keys = keys_again(folder) if is_kept else keys_of(folder)
    signers = {
        "ed25519": tuple(key.public for key in keys.values()),
        "secp256k1": addresses_of(folder),
    }
    url = f"http://{listen.removeprefix('tcp:')}"
    begin = (lambda: None) if is_kept else partial(found, folder, keys, profile="demo", url=url)
    founding: list[asyncio.Future[None]] = []

    def meanwhile() -> None:
        loads()  # all of it here: a thread that imports as well might see half a module
        founding.append(asyncio.get_running_loop().run_in_executor(None, begin))
        founding[0].add_done_callback(lambda done: done.cancelled() or done.exception())

    async with (
        warmed(daemon or Daemon(folder / "lianqiao.toml", cast.names)) as running,
        wires(folder / "world", cast, signers, QUORUM, meanwhile) as built,
    ):
        if not is_kept:
            write_settings(
                folder, profile="demo", listen=listen, networks=built.networks, rails=built.rails
            )
        await founding[0]
        import aiohttp  # noqa: PLC0415 loaded while wires start

        try:
            draw("starting the daemon")
            await running.start()
            answers(running.url)
            async with aiohttp.ClientSession() as session:
                made = _of(folder, session, built, running)
                if not is_kept:
                    draw("two people register parties, assets, lanes, packs, a list and rates")
                    await _while_it_lives(running, registers(made))
                yield made
        finally:
            await running.stop()


def _of(folder: Path, session: "ClientSession", built: Wires, daemon: Daemon) -> Stage:
    from bridge.cli.desk_client import DeskClient  # noqa: PLC0415 loaded while wires start

    origin, destination = (str(table["network"]) for table in built.networks.values())
    (rail,) = (str(table["network"]) for table in built.rails.values())
    return Stage(
        folder=folder,
        desk=DeskClient(folder, session),
        wires=built,
        daemon=daemon,
        processes={"daemon": daemon, **built.processes},
        origin=origin,
        destination=destination,
        rail=rail,
    )


def loads() -> None:
    """See that all is loaded by which a ledger is founded, registers are made and stories told."""
    for name in (
        "bridge.api.tokens",
        "bridge.engine.founding",
        "bridge.notary.store.sqlite",
        "bridge.cli.stories",
        "bridge.policy.packs",
        "bridge.screening.snapshot",
    ):
        importlib.import_module(name)


async def _while_it_lives(daemon: Daemon, act: Awaitable[None]) -> None:
    """Await an act; nobody starts the daemon again yet. Errors: Stopped where it ends."""

    async def watch() -> None:
        code = await daemon.ended()
        said, cause = (
            "the daemon of the demo ended",
            f"with code {code}, before its registers stood",
        )
        raise Stopped(FAILED, "LQ-DEMO", said, cause=cause, following="lianqiao demo")

    async with asyncio.TaskGroup() as group:
        watching = group.create_task(watch())
        await act
        watching.cancel()


async def registers(built: Stage) -> None:
    """Register parties, assets, both lanes, a pack and a list: two people each."""
    desk = built.desk
    async with asyncio.TaskGroup() as group:  # contracts take blocks: people write meanwhile
        for name, (called, where, who) in PARTIES.items():
            row = party_row(built, name, called, where, who=who)
            group.create_task(desk.two("register.party", name, row))
        group.create_task(bring_packs(desk))
        group.create_task(bring_list(desk, HEADER + LISTED))
        group.create_task(bring_rates(desk, SystemClock().now()))
        for one in GOODS:
            await bring_asset(built, one)
        if built.wires.instruments:
            await bring_instruments(built)
    for name, there, back in (
        (LANE, built.origin, built.destination),
        (BACK, built.destination, built.origin),
    ):
        await desk.two("lane.open", name, lane_row(built, name, there, back))


def party_row(
    built: Stage, name: str, called: str, where: str, *, who: str, person: str = ""
) -> dict[str, object]:
    """Return the register's row of a party that has somebody's wallets on both networks.

    One of a number is a natural `person`.
    """
    wallets = [
        {"network": network, "account": built.wires.account(network, who)}
        for network in (built.origin, built.destination)
    ]
    return {
        "id": name,
        "name": called,
        "kind": "natural" if person else "legal",
        **({"person_id": person} if person else {}),
        "uscc": "",
        "jurisdiction": where,
        "wallets": wallets,
        "accounts": [],
        "owners": [],
        "custody": [],
        "active": True,
    }


async def bring_asset(built: Stage, goods: Goods) -> None:
    """Have the seller hold it at the origin, make its twin at the destination, and register it."""
    wires_, name = built.wires, goods.asset
    if name not in wires_.worlds[built.origin].assets:
        seller = wires_.account(built.origin, "seller")
        issue: dict[str, Value] = {"do": "issue", "asset": name, "part": "", "account": seller}
        await wires_.do({**issue, "at": built.origin, "units": str(FACE)})
    twin = {"at": built.destination, "name": name, "home": built.origin}
    await wires_.do({**twin, "do": "title" if wires_.parts else "twin"})
    row = {
        "id": name,
        "profile": f"{goods.kind}/1",
        "kind": goods.kind,
        "home": built.origin,
        "legs": [wires_.leg(network, name) for network in (built.origin, built.destination)],
        "scale": "0",
        "issued": str(1 if wires_.parts else goods.issued),
        "cap": str(FACE),
        "code": "",
        "active": True,
    }
    await built.desk.two("register.asset", name, row)


async def bring_instruments(built: Stage) -> None:
    """Have the buyer hold them at the destination, name their twins, and register them."""
    there, here = built.destination, built.origin
    buyer = built.wires.account(there, "buyer")
    for goods in INSTRUMENTS:
        name, is_title = goods.asset, goods is TITLE
        made: dict[str, Value] = {"do": "tradetrust" if is_title else "erc3643", "name": name}
        more = {"part": secrets.token_hex(32)} if is_title else {"units": str(FACE)}
        await built.wires.do({**made, **more, "at": there, "account": buyer})
        await built.wires.do({"at": here, "do": "twin", "name": name, "home": there})
        leg = built.wires.leg(there, name)
        row = {
            "id": name,
            "profile": f"{goods.kind}/1",
            "kind": goods.kind,
            "home": there,
            "legs": [{**built.wires.leg(here, name), "part": leg["part"]}, leg],
            "scale": "0",
            "issued": str(goods.issued),
            "cap": str(FACE),
            "code": "",
            "active": True,
        }
        await built.desk.two("register.asset", name, row)


def lane_row(built: Stage, name: str, there: str, back: str) -> dict[str, object]:
    """Return the register's row of a lane that admits what the demo does."""
    more = INSTRUMENTS if built.wires.instruments else ()
    return {
        "id": name,
        "origin": there,
        "destination": back,
        "rail": built.rail,
        "pack": OUT if there == built.origin else HOME,
        "limit": {"currency": "HKD", "minor": "500000000000"},
        "quorum": str(QUORUM),
        "notaries": sorted(NOTARIES),
        "acknowledge": "sealed",
        "assets": sorted(one.asset for one in (*ADMITTED, *more)),
        "lapse_ms": str(400 * DAY_MS),
        "open": True,
        "paused": "",
    }
