"""Contracts that are not ours, asked by signature; a transfer tried on a node, never sent.

For looking at a token before anybody locks it: nothing read here is signed for.
Source: Solidity documentation, Contract ABI Specification; Ethereum execution-apis, eth_simulateV1.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, cast

from adapters.evm import calls
from adapters.evm.abi import Word
from adapters.evm.client import Call, Endpoint, Json, Lied, NodeError, of_contract
from adapters.evm.keccak import keccak

Told: TypeAlias = "Word | None"  # None: the contract refuses, or has no such function

NO_SUCH_METHOD = frozenset({-32601, -32602})


@dataclass(frozen=True, slots=True)
class Question:
    """A call that changes nothing: to whom, which function, and the type of its answer."""

    to: str
    signature: str
    gives: str
    args: tuple[Word, ...] = ()

    def data(self) -> bytes:
        return calldata(self.signature, *self.args)


@dataclass(frozen=True, slots=True)
class Tried:
    """How a call went in a simulation."""

    succeeded: bool
    data: bytes  # what it gave, or why it reverted

    def number(self) -> int:
        """Return the number it gave; 0 where it gave none."""
        return int.from_bytes(self.data[:32], "big") if self.succeeded else 0


def calldata(signature: str, *args: Word) -> bytes:
    """Return the bytes of a call, from the function's signature with its plain types."""
    inside = signature.partition("(")[2][:-1]
    words = calls.encoded(inside.split(",") if inside else [], *args)
    return keccak(signature.encode())[:4] + words


async def answers(endpoint: Endpoint, questions: Sequence[Question]) -> list[Told]:
    """Return what contracts answer now; None where one refuses or has no such function.

    Errors: Trouble of the endpoint; NodeError where the node, not a contract, refuses.
    """
    asked: list[Call] = [
        ("eth_call", ({"to": one.to, "data": f"0x{one.data().hex()}"}, "latest"))
        for one in questions
    ]
    told = await endpoint.batch(asked)
    return [word(one, answer) for one, answer in zip(questions, told, strict=True)]


def word(question: Question, answer: "Json | NodeError") -> Told:
    """Return what a contract answered; None where it refuses or has no such function.

    Errors: NodeError where the node refuses; Lied where it is no hex.
    """
    if isinstance(answer, NodeError):
        if of_contract(answer):
            return None
        raise answer
    try:
        (told,) = calls.decoded([question.gives], told_bytes(answer))
    except ValueError:
        return None  # somebody else's function of that name, or none at all
    return told


def told_bytes(answer: object) -> bytes:
    """Return the bytes, or the quantity's, that a node answered. Errors: Lied: it is no hex."""
    digits = answer[2:] if isinstance(answer, str) and answer.startswith("0x") else "none"
    try:
        return bytes.fromhex(digits if len(digits) % 2 == 0 else f"0{digits}")
    except ValueError as error:
        raise Lied("an answer is no hex") from error


async def simulated(
    endpoint: Endpoint, steps: Sequence[tuple[str, str, bytes]]
) -> list[Tried] | None:
    """Return how calls go one after another on the newest state, none of them sent.

    A step is from whom, to whom, and its bytes. None where the node cannot simulate.
    Errors: Trouble of the endpoint; NodeError where it refuses otherwise.
    """
    made = [{"from": by, "to": to, "data": f"0x{data.hex()}"} for by, to, data in steps]
    block: Mapping[str, Json] = {"calls": made}
    whole: Mapping[str, Json] = {"blockStateCalls": [block], "validation": False}
    try:
        told = await endpoint.call("eth_simulateV1", whole, "latest")
    except NodeError as error:
        if error.code in NO_SUCH_METHOD:
            return None
        raise
    try:
        (one,) = cast("Sequence[Mapping[str, Sequence[Mapping[str, object]]]]", told)
        found = [_tried(call) for call in one["calls"]]
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        raise Lied("a simulation's answer has not its form") from error
    if len(found) != len(steps):
        raise Lied("a simulation answered another number of calls")
    return found


def _tried(call: Mapping[str, object]) -> Tried:
    error = call.get("error")
    if error is None:
        return Tried(call["status"] == "0x1", told_bytes(call["returnData"]))
    data = error.get("data") if isinstance(error, Mapping) else None
    return Tried(
        succeeded=False, data=told_bytes(data if isinstance(data, str) else call["returnData"])
    )


def whole(value: Told) -> int:
    """Return a number that was answered; 0 where none was."""
    return value if isinstance(value, int) else 0


def shown(value: Told) -> str:
    """Return what was answered as people read it."""
    if value is None:
        return "unknown"
    if isinstance(value, list | tuple):
        return ", ".join(map(shown, value)) or "none"
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
