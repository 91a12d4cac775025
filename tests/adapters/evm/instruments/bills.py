"""Transferable documents under TradeTrust: a registry, its titles, what their owners do to them."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from adapters.evm import calls
from adapters.evm.ticket import Ticket
from tests.adapters.evm.chain import GOVERNOR, HOLDERS, HOME, Bridge, Chain, Party
from tests.adapters.evm.instruments.foreign import Foreign

ARTIFACTS = "@tradetrust-tt/token-registry/dist/artifacts/"
CARRIER = Party("carrier")
EMPTY = b""
DOCUMENT = int.from_bytes(b"the hash of a bill of lading".rjust(32, b"\x11"), "big")


def remark(ticket: Ticket) -> bytes:
    """The words with which a holder pushes a title: they are the consent."""
    return ticket.settlement + ticket.hash()


@dataclass
class Title:
    """One document's title: two roles, and what each may do."""

    foreign: Foreign
    address: str

    def tell(self, by: Party, what: str, *args: str | bytes) -> None:
        types = {"transferOwners": "address,address,bytes", "nominate": "address,bytes"}
        types |= {"transferHolder": "address,bytes", "transferBeneficiary": "address,bytes"}
        self.foreign.tell(by, self.address, f"{what}({types.get(what, 'bytes')})", *args, EMPTY)

    def push(self, by: Party, vault: str, words: bytes) -> None:
        """Name the vault as both owners, with words."""
        push = "transferOwners(address,address,bytes)"
        self.foreign.tell(by, self.address, push, vault, vault, words)

    def role(self, name: str) -> str:
        return self.foreign.address(self.address, f"{name}()")

    @property
    def owners(self) -> tuple[str, str]:
        """Beneficiary and holder."""
        return self.role("beneficiary"), self.role("holder")

    @property
    def before(self) -> tuple[str, str]:
        """Who they were before."""
        return self.role("prevBeneficiary"), self.role("prevHolder")


@dataclass
class Registry:
    """A carrier's registry of bills."""

    foreign: Foreign

    def __post_init__(self) -> None:
        put = self.foreign.deploy
        self.factory = put(ARTIFACTS + "TitleEscrowFactory.sol/TitleEscrowFactory.json", by=CARRIER)
        self.address = self.another(self.factory)

    def another(self, factory: str) -> str:
        file = ARTIFACTS + "TradeTrustToken.sol/TradeTrustToken.json"
        words = ("string,string,address", "Bills", "BL", factory)
        return self.foreign.deploy(file, *words, by=CARRIER)

    def issue(self, to: Party, number: int = DOCUMENT, registry: str = "") -> Title:
        """A new title, both roles with one party."""
        mint, at = "mint(address,address,uint256,bytes)", registry or self.address
        self.foreign.tell(CARRIER, at, mint, to.address, to.address, number, EMPTY)
        where = "getEscrowAddress(address,uint256)"
        return Title(self.foreign, self.foreign.address(self.factory, where, at, number))

    def carrier(self, signature: str, *args: str | int | bytes) -> None:
        """The carrier, who governs the registry, does something to it."""
        self.foreign.tell(CARRIER, self.address, signature, *args)


SHIPPER, BUYER, BANK = HOLDERS


C = TypeVar("C", bound=Chain)


@dataclass
class World(Generic[C]):
    """A bill in the shipper's hands, the registry it is in, and the vault that may hold it."""

    chain: C
    bridge: Bridge
    registry: Registry
    vault: str
    title: Title

    @property
    def custody(self) -> tuple[str, str]:
        return self.vault, self.vault

    def ticket(self, party: Party = SHIPPER, number: int = DOCUMENT, amount: int = 1) -> Ticket:
        return self.bridge.ticket(self.registry.address, party, amount, token_id=number)

    def push(self, party: Party = SHIPPER) -> Ticket:
        """Give the title to the vault for one ticket; nothing is locked yet."""
        ticket = self.ticket(party)
        self.title.push(party, self.vault, remark(ticket))
        return ticket

    def lock(self, party: Party = SHIPPER) -> Ticket:
        ticket = self.push(party)
        self.bridge.lock(ticket, party)
        return ticket

    def hand_over(self, to: Party = BUYER) -> Ticket:
        """Lock it, send it away, let it come back, and hand it over to somebody."""
        self.bridge.do("burn", self.lock())
        back = self.ticket(to)
        self.bridge.do("mint", back)
        self.bridge.do("assign", back)
        return back

    def vaults(self, function: str, *args: str | int) -> bytes:
        return calls.call("TitleVault", function, *args)

    def said(self) -> list[str]:
        return [one.name for one in self.chain.events]


def laid_out(chain: C, bridge: Bridge | None = None) -> World[C]:
    """The set on a chain, a registry that it lists, and one bill."""
    bridge = bridge or Bridge(chain)
    registry = Registry(Foreign(chain))
    words = (GOVERNOR.address, bridge.escrow, bridge.set, bridge.genesis, registry.factory)
    vault = chain.deploy("TitleVault", *words)
    bridge.list_asset(registry.address, vault, HOME)
    return World(chain, bridge, registry, vault, registry.issue(SHIPPER))
