"""Contracts of others, as their packages bring them: deployed, called and asked by signature.

They come from npm as they are, anvil beside them, under the lock of the folder `npm`; nothing of
theirs is kept here but the hash of each creation code, in `codes.json`: something else than what
was reviewed would prove nothing.
"""

import json
from functools import cache
from pathlib import Path
from typing import Final, Generic, Protocol, TypeVar, cast

from eth_abi.abi import encode
from eth_hash.auto import keccak

from adapters.evm import calls
from adapters.evm.abi import Word
from adapters.evm.anvil import packages
from bridge.ports import Refused

CODES: Final = Path(__file__).with_name("codes.json")
ZERO: Final = "0x" + "00" * 20


class Person(Protocol):
    """Somebody with an address and a key."""

    @property
    def address(self) -> str: ...

    def sign(self, digest: bytes, /) -> bytes:
        """Return r, s and v, as a contract takes them."""
        ...


P = TypeVar("P", bound=Person)
Q_contra = TypeVar("Q_contra", bound=Person, contravariant=True)


class Spoken(Protocol[Q_contra]):
    """A chain that is spoken to call by call, each in a block of its own."""

    def deploy_code(self, code: bytes, *, by: Q_contra) -> str:
        """Return the address of the contract that the code makes."""
        ...

    def send(self, by: Q_contra, to: str, data: bytes) -> object:
        """Have a call stand in a block."""
        ...

    def answer(self, to: str, data: bytes, *, by: Q_contra | None = None) -> bytes:
        """Return what a contract answers now."""
        ...


@cache
def creation_code(file: str) -> bytes:
    """Return the creation code of a package's artifact. Errors: Refused: not the one reviewed."""
    told = json.loads((packages() / file).read_text("utf-8"))
    code = bytes.fromhex(told["bytecode"].removeprefix("0x"))
    pinned = json.loads(CODES.read_text("utf-8"))[file]
    if keccak(code).hex() != pinned:
        raise Refused(f"{file} is not the code that was reviewed")
    return code


def members(inside: str) -> list[str]:
    """The types of a list of them, tuples whole."""
    found, depth, begin = [], 0, 0
    for place, sign in enumerate(inside):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "," and not depth:
            found.append(inside[begin:place])
            begin = place + 1
    return [*found, inside[begin:]] if inside else []


def calldata(signature: str, *args: Word) -> bytes:
    """The bytes of a call, from the function's signature."""
    name, _, inside = signature.partition("(")
    assert name
    return keccak(signature.encode())[:4] + encode(members(inside[:-1]), args)


def refusal(error: str) -> str:
    """How a custom error of somebody else's reads in what is raised: by its first four bytes."""
    return "Unknown.*" + keccak(error.encode())[:4].hex()


class Foreign(Generic[P]):
    """A chain as one speaks to contracts that are not ours."""

    def __init__(self, chain: Spoken[P]) -> None:
        self.chain = chain

    def deploy(self, file: str, types: str = "", *args: Word, by: P) -> str:
        """Return the address of a package's contract, made with these arguments."""
        code = creation_code(file) + encode(members(types), args)
        return self.chain.deploy_code(code, by=by)

    def tell(self, by: P, to: str, signature: str, *args: Word) -> None:
        """Send a call, in a block of its own. Errors: those of the chain."""
        self.chain.send(by, to, calldata(signature, *args))

    def ask(self, to: str, signature: str, *args: Word, gives: str, by: P | None = None) -> Word:
        """What a contract answers. Errors: those of the chain."""
        return calls.decoded([gives], self.chain.answer(to, calldata(signature, *args), by=by))[0]

    def whole(self, to: str, signature: str, *args: Word) -> int:
        """A number a contract answers."""
        return cast("int", self.ask(to, signature, *args, gives="uint256"))

    def holds(self, to: str, signature: str, *args: Word) -> bool:
        """What a contract says yes or no to."""
        return self.ask(to, signature, *args, gives="bool") is True

    def address(self, to: str, signature: str, *args: Word) -> str:
        """An address a contract answers."""
        return str(self.ask(to, signature, *args, gives="address"))
