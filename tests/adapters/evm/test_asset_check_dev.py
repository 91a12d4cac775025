"""`lianqiao evm asset check` from the daemon's own settings, on the product's own dev chain."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from adapters.evm.client import Answer, Call, Endpoint, Json
from adapters.evm.people import SELLER
from adapters.evm.stand import INSTANCE, SHARE, UNITS, WORLD
from bridge.cli import run
from bridge.cli.found import write_settings
from tests.adapters.evm.chain import NOTARIES


def spoiled(method: str, answer: Json) -> Callable[..., Awaitable[list[Answer]]]:
    """What a node answers that says one thing whenever it is asked by a method."""
    asked = Endpoint.batch

    async def batch(self: Endpoint, calls: Sequence[Call]) -> list[Answer]:
        told = await asked(self, calls)
        return [answer if call[0] == method else one for call, one in zip(calls, told, strict=True)]

    return batch


async def test_a_network_of_the_settings_is_looked_at_and_a_lock_is_tried(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notaries = tuple(one.address for one in NOTARIES[:3])
    async with WORLD.start(tmp_path / "world", notaries, 2) as stand:
        await stand.do({"do": "share", "name": SHARE, "units": UNITS})
        await stand.do({"do": "twin", "name": "twin-a", "home": "memory:elsewhere"})
        settings = write_settings(
            tmp_path, profile="demo", listen="tcp:localhost:1", networks=stand.networks, rails={}
        )

        async def typed(*words: str) -> tuple[int, str, str]:
            line = ["evm", "asset", "check", *words, "--settings", str(settings)]
            try:
                code = await asyncio.to_thread(run, line)
            except SystemExit as left:
                code = int(left.code or 0)
            told = capsys.readouterr()
            return code, told.out, told.err

        share, seller = stand.assets[SHARE], stand.accounts[SELLER]
        here = ("--network", INSTANCE, "-o", "json")
        code, out, err = await typed(share, *here, "--holder", seller)
        assert (code, err) == (0, ""), out
        findings = {one["check"]: one for one in json.loads(out)["findings"]}
        assert findings["transfer"]["holds"] is True
        assert "1000000 sent: 1000000 arrived in the vault, 1000000 came back" in out
        assert (await stand.ask("", {"of": "balance", "asset": SHARE, "account": seller}))[
            "units"
        ] == "1000000"  # it was tried, not sent

        code, out, _ = await typed(stand.assets["twin-a"], *here, "--holder", seller)
        assert (code, "has none that can move" in out) == (1, True)
        code, out, _ = await typed(seller, "--network", INSTANCE)
        assert (code, "no contract" in out, "governor lists" in out) == (1, True, False), out
        code, _, err = await typed(share)
        assert (code, "--network" in err) == (2, True)
        code, _, err = await typed(share, "--network", "elsewhere")
        assert (code, "[network.elsewhere]" in err) == (2, True)
        code, out, _ = await typed(share, *here, "--node", f"{stand.address}/south")
        assert json.loads(out)["network"] == stand.network

        for method in ("eth_chainId", "eth_getCode", "eth_getStorageAt", "eth_call"):
            for answer in (None, "junk", "0xzz", 7):
                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr(Endpoint, "batch", spoiled(method, answer))
                    code, out, err = await typed(share, *here)
                assert (code, out) == (6, ""), (method, answer, err)
                assert err.startswith("no answer to rest on: "), (method, answer)
