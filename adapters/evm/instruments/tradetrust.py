"""Transferable documents under TradeTrust: a registry, its titles, what their owners do to them."""

from dataclasses import dataclass
from typing import Final, Generic

from adapters.evm.instruments.foreign import Foreign, P

ARTIFACTS: Final = "@tradetrust-tt/token-registry/dist/artifacts/"
EMPTY: Final = b""


@dataclass
class Title(Generic[P]):
    """One document's title: two roles, and what each may do."""

    foreign: Foreign[P]
    address: str

    def tell(self, by: P, what: str, *args: str | bytes) -> None:
        types = {"transferOwners": "address,address,bytes", "nominate": "address,bytes"}
        types |= {"transferHolder": "address,bytes", "transferBeneficiary": "address,bytes"}
        self.foreign.tell(by, self.address, f"{what}({types.get(what, 'bytes')})", *args, EMPTY)

    def push(self, by: P, vault: str, words: bytes) -> None:
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
class Registry(Generic[P]):
    """A carrier's registry of bills."""

    foreign: Foreign[P]
    who: P

    def __post_init__(self) -> None:
        put = self.foreign.deploy
        self.factory = put(
            ARTIFACTS + "TitleEscrowFactory.sol/TitleEscrowFactory.json", by=self.who
        )
        self.address = self.another(self.factory)

    def another(self, factory: str) -> str:
        file = ARTIFACTS + "TradeTrustToken.sol/TradeTrustToken.json"
        words = ("string,string,address", "Bills", "BL", factory)
        return self.foreign.deploy(file, *words, by=self.who)

    def issue(self, to: P, number: int, registry: str = "") -> Title[P]:
        """A new title, both roles with one party."""
        mint, at = "mint(address,address,uint256,bytes)", registry or self.address
        self.foreign.tell(self.who, at, mint, to.address, to.address, number, EMPTY)
        where = "getEscrowAddress(address,uint256)"
        return Title(self.foreign, self.foreign.address(self.factory, where, at, number))

    def carrier(self, signature: str, *args: str | int | bytes) -> None:
        """The carrier, who governs the registry, does something to it."""
        self.foreign.tell(self.who, self.address, signature, *args)
