"""A bill under TradeTrust, the registry it is in, and the vault that may hold it."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from adapters.evm import calls
from adapters.evm.instruments.foreign import Foreign
from adapters.evm.instruments.tradetrust import Registry, Title
from adapters.evm.ticket import Ticket
from adapters.evm.titles import remark
from tests.adapters.evm.chain import GOVERNOR, HOLDERS, HOME, Bridge, Chain, Party

CARRIER = Party("carrier")
DOCUMENT = int.from_bytes(b"the hash of a bill of lading".rjust(32, b"\x11"), "big")
SHIPPER, BUYER, BANK = HOLDERS


C = TypeVar("C", bound=Chain)


@dataclass
class World(Generic[C]):
    """A bill in the shipper's hands, the registry it is in, and the vault that may hold it."""

    chain: C
    bridge: Bridge
    registry: Registry[Party]
    vault: str
    title: Title[Party]

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
    registry = Registry(Foreign(chain), CARRIER)
    words = (GOVERNOR.address, bridge.escrow, bridge.set, bridge.genesis, registry.factory)
    vault = chain.deploy("TitleVault", *words)
    bridge.list_asset(registry.address, vault, HOME)
    return World(chain, bridge, registry, vault, registry.issue(SHIPPER, DOCUMENT))
