"""How much a daemon has grown after a bank told it much: every message another, signed, committed.

One in fifty is the status of a payment nobody asked for, which waits for its question.
"""

import asyncio
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from socket import socket
from uuid import UUID

import aiohttp
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters.iso20022.client import headers
from adapters.iso20022.signed import Signer, load_signer
from bridge.cli.child import Daemon
from bridge.cli.found import found, keys_of, write_settings
from examples.benchmarks.figure import Figure, Given
from schemas.iso20022.definitions import NAMESPACE

FEW, MANY = 8_000, 100_000
AT_ONCE = 32
BAR_MIB = 32
QUIET_S = 3
STAMP = "<CreDtTm>2026-11-26T00:00:00+00:00</CreDtTm>"


def _drawn(name: str, most: int) -> int:
    """A number from 0 to below `most` that looks like chance and is the same in every run."""
    return int.from_bytes(sha256(name.encode()).digest()[:16], "big") % most


def message(number: int) -> bytes:
    """A notice of one to eight entries, or a status, unlike any other."""
    if number % 50 == 0:
        return (
            f'<Document xmlns="{NAMESPACE}pain.002.001.10"><CstmrPmtStsRpt><GrpHdr>'
            f"<MsgId>S{number}</MsgId>{STAMP}</GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>O{number}"
            "</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId></OrgnlGrpInfAndSts>"
            f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>P{number}</OrgnlPmtInfId><TxInfAndSts>"
            f"<OrgnlUETR>{_uetr(f'{number}')}</OrgnlUETR><TxSts>ACSP</TxSts></TxInfAndSts>"
            "</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"
        ).encode()
    count = 1 + _drawn(f"{number} entries", 8)
    entries = "".join(_entry(f"{number}-{one}") for one in range(count))
    return (
        f'<Document xmlns="{NAMESPACE}camt.054.001.08"><BkToCstmrDbtCdtNtfctn><GrpHdr>'
        f"<MsgId>M{number}</MsgId>{STAMP}</GrpHdr><Ntfctn><Id>N{number}</Id><Acct><Id><Othr>"
        f"<Id>HK00123</Id></Othr></Id></Acct>{entries}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
    ).encode()


def _uetr(name: str) -> UUID:
    return UUID(int=_drawn(f"{name} uetr", 2**128), version=4)


def _entry(name: str) -> str:
    amount = f"{1 + _drawn(f'{name} amount', 10**9)}.{_drawn(f'{name} cents', 100):02}"
    named = f"<UETR>{_uetr(name)}</UETR>" if _drawn(f"{name} named", 3) else ""
    payer = f"<RltdPties><Dbtr><Pty><Nm>Trader {name}</Nm></Pty></Dbtr></RltdPties>"
    said = f"<RmtInf><Ustrd>{'invoice ' * (1 + _drawn(f'{name} words', 12))}</Ustrd></RmtInf>"
    return (
        f'<Ntry><Amt Ccy="HKD">{amount}</Amt>'
        f"<CdtDbtInd>{('CRDT', 'DBIT')[_drawn(f'{name} side', 2)]}</CdtDbtInd>"
        "<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-26</Dt></BookgDt><BkTxCd/><NtryDtls>"
        f"<TxDtls><Refs><EndToEndId>E{name}</EndToEndId>{named}</Refs>"
        f"{payer if _drawn(f'{name} payer', 2) else ''}{said if _drawn(f'{name} said', 2) else ''}"
        "</TxDtls></NtryDtls></Ntry>"
    )


def _signer(name: str, file: Path) -> Signer:
    key = Ed25519PrivateKey.generate()
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return load_signer(name, file)


def _port() -> int:
    with socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def _resident_mib(process: int) -> float:
    pages = int(Path(f"/proc/{process}/statm").read_text("ascii").split()[1])
    return pages * 4096 / 2**20


async def _told(door: str, bank: Signer, count: int) -> None:
    """Post so many messages, and see each committed."""
    numbers = iter(range(count))

    async def post(session: aiohttp.ClientSession) -> None:
        for number in numbers:
            raw = message(number)
            sent = headers(bank.sign(raw))
            async with session.post(f"{door}/messages", data=raw, headers=sent) as answer:
                assert answer.status == 202, await answer.text()

    async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as tasks:
        for _ in range(AT_ONCE):
            tasks.create_task(post(session))


async def _grown(folder: Path, count: int) -> float:
    _signer("gateway-1", folder / "own.pem")
    bank, door = _signer("bank-1", folder / "bank.pem"), _port()
    rail = {
        "adapter": "iso20022",
        "network": "rail:bank-a",
        "instruct": "pain.001",
        "own_bic": "LIANHKHH",
        "bank_bic": "HSBCHKHH",
        "key_name": "gateway-1",
        "signing_key": "own.pem",
        "bank_keys": {"bank-1": bank.public},
        "channel": "http",
        "address": f"http://127.0.0.1:{_port()}",
        "listen": f"tcp:127.0.0.1:{door}",
    }
    listen = f"tcp:localhost:{_port()}"
    keys = keys_of(folder)
    config = write_settings(
        folder, profile="demo", listen=listen, networks={}, rails={"bank": rail}
    )
    await asyncio.to_thread(
        found, folder, keys, profile="demo", url=f"http://{listen.removeprefix('tcp:')}"
    )
    daemon = Daemon(config)
    try:
        await daemon.start()
        assert daemon.child is not None, "it runs"
        await asyncio.sleep(QUIET_S)
        idle = _resident_mib(daemon.child.pid)
        await _told(f"http://127.0.0.1:{door}", bank, count)
        await asyncio.sleep(QUIET_S)
        return _resident_mib(daemon.child.pid) - idle
    finally:
        await daemon.stop()


def figures(given: Given) -> Iterator[Figure]:
    """Growth of a daemon's resident memory over what it had when idle."""
    count = MANY if given.long else FEW
    folder = given.scratch / "daemon"
    folder.mkdir()
    yield Figure(
        name="iso20022.memory",
        ours=asyncio.run(_grown(folder, count)),
        theirs=BAR_MIB,
        baseline=f"the bar; after {count} messages, each another",
        unit="MiB",
    )
