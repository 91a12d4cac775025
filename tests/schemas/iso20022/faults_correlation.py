"""Faults of answers and of messages that come twice, and what is right beside them."""

from dataclasses import replace
from hashlib import sha256

from schemas.iso20022.known import Key, Known, Payment
from tests.schemas.iso20022 import messages as of
from tests.schemas.iso20022.edges import right
from tests.schemas.iso20022.faults import Fault, one
from tests.schemas.iso20022.fragments import FI, ORIGINAL_UETR, TX

OTHER = of.UETR.replace("174c", "374c")
OURS = Payment(  # what the debtor's bank answers about
    uetr=of.UETR,
    message="MSG-0",
    instruction="INSTR-1",
    transaction="TX-1",
    partner=of.DEBTOR_BANK,
    is_outbound=True,
)
SENT = Known((OURS,))
EMPTY = Known()
THEIRS = replace(OURS, message="MSG-9", is_outbound=False)
KEY = Key(of.DEBTOR_BANK, "MSG-1", "pacs.008.001.08")
RAW = of.pacs008()
SAME = sha256(RAW.encode()).hexdigest()
BY_INSTRUCTION = (ORIGINAL_UETR, "")
OTHER_MESSAGE = ("<OrgnlMsgId>MSG-0", "<OrgnlMsgId>MSG-7")
POSSIBLE = ("</CreDt></AppHdr>", "</CreDt><PssblDplct>true</PssblDplct></AppHdr>")
NO_GROUP = (f"<OrgnlGrpInf>{of.ORIGINAL}</OrgnlGrpInf>", "")

NO_TRANSACTION = Known((replace(OURS, transaction=""),))
COVERED = Known((replace(OURS, instruction="E2E-1"),))
CORRELATION: list[Fault] = [
    one(
        "COR-004",
        RAW,
        path="BizMsgIdr",
        weight="warn",
        known=Known((THEIRS,), taken={KEY: SAME}),
    ),
    one("CBPR-016", of.cover(), path="EndToEndId", weight="warn", known=SENT),
    one("CBPR-018", of.pacs004(), path="TxInf", weight="warn", known=SENT),
    one(
        "CBPR-018",
        of.pacs004(),
        ("<OrgnlInstrId>INSTR-1</OrgnlInstrId>", "<OrgnlEndToEndId>E</OrgnlEndToEndId>"),
        path="TxInf",
        weight="warn",
        known=NO_TRANSACTION,
    ),
    one(
        "COR-004",
        of.cover(),
        path=FI,
        weight="hold",
        known=Known((replace(THEIRS, is_cover=True),)),
    ),
    one(
        "COR-001",
        of.camt056(),
        NO_GROUP,
        BY_INSTRUCTION,
        path="TxInf",
        profile="iso-base",
        known=SENT,
    ),
    *(
        one("COR-002", text, OTHER_MESSAGE, path=path, known=NO_TRANSACTION)
        for text, path in (
            (of.pacs002(), "TxInfAndSts"),
            (of.pacs004(), "TxInf"),
            (of.camt056(), "TxInf"),
            (of.camt029(), "TxInfAndSts"),
            (of.pacs028(), "TxInf"),
        )
    ),
    one("COR-002", of.pacs002(), ("INSTR-1", "INSTR-2"), path="TxInfAndSts", known=SENT),
    one("COR-002", of.pacs002(), (of.UETR, OTHER), path="TxInfAndSts", known=SENT),
    *(
        one("COR-003", text, path=path, weight="hold", known=EMPTY)
        for text, path in (
            (of.pacs002(), "TxInfAndSts"),
            (of.camt056(), "TxInf"),
            (of.pacs004(), "TxInf"),
        )
    ),
    one(
        "COR-003",
        of.pacs002(),
        BY_INSTRUCTION,
        path="TxInfAndSts",
        weight="hold",
        profile="iso-base",
        known=Known((replace(OURS, partner="BARCGB22"),)),
    ),
    one(
        "COR-003",
        of.pacs002(),
        BY_INSTRUCTION,
        ("<OrgnlInstrId>INSTR-1</OrgnlInstrId>", ""),
        path="TxInfAndSts",
        weight="hold",
        profile="iso-base",
        known=Known((replace(OURS, is_alone=False),)),
    ),
    one("COR-004", RAW, path="BizMsgIdr", known=Known(taken={KEY: "0" * 64})),
    one("COR-004", RAW, path="BizMsgIdr", weight="warn", known=Known(taken={KEY: SAME})),
    one("COR-004", RAW, path=TX, weight="hold", known=Known((THEIRS,))),
    one("COR-004", of.pacs009(), path=FI, weight="hold", known=Known((THEIRS,))),
    one(
        "COR-004",
        RAW,
        POSSIBLE,
        path=TX,
        weight="hold",
        known=Known((replace(THEIRS, message="MSG-1"),)),
    ),
]

for name, text in (
    ("status", of.pacs002()),
    ("return", of.pacs004()),
    ("recall", of.camt056()),
    ("question", of.pacs028()),
    ("answer to a recall", of.camt029()),
):
    right(f"a {name} of a known payment", text, known=NO_TRANSACTION)
right("a status by instruction", of.pacs002(), BY_INSTRUCTION, profile="iso-base", known=SENT)
right(
    "a status by transaction",
    of.pacs002(),
    BY_INSTRUCTION,
    (("<OrgnlInstrId>INSTR-1</OrgnlInstrId>"), ""),
    ("</OrgnlEndToEndId>", "</OrgnlEndToEndId><OrgnlTxId>TX-1</OrgnlTxId>"),
    profile="iso-base",
    known=Known((replace(OURS, is_alone=False),)),
)
right(
    "a status by the message alone",
    of.pacs002(),
    BY_INSTRUCTION,
    (("<OrgnlInstrId>INSTR-1</OrgnlInstrId>"), ""),
    profile="iso-base",
    known=SENT,
)
right("a status of a known group", of.pacs002_of_a_group(), known=SENT)
right("a cover of a known transfer", of.cover(), known=COVERED)
right("a cover of a transfer we never saw", of.cover(), known=EMPTY)
right("a status of a cover", of.pacs002(), known=Known((replace(OURS, message="MSG-8"), OURS)))
right("a new payment", RAW, known=EMPTY)
right("a payment sent on with its UETR", RAW, known=Known((replace(THEIRS, partner="BARCGB22"),)))
right("a payment of ours with its UETR", RAW, known=Known((replace(THEIRS, is_outbound=True),)))
right("the same payment in the same message", RAW, known=Known((replace(THEIRS, message="MSG-1"),)))
right("another id was taken", RAW, known=Known(taken={replace(KEY, id="MSG-2"): "0" * 64}))
