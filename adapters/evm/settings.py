"""What an operator writes for one Ethereum-compatible chain; nothing of it is asked of a node.

What the nodes say of themselves is compared with this, and a difference refuses to open.
"""

from collections import Counter
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from adapters.evm.addresses import spelled
from bridge.core.ids import NetworkId

_HASH = r"^0x[0-9a-f]{64}$"
_ADDRESS = r"^0x[0-9a-fA-F]{40}$"
_URL = r"^(https://[^\s/?#@]+|http://(127\.0\.0\.1|localhost)(:[0-9]{1,5})?)(/[^\s#@]*)?$"
_NAME = r"^[a-z0-9][a-z0-9._-]{0,63}$"
_KEY = r"^[0-9a-f]{64}$"
RULES = {  # what people are told in the place of a pattern
    _HASH: "a hash: 0x and 64 small hexadecimal digits",
    _ADDRESS: "an address: 0x and 40 hexadecimal digits, as EIP-55 spells it",
    _URL: "an https URL, or http to this machine, without a name or password in it",
    _NAME: "a name: small letters, digits and . _ - after the first, 64 at most",
    _KEY: "a public key: 64 small hexadecimal digits",
}
SHALLOWEST = 64  # blocks: what a chain of unknown finality is given at least

Hash = Annotated[str, Field(pattern=_HASH)]
Address = Annotated[str, Field(pattern=_ADDRESS)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class EndpointSettings(_Strict):
    """One node: where it answers, and who runs it. Two of one operator count once."""

    url: Annotated[str, Field(pattern=_URL)]
    operator: Annotated[str, Field(pattern=_NAME)]

    @property
    def is_local(self) -> bool:
        """Whether it is on this machine."""
        return urlsplit(self.url).hostname in {"127.0.0.1", "localhost"}


class ContractSettings(_Strict):
    """A contract beside the escrow whose code is pinned: notaries, custodies, assets."""

    name: Annotated[str, Field(pattern=_NAME)]
    address: Address
    code_hash: Hash
    _spelled = field_validator("address")(spelled)


class KeySettings(_Strict):
    """An account's key: a keystore V3 file and the file of its password."""

    keystore: str
    password_file: str


class EvmSettings(_Strict):
    """One chain and the escrow on it.

    Units: `_ms` are milliseconds, `_wei` wei for one gas, `depth` and `bump_blocks` blocks.
    `tx_life_ms` is how long prepared bytes may still land; after it their nonce is spent by us.
    """

    network: Annotated[NetworkId, Field(pattern=r"^eip155:(0|[1-9][0-9]{0,18})$")]
    genesis_hash: Hash
    escrow: Address
    escrow_code_hash: Hash
    start_block: Annotated[int, Field(ge=0)]  # the one that deployed the escrow, or earlier
    contracts: Annotated[tuple[ContractSettings, ...], Field(strict=False)] = ()
    endpoints: Annotated[tuple[EndpointSettings, ...], Field(strict=False, min_length=1)]
    quorum: Annotated[int, Field(ge=1, le=16)]
    finality: Literal["finalized", "depth"]
    depth: Annotated[int, Field(ge=1, le=100_000)] | None = None
    readers: Annotated[tuple[Annotated[str, Field(pattern=_KEY)], ...], Field(strict=False)]
    reader_key_file: str  # 32 raw bytes, Ed25519: signs which operators called a block final
    entry_key: KeySettings | None = None  # locks and mints; without one none is sent
    exit_key: KeySettings | None = None  # releases, unmints, burns, assigns, holds
    max_fee_wei: Annotated[int, Field(ge=1, le=10**13)]
    min_tip_wei: Annotated[int, Field(ge=1, le=10**12)] = 10**9
    max_gas: Annotated[int, Field(ge=100_000, le=30_000_000)] = 2_000_000
    tx_life_ms: Annotated[int, Field(ge=1_000, le=86_400_000)] = 600_000
    bump_blocks: Annotated[int, Field(ge=1, le=1_000)] = 5
    finality_ms: Annotated[int, Field(ge=0, le=86_400_000)]
    poll_ms: Annotated[int, Field(ge=50, le=600_000)] = 4_000
    timeout_ms: Annotated[int, Field(ge=100, le=60_000)] = 10_000
    quarantine_ms: Annotated[int, Field(ge=1_000, le=86_400_000)] = 3_600_000
    _spelled = field_validator("escrow")(spelled)

    @property
    def chain_id(self) -> int:
        """The number that transactions are signed for."""
        return int(self.network.partition(":")[2])

    @property
    def operators(self) -> tuple[str, ...]:
        """Who runs the nodes, each once, in order."""
        return tuple(sorted({one.operator for one in self.endpoints}))

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        for field, named in (
            ("endpoints.url", [one.url for one in self.endpoints]),
            ("contracts.name", [one.name for one in self.contracts]),
            ("contracts.address", [self.escrow, *(one.address for one in self.contracts)]),
            ("readers", list(self.readers)),
        ):
            twice = [name for name, times in Counter(named).items() if times > 1]
            if twice:
                raise ValueError(f"{field}: {twice[0]} stands twice; leave one of them out")
        if self.quorum > len(self.operators):
            raise ValueError(
                f"quorum: {self.quorum} of {len(self.operators)} operators can never agree; "
                "name nodes of more operators, or ask for fewer"
            )
        remote = [one for one in self.endpoints if not one.is_local]
        if remote and 2 * self.quorum <= len(self.operators):
            raise ValueError(
                f"quorum: {self.quorum} of {len(self.operators)} operators is no majority, two "
                "halves could call different blocks final; ask for more than half"
            )
        if remote and self.quorum < 2:
            raise ValueError("quorum: one operator's word proves nothing; name two, ask for two")
        self._finality_is_whole(is_remote=bool(remote))
        return self

    def _finality_is_whole(self, *, is_remote: bool) -> None:
        if (self.finality == "depth") != (self.depth is not None):
            raise ValueError("depth: is set with finality `depth`, and only with it; change one")
        if self.depth is not None and is_remote and self.depth < SHALLOWEST:
            raise ValueError(f"depth: {self.depth} is under {SHALLOWEST} blocks; ask for more")
        if not self.readers:
            raise ValueError("readers: nobody's word about finality is trusted; name this one's")
        if self.max_fee_wei < 2 * self.min_tip_wei:
            raise ValueError("max_fee_wei: is under twice min_tip_wei; raise it or lower the tip")
        keys = (self.entry_key, self.exit_key)
        if keys[0] is not None and keys[0] == keys[1]:
            raise ValueError(
                "exit_key: is the entry key, so exits would wait behind locks; make another"
            )
