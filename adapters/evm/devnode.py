"""What a node of the dev chain answers: JSON-RPC in and out, and the lies it can be told to tell.

Source: Ethereum execution-apis (methods, tags, shapes); EIP-1186; geth's codes and words.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rlp
from eth_hash.auto import keccak

from adapters.evm.blocks import HEADER, data, quantity, receipt_bytes
from adapters.evm.devchain import DevChain, Mined, PoolError, Reverted
from adapters.evm.tries import BadProof, trie_of_list

_PLACES = {name: place for place, (name, _) in enumerate(HEADER)}
_NUMBER = -1
GWEI = 10**9


class Refusal(Exception):
    """Raised where a request is refused: code, words, and a revert's data."""

    def __init__(self, code: int, message: str, data: str | None = None) -> None:
        super().__init__(message)
        self.document: dict[str, object] = {"code": code, "message": message}
        if data is not None:
            self.document["data"] = data


@dataclass(slots=True)
class Lie:
    """How a node misbehaves, for how many more requests of which methods; none: of all."""

    kind: str = ""  # drop busy delay stale omit forge_receipt forge_header wrong_id huge garbage
    methods: tuple[str, ...] = ()
    times: int = 0

    def told(self, method: str) -> str:
        """Return the kind of lie that this request is answered with, and count it."""
        if self.times <= 0 or (self.methods and method not in self.methods):
            return ""
        self.times -= 1
        return self.kind


def _hex(value: int | bytes) -> str:
    return hex(value) if isinstance(value, int) else f"0x{value.hex()}"


def block_json(mined: Mined) -> dict[str, Any]:
    """Return a block as a node shows it, its transactions by hash."""
    members = rlp.decode(mined.header.raw)
    told: dict[str, Any] = {"hash": _hex(mined.header.hash)}
    for (name, size), member in zip(HEADER, members, strict=False):
        told[name] = _hex(int.from_bytes(member, "big")) if size == _NUMBER else _hex(member)
    told["transactions"] = [_hex(keccak(raw)) for raw in mined.transactions]
    return {**told, "uncles": [], "withdrawals": [], "size": "0x0"}


def receipts_json(mined: Mined) -> list[dict[str, Any]]:
    """Return a block's receipts as a node shows them."""
    shown, index = [], 0
    block, number = _hex(mined.header.hash), _hex(mined.header.number)
    for place, (raw, transaction) in enumerate(
        zip(mined.receipts, mined.transactions, strict=True)
    ):
        typed = raw[0] < 0x80
        status, gas, bloom, logs = rlp.decode(raw[1:] if typed else raw)
        at = {
            "transactionHash": _hex(keccak(transaction)),
            "transactionIndex": hex(place),
            "blockHash": block,
            "blockNumber": number,
        }
        said = []
        for emitter, topics, words in logs:
            log = {"address": _hex(emitter), "topics": [_hex(t) for t in topics]}
            said.append(log | at | {"data": _hex(words), "logIndex": hex(index), "removed": False})
            index += 1
        shown.append(
            at
            | {
                "type": hex(raw[0] if typed else 0),
                "status": _hex(int.from_bytes(status, "big")),
                "cumulativeGasUsed": _hex(int.from_bytes(gas, "big")),
                "logsBloom": _hex(bloom),
                "logs": said,
            }
        )
    return shown


def _made(chain: DevChain, raw: bytes) -> str | None:
    """Return where a transaction of type 2 made a contract, or nothing where it called one."""
    _, nonce, _, _, _, to, *_ = rlp.decode(raw[1:])
    return None if to else _hex(keccak(rlp.encode([chain.sender(raw), nonce]))[12:])


class DevNode:
    """One node's answers from the chain; `lie` is the fault panel's."""

    def __init__(self, chain: DevChain) -> None:
        self.chain = chain
        self.lie = Lie()
        self.stale = 0  # blocks this node lags behind
        self._lying = ""  # in the answer under way

    def answer(self, method: str, params: Sequence[Any], lie: str = "") -> Any:
        """Return the result of a request, or a lie of that kind. Errors: Refusal."""
        found, self._lying = METHODS.get(method), lie
        if found is None:
            raise Refusal(-32601, f"the method {method} does not exist/is not available")
        try:
            return found(self, params)
        except (BadProof, IndexError, KeyError, TypeError, ValueError) as error:
            raise Refusal(-32602, f"invalid argument: {type(error).__name__}") from error
        except PoolError as error:
            raise Refusal(-32000, str(error)) from error
        except Reverted as error:
            raise Refusal(3, "execution reverted", _hex(error.data)) from error

    @property
    def head(self) -> int:
        """The number of the latest block this node knows."""
        return max(0, self.chain.head - self.stale)

    def _number(self, tag: Any) -> int | None:
        """Return the number a tag, a number or a hash means here, or None where there is none."""
        if isinstance(tag, Mapping):
            tag = tag["blockHash"]
        known = {
            "latest": self.head,
            "pending": self.head,
            "safe": min(self.chain.safe, self.head),
            "finalized": min(self.chain.finalized, self.head),
            "earliest": 0,
        }
        if tag in known:
            return known[tag]
        if isinstance(tag, str) and len(tag) == 66:
            wanted = data(tag, "hash", 32)
            numbers = [mined.header.number for mined in self.chain.blocks[: self.head + 1]]
            return next(
                (n for n in reversed(numbers) if self.chain.blocks[n].header.hash == wanted), None
            )
        number = quantity(tag, "block")
        return number if number <= self.head else None

    def _known(self, tag: Any) -> int:
        number = self._number(tag)
        if number is None:
            raise Refusal(-32000, "header not found")
        return number

    def block(self, params: Sequence[Any]) -> Any:
        """Return a block by number, tag or hash, or nothing."""
        number = self._number(params[0])
        if number is None:
            return None
        shown = block_json(self.chain.blocks[number])
        if self._lying == "forge_header":
            return forged_block(shown, receipts_json(self.chain.blocks[number]))
        return shown

    def receipts(self, params: Sequence[Any]) -> Any:
        """Return a block's receipts, or nothing."""
        number = self._number(params[0])
        if number is None:
            return None
        shown = receipts_json(self.chain.blocks[number])
        if self._lying == "omit":
            return [{**one, "logs": one["logs"][:-1]} for one in shown]
        return [forged(one) for one in shown] if self._lying.startswith("forge") else shown

    def logs(self, params: Sequence[Any]) -> Any:
        """Return what one contract said in a range of blocks, by its first topic."""
        asked = params[0]
        first, last = self._known(asked["fromBlock"]), self._known(asked["toBlock"])
        return [
            log
            for number in range(first, last + 1)
            for receipt in self.receipts([hex(number)])
            for log in receipt["logs"]
            if log["address"] == asked["address"].lower() and log["topics"][:1] == asked["topics"]
        ]

    def receipt(self, params: Sequence[Any]) -> Any:
        """Return a transaction's receipt, or nothing."""
        wanted = params[0]
        for mined in reversed(self.chain.blocks[: self.head + 1]):
            for one, raw in zip(receipts_json(mined), mined.transactions, strict=True):
                if one["transactionHash"] == wanted:
                    return {**one, "contractAddress": _made(self.chain, raw)}
        return None

    def transaction(self, params: Sequence[Any]) -> Any:
        """Return where a transaction is: in a block, in the pool, or nothing."""
        wanted = data(params[0], "hash", 32)
        for mined in reversed(self.chain.blocks[: self.head + 1]):
            if any(keccak(raw) == wanted for raw in mined.transactions):
                return {"hash": _hex(wanted), "blockHash": _hex(mined.header.hash)}
        if any(one.hash == wanted for one in self.chain.pool.values()):
            return {"hash": _hex(wanted), "blockHash": None}
        return None

    def nonce(self, params: Sequence[Any]) -> Any:
        """Return how many transactions of an account there are."""
        account = data(params[0].lower(), "address", 20)
        if params[1] == "pending":
            return hex(self.chain.pending_nonce(account))
        return hex(self.chain.nonce(account, self._known(params[1])))

    def _called(self, params: Sequence[Any]) -> tuple[bytes, int]:
        asked, tag = params[0], params[1] if len(params) > 1 else "latest"
        sender = data(str(asked.get("from", "0x" + "00" * 20)).lower(), "from", 20)
        to = data(str(asked["to"]).lower(), "to", 20) if asked.get("to") else b""
        given = data(asked.get("data", asked.get("input", "0x")), "data")
        return self.chain.call(sender, to, given, self._known(tag))

    def call(self, params: Sequence[Any]) -> Any:
        """Return what a call gives."""
        return _hex(self._called(params)[0])

    def simulate(self, params: Sequence[Any]) -> Any:
        """Return how calls go one after another in one block that is not kept."""
        asked, tag = params[0], params[1] if len(params) > 1 else "latest"
        (block,) = asked["blockStateCalls"]
        steps = [
            (
                data(str(one["from"]).lower(), "from", 20),
                data(str(one["to"]).lower(), "to", 20),
                data(one.get("data", one.get("input", "0x")), "data"),
            )
            for one in block["calls"]
        ]
        told = []
        for succeeded, given in self.chain.simulate(steps, self._known(tag)):
            said: dict[str, Any] = {"status": hex(succeeded), "returnData": _hex(given), "logs": []}
            if not succeeded:
                why = {"code": 3, "message": "execution reverted", "data": _hex(given)}
                said |= {"returnData": "0x", "error": why}
            told.append(said)
        return [{"calls": told}]

    def estimate(self, params: Sequence[Any]) -> Any:
        """Return the gas a transaction takes."""
        return hex(self._called(params)[1])

    def send(self, params: Sequence[Any]) -> Any:
        """Take a transaction into the pool."""
        return _hex(self.chain.add(data(params[0], "transaction")))

    def code(self, params: Sequence[Any]) -> Any:
        """Return an account's code."""
        account = data(params[0].lower(), "address", 20)
        return _hex(self.chain.code(account, self._known(params[1])))

    def balance(self, params: Sequence[Any]) -> Any:
        """Return an account's balance in wei."""
        account = data(params[0].lower(), "address", 20)
        return hex(self.chain.balance(account, self._known(params[1])))

    def word(self, params: Sequence[Any]) -> Any:
        """Return what an account keeps at a place."""
        account = data(params[0].lower(), "address", 20)
        kept = self.chain.word(account, int(params[1], 16), self._known(params[2]))
        return _hex(kept.to_bytes(32, "big"))

    def proof(self, params: Sequence[Any]) -> Any:
        """Return the nodes that prove an account and its words."""
        account = data(params[0].lower(), "address", 20)
        places = [int(place, 16) for place in params[1]]
        found = self.chain.proof(account, places, self._known(params[2]))
        return {
            "address": params[0],
            "balance": hex(found["balance"]),
            "nonce": hex(found["nonce"]),
            "codeHash": _hex(found["code_hash"]),
            "storageHash": _hex(found["storage_root"]),
            "accountProof": [_hex(node) for node in found["account"]],
            "storageProof": [
                {"key": hex(place), "value": hex(word), "proof": [_hex(node) for node in nodes]}
                for place, word, nodes in found["words"]
            ],
        }

    def fees(self, params: Sequence[Any]) -> Any:
        """Return the base fees of the last blocks, the next one's too, and tips of a gwei."""
        count = min(quantity(params[0], "blocks"), self.head + 1)
        first = self._known(params[1]) - count + 1
        base = [
            block_json(self.chain.blocks[number])["baseFeePerGas"]
            for number in range(first, first + count)
        ]
        return {
            "oldestBlock": hex(first),
            "baseFeePerGas": [*base, hex(self.chain.base_fee())],
            "gasUsedRatio": [0.0] * count,
            "reward": [[hex(GWEI)] * len(params[2])] * count,
        }


def forged(receipt: Mapping[str, Any]) -> dict[str, Any]:
    """Return a receipt whose last log says one unit more."""
    logs = [dict(log) for log in receipt["logs"]]
    if logs and len(logs[-1]["data"]) > 2:
        raw = bytearray.fromhex(logs[-1]["data"][2:])
        raw[-1] ^= 1
        logs[-1]["data"] = f"0x{raw.hex()}"
    return {**receipt, "logs": logs}


def forged_block(block: Mapping[str, Any], receipts: Sequence[Mapping[str, Any]]) -> Any:
    """Return a block whose root and hash agree with the forged receipts."""
    trie = trie_of_list([receipt_bytes(forged(receipt)) for receipt in receipts])
    told = {**block, "receiptsRoot": _hex(trie.root)}
    members = []
    for name, size in HEADER:
        if name in told:
            text = told[name]
            members.append(_minimal(text) if size == _NUMBER else bytes.fromhex(text[2:]))
    return {**told, "hash": _hex(keccak(rlp.encode(members)))}


def _minimal(text: str) -> bytes:
    number = int(text, 16)
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


METHODS: dict[str, Callable[[DevNode, Sequence[Any]], Any]] = {
    "eth_chainId": lambda node, _: hex(node.chain.chain_id),
    "net_version": lambda node, _: str(node.chain.chain_id),
    "web3_clientVersion": lambda _, __: "lianqiao-devnet/1",
    "eth_syncing": lambda _, __: False,
    "eth_blockNumber": lambda node, _: hex(node.head),
    "eth_gasPrice": lambda node, _: hex(node.chain.base_fee() + GWEI),
    "eth_maxPriorityFeePerGas": lambda _, __: hex(GWEI),
    "eth_getBlockByNumber": DevNode.block,
    "eth_getBlockByHash": DevNode.block,
    "eth_getBlockReceipts": DevNode.receipts,
    "eth_getLogs": DevNode.logs,
    "eth_getTransactionReceipt": DevNode.receipt,
    "eth_getTransactionByHash": DevNode.transaction,
    "eth_getTransactionCount": DevNode.nonce,
    "eth_call": DevNode.call,
    "eth_estimateGas": DevNode.estimate,
    "eth_simulateV1": DevNode.simulate,
    "eth_sendRawTransaction": DevNode.send,
    "eth_getCode": DevNode.code,
    "eth_getBalance": DevNode.balance,
    "eth_getStorageAt": DevNode.word,
    "eth_getProof": DevNode.proof,
    "eth_feeHistory": DevNode.fees,
}
