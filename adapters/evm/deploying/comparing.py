"""What stands on a chain beside what the release, the settings and the plan say it should be.

Source: ERC-5267; ERC-1967.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from eth_hash.auto import keccak

from adapters.evm.addresses import to_checksum_address
from adapters.evm.client import Call
from adapters.evm.contracts.code import WORD, artifact
from adapters.evm.deploying.outsiders import Role, named
from adapters.evm.deploying.plan import Plan
from adapters.evm.deploying.sending import views
from adapters.evm.deploying.steps import (
    DOMAINS,
    NAMES,
    NOBODY,
    Chain,
    Shows,
    immutables_of,
    in_order,
    own_words,
)
from adapters.evm.finality import shown
from adapters.evm.nodes import Nodes
from adapters.evm.opening import PROXY, number, raw
from adapters.evm.settings import EvmSettings
from adapters.evm.tries import BadProof
from bridge.ports import Unavailable
from schemas.contracts import typed


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was compared: what the chain says and what we say."""

    what: str
    chain: str
    ours: str

    @property
    def holds(self) -> bool:
        return self.chain == self.ours


@dataclass(slots=True)
class Comparison:
    """Findings, and the questions that are still to be asked, all at one block."""

    nodes: Nodes
    block: int
    findings: list[Finding] = field(default_factory=list)
    _asked: list[tuple[str, Shows, dict[int, str]]] = field(default_factory=list)

    def found(self, what: str, chain: str, ours: str) -> None:
        """Add one thing that was compared."""
        self.findings.append(Finding(what, chain, ours))

    def view(
        self,
        what: str,
        at: tuple[str, str],
        function: str,
        *args: str | int,
        ours: Mapping[int, str],
    ) -> None:
        """Ask a view later; `at` is contract and address, `ours` what it says, by place."""
        contract, where = at
        asked = Shows(contract=contract, at=where, function=function, args=args, any_of=())
        self._asked.append((what, asked, dict(ours)))

    async def ask(self) -> None:
        """Ask every view that waits. Errors: Unavailable."""
        told = await views(self.nodes, [one for _, one, _ in self._asked], self.block)
        for (what, _, ours), words in zip(self._asked, told, strict=True):
            chain = [words[place] if words is not None else "" for place in ours]
            self.found(what, "; ".join(chain), "; ".join(ours.values()))
        self._asked.clear()


async def compared(
    nodes: Nodes, plan: Plan, settings: EvmSettings, folder: Path
) -> tuple[Finding, ...]:
    """Return what the chain says beside what we say, as a quorum of operators has it.

    `folder` is where the settings lie, and the files they name.

    Errors: Unavailable.
    """
    seen = Comparison(nodes, await nodes.head())
    await _chain(seen, settings)
    at = {"Escrow": settings.escrow}
    pinned = {"Escrow": settings.escrow_code_hash}
    by_name = {one.name: one for one in settings.contracts}
    for contract, name in NAMES.items():
        if contract == "TitleVault" and plan.title_factory is None:
            continue
        one = by_name.get(name)
        if one is None:
            seen.found(f"settings: {name}", "", f"contracts lists the {contract} by this name")
            continue
        at[contract], pinned[contract] = one.address, one.code_hash
    if "NotarySet" not in at:
        return tuple(seen.findings)
    chain = Chain(settings.chain_id, bytes.fromhex(settings.genesis_hash[2:]))
    for contract, where in at.items():
        await _code(seen, contract, where, pinned[contract])
        await _immutables(seen, contract, at, chain, plan)
        _domain(seen, contract, where, chain)
        seen.view(f"{contract}: governor", (contract, where), "governor", ours={0: plan.governor})
        seen.view(f"{contract}: next governor", (contract, where), "nextGovernor", ours={0: NOBODY})
    entry = _entry(settings, folder)
    _roles(seen, at, plan, entry)
    await _outsiders(seen, at, {*plan.operators, entry} - {""}, settings.start_block)
    await seen.ask()
    return tuple(seen.findings)


async def _chain(seen: Comparison, settings: EvmSettings) -> None:
    chain, block = await seen.nodes.agreed(
        [("eth_chainId", ()), ("eth_getBlockByNumber", ("0x0", False))]
    )
    seen.found("network", f"eip155:{number(chain)}", settings.network)
    if not isinstance(block, Mapping):
        raise Unavailable("no node shows block 0")
    try:
        genesis = f"0x{shown(block).hash.hex()}"
    except BadProof as error:
        genesis = f"no block: {error}"
    seen.found("genesis", genesis, settings.genesis_hash)


async def _code(seen: Comparison, contract: str, where: str, pinned: str) -> None:
    block = hex(seen.block)
    asked: list[Call] = [("eth_getCode", (where, block))]
    asked += [("eth_getStorageAt", (where, hex(place), block)) for place in PROXY]
    told, *slots = await seen.nodes.agreed(asked)
    code = raw(told)
    seen.found(f"{contract}: code hash, settings", f"0x{keccak(code).hex()}", pinned)
    known = artifact(contract)
    masked = known.masked(code) if code else b""
    ours = f"0x{keccak(known.deployed).hex()}"
    chain = f"0x{keccak(masked).hex()}" if code else "no code"
    seen.found(f"{contract}: code, immutables aside", chain, ours)
    for place in slots:
        seen.found(f"{contract}: a proxy's slot", hex(number(place)), "0x0")


async def _immutables(
    seen: Comparison, contract: str, at: Mapping[str, str], chain: Chain, plan: Plan
) -> None:
    (told,) = await seen.nodes.agreed([("eth_getCode", (at[contract], hex(seen.block)))])
    code, known = raw(told), artifact(contract)
    if not known.is_code(code):
        return  # said above; its places mean nothing
    try:
        words = known.read(code)
    except ValueError as error:
        seen.found(f"{contract}: immutables", str(error), "one value each")
        return
    ours = immutables_of(contract, at[contract], chain, own_words(contract, plan.roles, at))
    for name, value in sorted(words.items()):
        wanted = ours[name].rjust(WORD, b"\0")
        seen.found(f"{contract}.{name}", _word(name, value), _word(name, wanted))


def _domain(seen: Comparison, contract: str, where: str, chain: Chain) -> None:
    ours = ("0x1f", DOMAINS[contract], typed.VERSION, str(chain.chain_id), where)
    words = dict(enumerate((*ours, f"0x{chain.genesis.hex()}")))
    seen.view(f"{contract}: domain", (contract, where), "eip712Domain", ours=words)


def _roles(seen: Comparison, at: Mapping[str, str], plan: Plan, entry: str) -> None:
    escrow, notaries = ("Escrow", at["Escrow"]), ("NotarySet", at["NotarySet"])
    seen.view("Escrow: guardian", escrow, "guardian", ours={0: plan.guardian})
    for operator in (*plan.operators, *({entry} - {*plan.operators, ""})):
        whose = f"operator {operator}" + (", our entry key" if operator == entry else "")
        seen.view(whose, escrow, "isOperator", operator, ours={0: "True"})
    for contract in ("Vault", "TwinVault", "TitleVault"):
        if contract in at:
            custody = (contract, at[contract])
            seen.view(
                f"{contract}: of the escrow", custody, "isEscrow", escrow[1], ours={0: "True"}
            )
    epoch, members = plan.epoch, ", ".join(in_order(plan.notaries))
    seen.view("NotarySet: epoch in force", notaries, "standing", ours={0: str(epoch)})
    seen.view("NotarySet: latest epoch", notaries, "latest", ours={0: str(epoch)})
    seen.view("NotarySet: members", notaries, "signers", epoch, ours={0: members})
    standing = {1: "0", 3: str(plan.threshold), 4: str(len(plan.notaries)), 5: "False"}
    what = "NotarySet: retired; threshold; size; vetoed"
    seen.view(what, notaries, "epochs", epoch, ours=standing)


async def _outsiders(
    seen: Comparison, at: Mapping[str, str], operators: set[str], first: int
) -> None:
    """Name who has a role that the plan does not know, and whether they could have been hidden."""
    roles = [("Escrow", "OperatorChanged", "isOperator", operators)]
    custodies = (one for one in ("Vault", "TwinVault", "TitleVault") if one in at)
    roles += [(one, "EscrowJoined", "isEscrow", {at["Escrow"]}) for one in custodies]
    for contract, event, view, known in roles:
        asked = [
            Shows(contract=contract, at=at[contract], function=view, args=(one,), any_of=())
            for one in sorted(known)
        ]
        told = await views(seen.nodes, asked, seen.block)
        held = {
            str(one.args[0]) for one, words in zip(asked, told, strict=True) if words == ("True",)
        }
        role = Role(contract, at[contract], event, held)
        found, whole = await named(seen.nodes, role, first, seen.block)
        enough = len(whole) >= seen.nodes.quorum
        ours = f"whole at {seen.nodes.quorum} operators"
        chain = ours if enough else f"whole at {', '.join(sorted(whole)) or 'none'}"
        seen.found(f"{contract}: logs of {event}", chain, ours)
        for who in sorted(found - known):
            what = f"{contract}: {view} of {who}, whom the plan does not know"
            seen.view(what, (contract, at[contract]), view, who, ours={0: "False"})


def _entry(settings: EvmSettings, folder: Path) -> str:
    """Return the address that the entry key's file names, or nothing where there is none."""
    if settings.entry_key is None:
        return ""
    try:
        told = json.loads((folder / settings.entry_key.keystore).read_bytes())
        return to_checksum_address("0x" + str(told["address"]).removeprefix("0x"))
    except (OSError, KeyError, TypeError, ValueError):
        return ""  # the daemon says what is wrong with it; its address is not known here


def _word(name: str, value: bytes) -> str:
    if name in {"CHAIN", "ESCAPE_AFTER"}:
        return str(int.from_bytes(value, "big"))
    if name in {"GENESIS", "SEPARATOR"}:
        return f"0x{value.hex()}"
    if any(value[:12]):
        return f"0x{value.hex()}"
    return to_checksum_address(value[12:])
