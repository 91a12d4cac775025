"""A platform's own token crosses for the first time: from a check of its contract to its rest.

`python3 -m examples.first_integration` walks it on the demo's stage: an Ethereum-compatible chain,
a channel behind a gateway, a bank, a daemon. Each step prints what it did; what a person types is
typed. The order is a sample of this folder, with the stage's own accounts filled in.
"""

import asyncio
import json
import shlex
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from bridge.api.times import time_text
from bridge.cli.kept import free_address
from bridge.cli.stage import BACK, Stage, lane_row, party_row, stage
from bridge.cli.teller import Teller
from bridge.cli.wires import CASTS
from bridge.clock import SystemClock
from bridge.core.consent import Paper
from bridge.core.ids import Digest, Instant, SettlementId

HERE = Path(__file__).resolve().parent
TOKEN, ISSUED = "invoice-token", "1000"  # a token of the platform's, a thousand units to a paper


async def typed(built: Stage, *words: str) -> list[dict[str, Any]]:
    """Type a command of ours, and return what it answers as objects."""
    print(f"  $ lianqiao {shlex.join(words)}")
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bridge", *words, cwd=built.folder, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await child.communicate()
    if child.returncode not in {0, 5}:
        raise SystemExit(f"lianqiao {' '.join(words)} ended with {child.returncode}")
    return [json.loads(line) for line in out.splitlines()]


async def registered(built: Stage) -> None:
    """Check the token, then have two people register it, its owner, and a lane that admits it."""
    chain, channel = built.destination, built.origin
    await built.wires.do({"at": chain, "do": "share", "name": TOKEN, "units": ISSUED})
    await built.wires.do({"at": channel, "do": "twin", "name": TOKEN, "home": chain})
    ours, twin = built.wires.leg(chain, TOKEN), built.wires.leg(channel, TOKEN)
    (said,) = await typed(
        built, "evm", "asset", "check", ours["asset"], "--network", "harbour",
        "--settings", "lianqiao.toml", "--holder", built.wires.account(chain, "seller"),
        "--proposal", "asset.json", "--id", TOKEN, "--profile", "receivable/1",
        "--instrument", "receivable", "--issued", ISSUED, "--reason", "the platform's token",
        "--leg", f"{twin['network']},{twin['escrow']},{twin['asset']}", "--output", "json",
    )  # fmt: skip
    print(f"check     {said['symbol']} on {said['network']}: {said['verdict']}")
    asset = json.loads((built.folder / "asset.json").read_text("utf-8"))
    await built.desk.two(asset["subject"], asset["target"], asset["payload"])
    platform = party_row(built, "platform", "Lantau Receivables Platform Ltd", "HK", who="seller")
    await built.desk.two("register.party", "platform", platform)
    lane = lane_row(built, BACK, chain, channel)
    await built.desk.two("lane.open", BACK, {**lane, "assets": [TOKEN]})
    print(f"register  asset, party and lane {BACK}: one person proposed, another approved")


def order_of(built: Stage, teller: Teller, surveyor: Ed25519PrivateKey) -> dict[str, Any]:
    """Fill the sample in: id, seed, deadline, our accounts, whose acceptance it waits for."""
    sample = json.loads((HERE / "token_with_paper.json").read_text("utf-8"))
    sample["originator"]["account"] = built.wires.account(built.destination, "seller")
    sample["beneficiary"]["account"] = built.wires.account(built.origin, "seller")
    sample["conditions"][0]["key"] = surveyor.public_key().public_bytes_raw().hex()
    made = teller.order("")
    return {**sample, **{name: made[name] for name in ("id", "seed", "deadline")}}


def acceptance(sent: dict[str, Any], surveyor: Ed25519PrivateKey) -> dict[str, object]:
    """Return the paper that the order waits for, signed by the key the order names."""
    now, body = SystemClock().now(), {"kind": "acceptance", "says": "given"}
    paper = Paper(
        settlement=SettlementId(sent["settlement"]), terms=Digest(sent["terms"]),
        kind="acceptance", digest=Digest("ef" * 32), issued=Instant(now), says="given",
        key=surveyor.public_key().public_bytes_raw().hex(), signature=b"",
    )  # fmt: skip
    signature = surveyor.sign(paper.message()).hex()
    said = {"terms": paper.terms, "digest": paper.digest, "key": paper.key}
    return {**body, **said, "issued": time_text(paper.issued), "signature": signature}


async def walk(folder: Path, listen: str) -> str:
    """Walk it on a stage in `folder`; return the stage the settlement rests in."""
    surveyor = Ed25519PrivateKey.generate()
    async with stage(folder, listen, CASTS["embedded"]) as built:
        await registered(built)
        teller = Teller(built, 1, lambda _: None)
        sent = await teller.send(order_of(built, teller, surveyor))  # with its holder's consent
        print(f"send      {sent['settlement']}, paid under UETR {sent['uetr']}")
        await teller.until(sent["settlement"], "awaiting")
        address = f"/v1/settlements/{sent['settlement']}/papers"
        await built.desk.post(address, acceptance(sent, surveyor))
        print("paper     acceptance, by the key the order names")
        async for event in built.desk.events(sent["settlement"]):
            if event["type"] == "lianqiao.saga":
                print(f"event     {event['data']['event']} → {event['data']['to']}")
        shown = await typed(built, "trace", sent["uetr"], "--folder", ".", "--output", "json")
        return str(shown[0]["stage"])


if __name__ == "__main__":
    with TemporaryDirectory(prefix="lianqiao-walk-") as temporary, free_address() as address:
        print(f"rest      {asyncio.run(walk(Path(temporary), address))}")
