"""A tokenised share under ERC-3643: the T-REX suite with identities, claims and compliance."""

from dataclasses import dataclass
from typing import ClassVar, Generic

from eth_abi.abi import encode
from eth_hash.auto import keccak

from adapters.evm.instruments.foreign import ZERO, Foreign, P, calldata

SUITE = "@tokenysolutions/t-rex/artifacts/contracts/"
ONCHAINID = "@tokenysolutions/t-rex/artifacts/@onchain-id/solidity/contracts/"
REGISTRIES = SUITE + "registry/implementation/"
PROXIES = SUITE + "proxy/"
MODULES = SUITE + "compliance/modular/"
TOPIC = 7
HONG_KONG = 344
MANAGEMENT, CLAIM = 1, 3  # purposes of a key
ECDSA = 1
IS_REFERENCE, IS_LIBRARY = True, False  # an authority of its own; an identity in use


def personal(digest: bytes) -> bytes:
    """What a wallet signs when it is shown 32 bytes."""
    return keccak(b"\x19Ethereum Signed Message:\n32" + digest)


@dataclass
class Share(Generic[P]):
    """One token with its registries. Its owner governs, its agent mints, freezes and forces."""

    foreign: Foreign[P]
    owner: P
    issuing: P  # the token's agent
    claiming: P  # who issues claims
    token: str = ""
    identities: str = ""  # the registry of who may hold
    compliance: str = ""
    issuer: str = ""  # of claims, trusted

    FILES: ClassVar = {
        "ctr": REGISTRIES + "ClaimTopicsRegistry.sol/ClaimTopicsRegistry.json",
        "tir": REGISTRIES + "TrustedIssuersRegistry.sol/TrustedIssuersRegistry.json",
        "irs": REGISTRIES + "IdentityRegistryStorage.sol/IdentityRegistryStorage.json",
        "ir": REGISTRIES + "IdentityRegistry.sol/IdentityRegistry.json",
        "mc": MODULES + "ModularCompliance.sol/ModularCompliance.json",
        "token": SUITE + "token/Token.sol/Token.json",
    }

    def __post_init__(self) -> None:
        put = self.foreign.deploy
        made = {name: put(file, by=self.owner) for name, file in self.FILES.items()}
        authority = put(
            PROXIES + "authority/TREXImplementationAuthority.sol/TREXImplementationAuthority.json",
            "bool,address,address",
            IS_REFERENCE,
            ZERO,
            ZERO,
            by=self.owner,
        )
        self._owner(
            authority,
            "addAndUseTREXVersion((uint8,uint8,uint8),(address,address,address,address,address,address))",
            (4, 0, 0),
            tuple(made[name] for name in ("token", "ctr", "ir", "irs", "tir", "mc")),
        )
        self.authority = authority

        def proxy(kind: str, types: str = "address", *more: str | int) -> str:
            file = f"{PROXIES}{kind}Proxy.sol/{kind}Proxy.json"
            return put(file, types, authority, *more, by=self.owner)

        topics, issuers = proxy("ClaimTopicsRegistry"), proxy("TrustedIssuersRegistry")
        storage, self.compliance = proxy("IdentityRegistryStorage"), proxy("ModularCompliance")
        four = "address,address,address,address"
        self.identities = proxy("IdentityRegistry", four, issuers, topics, storage)
        self.token = proxy(
            "Token",
            "address,address,address,string,string,uint8,address",
            *(self.identities, self.compliance, "Pier 7", "PIER", 0, ZERO),
        )
        self._owner(storage, "bindIdentityRegistry(address)", self.identities)
        for registry in (self.token, self.identities):
            self._owner(registry, "addAgent(address)", self.issuing.address)
        self._owner(self.identities, "addAgent(address)", self.token)
        self._owner(topics, "addClaimTopic(uint256)", TOPIC)
        issuer = "ClaimIssuer.sol/ClaimIssuer.json"
        self.issuer = put(ONCHAINID + issuer, "address", self.claiming.address, by=self.claiming)
        key = keccak(encode(["address"], [self.claiming.address]))
        self.foreign.tell(
            self.claiming, self.issuer, "addKey(bytes32,uint256,uint256)", key, CLAIM, ECDSA
        )
        self._owner(issuers, "addTrustedIssuer(address,uint256[])", self.issuer, [TOPIC])

    def _owner(self, to: str, signature: str, *args: object) -> None:
        self.foreign.tell(self.owner, to, signature, *args)  # type: ignore[arg-type]

    def agent(self, signature: str, *args: str | int | bool) -> None:
        """The agent does something to the token."""
        self.foreign.tell(self.issuing, self.token, signature, *args)

    def identity(self, wallet: str, manager: P, *, registered: bool = True) -> str:
        """An identity of a wallet, with no claim yet."""
        file = ONCHAINID + "Identity.sol/Identity.json"
        made = self.foreign.deploy(file, "address,bool", manager.address, IS_LIBRARY, by=manager)
        if registered:
            self.register(wallet, made)
        return made

    def register(self, wallet: str, identity: str) -> None:
        register = "registerIdentity(address,address,uint16)"
        self.foreign.tell(self.issuing, self.identities, register, wallet, identity, HONG_KONG)

    def claim(self, identity: str, manager: P) -> bytes:
        """The trusted issuer's claim on an identity, added by who manages it; its signature."""
        told = b"lives here"
        digest = keccak(encode(["address", "uint256", "bytes"], [identity, TOPIC, told]))
        signature = self.claiming.sign(personal(digest))
        self.foreign.tell(
            manager,
            identity,
            "addClaim(uint256,uint256,address,bytes,bytes,string)",
            *(TOPIC, ECDSA, self.issuer, signature, told, ""),
        )
        return signature

    def admit(self, wallet: str, manager: P) -> bytes:
        """Register a wallet and give it the claim; the claim's signature."""
        return self.claim(self.identity(wallet, manager), manager)

    def verified(self, wallet: str) -> bool:
        return self.foreign.holds(self.identities, "isVerified(address)", wallet)

    def balance(self, wallet: str) -> int:
        return self.foreign.whole(self.token, "balanceOf(address)", wallet)

    def ceiling(self, most: int, *, held: dict[str, int]) -> str:
        """Bind a module that lets nobody hold more; what each identity holds is told first."""
        module = self.foreign.deploy(
            MODULES + "modules/MaxBalanceModule.sol/MaxBalanceModule.json", by=self.owner
        )
        self._owner(module, "initialize()")
        for identity, holds in held.items():
            preset = "preSetModuleState(address,address,uint256)"
            self._owner(module, preset, self.compliance, identity, holds)
        self._owner(module, "presetCompleted(address)", self.compliance)
        self._owner(self.compliance, "addModule(address)", module)
        ceiling = calldata("setMaxBalance(uint256)", most)
        self._owner(self.compliance, "callModuleFunction(bytes,address)", ceiling, module)
        return module
