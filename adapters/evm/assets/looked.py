"""What was seen of a token: its kind, its findings, and what follows from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """What a contract proved to be, by what it answers."""

    NOTHING = "no contract"
    SHARE = "ERC-3643"
    TITLES = "TradeTrust registry"
    TWIN = "twin token"
    TWIN_TITLE = "twin title"
    PLAIN = "ERC-20"
    DEED = "ERC-721"
    STRANGER = "unknown"


CUSTODY: Mapping[Kind, str] = {  # which of our custodies can hold it
    Kind.PLAIN: "Vault",
    Kind.SHARE: "Vault",
    Kind.TITLES: "TitleVault",
    Kind.TWIN: "TwinVault",
    Kind.TWIN_TITLE: "TwinVault",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was looked at. `holds` is None where nobody could tell."""

    check: str
    holds: bool | None
    says: str
    remedy: str = ""  # who does what; empty where it holds


@dataclass(slots=True, kw_only=True)
class Looked:
    """What was seen of a token. Units: amounts in its smallest unit."""

    token: str
    network: str  # CAIP-2
    kind: Kind
    code_hash: bytes
    decimals: int
    symbol: str
    supply: int
    home: bytes  # a twin's: keccak256 of its home's CAIP-2 text
    home_asset: bytes  # and of its asset's text there
    vault: str = ""
    cap: int = 0  # of the escrow's listing
    findings: list[Finding] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """What follows: one thing in the way stops it, and so does one nobody could tell."""
        if any(one.holds is False for one in self.findings):
            return "cannot cross"
        return "not told" if any(one.holds is None for one in self.findings) else "can cross"

    def found(self, check: str, says: str, remedy: str = "", *, holds: bool | None) -> None:
        """Add a finding; its remedy is told only where it does not hold."""
        remedy = "" if holds else remedy
        self.findings.append(Finding(check=check, holds=holds, says=says, remedy=remedy))
