"""What `lianqiao bsn deploy` and `check` do: the escrow's configuration, sent and compared."""

import asyncio
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final

import click
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from adapters.bsn.adapter import network_settings, open_access
from adapters.bsn.fabric_settings import FabricSettings
from adapters.bsn.network import Access
from adapters.bsn.settings import PcnSettings
from bridge.core.canonical import Value, canonical
from bridge.core.effects import Verb
from bridge.core.ids import NetworkId, SettlementId
from bridge.ports import AdapterError, Clock, Key, Prepared, Refused, Uncertain

AGREES, DIFFERS, USAGE, REFUSED, DOWN = 0, 1, 2, 4, 6
DAY_MS: Final = 24 * 3_600_000
LANDS_S: Final = 30  # how long a configuration that was handed over is waited for
NOBODY: Final = SettlementId("0" * 26)  # a configuration is no settlement's


class Plan(BaseModel):
    """What the organisations of a channel have agreed on."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    number: Annotated[int, Field(ge=1)] = 1
    operators: Annotated[list[str], Field(min_length=1, max_length=64)]
    notaries: Annotated[list[Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]], Field(min_length=2)]
    threshold: Annotated[int, Field(ge=2)]
    escape_days: Annotated[int, Field(ge=30, le=3_650)] = 400


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was compared: what the chain says and what we say."""

    what: str
    chain: str
    ours: str

    @property
    def holds(self) -> bool:
        return self.chain == self.ours


async def argument_for(access: Access, plan: Plan, settings: PcnSettings | FabricSettings) -> bytes:
    """Return the argument that configures the escrow as it stands.

    A later configuration repeats the first notaries, whoever a rotation has put in their place.
    Errors: Unavailable, Refused.
    """
    (first,) = await access.records("epoch/1")
    keys, threshold = first.get("keys"), first.get("threshold")
    if isinstance(keys, list | tuple) and isinstance(threshold, str):
        repeated = {"notaries": list(map(str, keys)), "threshold": int(threshold)}
        plan = plan.model_copy(update=repeated)
    return configuration(plan, settings)


def configuration(plan: Plan, settings: PcnSettings | FabricSettings) -> bytes:
    """Return the argument that configures the escrow; its SHA-256 is what organisations admit."""
    body: Value = {
        "network": settings.network,
        "escrow": settings.escrow,
        "number": str(plan.number),
        "escape_after": str(plan.escape_days * DAY_MS),
        "window": str(settings.window_ms),
        "operators": sorted(plan.operators),
        "notaries": sorted(plan.notaries),
        "threshold": str(plan.threshold),
    }
    return canonical(body)


async def compared(
    access: Access, plan: Plan, settings: PcnSettings | FabricSettings
) -> tuple[Finding, ...]:
    """Return what the chain says beside what we say. Errors: Unavailable, Refused."""
    (found,) = await access.records("configuration")
    number, epoch = 1, (await access.records("epoch/1"))[0]
    while following := (await access.records(f"epoch/{number + 1}"))[0]:
        number, epoch = number + 1, following
    said = {
        "network": (found.get("network"), settings.network),
        "number": (found.get("number"), str(plan.number)),
        "escape_after": (found.get("escape_after"), str(plan.escape_days * DAY_MS)),
        "window": (found.get("window"), str(settings.window_ms)),
        "operators": (_texts(found.get("operators")), _texts(sorted(plan.operators))),
        "notaries": (_texts(epoch.get("keys")), _texts(sorted(plan.notaries))),
        "threshold": (epoch.get("threshold"), str(plan.threshold)),
    }
    findings = [Finding(what, str(chain or ""), ours) for what, (chain, ours) in said.items()]
    if access.account:
        listed = access.account if access.account in _texts(found.get("operators")) else ""
        findings.append(Finding("we may lock", listed, access.account))
    return tuple(findings)


async def configured(access: Access, network: NetworkId, argument: bytes) -> None:
    """Hand the configuration over; it may take a block to stand.

    Errors: Refused, Unavailable, Uncertain.
    """
    tx, request = access.request("configure", argument)
    key = Key(NOBODY, Verb.LOCK)  # nothing of a settlement: the door's own form asks for one
    prepared = Prepared(key=key, network=network, tx=tx, items=(request,))
    await access.submit(prepared)


def deployed(plan_file: Path, settings_file: Path, network: str, output: str) -> int:
    """Return the exit code; what was found is printed."""
    plan, settings = _plan(plan_file), _settings(settings_file, network)
    try:
        findings = asyncio.run(_deploy(plan, settings))
    except Refused as error:
        click.echo(f"refused: {error}", err=True)
        click.echo(
            "each organisation writes the digest above into the file that its escrow reads "
            "(--admitted), then deploy again",
            err=True,
        )
        return REFUSED
    except AdapterError as error:
        click.echo(f"no answer to rest on: {error}; bsn check says what stands", err=True)
        return DOWN
    return _told(findings, output)


def checked(plan_file: Path, settings_file: Path, network: str, output: str) -> int:
    """Return the exit code; what was found is printed."""
    plan, settings = _plan(plan_file), _settings(settings_file, network)
    try:
        findings = asyncio.run(_check(plan, settings))
    except AdapterError as error:
        click.echo(f"no answer to rest on: {error}", err=True)
        return DOWN
    return _told(findings, output)


async def _check(plan: Plan, settings: PcnSettings | FabricSettings) -> tuple[Finding, ...]:
    async with open_access(settings, _clock()) as access:
        await access.check()
        return await compared(access, plan, settings)


async def _deploy(plan: Plan, settings: PcnSettings | FabricSettings) -> tuple[Finding, ...]:
    async with open_access(settings, _clock()) as access:
        await access.check()
        argument = await argument_for(access, plan, settings)
        click.echo(f"configuration {sha256(argument).hexdigest()}", err=True)
        findings = await compared(access, plan, settings)
        if all(one.holds for one in findings):
            return findings
        try:
            await configured(access, settings.network, argument)
        except Uncertain as error:
            click.echo(f"unknown whether it arrived: {error}", err=True)
        for _ in range(LANDS_S * 5):
            await asyncio.sleep(0.2)
            findings = await compared(access, plan, settings)
            if all(one.holds for one in findings if one.what != "we may lock"):
                break
        return findings


def _clock() -> Clock:
    """The clock that the command line brings; an adapter reads none of its own."""
    found = click.get_current_context().obj
    if found is None:
        raise click.UsageError("run it as `lianqiao bsn`, which brings a clock")
    return found  # type: ignore[no-any-return]


def _plan(file: Path) -> Plan:
    try:
        return Plan.model_validate(tomllib.loads(file.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as error:
        raise click.UsageError(f"{file}: {error}") from error


def _settings(file: Path, name: str) -> PcnSettings | FabricSettings:
    try:
        tables = tomllib.loads(file.read_text("utf-8")).get("network", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{file}: {error}") from error
    table = tables.get(name) if isinstance(tables, Mapping) else None
    if not isinstance(table, Mapping) or table.get("adapter") != "bsn":
        raise click.UsageError(f"{file}: [network.{name}] is none of this adapter's")
    try:
        return network_settings({k: v for k, v in table.items() if k != "adapter"})
    except ValueError as error:
        raise click.UsageError(f"{file}: [network.{name}] {error}") from error


def _told(findings: tuple[Finding, ...], output: str) -> int:
    if output == "table":
        for one in findings:
            click.echo(f"{'ok  ' if one.holds else 'FAIL'}  {one.what:<14}{one.chain or 'nothing'}")
            if not one.holds:
                click.echo(f"      {'':<14}settings and plan say {one.ours}")
    else:
        members = [
            {"what": one.what, "chain": one.chain, "ours": one.ours, "holds": one.holds}
            for one in findings
        ]
        click.echo(json.dumps({"schema": "lianqiao.bsn-check/1", "findings": members}))
    return AGREES if all(one.holds for one in findings) else DIFFERS


def _texts(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else ""
