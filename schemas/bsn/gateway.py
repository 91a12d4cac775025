"""Every end point of the node gateway, with its fields in the order in which they are signed.

Order is meaning here: the signed text has no names and no separators.

Taken from the BSN user manual, permissioned services, and from the types of its published clients.
"""

from dataclasses import dataclass

from schemas.bsn.shapes import Field, fields


@dataclass(frozen=True, slots=True)
class EndPoint:
    """The bodies of one end point; a request that is not signed carries an empty mac."""

    request: tuple[Field, ...]
    response: tuple[Field, ...]
    request_signed: bool = True


_OUTCOME = "blockInfo(txId blockHash status*) ccRes(ccCode* ccData)"
_FABRIC_TX = "txId status* createName timeSpanSec* timeSpanNsec*"
_FABRIC_BLOCK = "blockNumber* blockHash txId dataType"
_FISCO_OUTCOME = (
    "constant? queryInfo txId blockHash blockNumber* gasUsed* status from to input output logs"
)
_FISCO_TX = "txId blockHash blockNumber* gasUsed* from to value* input"
_EVM_EVENT = "eventType* contractAddress contractName notifyUrl attachArgs"
_SEEN = "eventId appCode userCode notifyUrl attachArgs createTime"
_EVM_EVENTS = f"blockEvent[{_SEEN}] contractEvent[{_SEEN} contractAddress]"
_CITA_OUTCOME = "txId status data"
_CITA_TX = "txHash blockHash blockNumber* data chainId quota from to nonce validUntilBlock version"
_CITA_LOG = (
    "removed? logIndex* transactionIndex* transactionHash blockHash blockNumber* address data "
    "transactionLogIndex transactionIndexRaw blockNumberRaw logIndexRaw topics+"
)
_CITA_RECEIPT = (
    "transactionHash transactionIndex* blockHash blockNumber* cumulativeGasUsed "
    "cumulativeQuotaUsed* gasUsed quotaUsed* contractAddress root status from to logsBloom "
    "errorMessage transactionIndexRaw blockNumberRaw cumulativeGasUsedRaw "
    f"cumulativeQuotaUsedRaw gasUsedRaw quotaUsedRaw logs[{_CITA_LOG}]"
)
_CITA_BLOCK = (
    "blockHash blockNumber* prevBlockHash blockTime quotaUsed transactionsRoot stateRoot "
    f"receiptsRoot transactions[{_CITA_TX}]"
)
_XUPER_TX = (
    "txId blockId version* contractRequests[contractName methodName args] receivedTimestamp*"
)
_XUPER_EVENT = "eventId eventKey appCode userCode contractName notifyUrl attachArgs createTime"

_APP = "appType caType* algorithmType* mspId channelId version fabricVersion"

_LINES: dict[str, dict[str, tuple[str, str]]] = {
    "/api/fabric/v1/": {
        "user/register": ("name secret extendProperties", "name secret"),
        "user/enroll": ("name secret csrPem", "cert"),
        "node/reqChainCode": (
            "userName nonce chainCode funcName args+ transientData%",
            _OUTCOME,
        ),
        "node/trans": ("transData", _OUTCOME),
        "node/getTransaction": (
            "txId dataType",
            "blockHash blockNumber* status* createName timeSpanSec* timeSpanNsec*",
        ),
        "node/getTransdata": ("txId dataType", "txId transData"),
        "node/getBlockInfo": (
            _FABRIC_BLOCK,
            (
                "blockHash blockNumber* preBlockHash blockSize* blockTxCount* "
                f"transactions[{_FABRIC_TX}]"
            ),
        ),
        "node/getBlockData": (_FABRIC_BLOCK, "blockHash blockNumber* preBlockHash blockData"),
        "node/getLedgerInfo": ("", "blockHash height* preBlockHash"),
        "chainCode/event/register": ("chainCode eventKey notifyUrl attachArgs", "eventId"),
        "chainCode/event/blockRegister": ("notifyUrl attachArgs", "eventId"),
        "chainCode/event/query": (
            "",
            (
                "(body)[eventId eventKey notifyUrl attachArgs createTime orgCode userCode appCode "
                "chainCode eventType]"
            ),
        ),
        "chainCode/event/remove": ("eventId", ""),
    },
    "/api/fiscobcos/v1/": {
        "user/register": ("userId", "userId userAddress"),
        "node/reqChainCode": ("userId contractName funcName funcParam", _FISCO_OUTCOME),
        "node/trans": ("contractName transData contractAddress contractAbi", _FISCO_OUTCOME),
        "node/getTxInfoByTxHash": ("txHash", _FISCO_TX),
        "node/getTxReceiptByTxHash": (
            "txHash",
            "txId blockHash blockNumber* gasUsed* from to contractAddress logs",
        ),
        "node/getBlockInfo": (
            "blockNumber blockHash",
            (
                "blockHash blockNumber* parentBlockHash blockSize* blockTime* author "
                f"transactions[{_FISCO_TX}]"
            ),
        ),
        "node/getBlockHeight": ("", "data"),
        "node/getTxCount": ("", "data"),
        "node/getTxCountByBlockNumber": ("blockNumber", "data"),
        "event/register": (_EVM_EVENT, "eventId"),
        "event/query": ("", _EVM_EVENTS),
        "event/remove": ("eventId", ""),
    },
    "/api/cita/v1/": {
        "user/register": ("userId", "userId userAddress"),
        "node/reqChainCode": ("userId contractName funcName funcParam", _CITA_OUTCOME),
        "node/trans": ("contractName transData", _CITA_OUTCOME),
        "node/getTxInfoByTxHash": ("txHash", _CITA_TX),
        "node/getTxReceiptByTxHash": ("txHash", _CITA_RECEIPT),
        "node/getBlockInfo": ("blockNumber blockHash", _CITA_BLOCK),
        "node/getBlockHeight": ("", "data"),
        "event/register": (_EVM_EVENT, "eventId"),
        "event/query": ("", _EVM_EVENTS),
        "event/remove": ("eventId", ""),
    },
    "/api/xuperchain/v1/": {
        "user/register": ("userId", "userId userAddr"),
        "node/reqChainCode": (
            "userId userAddr contractName funcName funcParam",
            "txId queryInfo",
        ),
        "node/trans": ("initiator transData flag*", "txId queryInfo preExecRes"),
        "node/getTxInfoByTxHash": ("txHash", _XUPER_TX),
        "node/getBlockInfo": (
            "blockHeight* blockHash",
            (
                f"version* blockid preHash height* timestamp* transactions[{_XUPER_TX}] txCount* "
                "nextHash"
            ),
        ),
        "event/register": ("contractName eventKey notifyUrl attachArgs", "eventId"),
        "event/query": ("", f"blockEvent[{_XUPER_EVENT}]"),
        "event/remove": ("eventId", ""),
    },
}

ENDPOINTS: dict[str, EndPoint] = {
    "/api/app/getAppInfo": EndPoint((), fields(_APP), request_signed=False)
} | {
    prefix + name: EndPoint(fields(request), fields(response))
    for prefix, lines in _LINES.items()
    for name, (request, response) in lines.items()
}

PUSHES: dict[str, tuple[Field, ...]] = {
    "fabric": fields(
        "chainCode orgCode eventKey eventId attachArgs eventName txId payload blockNumber* "
        "nonceStr previousHash"
    ),
    "fiscobcos": fields("eventId orgCode appCode attachArgs nonceStr eventType* eventData"),
}
