"""ISO 20022: what judging a message costs over validating it, and what is kept of it."""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from examples.benchmarks.figure import Figure, Given, side_by_side
from schemas import xml
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
BAR_MEMORY_MIB = 32
MEMORY_TIMES = 100_000
HEAD, BODY = "head.001.001.02", "pacs.008.001.08"


def _agent(tag: str, bic: str) -> str:
    return f"<{tag}><FinInstnId><BICFI>{bic}</BICFI></FinInstnId></{tag}>"


def _party(tag: str, name: str, town: str, country: str, iban: str) -> str:
    return (
        f"<{tag}><Nm>{name}</Nm><PstlAdr><StrtNm>Harbour Road</StrtNm><BldgNb>12</BldgNb>"
        f"<PstCd>10115</PstCd><TwnNm>{town}</TwnNm><Ctry>{country}</Ctry></PstlAdr></{tag}>"
        f"<{tag}Acct><Id><IBAN>{iban}</IBAN></Id></{tag}Acct>"
    )


def message() -> bytes:
    """A whole pacs.008 envelope of about 2.5 KB, right under CBPR+."""
    fi = "<FIId><FinInstnId><BICFI>{}</BICFI></FinInstnId></FIId>"
    return (
        f'<Envelope><AppHdr xmlns="{NAMESPACE}{HEAD}"><Fr>{fi.format("DEUTDEFF")}</Fr>'
        f"<To>{fi.format('BCOMPTPL')}</To><BizMsgIdr>MSG-1</BizMsgIdr><MsgDefIdr>{BODY}</MsgDefIdr>"
        "<BizSvc>swift.cbprplus.02</BizSvc><CreDt>2026-11-14T09:00:00+00:00</CreDt></AppHdr>"
        f'<Document xmlns="{NAMESPACE}{BODY}"><FIToFICstmrCdtTrf><GrpHdr><MsgId>MSG-1</MsgId>'
        "<CreDtTm>2026-11-14T09:00:00+00:00</CreDtTm><NbOfTxs>1</NbOfTxs><SttlmInf>"
        "<SttlmMtd>INDA</SttlmMtd></SttlmInf></GrpHdr><CdtTrfTxInf><PmtId><InstrId>I-1</InstrId>"
        "<EndToEndId>E-1</EndToEndId><UETR>174c245f-2682-4291-ad67-2a41e530cd27</UETR></PmtId>"
        '<IntrBkSttlmAmt Ccy="USD">1000.50</IntrBkSttlmAmt><IntrBkSttlmDt>2026-11-14'
        "</IntrBkSttlmDt><ChrgBr>SHAR</ChrgBr>"
        + _agent("InstgAgt", "DEUTDEFF")
        + _agent("InstdAgt", "BCOMPTPL")
        + _agent("IntrmyAgt1", "BNPAFRPP")
        + _party("Dbtr", "Hafen Handel GmbH", "Hamburg", "DE", "DE89370400440532013000")
        + _agent("DbtrAgt", "DEUTDEFF")
        + _agent("CdtrAgt", "BCOMPTPL")
        + _party("Cdtr", "Ana Reis", "Porto", "PT", "PT50000201231234567890154")
        + "<Purp><Cd>SUPP</Cd></Purp><RmtInf><Ustrd>Invoice 7 of 3 November</Ustrd></RmtInf>"
        "</CdtTrfTxInf></FIToFICstmrCdtTrf></Document></Envelope>"
    ).encode()


def _bare(raw: bytes) -> bool:
    """Parse strictly, and validate both parts: what cannot be left out."""
    root = xml.parse(raw)
    return xsd.compiled(HEAD).validate(root[0]) and xsd.compiled(BODY).validate(root[1])


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
        [sys.executable, "-c", code, *line], capture_output=True, text=True, check=True, timeout=600
    )
    return float(done.stdout)


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4096 / 2**20


def figures(given: Given) -> Iterator[Figure]:
    """Messages judged a second, files explained, schemas compiled, memory grown."""
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
    raw = message()
    assert judge(raw, PROFILE, ON).findings == ()
    judged, bare = side_by_side(
        lambda: [judge(raw, PROFILE, ON) for _ in range(TIMES)],
        lambda: [_bare(raw) for _ in range(TIMES)],
        work=TIMES,
    )
    yield Figure(
        name="iso20022.judged",
        ours=judged,
        theirs=bare,
        baseline="strict parse and both schemas only, same message in the same run",
        unit="messages/s CPU",
    )
    files = [given.scratch / f"{number}.xml" for number in range(MANY)]
    for file in files:
        file.write_bytes(raw)
    slope = (MANY - FEW) / (_explained_s(files) - _explained_s(files[:FEW]))
    yield Figure(
        name="iso20022.explained",
        ours=slope,
        theirs=BAR_FILES,
        baseline=f"the bar; the slope between {FEW} and {MANY} files",
        unit="files/s CPU",
    )
    before = _resident_mib()
    for _ in range(MEMORY_TIMES):
        judge(raw, PROFILE, ON)
    yield Figure(
        name="iso20022.memory",
        ours=_resident_mib() - before,
        theirs=BAR_MEMORY_MIB,
        baseline=f"the bar, after {MEMORY_TIMES} messages",
        unit="MiB",
    )
