"""A chain on anvil started for the demo, with a T-REX token and TradeTrust titles on it.

The entry point group `bridge.worlds` names `WORLD`. `WORLD.start(folder, notaries, threshold)` is
an async context manager like the dev chain's. One node of one operator, and no fault panel: a chain
that is paused makes no blocks. A node that was killed comes back with the same chain.
"""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from adapters.evm.accounts import Account
from adapters.evm.anvil import AnvilLine, Node, Signer, program
from adapters.evm.anvil_chain import HASHES, LastingChain, block
from adapters.evm.client import Endpoint
from adapters.evm.ground import Ground
from adapters.evm.holders import Signed, signed_with
from adapters.evm.instruments.erc3643 import Share
from adapters.evm.instruments.foreign import Foreign
from adapters.evm.instruments.tradetrust import Registry, Title
from adapters.evm.nodes import Nodes
from adapters.evm.opening import number
from adapters.evm.people import BUYER, GOVERNOR, SELLER
from adapters.evm.relay import relay
from adapters.evm.stand import BLOCK_MS, EPOCH, INSTANCE, Watch, keys_in, table_of
from adapters.evm.ticket import network_word
from adapters.evm.world import World
from bridge.core.canonical import Value
from bridge.ports import Refused

CHAIN_ID: Final = 31_337
OPERATOR: Final = "harbour-node"
MOST: Final = 2**255
ISSUING: Final = ("carrier", "token owner", "token agent", "claim issuer")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnvilStand:
    """A running chain, asked as the dev chain's stand is; `titles` are bills by name."""

    network: str
    networks: Mapping[str, Mapping[str, object]]
    rails: Mapping[str, Mapping[str, object]]
    accounts: Mapping[str, str]
    holders: Mapping[str, Path]
    ground: Ground
    chain: LastingChain
    registry: Registry[Signer]
    people: Mapping[str, Signer]
    assets: dict[str, str] = field(default_factory=dict)
    titles: dict[str, tuple[int, Title[Signer]]] = field(default_factory=dict)

    @property
    def processes(self) -> Mapping[str, LastingChain]:
        """What can be killed and started again, as the demo calls it."""
        return {"chain": self.chain}

    @property
    def escrow(self) -> str:
        """The escrow's address."""
        return self.ground.at["Escrow"]

    def leg(self, name: str, part: str = "") -> dict[str, str]:
        """Return an asset's leg here, as the asset register takes it."""
        if name in self.titles:
            part = f"{self.titles[name][0]:064x}"
        asset = self.assets[name]
        return {"network": self.network, "escrow": self.escrow, "asset": asset, "part": part}

    def consent(self, account: str, message: bytes) -> Signed:
        """Return a holder's own signature of the typed data that a consent asks for."""
        return signed_with(self.holders[account].read_bytes(), message)

    async def do(self, command: Mapping[str, Value]) -> None:
        """Carry out one command.

        `twin`, `title`: the twin of what is at home elsewhere. `erc3643`, `tradetrust`: a token of
        so many `units`, a title of its `part`, at home here and the `account`'s. `push` gives a
        title to custody with the words of a consent, `accept` takes it from there. `pause` and
        `resume` stop the blocks. Errors: Refused, Unavailable.
        """
        words = {name: str(word) for name, word in command.items() if name != "at"}
        name = words.get("name", "")
        match words.get("do"):
            case "twin" | "title" | "erc3643" | "tradetrust" if not name or name in self.assets:
                raise Refused(f"name: {name!r} is empty or taken; give another")
            case "twin":
                self.assets[name] = await self.ground.twin(name, words["home"])
            case "title":
                self.assets[name] = await self.ground.title(name, words["home"])
            case "erc3643":
                self.assets[name] = await asyncio.to_thread(self._share, words)
                await self._listed(name, "Vault")
            case "tradetrust":
                self.assets[name] = self.registry.address
                title = int(words["part"], 16)
                holder = self._who(words["account"])
                made = await asyncio.to_thread(self.registry.issue, holder, title)
                self.titles[name] = (title, made)
                await self._listed(name, "TitleVault")
            case "push":
                title_, vault = self.titles[name][1], self.ground.at["TitleVault"]
                said = bytes.fromhex(words["words"])
                await asyncio.to_thread(title_.push, self._who(words["account"]), vault, said)
            case "accept":
                taker = self._who(words["account"])
                accept = ("transferBeneficiary", taker.address)
                await asyncio.to_thread(self.titles[name][1].tell, taker, *accept)
            case "pause":
                self.chain.paused = True
            case "resume":
                self.chain.paused = False
            case unknown:
                raise Refused(f"{unknown}: nobody of this chain does that")

    def _who(self, account: str) -> Signer:
        return next(one for one in self.people.values() if one.address == account)

    async def _listed(self, name: str, custody: str) -> None:
        await self.ground.list_asset(self.assets[name], custody, network_word(self.network))

    def _share(self, words: Mapping[str, str]) -> str:
        """Return a token whose holders and vault are admitted; all of it is the account's."""
        people = self.people
        _, owner, agent, claims = (people[who] for who in ISSUING)
        share = Share(self.registry.foreign, owner, agent, claims)
        vault = self.ground.at["Vault"]
        share.admit(vault, people[GOVERNOR])
        for holder in (people[SELLER], people[BUYER]):
            share.admit(holder.address, holder)
            approve = ("approve(address,uint256)", vault, MOST)
            share.foreign.tell(holder, share.token, *approve)
        share.agent("mint(address,uint256)", words["account"], int(words["units"]))
        share.agent("unpause()")
        return share.token

    async def ask(self, name: str, question: Mapping[str, Value]) -> Mapping[str, Value]:
        """Return what an account has: `{"of": "balance", "asset": name, "account": address}`.

        Or who has a title's two roles: `{"of": "owners", "asset": name}`.
        Errors: Refused, Unavailable.
        """
        del name  # there is one network
        asset = str(question.get("asset"))
        if asset not in self.assets:
            raise Refused(f"no asset {asset!r} in this world")
        if question.get("of") == "owners" and asset in self.titles:
            owners = await asyncio.to_thread(lambda: self.titles[asset][1].owners)
            return dict(zip(("beneficiary", "holder"), owners, strict=True))
        whose, at = str(question["account"]), self.assets[asset]
        told = await self.ground.view("RepresentationToken", at, "balanceOf", whose)
        return {"units": told}


@asynccontextmanager
async def _going(rich: Sequence[str]) -> AsyncGenerator[tuple[str, LastingChain]]:
    """Yield the chain's address, and the chain; it makes blocks while the block lasts.

    What goes wrong in it is told as it is, in no group.
    """
    async with relay() as door:
        chain = LastingChain(
            door,
            CHAIN_ID,
            EPOCH,
            block_ms=BLOCK_MS,
            rich=rich,
            now=lambda: Watch().now() // 1000,
        )
        making = asyncio.get_running_loop().create_task(chain.tick())
        try:
            await chain.start()
            yield door.url, chain
        finally:
            making.cancel()
            with suppress(asyncio.CancelledError):
                await making
            await chain.end()


@asynccontextmanager
async def start(
    folder: Path, notaries: tuple[str, ...], threshold: int
) -> AsyncGenerator[AnvilStand]:
    """Yield the demo's chain; anvil may be killed, and the chain is gone with who started it.

    Errors: ValueError for a folder that was used before; Unavailable, which says what is missing.
    """
    keys = keys_in(folder)
    keys |= {who: secrets.token_bytes(32) for who in ISSUING}
    people = {who: Account(secret) for who, secret in keys.items()}
    signers = {who: Signer(account) for who, account in people.items()}
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        rich = [one.address for one in signers.values()]
        url, chain = await stack.enter_async_context(_going(rich))

        def mine() -> None:
            asyncio.run_coroutine_threadsafe(chain.mine(), loop).result()

        node = Node(url)
        stack.callback(node.close)
        foreign = Foreign(AnvilLine(node, CHAIN_ID, mine))
        registry = await asyncio.to_thread(Registry, foreign, signers["carrier"])
        endpoint = await stack.enter_async_context(Endpoint(url, OPERATOR))
        network = f"eip155:{number(await endpoint.call('eth_chainId'))}"
        asked = Nodes(network, [endpoint], 1, Watch(), 60_000)
        stack.push_async_callback(asked.close)
        ground = Ground(asked, CHAIN_ID, network, people)
        genesis = str(block(await endpoint.call("eth_getBlockByNumber", "0x0", HASHES))["hash"])
        await ground.set_up(bytes.fromhex(genesis[2:]), notaries, threshold, registry.factory)
        accounts = {who: ground.address(who) for who in (SELLER, BUYER)}
        table = await table_of(folder, ground, genesis, {OPERATOR: url}, keys, quorum=1)
        yield AnvilStand(
            network=network,
            networks={INSTANCE: table},
            rails={},
            accounts=accounts,
            holders={ground.address(who): folder / f"{who}.key" for who in (SELLER, BUYER)},
            ground=ground,
            chain=chain,
            registry=registry,
            people=signers,
        )


def _obtainable() -> None:
    program()


WORLD = World("anvil", start, obtainable=_obtainable, fetches="anvil is fetched by npm, once")
