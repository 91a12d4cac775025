"""What an operator writes for one channel behind a node gateway.

Nothing of it is taken from the gateway: what the gateway says of itself is compared with this.
"""

from base64 import b64decode
from hashlib import sha256
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from adapters.bsn.certificates import Algorithm
from adapters.bsn.pcn_evidence import Pinned, point_of
from bridge.core.ids import NetworkId

ALGORITHMS = {
    "sm2": Algorithm.SM2,
    "secp256r1": Algorithm.SECP256R1,
    "secp256k1": Algorithm.SECP256K1,
}
DEVNET_KEYS = frozenset(  # SHA-256 of the SubjectPublicKeyInfo of the devnet's gateway keys
    {
        "9a214bcdecd1cc8d6327ee475a4a509f8556fefe71497e70786054dc1e4ad28d",
        "8ad4873d80e8f7d1ef141c9b4d35c4b29c4f97fc7f0bed54f9f54553a8882079",
        "7ac9e22a4a9fcfbf3a52a193a20823bd88d6ad82c68e2bb2994fddc537971ca4",
    }
)
SM_VERSION = "2.2.1"  # of Fabric, in which SM2 and SM3 take the place of ECDSA and SHA-256
_URL = r"^(https://[^\s/?#@]+|http://(127\.0\.0\.1|localhost)(:[0-9]{1,5})?)(/[^\s?#@]*)?$"
_CODE = r"^[A-Za-z0-9_]{1,64}$"
_NAME = r"^[A-Za-z0-9._-]{1,64}$"

PublicKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9+/]{80,200}={0,2}$")]
"""The base64 of a SubjectPublicKeyInfo: a PEM's lines without its first, its last, its breaks."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Endorser(_Strict):
    """A peer whose endorsements count for its organisation."""

    msp: Annotated[str, Field(pattern=_NAME)]
    key: PublicKey

    @field_validator("key")
    @classmethod
    def _is_a_key(cls, key: str) -> str:
        point_of(key)
        return key


class PcnSettings(_Strict):
    """One network: a channel and chaincode of Fabric behind a node gateway.

    Units: `_ms` are milliseconds. `window_ms` is the chaincode's own, beyond which it endorses no
    proposal; a transaction whose answer was lost is waited for so long, and `timeout_ms` more.
    """

    network: Annotated[NetworkId, Field(pattern=r"^fabric:[0-9a-f]{32}$")]
    access: Literal["pcn"] = "pcn"
    chain: Literal["fabric"] = "fabric"
    base_url: Annotated[str, Field(pattern=_URL)]
    ca_file: str | None = None
    user_code: Annotated[str, Field(pattern=_CODE)]
    app_code: Annotated[str, Field(pattern=_CODE)]
    user_name: Annotated[str, Field(pattern=_NAME)]
    mode: Literal["trust", "upload"]
    algorithm: Literal["sm2", "secp256r1", "secp256k1"]
    gateway_pin: PublicKey
    user_key_file: str
    identity_key_file: str | None = None  # upload: the key that signs for the chain
    identity_certificate_file: str | None = None
    msp_id: Annotated[str, Field(pattern=_NAME)]
    fabric_version: Annotated[str, Field(pattern=r"^[0-9.]{1,16}$")] = "2.2.1"
    channel: Annotated[str, Field(pattern=_NAME)]
    chaincode: Annotated[str, Field(pattern=_NAME)]
    genesis_hash: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    orderer_keys: Annotated[list[PublicKey], Field(min_length=1, max_length=32)]
    endorsers: Annotated[list[Endorser], Field(min_length=1, max_length=64)]
    endorsements: Annotated[int, Field(ge=1, le=32)] = 2
    custody: bool = False  # trust: holders have named our user as their custodian
    allow_software_sm2: bool = False
    poll_ms: Annotated[int, Field(ge=50, le=60_000)] = 1_000
    timeout_ms: Annotated[int, Field(ge=100, le=120_000)] = 10_000
    window_ms: Annotated[int, Field(ge=1_000, le=600_000)] = 60_000
    finality_ms: Annotated[int, Field(ge=0, le=3_600_000)] = 4_000  # batch time-out and two polls

    @field_validator("gateway_pin")
    @classmethod
    def _is_a_key(cls, key: str) -> str:
        point_of(key)
        return key

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        if self.genesis_hash[:32] != self.network.partition(":")[2]:
            raise ValueError("genesis_hash: network is not its first 32 digits")
        if point_of(self.gateway_pin).algorithm is not ALGORITHMS[self.algorithm]:
            raise ValueError(f"gateway_pin: not of algorithm {self.algorithm}")
        known = sha256(b64decode(self.gateway_pin)).hexdigest()
        if known in DEVNET_KEYS and not self.is_local:
            raise ValueError("gateway_pin: a devnet's, which everybody can make")
        if self.mode == "upload" and not (
            self.identity_key_file and self.identity_certificate_file
        ):
            raise ValueError("mode upload: identity_key_file and identity_certificate_file are due")
        if self.algorithm == "sm2" and self.fabric_version != SM_VERSION:
            raise ValueError(f"fabric_version: only {SM_VERSION} is signed for with SM2 and SM3")
        if self.custody and self.mode != "trust":
            raise ValueError("custody: only where the gateway keeps the users' keys")
        if len({one.msp for one in self.endorsers}) < self.endorsements:
            raise ValueError("endorsements: more than the endorsers' organisations")
        return self

    @property
    def is_local(self) -> bool:
        """Whether the gateway runs on this machine."""
        return self.base_url.startswith("http://")

    @property
    def escrow(self) -> str:
        """The escrow as orders name it."""
        return f"{self.channel}/{self.chaincode}"

    @property
    def pinned(self) -> Pinned:
        """What a verifier fixes, as plain words."""
        return (
            self.network,
            self.channel,
            self.chaincode,
            self.gateway_pin,
            tuple(self.orderer_keys),
            tuple((one.msp, one.key) for one in self.endorsers),
            self.endorsements,
        )
