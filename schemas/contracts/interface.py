"""A contract's interface is read from the data its build wrote: ABI, selectors, topics, errors.

Source: Solidity documentation, Contract ABI Specification.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

CONTRACTS = (
    "Escrow",
    "NotarySet",
    "Vault",
    "TitleVault",
    "TwinVault",
    "RepresentationToken",
    "RepresentationTitle",
)


@dataclass(frozen=True, slots=True)
class Field:
    """One argument. A tuple's members stand in its type, as in `(bytes32,address)`."""

    name: str
    type: str
    indexed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A function, event or error; `id` is its selector (4 bytes) or topic (32 bytes)."""

    name: str
    signature: str
    id: bytes
    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """Everything one contract answers to, by name. No name of ours is overloaded."""

    contract: str
    functions: Mapping[str, Entry]
    events: Mapping[str, Entry]
    errors: Mapping[str, Entry]
    constructor: tuple[Field, ...]

    def event(self, topic: bytes) -> Entry | None:
        """Return the event whose first topic is `topic`."""
        return next((e for e in self.events.values() if e.id == topic), None)

    def error(self, data: bytes) -> Entry | None:
        """Return the error a revert's data begins with."""
        return next((e for e in self.errors.values() if e.id == data[:4]), None)


def _fields(items: list[dict[str, object]]) -> tuple[Field, ...]:
    return tuple(
        Field(str(item["name"]), _type(item), item.get("indexed") is True) for item in items
    )


def _type(item: dict[str, object]) -> str:
    kind = str(item["type"])
    parts = item.get("components")
    if isinstance(parts, list):
        return "(" + ",".join(_type(part) for part in parts) + ")" + kind.removeprefix("tuple")
    return kind


def _named(abi: list[dict[str, object]], kind: str, ids: Mapping[str, str]) -> Mapping[str, Entry]:
    found: dict[str, Entry] = {}
    for item in abi:
        if item["type"] != kind:
            continue
        name, inputs = str(item["name"]), _fields(_list(item["inputs"]))
        signature = f"{name}({','.join(f.type for f in inputs)})"
        found.setdefault(
            name,
            Entry(
                name=name,
                signature=signature,
                id=bytes.fromhex(ids[signature].removeprefix("0x")),
                inputs=inputs,
                outputs=_fields(_list(item.get("outputs", []))),
            ),
        )
    return MappingProxyType(found)


def _list(value: object) -> list[dict[str, object]]:
    assert isinstance(value, list)
    return value


@cache
def interface(contract: str) -> Interface:
    """Return the interface of one contract of the set. Errors: FileNotFoundError for a stranger."""
    text = (
        resources.files("schemas.contracts").joinpath("abi", f"{contract}.json").read_text("utf-8")
    )
    data = json.loads(text)
    abi = _list(data["abi"])
    made = [item for item in abi if item["type"] == "constructor"]
    return Interface(
        contract=contract,
        functions=_named(abi, "function", data["functions"]),
        events=_named(abi, "event", data["events"]),
        errors=_named(abi, "error", data["errors"]),
        constructor=_fields(_list(made[0]["inputs"])) if made else (),
    )


@cache
def abi(contract: str) -> str:
    """Return the contract's ABI as JSON text, as other people's tools take it."""
    text = (
        resources.files("schemas.contracts").joinpath("abi", f"{contract}.json").read_text("utf-8")
    )
    return json.dumps(json.loads(text)["abi"])
