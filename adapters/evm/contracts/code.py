"""A contract's compiled code is read from the artifacts; what is deployed is compared to it.

Source: Solidity documentation, Output Description (immutableReferences).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

WORD = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """The code of one contract, and where its immutables and storage lie.

    Units: `immutables` are byte offsets of 32-byte words in `deployed`; `storage` are slots.
    """

    contract: str
    creation: bytes
    deployed: bytes
    immutables: Mapping[str, tuple[int, ...]]
    storage: Mapping[str, int]

    def masked(self, code: bytes) -> bytes:
        """Return `code` with every place of an immutable set to zero."""
        out = bytearray(code)
        for places in self.immutables.values():
            for at in places:
                out[at : at + WORD] = bytes(WORD)
        return bytes(out[: len(code)])

    def is_code(self, code: bytes) -> bool:
        """Tell whether `code` is this contract, whatever its immutables say."""
        return len(code) == len(self.deployed) and self.masked(code) == self.deployed

    def filled(self, words: Mapping[str, bytes]) -> bytes:
        """Return the code that stands on chain where the immutables are `words`, all of them."""
        assert words.keys() == self.immutables.keys(), f"immutables of {self.contract}"
        out = bytearray(self.deployed)
        for name, places in self.immutables.items():
            for at in places:
                out[at : at + WORD] = words[name].rjust(WORD, b"\0")
        return bytes(out)

    def read(self, code: bytes) -> dict[str, bytes]:
        """Return each immutable's word in `code`.

        Errors: ValueError where one immutable has two values: the code was tampered with.
        """
        found: dict[str, bytes] = {}
        for name, places in self.immutables.items():
            words = {code[at : at + WORD] for at in places}
            if len(words) != 1:
                raise ValueError(f"{self.contract}.{name} has {len(words)} values in one code")
            found[name] = words.pop()
        return found


@cache
def artifact(contract: str, evm_version: str = "cancun") -> Artifact:
    """Return the artifact of one contract. Errors: FileNotFoundError for a stranger."""
    folder = resources.files("adapters.evm.contracts")
    path = folder.joinpath("artifacts", evm_version, f"{contract}.json")
    data = json.loads(path.read_text("utf-8"))
    return Artifact(
        contract=contract,
        creation=bytes.fromhex(data["bytecode"][2:]),
        deployed=bytes.fromhex(data["deployedBytecode"][2:]),
        immutables=MappingProxyType(
            {
                name: tuple(place["start"] for place in places)
                for name, places in data["immutableReferences"].items()
            }
        ),
        storage=MappingProxyType({item["label"]: int(item["slot"]) for item in data["storage"]}),
    )
