"""Who governs and issues on the demo's chain, and how contracts come to stand there."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from eth_hash.auto import keccak

from adapters.evm.abi import Word
from adapters.evm.accounts import Account
from adapters.evm.addresses import to_checksum_address
from adapters.evm.deploying.sending import Fees, Journal, Sending, views
from adapters.evm.deploying.steps import Chain, Roles, Shows, Steps, set_steps
from adapters.evm.nodes import Nodes
from adapters.evm.people import BUYER, CAP_WEI, ENTRY, GOVERNOR, GUARDIAN, GWEI, ISSUER, SELLER
from adapters.evm.ticket import network_word
from bridge.ports import Refused

MOST: Final = 2**127
POLL_S: Final = 0.05
LANDS_S: Final = 20


@dataclass(slots=True)
class Ground:
    """Who governs and issues on the chain, and makes contracts there."""

    nodes: Nodes
    chain_id: int
    network: str
    people: Mapping[str, Account]
    at: dict[str, str] = field(default_factory=dict)  # the set's contracts by artifact

    def address(self, who: str) -> str:
        """Return somebody's address."""
        return to_checksum_address(self.people[who].address)

    async def set_up(
        self, genesis: bytes, notaries: tuple[str, ...], threshold: int, title_factory: str = ""
    ) -> None:
        """Have the contract set stand, trusting these notaries, and titles of a factory if any."""
        roles = Roles(
            governor=self.address(GOVERNOR),
            guardian=self.address(GUARDIAN),
            notaries=tuple(to_checksum_address(one) for one in notaries),
            threshold=threshold,
            operators=(self.address(ENTRY),),
            title_factory=title_factory,
        )
        chain = Chain(self.chain_id, genesis)
        steps = set_steps(self.people[GOVERNOR].address, 0, chain, roles)
        await self.carry_out(GOVERNOR, steps)
        self.at.update({step.contract: step.made for step in steps.all if step.made})

    async def steps(self, who: str) -> Steps:
        """Return no steps yet of somebody who sends them next."""
        sending, head = self._sending(who), await self.nodes.head()
        return Steps(self.people[who].address, await sending.nonce(head))

    async def carry_out(self, who: str, steps: Steps) -> None:
        """Have every step stand. Errors: Refused, Uncertain."""
        journal, sending = Journal("", steps.first_nonce, 0), self._sending(who)
        await sending.hand_all(steps, journal)
        await sending.carry_out(steps, journal, within_s=LANDS_S)

    def _sending(self, who: str) -> Sending:
        fees = Fees(max_fee=CAP_WEI, tip=GWEI)
        return Sending(self.nodes, self.people[who], self.chain_id, fees, poll_s=POLL_S)

    async def view(self, contract: str, at: str, function: str, *args: Word) -> str:
        """Return the one word a view says. Errors: Refused, Unavailable."""
        asked = Shows(contract=contract, at=at, function=function, args=args, any_of=())
        (told,) = await views(self.nodes, [asked], await self.nodes.head())
        if told is None:
            raise Refused(f"{contract}.{function} says nothing of {args}")
        return told[0]

    async def code_hash(self, address: str) -> bytes:
        """Return the hash of an account's code. Errors: Unavailable."""
        (hashed,) = await self.code_hashes([address])
        return hashed

    async def code_hashes(self, addresses: Sequence[str]) -> list[bytes]:
        """Return the hash of the code of each account, asked at once. Errors: Unavailable."""
        head = hex(await self.nodes.head())
        told = await self.nodes.agreed([("eth_getCode", (each, head)) for each in addresses])
        return [keccak(bytes.fromhex(str(code)[2:])) for code in told]

    async def share(self, name: str, units: int) -> str:
        """Return a token at home here, all of it the seller's, listed and allowed."""
        issuer = self.address(ISSUER)
        home, symbol = network_word(self.network), name.upper()[:11]
        words = (name, symbol, 0, home, keccak(name.encode()), issuer, issuer)
        asset = await self._listed("RepresentationToken", words, "Vault", home)
        steps, seller = await self.steps(ISSUER), self.address(SELLER)
        shows = Shows(
            contract="RepresentationToken",
            at=asset,
            function="balanceOf",
            args=(seller,),
            any_of=((str(units),),),
        )
        steps.call(
            "RepresentationToken", asset, "crosschainMint", seller, units,
            name=f"issue {name}", shows=(shows,),
        )  # fmt: skip
        await self.carry_out(ISSUER, steps)
        return asset

    async def twin(self, name: str, home: str) -> str:
        """Return a token whose home is elsewhere; nobody has any yet."""
        words = (name, name.upper()[:11], 0, network_word(home), keccak(name.encode()))
        made = (*words, self.at["TwinVault"], self.address(ISSUER))
        return await self._listed("RepresentationToken", made, "TwinVault", network_word(home))

    async def title(self, name: str, home: str) -> str:
        """Return a register of titles at home elsewhere; it has none yet."""
        words = (name, name.upper()[:11], network_word(home), keccak(name.encode()))
        made = (*words, self.at["TwinVault"])
        return await self._listed("RepresentationTitle", made, "TwinVault", network_word(home))

    async def _listed(
        self, contract: str, words: tuple[Word, ...], custody: str, home: bytes
    ) -> str:
        steps = await self.steps(GOVERNOR)
        asset = steps.make(contract, *words)
        await self.carry_out(GOVERNOR, steps)
        async with asyncio.TaskGroup() as group:
            group.create_task(self.list_asset(asset, custody, home))
            for holder in (SELLER, BUYER):
                group.create_task(self._allow(holder, contract, asset, self.at[custody]))
        return asset

    async def list_asset(self, asset: str, custody: str, home: bytes) -> None:
        """Have the escrow list what stands at an address, kept by that custody."""
        steps, vault = await self.steps(GOVERNOR), self.at[custody]
        hashed = await self.code_hash(asset)
        rule = (vault, 0, MOST, MOST, MOST, 2**64, hashed, home, bytes(32))
        shows = Shows(
            contract="Escrow",
            at=self.at["Escrow"],
            function="assets",
            args=(asset,),
            any_of=((vault, "0", "True"),),
        )
        steps.call(
            "Escrow", self.at["Escrow"], "listAsset", asset, rule,
            name=f"list {asset}", shows=(shows,),
        )  # fmt: skip
        await self.carry_out(GOVERNOR, steps)

    async def _allow(self, holder: str, contract: str, asset: str, vault: str) -> None:
        steps, who = await self.steps(holder), self.address(holder)
        if contract == "RepresentationTitle":
            function, most, view = "setApprovalForAll", "True", "isApprovedForAll"
            words: tuple[Word, ...] = (vault, True)
        else:
            function, most, view = "approve", str(2**255), "allowance"
            words = (vault, 2**255)
        shows = Shows(
            contract=contract, at=asset, function=view, args=(who, vault), any_of=((most,),)
        )
        steps.call(contract, asset, function, *words, name="allow the vault", shows=(shows,))
        await self.carry_out(holder, steps)
