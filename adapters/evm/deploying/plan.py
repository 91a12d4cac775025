"""What people review before the set is put on a chain: roles, and the settings known by then."""

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from adapters.evm.addresses import spelled, to_checksum_address
from adapters.evm.deploying.steps import NAMES, NOBODY, Roles
from adapters.evm.settings import Address, EvmSettings

FOUND = ("escrow", "escrow_code_hash", "start_block", "contracts")  # on the chain, by deploying
_NOT_YET: Mapping[str, object] = {
    "escrow": to_checksum_address("0x" + "01" * 20),
    "escrow_code_hash": "0x" + "00" * 32,
    "start_block": 0,
}


class Plan(BaseModel):
    """Who governs, stops, signs and locks; and the network's settings but what deploying finds."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    governor: Address
    guardian: Address
    notaries: Annotated[tuple[Address, ...], Field(strict=False, min_length=2, max_length=32)]
    threshold: Annotated[int, Field(ge=2, le=32)]
    operators: Annotated[tuple[Address, ...], Field(strict=False, min_length=1, max_length=16)]
    escape_days: Annotated[int, Field(ge=30, le=3_650)] = 400
    epoch: Annotated[int, Field(ge=1)] = 1  # the one in force; only deploying's first is 1
    anchor: Address = NOBODY
    title_factory: Address | None = None
    settings: dict[str, Any]

    @field_validator("governor", "guardian", "anchor", "title_factory")
    @classmethod
    def _spelled(cls, value: str | None) -> str | None:
        return value if value is None else spelled(value)

    @field_validator("notaries", "operators")
    @classmethod
    def _each_spelled(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        if len({spelled(one) for one in values}) != len(values):
            raise ValueError("an address stands twice; leave one of them out")
        return values

    @model_validator(mode="after")
    def _holds(self) -> Self:
        if 2 * self.threshold <= len(self.notaries) or self.threshold > len(self.notaries):
            raise ValueError(
                f"threshold: {self.threshold} of {len(self.notaries)} is no majority of the "
                "notaries; name more than half of them and at most all"
            )
        if NOBODY in {self.governor, self.guardian, *self.notaries, *self.operators}:
            raise ValueError("the zero address is nobody; name who it is to be")
        given = [name for name in FOUND if name in self.settings]
        if given:
            raise ValueError(f"settings.{given[0]}: is what deploying finds; leave it out")
        EvmSettings.model_validate({**self.settings, **_NOT_YET})
        return self

    @property
    def network(self) -> EvmSettings:
        """The settings, with nobody's escrow in them yet."""
        return EvmSettings.model_validate({**self.settings, **_NOT_YET})

    @property
    def roles(self) -> Roles:
        """Who may do what."""
        return Roles(
            governor=self.governor,
            guardian=self.guardian,
            notaries=self.notaries,
            threshold=self.threshold,
            operators=self.operators,
            escape_days=self.escape_days,
            anchor=self.anchor,
            title_factory=self.title_factory or "",
        )


def read_plan(file: Path) -> Plan:
    """Return the plan of a TOML file. Errors: ValueError naming what is wrong."""
    return Plan.model_validate(tomllib.loads(file.read_text("utf-8")))


def network_table(
    plan: Plan, at: Mapping[str, str], hashes: Mapping[str, str], start_block: int
) -> dict[str, object]:
    """Return the network's whole table of settings; `at` and `hashes` are by contract."""
    contracts = [
        {"name": name, "address": at[contract], "code_hash": hashes[contract]}
        for contract, name in NAMES.items()
        if contract in at
    ]
    table: dict[str, object] = {
        **plan.settings,
        "escrow": at["Escrow"],
        "escrow_code_hash": hashes["Escrow"],
        "start_block": start_block,
        "contracts": contracts,
    }
    EvmSettings.model_validate(table)
    return {"adapter": "evm", **table}


def as_toml(name: str, table: Mapping[str, object]) -> str:
    """Return a network's table as it stands in a file of settings."""
    lines = [f"[network.{name}]", *(f"{key} = {toml(held)}" for key, held in table.items())]
    return "\n".join(lines) + "\n"


def toml(value: object) -> str:
    """Return a value as it stands in a file of settings."""
    if isinstance(value, Mapping):
        pairs = (f"{json.dumps(str(key))} = {toml(held)}" for key, held in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
