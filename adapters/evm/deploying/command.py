"""What `lianqiao evm deploy` and `check` do: the set, put on a chain and compared with it."""

import asyncio
import json
import os
import tomllib
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import click
from eth_hash.auto import keccak
from pydantic import ValidationError

from adapters.evm.accounts import Account, BadKeystore, opened
from adapters.evm.adapter import network_settings
from adapters.evm.addresses import to_checksum_address
from adapters.evm.client import Bounds, Endpoint
from adapters.evm.deploying.comparing import Finding, compared
from adapters.evm.deploying.plan import Plan, as_toml, network_table, read_plan
from adapters.evm.deploying.sending import (
    Fees,
    Journal,
    Sending,
    read_journal,
    stands,
)
from adapters.evm.deploying.steps import Chain, Steps, set_steps
from adapters.evm.finality import Finality, shown
from adapters.evm.nodes import Nodes
from adapters.evm.opening import number
from adapters.evm.settings import RULES, EvmSettings
from adapters.evm.tries import BadProof
from bridge.core.canonical import Value, canonical
from bridge.ports import AdapterError, Clock, Refused, Unavailable, Uncertain

AGREES, DIFFERS, USAGE, REFUSED, DOWN = 0, 1, 2, 4, 6
LANDS_S: Final = 600  # of one step, and of the last one's finality


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The command as it was typed."""

    plan: Path
    settings: Path
    network: str
    keystore: Path
    password_file: Path
    reviewed: str
    journal: Path
    output: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What would be sent, and the digest under which people review it."""

    steps: Steps
    digest: str
    deployer: str
    wei: int  # at most, for all of it


def deployed(asked: Asked) -> int:
    """Return the exit code; what would be or was sent is printed."""
    plan = _plan(asked.plan)
    account = _account(asked.keystore, asked.password_file)
    try:
        return asyncio.run(_deploy(asked, plan, account))
    except Refused as error:
        click.echo(f"refused: {error}", err=True)
        return REFUSED
    except Uncertain as error:
        click.echo(f"not known yet: {error}; the same command goes on where it stopped", err=True)
        return DOWN
    except AdapterError as error:
        click.echo(f"no answer to rest on: {error}", err=True)
        return DOWN


def checked(plan_file: Path, settings_file: Path, network: str, output: str) -> int:
    """Return the exit code; what was found is printed."""
    plan, settings = _plan(plan_file), settings_of(settings_file, network)

    async def look() -> tuple[Finding, ...]:
        async with open_nodes(settings) as nodes:
            return await compared(nodes, plan, settings, settings_file.parent)

    try:
        findings = asyncio.run(look())
    except AdapterError as error:
        click.echo(f"no answer to rest on: {error}", err=True)
        return DOWN
    return _told(findings, output)


async def _deploy(asked: Asked, plan: Plan, account: Account) -> int:
    settings = plan.network
    async with open_nodes(settings) as nodes:
        await _is_the_chain(nodes, settings)
        fees = Fees(max_fee=settings.max_fee_wei, tip=settings.min_tip_wei)
        sending = Sending(nodes, account, settings.chain_id, fees, poll_s=settings.poll_ms / 1_000)
        head = await nodes.head()
        journal = _journal(asked.journal)
        first = await sending.nonce(head) if journal is None else journal.first_nonce
        review = reviewed(plan, settings, account.address, first)
        if asked.reviewed != review.digest:
            _show(review, plan, asked.output)
            return _not_sent(asked, review, journal)
        begins = journal is None
        journal = journal or Journal(review.digest, first, head, asked.journal)
        if journal.review != review.digest:
            raise Refused(f"{asked.journal}: is of another deployment; name another file")
        table = _table(plan, review.steps, journal.from_block)
        settings_with(asked.settings, asked.network, table)  # it could be written, says this
        if begins:
            await _can_pay(nodes, review, head)
            journal.begin()
        await sending.carry_out(review.steps, journal, within_s=LANDS_S)
        await _final(nodes, settings, review.steps)
        write_settings(asked.settings, asked.network, table)
        click.echo(f"settings written: [network.{asked.network}] of {asked.settings}", err=True)
        made = network_settings({k: v for k, v in table.items() if k != "adapter"})
        findings = await compared(nodes, plan, made, asked.settings.parent)
        code = _told(findings, asked.output)
    if code and plan.governor != review.deployer:
        click.echo(f"next: {plan.governor} calls acceptGovernor of each, then evm check", err=True)
    return code


def reviewed(plan: Plan, settings: EvmSettings, deployer: bytes, first_nonce: int) -> Review:
    """Return what a deployer's transactions from a nonce on would be, and their digest."""
    chain = Chain(settings.chain_id, bytes.fromhex(settings.genesis_hash[2:]))
    steps = set_steps(deployer, first_nonce, chain, plan.roles)
    me = to_checksum_address(deployer)
    body: Value = {
        "plan": sha256(plan.model_dump_json().encode()).hexdigest(),
        "deployer": me,
        "first_nonce": str(first_nonce),
        "steps": [
            {"name": one.name, "data": sha256(one.data).hexdigest(), "gas": str(one.gas)}
            for one in steps.all
        ],
    }
    return Review(
        steps=steps,
        digest=sha256(canonical(body)).hexdigest(),
        deployer=me,
        wei=sum(one.gas for one in steps.all) * settings.max_fee_wei,
    )


def _show(review: Review, plan: Plan, output: str) -> None:
    rows = [
        {
            "nonce": review.steps.first_nonce + place,
            "step": one.name,
            "at": one.made or to_checksum_address(one.to),
            "gas": one.gas,
            "code_hash": f"0x{keccak(one.code).hex()}" if one.code else "",
        }
        for place, one in enumerate(review.steps.all)
    ]
    if output != "table":
        told = {"schema": "lianqiao.evm-deployment-review/1", "digest": review.digest}
        more = {"deployer": review.deployer, "wei_at_most": str(review.wei), "steps": rows}
        click.echo(json.dumps({**told, **more}))
        return
    click.echo(f"{plan.network.network}, from {review.deployer}, at most {review.wei} wei")
    roles = f"{plan.threshold} of {len(plan.notaries)} notaries, escape {plan.escape_days} days"
    click.echo(f"governor {plan.governor}, guardian {plan.guardian}, {roles}")
    for row in rows:
        click.echo(f"{row['nonce']:>6}  {row['step']:<32}  {row['at']}  {row['gas']:>9} gas")
        if row["code_hash"]:
            click.echo(f"{'':>6}  {'':<32}  code {row['code_hash']}")
    click.echo(f"review {review.digest}")


def _not_sent(asked: Asked, review: Review, journal: Journal | None) -> int:
    if asked.reviewed:
        raise Refused(
            f"what was reviewed is {asked.reviewed}, what would be sent is {review.digest}: look "
            "at it again"
        )
    began = "; it was begun" if journal is not None and journal.review == review.digest else ""
    click.echo(f"nothing was sent{began}; to send it: --reviewed {review.digest}", err=True)
    return AGREES


async def _is_the_chain(nodes: Nodes, settings: EvmSettings) -> None:
    """See that it is the plan's chain. Errors: Refused, Unavailable."""
    chain, block = await nodes.agreed(
        [("eth_chainId", ()), ("eth_getBlockByNumber", ("0x0", False))]
    )
    if number(chain) != settings.chain_id:
        raise Refused(
            f"network: the chain says eip155:{number(chain)}, the plan {settings.network}"
        )
    if not isinstance(block, Mapping):
        raise Unavailable("no node shows block 0")
    try:
        genesis = f"0x{shown(block).hash.hex()}"
    except BadProof as error:
        raise Refused(f"genesis_hash: block 0 is no block: {error}") from error
    if genesis != settings.genesis_hash:
        raise Refused(f"genesis_hash: the chain says {genesis}, the plan {settings.genesis_hash}")


async def _can_pay(nodes: Nodes, review: Review, head: int) -> None:
    (told,) = await nodes.agreed([("eth_getBalance", (review.deployer, hex(head)))])
    if number(told) < review.wei:
        raise Refused(
            f"{review.deployer} has {number(told)} wei and may need {review.wei}: fund it, or "
            "lower max_fee_wei"
        )


async def _final(nodes: Nodes, settings: EvmSettings, steps: Steps) -> None:
    """Wait until every step stands in a final block. Errors: Uncertain, AdapterError."""
    finality = Finality(nodes, settings.depth)
    wanted = await nodes.head()
    try:
        async with asyncio.timeout(LANDS_S):
            while True:
                final = (await finality.final()).header.number
                if final >= wanted:
                    break
                await asyncio.sleep(settings.poll_ms / 1_000)
    except TimeoutError as error:
        raise Uncertain(f"block {wanted} is not final after {LANDS_S} s") from error
    for step in steps.all:
        if not await stands(nodes, step, final):
            raise Uncertain(f"{step.name}: was undone with its block")


def _table(plan: Plan, steps: Steps, from_block: int) -> dict[str, object]:
    at = {one.contract: one.made for one in steps.all if one.made}
    hashes = {one.contract: f"0x{keccak(one.code).hex()}" for one in steps.all if one.made}
    return network_table(plan, at, hashes, from_block)


def settings_with(file: Path, name: str, table: Mapping[str, object]) -> str:
    """Return what a file of settings says with a network's table added, where it lacks it.

    Errors: Refused where it has another table of that name, or is no TOML.
    """
    try:
        before = file.read_text("utf-8") if file.exists() else ""
        added = as_toml(name, table)
        standing = tomllib.loads(before).get("network", {}).get(name)
        ours = tomllib.loads(added)["network"][name]
        whole = before + ("\n" if before else "") + added if standing is None else before
        tomllib.loads(whole)
    except (
        OSError,
        KeyError,
        AttributeError,
        UnicodeDecodeError,
        tomllib.TOMLDecodeError,
    ) as error:
        raise Refused(f"{file}: [network.{name}] cannot be written there: {error}") from error
    if standing not in (None, ours):
        raise Refused(f"{file}: has another [network.{name}]; give --network another name")
    return whole


def write_settings(file: Path, name: str, table: Mapping[str, object]) -> None:
    """Add a network's table to a file of settings; one that says the same is left as it is.

    Errors: Refused where it cannot be added.
    """
    whole = settings_with(file, name, table)
    made = file.with_name(file.name + ".new")
    with os.fdopen(os.open(made, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as handle:
        handle.write(whole)
        handle.flush()
        os.fsync(handle.fileno())
    made.replace(file)


@asynccontextmanager
async def open_nodes(settings: EvmSettings) -> AsyncGenerator[Nodes]:
    """Yield the nodes of a network's settings."""
    bounds = Bounds(timeout_s=settings.timeout_ms / 1000)
    async with AsyncExitStack() as stack:
        nodes = [
            await stack.enter_async_context(Endpoint(one.url, one.operator, bounds))
            for one in settings.endpoints
        ]
        asked = Nodes(settings.network, nodes, settings.quorum, clock(), settings.quarantine_ms)
        stack.push_async_callback(asked.close)
        yield asked


def clock() -> Clock:
    """Return the clock that the command line brings; an adapter reads none of its own."""
    found = click.get_current_context().obj
    if found is None:
        raise click.UsageError("run it as `lianqiao evm`, which brings a clock")
    return found  # type: ignore[no-any-return]


def _plan(file: Path) -> Plan:
    try:
        return read_plan(file)
    except ValidationError as error:
        raise click.UsageError(f"{file}: {first_of(error)}") from error
    except (OSError, ValueError) as error:
        raise click.UsageError(f"{file}: {error}") from error


def first_of(error: ValidationError) -> str:
    """Return the first thing that is wrong, with its field; what stood there is not repeated."""
    first = error.errors()[0]
    rule = RULES.get(str(first.get("ctx", {}).get("pattern")))
    said = f"is {'empty' if first['input'] == '' else 'not so'}; write {rule}" if rule else ""
    return ": ".join(filter(None, [".".join(map(str, first["loc"])), said or first["msg"]]))


def _journal(file: Path) -> Journal | None:
    try:
        return read_journal(file)
    except (OSError, ValueError) as error:
        raise Refused(str(error)) from error


def _account(keystore: Path, password_file: Path) -> Account:
    try:
        return opened(keystore.read_bytes(), password_file.read_bytes().rstrip(b"\r\n"))
    except (OSError, BadKeystore) as error:
        raise click.UsageError(f"--keystore: {error}") from error


def settings_of(file: Path, name: str) -> EvmSettings:
    """Return the settings of a network of this adapter. Errors: click.UsageError."""
    try:
        tables = tomllib.loads(file.read_text("utf-8")).get("network", {})
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{file}: {error}") from error
    table = tables.get(name) if isinstance(tables, Mapping) else None
    if not isinstance(table, Mapping) or table.get("adapter") != "evm":
        raise click.UsageError(f"{file}: [network.{name}] is none of this adapter's")
    try:
        return network_settings({k: v for k, v in table.items() if k != "adapter"})
    except ValueError as error:
        raise click.UsageError(f"{file}: [network.{name}] {error}") from error


def _told(findings: tuple[Finding, ...], output: str) -> int:
    if output == "table":
        for one in findings:
            click.echo(
                f"{'ok  ' if one.holds else 'FAIL'}  {one.what:<44}  {one.chain or 'nothing'}"
            )
            if not one.holds:
                click.echo(f"      {'':<44}  settings and plan say {one.ours}")
    else:
        members = [
            {"what": one.what, "chain": one.chain, "ours": one.ours, "holds": one.holds}
            for one in findings
        ]
        click.echo(json.dumps({"schema": "lianqiao.evm-check/1", "findings": members}))
    return AGREES if all(one.holds for one in findings) else DIFFERS
