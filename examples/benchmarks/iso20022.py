"""ISO 20022: what judging a message costs over validating it, and what a user could have."""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from uuid import UUID

from lxml import etree

from examples.benchmarks.figure import Figure, Given, side_by_side
from examples.benchmarks.machine import newcomers
from schemas.iso20022 import xsd
from schemas.iso20022.definitions import NAMESPACE
from schemas.iso20022.judge import judge
from schemas.iso20022.profiles import PROFILES

ON = date(2026, 11, 14)
PROFILE = PROFILES["cbpr+2026"]
TIMES = 400
FEW, MANY = 500, 5_000  # files
BAR_FILES = 700  # a CPU-second
BAR_COMPILED_MS = 300
HEAD, BODY = "head.001.001.02", "pacs.008.001.08"


def _agent(tag: str, bic: str) -> str:
    return f"<{tag}><FinInstnId><BICFI>{bic}</BICFI></FinInstnId></{tag}>"


def _party(tag: str, name: str, town: str, country: str, iban: str) -> str:
    return (
        f"<{tag}><Nm>{name}</Nm><PstlAdr><StrtNm>Harbour Road</StrtNm><BldgNb>12</BldgNb>"
        f"<PstCd>10115</PstCd><TwnNm>{town}</TwnNm><Ctry>{country}</Ctry></PstlAdr></{tag}>"
        f"<{tag}Acct><Id><IBAN>{iban}</IBAN></Id></{tag}Acct>"
    )


def _iban(country: str, account: str) -> str:
    digits = "".join(str(int(one, 36)) for one in account + country)
    return f"{country}{98 - int(digits + '00') % 97:02d}{account}"


def message(number: int) -> bytes:
    """A whole pacs.008 envelope of about 2.5 KB, right under CBPR+; others than of other numbers.

    Its structure and its codes are those of one channel; ids, names, accounts and amounts are its
    own, so that nothing is gained by having seen its like but what a channel's messages share.
    """
    fi = "<FIId><FinInstnId><BICFI>{}</BICFI></FinInstnId></FIId>"
    payer, payee = _iban("DE", f"{number:018d}"), _iban("GB", f"NWBK{number:014d}")
    amount = f"{1000 + number}.{number % 100:02d}"
    return (
        f'<Envelope><AppHdr xmlns="{NAMESPACE}{HEAD}"><Fr>{fi.format("DEUTDEFF")}</Fr>'
        f"<To>{fi.format('BCOMPTPL')}</To><BizMsgIdr>MSG-{number}</BizMsgIdr>"
        f"<MsgDefIdr>{BODY}</MsgDefIdr><BizSvc>swift.cbprplus.02</BizSvc>"
        "<CreDt>2026-11-14T09:00:00+00:00</CreDt><Prty>NORM</Prty></AppHdr>"
        f'<Document xmlns="{NAMESPACE}{BODY}"><FIToFICstmrCdtTrf><GrpHdr>'
        f"<MsgId>MSG-{number}</MsgId><CreDtTm>2026-11-14T09:00:00+00:00</CreDtTm>"
        "<NbOfTxs>1</NbOfTxs><SttlmInf><SttlmMtd>INDA</SttlmMtd><SttlmAcct><Id><Othr><Id>"
        "400886700</Id></Othr></Id></SttlmAcct></SttlmInf></GrpHdr><CdtTrfTxInf><PmtId>"
        f"<InstrId>I-{number}</InstrId><EndToEndId>E-{number}</EndToEndId><TxId>T-{number}</TxId>"
        f"<UETR>{UUID(int=number, version=4)}</UETR></PmtId><PmtTpInf><InstrPrty>NORM</InstrPrty>"
        "<SvcLvl><Cd>G001</Cd></SvcLvl></PmtTpInf>"
        f'<IntrBkSttlmAmt Ccy="USD">{amount}</IntrBkSttlmAmt><IntrBkSttlmDt>2026-11-14'
        f'</IntrBkSttlmDt><InstdAmt Ccy="USD">{amount}</InstdAmt><ChrgBr>SHAR</ChrgBr>'
        + _agent("PrvsInstgAgt1", "COBADEFF")
        + _agent("InstgAgt", "DEUTDEFF")
        + _agent("InstdAgt", "BCOMPTPL")
        + _agent("IntrmyAgt1", "BNPAFRPP")
        + _party("Dbtr", f"Hafen Handel {number} GmbH", "Hamburg", "DE", payer)
        + _agent("DbtrAgt", "DEUTDEFF")
        + _agent("CdtrAgt", "NWBKGB2L")
        + _party("Cdtr", f"Reis and Daughters {number}", "Bristol", "GB", payee)
        + "<InstrForNxtAgt><InstrInf>/ACC/by post if by no other way</InstrInf></InstrForNxtAgt>"
        f"<Purp><Cd>SUPP</Cd></Purp><RmtInf><Ustrd>Invoice {number} of 3 November</Ustrd></RmtInf>"
        "</CdtTrfTxInf></FIToFICstmrCdtTrf></Document></Envelope>"
    ).encode()


def _bare(raw: bytes) -> bool:
    """Parse, and validate both parts: what cannot be left out, and none of our defences."""
    root = etree.fromstring(raw)
    return xsd.compiled(HEAD).validate(root[0]) and xsd.compiled(BODY).validate(root[1])


def _beside_pyiso20022(raws: list[bytes]) -> Figure:
    """All that we do, beside its reading of header and document without its validation."""
    name, unit = "iso20022.judged_beside_pyiso20022", "messages/s CPU"
    if missing := [one for one in ("pyiso20022", "xsdata") if find_spec(one) is None]:
        judged, _ = side_by_side(
            lambda: [judge(raw, PROFILE, ON) for raw in raws], lambda: None, work=len(raws)
        )
        reason = f"not compared: not installed: {', '.join(missing)}"
        return Figure(name=name, ours=judged, theirs=None, baseline=reason, unit=unit)
    header = import_module("pyiso20022.head.head_001_001_02").AppHdr
    document = import_module("pyiso20022.pacs.pacs_008_001_08").Document
    parser = import_module("xsdata.formats.dataclass.parsers").XmlParser()

    def read(raw: bytes) -> object:
        root = etree.fromstring(raw)
        return parser.parse(root[0], header), parser.parse(root[1], document)

    judged, theirs = side_by_side(
        lambda: [judge(raw, PROFILE, ON) for raw in raws],
        lambda: [read(raw) for raw in raws],
        work=len(raws),
        rounds=3,
    )
    baseline = f"pyiso20022 {version('pyiso20022')} reading both parts, without its validation"
    return Figure(name=name, ours=judged, theirs=theirs, baseline=baseline, unit=unit)


def _explained_s(files: list[Path]) -> float:
    """CPU seconds of the command over the files, in a process of its own."""
    line = [sys.executable, "-m", "bridge", "explain", "iso20022", *map(str, files)]
    line += ["--profile", PROFILE.id, "--on", ON.isoformat(), "--output", "jsonl"]
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL,"
        " check=True); u = resource.getrusage(resource.RUSAGE_CHILDREN);"
        " print(u.ru_utime + u.ru_stime)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *line],
        env=newcomers(),
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    return float(done.stdout)


def figures(given: Given) -> Iterator[Figure]:
    """Messages judged a second, files explained, schemas compiled."""
    began = time.process_time()
    for message_id in PROFILE.accepted:
        xsd.compiled(message_id)
    yield Figure(
        name="iso20022.compiled",
        ours=(time.process_time() - began) * 1000,
        theirs=BAR_COMPILED_MS,
        baseline="the bar, for every message of a profile",
        unit="ms CPU",
    )
    raws = [message(number) for number in range(TIMES)]
    assert all(judge(raw, PROFILE, ON).findings == () for raw in raws)
    judged, bare = side_by_side(
        lambda: [judge(raw, PROFILE, ON) for raw in raws],
        lambda: [_bare(raw) for raw in raws],
        work=TIMES,
    )
    yield Figure(
        name="iso20022.judged",
        ours=judged,
        theirs=bare,
        baseline="lxml's parse and both schemas only, same messages in the same run",
        unit="messages/s CPU",
    )
    yield _beside_pyiso20022(raws)
    files = [given.scratch / f"{number}.xml" for number in range(MANY)]
    for number, file in enumerate(files):
        file.write_bytes(message(number))
    slope = (MANY - FEW) / (_explained_s(files) - _explained_s(files[:FEW]))
    yield Figure(
        name="iso20022.explained",
        ours=slope,
        theirs=BAR_FILES,
        baseline=f"the bar; the slope between {FEW} and {MANY} files",
        unit="files/s CPU",
    )
