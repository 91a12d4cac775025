"""The law of the demo's corridor: two packs, a list and rates, each put in force by two people.

The packs are those of `examples/policy_pack`, which a wheel carries beside this file.
"""

import base64
from collections.abc import Iterator
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bridge.clock import SystemClock
from bridge.core.ids import Instant

if TYPE_CHECKING:
    from bridge.cli.desk_client import DeskClient

OUT, HOME = "cn-hk", "hk-cn"  # packs, by the direction they judge
HEADER = "id,type,names,ids,dates,countries,wallets\n"
LISTED = "X-1,person,Wong Tai Man;Huang Dawen;黃大文;黄大文,,,,\nX-2,person,Nobody Else,,,,\n"
RATES: Final = (("HKD", "USD", 128), ("HKD", "CNY", 920), ("CNY", "USD", 139))  # thousandths
DAY_MS = 86_400_000
_EPOCH_DAY = 719_163  # 1970-01-01, as `date` counts days


async def bring_packs(desk: "DeskClient") -> None:
    """Put both packs in force."""
    from bridge.policy.packs import compact  # noqa: PLC0415 loaded while wires start

    for name in (OUT, HOME):
        pack = compact(_example(f"{name}.json"))
        named = sha256(pack).hexdigest()
        body = {"name": name, "pack": named, "state": "active", "side": f"bytes/{named}"}
        await desk.two("pack.publish", name, body, documents=(_b64(pack),))


async def bring_list(desk: "DeskClient", text: str) -> None:
    """Put a list in force, released by two people."""
    from bridge.screening.snapshot import snapshot  # noqa: PLC0415 loaded while wires start

    data = text.encode()
    taken = snapshot(data)
    body = {
        "name": "house",
        "root": taken.root,
        "count": str(len(taken.entries)),
        "digest": taken.digest,
        "source": "invented for the demo",
        "as_of": str(SystemClock().now()),
        "entries": f"bytes/{taken.digest}",
    }
    await desk.two("list.release", "house", body, documents=(_b64(data),))


async def bring_rates(desk: "DeskClient", now: Instant) -> None:
    """Put the rates of today in force."""
    day = date.fromordinal(_EPOCH_DAY + now // DAY_MS).isoformat()
    for base, quote, thousandths in RATES:
        rate = {"day": day, "base": base, "quote": quote, "numerator": str(thousandths)}
        body = {**rate, "denominator": "1000", "source": "invented for the demo"}
        await desk.two("rates.import", f"{base}/{quote}", body)


def _example(name: str) -> bytes:
    return next(file for file in _places(name) if file.is_file()).read_bytes()


def _places(name: str) -> Iterator[Path]:
    here = Path(__file__).resolve().parent
    yield here / "policy_pack" / name  # in a wheel
    yield here.parent.parent / "examples" / "policy_pack" / name


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
