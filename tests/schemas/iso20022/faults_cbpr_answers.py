"""Faults of answers and reports under CBPR+."""

from tests.schemas.iso20022 import messages as of
from tests.schemas.iso20022.faults import Fault, one
from tests.schemas.iso20022.fragments import AGAIN, LESS, REASON, SETTLED_ON

CBPR_ANSWERS: list[Fault] = [
    one("CBPR-017", of.pacs002("RJCT"), path="TxSts"),
    one("CBPR-017", of.pacs002("RJCT", REASON + SETTLED_ON), path="FctvIntrBkSttlmDt"),
    *(
        one(
            "CBPR-017",
            text,
            ("<OrgnlMsgNmId>pacs.008", "<OrgnlMsgNmId>camt.056"),
            path="OrgnlMsgNmId",
        )
        for text in (of.pacs002(), of.pacs002_of_a_group())
    ),
    one(
        "CBPR-018",
        of.pacs004(),
        ("</TxInf>", AGAIN.format('<IntrBkSttlmAmt Ccy="USD">1000.50</IntrBkSttlmAmt>')),
        path="OrgnlTxRef/IntrBkSttlmAmt",
        weight="warn",
    ),
    one(
        "CBPR-018",
        of.pacs004(),
        ("</TxInf>", AGAIN.format("<IntrBkSttlmDt>2026-11-12</IntrBkSttlmDt>")),
        path="OrgnlTxRef/IntrBkSttlmDt",
        weight="warn",
    ),
    one(
        "CBPR-018",
        of.pacs004(),
        ("<OrgnlInstrId>INSTR-1</OrgnlInstrId>", ""),
        path="TxInf",
        weight="warn",
    ),
    one("CBPR-019", of.pacs004(), LESS, path="RtrdIntrBkSttlmAmt", weight="warn"),
    one(
        "CBPR-019",
        of.pacs004(),
        LESS,
        ("<Rsn><Cd>AC04</Cd></Rsn>", "<AddtlInf>PART</AddtlInf>"),
        path="RtrdIntrBkSttlmAmt",
        weight="warn",
    ),
    one(
        "CBPR-019",
        of.pacs004(),
        ("<InstgAgt>", '<RtrdInstdAmt Ccy="USD">1010</RtrdInstdAmt><InstgAgt>'),
        path="RtrdInstdAmt",
        weight="warn",
    ),
    one(
        "CBPR-020",
        of.camt054(),
        ("<BookgDt><Dt>2026-11-13</Dt></BookgDt>", ""),
        path="Ntry",
        weight="warn",
    ),
    one("CBPR-020", of.camt054(), ("<PgNb>1", "<PgNb>0"), path="PgNb", weight="warn"),
    one(
        "CBPR-020", of.camt054(), ('"USD">3<', '"USD">7<'), path="TtlIntrstAndTaxAmt", weight="warn"
    ),
    one(
        "CBPR-021",
        of.pacs008(more=of.supplement("<x xmlns='urn:x'/>")),
        path="SplmtryData",
        weight="warn",
    ),
    one(
        "CBPR-021",
        of.pacs008(more=of.supplement("<x xmlns='urn:x'/>")),
        path="SplmtryData",
        is_outbound=True,
    ),
    one("CBPR-022", of.camt110(), path="Document/InvstgtnReq"),
    one("CBPR-022", of.camt110(), path="Document/InvstgtnReq", profile="cbpr+2025"),
]
