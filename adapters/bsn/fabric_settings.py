"""What an operator writes for one channel of Fabric behind a peer of their own.

Nothing of it is taken from the peer: whose words count is pinned by the roots that stand here.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from adapters.bsn.fabric_evidence import Words
from adapters.bsn.fabric_trust import certificate_pem
from bridge.core.ids import NetworkId

_NAME = r"^[A-Za-z0-9._-]{1,64}$"
_ADDRESS = r"^[A-Za-z0-9.-]{1,253}:[0-9]{1,5}$"


class _Strict(BaseModel):  # most channels have no use for any: each is built when it is met
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, defer_build=True)


class Organisation(_Strict):
    """An organisation and a root certificate of its own: base64 of DER, as a PEM's lines are."""

    msp: Annotated[str, Field(pattern=_NAME)]
    root: Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{100,8000}={0,2}$")]

    @field_validator("root")
    @classmethod
    def _is_a_certificate(cls, root: str) -> str:
        certificate_pem(root)
        return root


class FabricSettings(_Strict):
    """One network: a channel and its escrow, spoken to at one peer's gateway service.

    `organisations` all endorse; `witnesses` are those whose peers sign every block we read, by
    default our own. Units: `_ms` are milliseconds; `window_ms` is the chaincode's own.
    """

    network: Annotated[NetworkId, Field(pattern=r"^fabric:[0-9a-f]{32}$")]
    access: Literal["fabric"]
    chain: Literal["fabric"] = "fabric"
    address: Annotated[str, Field(pattern=_ADDRESS)]
    server_name: str = ""  # what the peer's certificate says, where it is dialled by another name
    ca_file: str
    tls_key_file: str | None = None  # for a peer that asks for a client's certificate
    tls_certificate_file: str | None = None
    msp_id: Annotated[str, Field(pattern=_NAME)]
    identity_key_file: str
    identity_certificate_file: str
    channel: Annotated[str, Field(pattern=_NAME)]
    chaincode: Annotated[str, Field(pattern=_NAME)]
    genesis_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    organisations: Annotated[list[Organisation], Field(min_length=1, max_length=64)]
    orderers: Annotated[list[Organisation], Field(min_length=1, max_length=32)]
    witnesses: Annotated[list[str], Field(max_length=64)] = []
    poll_ms: Annotated[int, Field(ge=50, le=60_000)] = 1_000
    timeout_ms: Annotated[int, Field(ge=100, le=120_000)] = 10_000
    window_ms: Annotated[int, Field(ge=1_000, le=600_000)] = 60_000
    finality_ms: Annotated[int, Field(ge=0, le=3_600_000)] = 4_000  # batch time-out and two polls

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.genesis_hash[:32] != self.network.partition(":")[2]:
            raise ValueError("genesis_hash: network is not its first 32 digits")
        known = {one.msp for one in self.organisations}
        if strangers := {self.msp_id, *self.witnesses} - known:
            raise ValueError(f"organisations: no root of {', '.join(sorted(strangers))}")
        if known & {one.msp for one in self.orderers}:
            raise ValueError("orderers: an organisation that endorses may not order as well")
        if (self.tls_key_file is None) != (self.tls_certificate_file is None):
            raise ValueError("tls_key_file, tls_certificate_file: both or neither")
        return self

    @property
    def escrow(self) -> str:
        """The escrow as orders name it."""
        return f"{self.channel}/{self.chaincode}"

    @property
    def words(self) -> Words:
        """What a verifier fixes, as plain words."""
        return (
            self.network,
            self.channel,
            self.chaincode,
            self.genesis_hash,
            tuple((one.msp, one.root) for one in self.organisations),
            tuple((one.msp, one.root) for one in self.orderers),
            tuple(self.witnesses) or (self.msp_id,),
        )
