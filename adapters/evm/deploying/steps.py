"""What puts the contract set on a chain, in order: each step's bytes, its address, what shows it.

Addresses follow from the deployer and its first nonce, so all of it is known before anything is
sent.
Source: Yellow Paper, section 7 (the address of a contract that is made); EIP-1559.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from eth_hash.auto import keccak

from adapters.evm import calls
from adapters.evm.abi import Word
from adapters.evm.addresses import to_checksum_address, told
from adapters.evm.contracts.code import artifact
from adapters.evm.strict_rlp import encoded, minimal
from adapters.evm.ticket import Domain, word
from schemas.contracts import typed

NOBODY = "0x" + "00" * 20
DAY_S = 86_400
CREATION_GAS, CALL_GAS, BYTE_GAS, CODE_GAS = 500_000, 150_000, 16, 200
NOTARY_GAS = 75_000  # a member's place in the set and in its list
DOMAINS = {
    "NotarySet": typed.NOTARIES_NAME,
    "Escrow": typed.ESCROW_NAME,
    "Vault": typed.CUSTODY_NAME,
    "TwinVault": typed.CUSTODY_NAME,
    "TitleVault": typed.CUSTODY_NAME,
}
NAMES = {  # of a contract in the settings
    "NotarySet": "notaries",
    "Vault": "vault",
    "TwinVault": "twin-vault",
    "TitleVault": "title-vault",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Who may do what in the set. Units: `escape_days` are days; addresses in one spelling."""

    governor: str
    guardian: str
    notaries: tuple[str, ...]
    threshold: int
    operators: tuple[str, ...]
    escape_days: int = 400
    anchor: str = NOBODY
    title_factory: str = ""  # of the TradeTrust registries here; none: no TitleVault

    @property
    def escape_s(self) -> int:
        """After how many seconds a lock may be given back by anyone."""
        return self.escape_days * DAY_S


@dataclass(frozen=True, slots=True, kw_only=True)
class Shows:
    """A view, and what its first words must be, any one of several, where a step stands."""

    contract: str
    at: str
    function: str
    args: tuple[Word, ...]
    any_of: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One transaction: a contract made, or a function of one called. Units: gas."""

    name: str
    contract: str
    to: bytes  # empty: it makes `made`
    data: bytes
    gas: int
    made: str = ""
    shows: tuple[Shows, ...] = ()
    code: bytes = b""  # what will stand at `made`, where its immutables are known


def address_made(deployer: bytes, nonce: int) -> str:
    """Return the address of the contract that an account's transaction of a nonce makes."""
    return to_checksum_address(keccak(encoded([deployer, minimal(nonce)]))[-20:])


class Steps:
    """Steps of one account, one nonce each, from a first nonce on."""

    def __init__(self, deployer: bytes, first_nonce: int) -> None:
        self.deployer = deployer
        self.first_nonce = first_nonce
        self.all: list[Step] = []

    def make(
        self,
        contract: str,
        *args: Word,
        immutables: Callable[[str], Mapping[str, bytes]] | None = None,
    ) -> str:
        """Add a contract; return where it will be. `immutables` gives its words at an address."""
        found = artifact(contract)
        data = calls.creation(contract, found.creation, *args)
        listed = sum(len(arg) for arg in args if isinstance(arg, list))
        made = address_made(self.deployer, self.first_nonce + len(self.all))
        gas = CREATION_GAS + BYTE_GAS * len(data) + CODE_GAS * len(found.deployed)
        self.all.append(
            Step(
                name=f"make {contract}",
                contract=contract,
                to=b"",
                data=data,
                gas=gas + NOTARY_GAS * listed,
                made=made,
                code=b"" if immutables is None else found.filled(immutables(made)),
            )
        )
        return made

    def call(
        self,
        contract: str,
        to: str,
        function: str,
        *args: Word,
        name: str,
        shows: tuple[Shows, ...],
    ) -> None:
        """Add a call, and what shows afterwards that it was done."""
        data = calls.call(contract, function, *args)
        self.all.append(
            Step(
                name=name,
                contract=contract,
                to=bytes.fromhex(to[2:]),
                data=data,
                gas=CALL_GAS + BYTE_GAS * len(data),
                shows=shows,
            )
        )


@dataclass(frozen=True, slots=True)
class Chain:
    """Which chain the set is for: its number and the hash of its block 0."""

    chain_id: int
    genesis: bytes


def immutables_of(
    contract: str, at: str, chain: Chain, words: Mapping[str, bytes]
) -> dict[str, bytes]:
    """Return every immutable of a contract of the set at an address; `words` are its own."""
    domain = Domain(chain.chain_id, bytes.fromhex(at[2:]), chain.genesis, DOMAINS[contract])
    return {
        "CHAIN": word(chain.chain_id),
        "GENESIS": chain.genesis,
        "SEPARATOR": domain.separator(),
        **words,
    }


def own_words(contract: str, roles: Roles, at: Mapping[str, str]) -> dict[str, bytes]:
    """Return the immutables of a contract beside those of its domain; `at` is the set so far."""
    match contract:
        case "NotarySet":
            return {"GUARDIAN": _raw(roles.guardian), "ANCHOR": _raw(roles.anchor)}
        case "Escrow":
            return {"NOTARIES": _raw(at["NotarySet"]), "ESCAPE_AFTER": word(roles.escape_s)}
        case _:
            custody = {"FIRST": _raw(at["Escrow"]), "NOTARIES": _raw(at["NotarySet"])}
            is_of_titles = contract == "TitleVault"
            return custody | ({"FACTORY": _raw(roles.title_factory)} if is_of_titles else {})


def set_steps(deployer: bytes, first_nonce: int, chain: Chain, roles: Roles) -> Steps:
    """Return the steps of the whole set.

    The deployer governs until the governor that is named at the end accepts.
    """
    steps, me = Steps(deployer, first_nonce), to_checksum_address(deployer)
    at: dict[str, str] = {}

    def make(contract: str, *args: Word) -> None:
        own = own_words(contract, roles, at)
        known = partial(immutables_of, contract, chain=chain, words=own)
        at[contract] = steps.make(contract, *args, immutables=known)

    names: list[Word] = list(in_order(roles.notaries))
    make("NotarySet", me, roles.guardian, roles.anchor, chain.genesis, names, roles.threshold)
    make("Escrow", me, roles.guardian, at["NotarySet"], roles.escape_s, chain.genesis)
    for custody in ("Vault", "TwinVault"):
        make(custody, me, at["Escrow"], at["NotarySet"], chain.genesis)
    if roles.title_factory:
        words = (me, at["Escrow"], at["NotarySet"], chain.genesis, roles.title_factory)
        make("TitleVault", *words)
    escrow, is_one = at["Escrow"], True
    for operator in roles.operators:
        shows = (_shows("Escrow", escrow, "isOperator", (operator,), "True"),)
        name = f"operator {operator}"
        steps.call("Escrow", escrow, "setOperator", operator, is_one, name=name, shows=shows)
    if roles.governor != me:
        for contract, where in at.items():
            named = (
                _shows(contract, where, "nextGovernor", (), roles.governor),
                _shows(contract, where, "governor", (), roles.governor),
            )
            name = f"name the governor of {contract}"
            steps.call(contract, where, "nameGovernor", roles.governor, name=name, shows=named)
    return steps


def in_order(addresses: tuple[str, ...]) -> tuple[str, ...]:
    """Return addresses in the order in which the set takes them."""
    return tuple(sorted(addresses, key=lambda one: bytes.fromhex(one[2:])))


def _raw(address: str) -> bytes:
    return bytes.fromhex(address[2:])


def _shows(contract: str, at: str, function: str, args: tuple[Word, ...], said: str) -> Shows:
    return Shows(contract=contract, at=at, function=function, args=args, any_of=((said,),))


def said(words: tuple[Word, ...]) -> tuple[str, ...]:
    """Return a view's words as they are compared and shown."""
    return tuple(_said(word) for word in words)


def _said(word: Word) -> str:
    if isinstance(word, bytes):
        return f"0x{word.hex()}"
    if isinstance(word, list | tuple):
        return ", ".join(map(_said, word))
    return told(str(word))
