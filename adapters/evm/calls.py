"""Bytes for a contract, and what its bytes say: calls, constructors, results, reverts.

Source: Solidity documentation, Contract ABI Specification.
"""

from dataclasses import dataclass

from adapters.evm.abi import Word, decode, encode
from schemas.contracts.interface import CONTRACTS, Entry, interface

PANIC = bytes.fromhex("4e487b71")  # Panic(uint256)
REASON = bytes.fromhex("08c379a0")  # Error(string)


@dataclass(frozen=True, slots=True)
class Revert:
    """How a call was refused: the error's name and its words, as text for people."""

    name: str  # of an error of ours; `Error` with a reason; `Unknown` with the data
    words: tuple[str, ...]


def call(contract: str, function: str, *args: Word) -> bytes:
    """Return the calldata of one function. Errors: KeyError; ValueError for a wrong value."""
    entry = interface(contract).functions[function]
    return entry.id + encoded([f.type for f in entry.inputs], *args)


def creation(contract: str, code: bytes, *args: Word) -> bytes:
    """Return the code that deploys a contract with its constructor's arguments."""
    return code + encode([f.type for f in interface(contract).constructor], args)


def encoded(kinds: list[str], *args: Word) -> bytes:
    """Return arguments without a selector. Errors: ValueError for a wrong value."""
    return encode(kinds, args)


def result(contract: str, function: str, data: bytes) -> tuple[Word, ...]:
    """Return what a function answered. Errors: ValueError where it is not that answer."""
    entry = interface(contract).functions[function]
    return decoded([f.type for f in entry.outputs], data)


def revert(data: bytes) -> Revert:
    """Return what a revert says, whichever contract of the set it came from. Never fails."""
    entry = _error(data)
    try:
        if entry is not None:
            words = decoded([f.type for f in entry.inputs], data[4:])
            return Revert(entry.name, tuple(_text(w) for w in words))
        if data[:4] == REASON:
            return Revert("Error", tuple(_text(w) for w in decoded(["string"], data[4:])))
        if data[:4] == PANIC:
            return Revert("Panic", tuple(_text(w) for w in decoded(["uint256"], data[4:])))
    except ValueError:
        pass  # it begins like an error and is none
    return Revert("Unknown", (data.hex(),))


def is_ours(refusal: Revert) -> bool:
    """Tell whether an error is one of the escrow's or the notaries', not a token's."""
    ours = (interface(contract).errors for contract in ("Escrow", "NotarySet"))
    return any(refusal.name in errors for errors in ours)


def _error(data: bytes) -> Entry | None:
    found = (interface(contract).error(data) for contract in CONTRACTS)
    return next((entry for entry in found if entry is not None), None)


def decoded(kinds: list[str], data: bytes) -> tuple[Word, ...]:
    """Return the words `data` is, in the only way they can be written.

    Errors: ValueError.
    """
    try:
        return decode(kinds, data)
    except ValueError as error:
        raise ValueError(f"not ({','.join(kinds)}): {error}") from error


def _text(value: Word) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
