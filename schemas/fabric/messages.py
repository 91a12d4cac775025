"""The messages of Hyperledger Fabric that a client, a block's reader and a chaincode exchange.

A line is a message: number, name and type of each field. proto3: fields in rising order, zeros
left out, the entries of a map in the order of their keys.

Taken from the protocol buffers of Hyperledger Fabric 2.5.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `kind` is a scalar, `message`, or `map` of texts to bytes."""

    number: int
    name: str
    kind: str  # bool, bytes, int32, int64, map, message, string, uint64
    repeated: bool = False
    message: str = ""  # which, where the kind is a message


SCALARS: Final = frozenset({"bool", "bytes", "int32", "int64", "string", "uint64"})

_LINES: Final = {
    "common.Envelope": "1 payload bytes, 2 signature bytes",
    "common.Payload": "1 header common.Header, 2 data bytes",
    "common.Header": "1 channel_header bytes, 2 signature_header bytes",
    "common.ChannelHeader": (
        "1 type int32, 2 version int32, 3 timestamp google.protobuf.Timestamp, "
        "4 channel_id string, 5 tx_id string, 6 epoch uint64, 7 extension bytes, "
        "8 tls_cert_hash bytes"
    ),
    "common.SignatureHeader": "1 creator bytes, 2 nonce bytes",
    "common.Block": (
        "1 header common.BlockHeader, 2 data common.BlockData, 3 metadata common.BlockMetadata"
    ),
    "common.BlockHeader": "1 number uint64, 2 previous_hash bytes, 3 data_hash bytes",
    "common.BlockData": "1 data repeated bytes",
    "common.BlockMetadata": "1 metadata repeated bytes",
    "common.Metadata": "1 value bytes, 2 signatures repeated common.MetadataSignature",
    "common.MetadataSignature": (
        "1 signature_header bytes, 2 signature bytes, 3 identifier_header bytes"
    ),
    "msp.SerializedIdentity": "1 mspid string, 2 id_bytes bytes",
    "protos.SignedProposal": "1 proposal_bytes bytes, 2 signature bytes",
    "protos.Proposal": "1 header bytes, 2 payload bytes, 3 extension bytes",
    "protos.ChaincodeHeaderExtension": "2 chaincode_id protos.ChaincodeID",
    "protos.ChaincodeID": "1 path string, 2 name string, 3 version string",
    "protos.ChaincodeProposalPayload": "1 input bytes, 2 TransientMap map<string,bytes>",
    "protos.ChaincodeInvocationSpec": "1 chaincode_spec protos.ChaincodeSpec",
    "protos.ChaincodeSpec": (
        "1 type enum protos.ChaincodeSpec.Type, 2 chaincode_id protos.ChaincodeID, "
        "3 input protos.ChaincodeInput, 4 timeout int32"
    ),
    "protos.ChaincodeInput": (
        "1 args repeated bytes, 2 decorations map<string,bytes>, 3 is_init bool"
    ),
    "protos.Transaction": "1 actions repeated protos.TransactionAction",
    "protos.TransactionAction": "1 header bytes, 2 payload bytes",
    "protos.ChaincodeActionPayload": (
        "1 chaincode_proposal_payload bytes, 2 action protos.ChaincodeEndorsedAction"
    ),
    "protos.ChaincodeEndorsedAction": (
        "1 proposal_response_payload bytes, 2 endorsements repeated protos.Endorsement"
    ),
    "protos.Endorsement": "1 endorser bytes, 2 signature bytes",
    "protos.ProposalResponsePayload": "1 proposal_hash bytes, 2 extension bytes",
    "protos.ChaincodeAction": (
        "1 results bytes, 2 events bytes, 3 response protos.Response, "
        "4 chaincode_id protos.ChaincodeID"
    ),
    "protos.Response": "1 status int32, 2 message string, 3 payload bytes",
    "protos.ChaincodeEvent": (
        "1 chaincode_id string, 2 tx_id string, 3 event_name string, 4 payload bytes"
    ),
    "protos.ProcessedTransaction": "1 transactionEnvelope common.Envelope, 2 validationCode int32",
    "gateway.EndorseRequest": (
        "1 transaction_id string, 2 channel_id string, "
        "3 proposed_transaction protos.SignedProposal, "
        "4 endorsing_organizations repeated string"
    ),
    "gateway.EndorseResponse": "1 prepared_transaction common.Envelope",
    "gateway.SubmitRequest": (
        "1 transaction_id string, 2 channel_id string, 3 prepared_transaction common.Envelope"
    ),
    "gateway.SubmitResponse": "",
    "gateway.CommitStatusRequest": "1 transaction_id string, 2 channel_id string, 3 identity bytes",
    "gateway.SignedCommitStatusRequest": "1 request bytes, 2 signature bytes",
    "gateway.CommitStatusResponse": "1 result enum protos.TxValidationCode, 2 block_number uint64",
    "gateway.EvaluateRequest": (
        "1 transaction_id string, 2 channel_id string, "
        "3 proposed_transaction protos.SignedProposal, 4 target_organizations repeated string"
    ),
    "gateway.EvaluateResponse": "1 result protos.Response",
    "gateway.ChaincodeEventsRequest": (
        "1 channel_id string, 2 chaincode_id string, 3 identity bytes, "
        "4 start_position orderer.SeekPosition, 5 after_transaction_id string"
    ),
    "gateway.SignedChaincodeEventsRequest": "1 request bytes, 2 signature bytes",
    "gateway.ChaincodeEventsResponse": (
        "1 events repeated protos.ChaincodeEvent, 2 block_number uint64"
    ),
    "gateway.ErrorDetail": "1 address string, 2 msp_id string, 3 message string",
    "orderer.SeekPosition": (
        "1 newest orderer.SeekNewest, 2 oldest orderer.SeekOldest, "
        "3 specified orderer.SeekSpecified, 4 next_commit orderer.SeekNextCommit"
    ),
    "orderer.SeekSpecified": "1 number uint64",
    "protos.ChaincodeMessage": (
        "1 type enum protos.ChaincodeMessage.Type, 2 timestamp google.protobuf.Timestamp, "
        "3 payload bytes, 4 txid string, 5 proposal protos.SignedProposal, "
        "6 chaincode_event protos.ChaincodeEvent, 7 channel_id string"
    ),
    "protos.GetState": "1 key string, 2 collection string",
    "protos.PutState": "1 key string, 2 value bytes, 3 collection string",
    "protos.DelState": "1 key string, 2 collection string",
    "google.protobuf.Timestamp": "1 seconds int64, 2 nanos int32",
    "orderer.SeekNewest": "",
    "orderer.SeekOldest": "",
    "orderer.SeekNextCommit": "",
    "common.BlockchainInfo": (
        "1 height uint64, 2 currentBlockHash bytes, 3 previousBlockHash bytes"
    ),
    "google.protobuf.Any": "1 type_url string, 2 value bytes",
    "google.rpc.Status": "1 code int32, 2 message string, 3 details repeated google.protobuf.Any",
}
_NUMBERS: Final = {
    "common.HeaderType": "CONFIG 1, CONFIG_UPDATE 2, ENDORSER_TRANSACTION 3",
    "common.BlockMetadataIndex": (
        "SIGNATURES 0, LAST_CONFIG 1, TRANSACTIONS_FILTER 2, ORDERER 3, COMMIT_HASH 4"
    ),
    "protos.ChaincodeSpec.Type": "UNDEFINED 0, GOLANG 1, NODE 2, CAR 3, JAVA 4",
    "protos.ChaincodeMessage.Type": (
        "REGISTER 1, REGISTERED 2, INIT 3, READY 4, TRANSACTION 5, COMPLETED 6, ERROR 7, "
        "GET_STATE 8, PUT_STATE 9, DEL_STATE 10, INVOKE_CHAINCODE 11, RESPONSE 13, "
        "GET_STATE_BY_RANGE 14, GET_QUERY_RESULT 15, QUERY_STATE_NEXT 16, "
        "QUERY_STATE_CLOSE 17, KEEPALIVE 18, GET_HISTORY_FOR_KEY 19"
    ),
    "protos.TxValidationCode": (
        "VALID 0, NIL_ENVELOPE 1, BAD_PAYLOAD 2, BAD_COMMON_HEADER 3, "
        "BAD_CREATOR_SIGNATURE 4, INVALID_ENDORSER_TRANSACTION 5, "
        "INVALID_CONFIG_TRANSACTION 6, UNSUPPORTED_TX_PAYLOAD 7, BAD_PROPOSAL_TXID 8, "
        "DUPLICATE_TXID 9, ENDORSEMENT_POLICY_FAILURE 10, MVCC_READ_CONFLICT 11, "
        "PHANTOM_READ_CONFLICT 12, UNKNOWN_TX_TYPE 13, TARGET_CHAIN_NOT_FOUND 14, "
        "MARSHAL_TX_ERROR 15, NIL_TXACTION 16, EXPIRED_CHAINCODE 17, "
        "CHAINCODE_VERSION_CONFLICT 18, BAD_HEADER_EXTENSION 19, BAD_CHANNEL_HEADER 20, "
        "BAD_RESPONSE_PAYLOAD 21, BAD_RWSET 22, ILLEGAL_WRITESET 23, INVALID_WRITESET 24, "
        "INVALID_CHAINCODE 25, NOT_VALIDATED 254, INVALID_OTHER_REASON 255"
    ),
}
METHODS: Final = {  # of gRPC: what goes and what comes; a stream says so
    "/gateway.Gateway/Evaluate": ("gateway.EvaluateRequest", "gateway.EvaluateResponse"),
    "/gateway.Gateway/Endorse": ("gateway.EndorseRequest", "gateway.EndorseResponse"),
    "/gateway.Gateway/Submit": ("gateway.SubmitRequest", "gateway.SubmitResponse"),
    "/gateway.Gateway/CommitStatus": (
        "gateway.SignedCommitStatusRequest",
        "gateway.CommitStatusResponse",
    ),
    "/gateway.Gateway/ChaincodeEvents": (
        "gateway.SignedChaincodeEventsRequest",
        "stream gateway.ChaincodeEventsResponse",
    ),
    "/protos.Chaincode/Connect": (
        "stream protos.ChaincodeMessage",
        "stream protos.ChaincodeMessage",
    ),
}


def _field(text: str) -> Field:
    number, name, *rest = text.split(" ")
    repeated, kind = rest[0] == "repeated", rest[-1]
    if rest[0] == "enum":
        kind = "int32"
    if kind == "map<string,bytes>":
        kind = "map"
    if kind in SCALARS or kind == "map":
        return Field(int(number), name, kind, repeated)
    return Field(int(number), name, "message", repeated, kind)


def _numbers(text: str) -> dict[str, int]:
    pairs = [pair.split(" ") for pair in text.split(", ")]
    return {name: int(number) for name, number in pairs}


MESSAGES: Final = {
    name: tuple(_field(field) for field in line.split(", ") if field)
    for name, line in _LINES.items()
}
ENUMS: Final = {name: _numbers(line) for name, line in _NUMBERS.items()}
VALIDITY: Final = {number: name for name, number in ENUMS["protos.TxValidationCode"].items()}
