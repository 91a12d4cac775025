"""The proposal that registers an asset, with what was seen of it: two people still decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eth_hash.auto import keccak

from adapters.evm.addresses import to_checksum_address
from adapters.evm.assets.looked import CUSTODY, Looked
from adapters.evm.ticket import network_word
from bridge.core.canonical import Value
from bridge.core.ids import AssetId, NetworkId
from bridge.core.instrument import UNIQUE, InstrumentKind
from bridge.core.order import Leg


class BadProposal(ValueError):
    """Raised where what was asked for does not fit what was seen; the sentence names both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What no chain can tell of an asset: a person says it."""

    id: AssetId
    profile: str
    kind: InstrumentKind
    legs: tuple[Leg, ...]  # on other networks
    issued: int  # units an instrument
    cap: int  # most away from home; 0: what the escrow's listing says
    reason: str


def proposal(seen: Looked, escrow: str, wanted: Wanted) -> Mapping[str, Value]:
    """Return the body that the daemon takes as a proposal.

    Errors: BadProposal.
    """
    here = NetworkId(seen.network)
    leg = Leg(
        network=here,
        escrow=to_checksum_address(escrow),
        asset=to_checksum_address(seen.token),
    )
    if not wanted.legs:
        raise BadProposal("an asset has a leg on every network it crosses to: name one with --leg")
    if here in {one.network for one in wanted.legs}:
        raise BadProposal(f"the leg on {here} is this token itself: leave it out")
    if wanted.kind in UNIQUE and wanted.issued != 1:
        raise BadProposal(f"a {wanted.kind.value} is one paper: --issued 1")
    cap = wanted.cap or seen.cap
    if not 0 < cap <= seen.cap:
        raise BadProposal(f"the escrow lets {seen.cap} out, not {cap}: ask the governor for more")
    home = _home(seen, here, wanted.legs)
    row: dict[str, Value] = {
        "id": wanted.id,
        "profile": wanted.profile,
        "kind": wanted.kind.value,
        "home": home,
        "legs": [one.leaf() for one in (leg, *wanted.legs)],
        "scale": str(seen.decimals),
        "issued": str(wanted.issued),
        "cap": str(cap),
        "code": seen.code_hash.hex(),
        "active": True,
    }
    return {
        "subject": "register.asset",
        "target": wanted.id,
        "payload": row,
        "reason": wanted.reason,
    }


def _home(seen: Looked, here: NetworkId, legs: Sequence[Leg]) -> NetworkId:
    """Return where the asset is at home: here, but for a twin, which says so itself."""
    if CUSTODY[seen.kind] != "TwinVault":
        return here
    named = ", ".join(one.network for one in legs)
    there = next((one for one in legs if network_word(one.network) == seen.home), None)
    if there is None:
        raise BadProposal(
            f"the twin's home, 0x{seen.home.hex()}, is none of {named}: name its leg with --leg"
        )
    asset = keccak(there.asset.encode())
    if asset != seen.home_asset:
        raise BadProposal(
            f"it is the twin of 0x{seen.home_asset.hex()} on {there.network}, and "
            f"{there.asset} is 0x{asset.hex()}: name the leg it was made for, or have it made anew"
        )
    return there.network
