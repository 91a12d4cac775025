"""One settlement from order to SETTLED: two memory networks, a bank, three notaries, a daemon.

`python3 -m examples.first_settlement` prints each step. The stage is the demo's: networks and bank
in a process of their own, the daemon in another. The rest is what any client does: send an order,
bring the holder's consent, listen until the settlement is at rest.
"""

import asyncio
import secrets
import socket
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bridge.api.times import time_text
from bridge.cli.stage import stage
from bridge.cli.wires import Signed
from bridge.clock import SystemClock
from bridge.core.ids import Instant, new_ulid

ORDER = {  # forty units of a receivable, from the mainland to Hong Kong, against money
    "lane": "sz-hk",
    "instrument": {
        "kind": "receivable", "asset": "receivable-a", "profile": "receivable/1",
        "issuer": "529900T8BM49AURSDO55",
        "number": "FIRST1", "document": "ab" * 32, "maturity": "2027-06-30",
        "face": {"currency": "HKD", "amount": "1000000.00"},
    },
    "units": "40",
    "originator": {"party": "orchid", "account": "seller-wallet"},
    "beneficiary": {"party": "harbourview", "account": "buyer-wallet"},
    "payment": {
        "amount": {"currency": "HKD", "amount": "400000.00"},
        "debtor": {
            "name": "Harbourview Commodities Ltd", "account": "HK00123", "agent": "HSBCHKHH"
        },
        "creditor": {
            "name": "Qianhai Orchid Trading Co", "account": "CN00456", "agent": "BKCHCNBJ"
        },
    },
    "purpose": "GDDS",
    "bop_code": "121010",
    "references": {"contract": "C-1", "invoice": "I-1", "filing": "NDRC-2026-1"},
}  # fmt: skip
HOUR_MS = 3_600_000


def consent(terms: str, owed: dict[str, Any], signed: Signed, until: str) -> dict[str, str]:
    """Return the holder's word: the lock's exact bytes, signed by the account's own key."""
    return {
        "network": owed["network"],
        "by": owed["by"],
        "kind": signed.kind,
        "terms": terms,
        "public_key": signed.public_key,
        "signature": signed.signature.hex(),
        "not_after": until,
    }


async def settle(folder: Path) -> str:
    """Settle `ORDER` on a stage in `folder`, printing each step; return where it came to rest."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        address = f"tcp:localhost:{probe.getsockname()[1]}"
    async with stage(folder, address) as built:
        print(f"stage    {built.origin}, {built.destination}, {built.rail}; {built.daemon.url}")
        now = SystemClock().now()
        name, seed = new_ulid(now, secrets.token_bytes(10)), secrets.token_hex(32)
        deadline = time_text(Instant(now + HOUR_MS))
        order = {**ORDER, "id": name, "seed": seed, "deadline": deadline}
        sent = await built.desk.post("/v1/settlements", order)
        print(f"order    {name}, paid under UETR {sent['uetr']}")
        for owed in sent["consents"]:
            message = bytes.fromhex(owed["message"])
            signed = built.wires.consent(owed["network"], owed["by"], message)
            until = time_text(Instant(now + 400 * 24 * HOUR_MS))
            word = consent(sent["terms"], owed, signed, until)
            await built.desk.post(f"/v1/settlements/{name}/consents", word)
            print(f"consent  of {owed['by']} to the lock on {owed['network']}")
        stood = ""
        async for event in built.desk.events(name):
            told = event["data"]
            if event["type"] == "lianqiao.act":
                print(f"act      for the notaries to sign: {told['verb']}")
            elif event["type"] == "lianqiao.evidence":
                print(f"fact     {told['network']} tells {told['shows']}")
            elif event["type"] == "lianqiao.saga" and told["to"] != stood:
                stood = told["to"]
                print(f"stage    {stood.upper()}")
        for network, who in (built.origin, "seller-wallet"), (built.destination, "buyer-wallet"):
            asked = {"ask": "holding", "asset": "receivable-a", "part": "", "account": who}
            held = await built.wires.ask(network, {**asked, "operator": ""})
            print(f"holding  {held['units']} units of {who} on {network}")
        return stood


if __name__ == "__main__":
    with TemporaryDirectory(prefix="lianqiao-first-") as temporary:
        asyncio.run(settle(Path(temporary)))
