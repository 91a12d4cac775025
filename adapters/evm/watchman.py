"""What is compared at each final block beside the escrow's words: is an asset as it was listed?

A custody holds at least what is locked in it and what stands behind twins, and a twin's units are
those it issued; its code is the listed one, and `issuer` tells nothing new of it. Where they differ
an asset is suspended: nothing of it is locked or made, while what is inside may go back. A nonce of
ours that was final and goes back is another history.
Source: ERC-20, balanceOf and totalSupply.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from adapters.evm import calls, issuer
from adapters.evm.abi import Word
from adapters.evm.blocks import Header
from adapters.evm.client import Answer, Call
from adapters.evm.keccak import keccak
from adapters.evm.nodes import Nodes
from adapters.evm.opening import raw
from adapters.evm.preflight import TOKEN, read
from adapters.evm.questions import shown

KEPT = "evm/asset/"  # before the address of an asset that was moved here
BEHIND = "evm/behind/"  # before that of an asset: who stood behind it when it was first seen
SHORT, CHANGED = "backing.short", "asset.changed"
Listed: TypeAlias = tuple[str, Word, Word]  # an asset's custody, home, and hash of its code
DAY_S = 86_400  # an account's code cannot change in place (EIP-6780): once a day is often


class Watchman:
    """Watches the assets that were moved, asked for or pinned here.

    `known` are those of earlier lives, `behind` who stood behind them; who is among `pinned` may
    stand behind one.
    """

    def __init__(
        self,
        nodes: Nodes,
        escrow: str,
        known: Iterable[str] = (),
        *,
        behind: Mapping[str, bytes] | None = None,
        pinned: Iterable[str] = (),
    ) -> None:
        self.undone = ""  # why the chain is another one than it was
        self._nodes = nodes
        self._escrow = escrow
        self._pinned = frozenset(one.lower() for one in pinned)
        self._behind: dict[str, Mapping[str, str]] = {
            asset: json.loads(roles) for asset, roles in (behind or {}).items()
        }
        self._known = {*known, *pinned, *self._behind}
        self._unkept: list[tuple[str, bytes | None]] = []
        self._code: dict[str, tuple[int, bytes]] = {}  # when it was looked at, and its hash
        self._wrong: dict[str, dict[str, str]] = {}  # by asset, then by what
        self._listed: Mapping[str, Listed] = {}  # at the block before
        self._seen = -1
        self._nonces: dict[bytes, tuple[int, int]] = {}  # block and nonce by account, both final

    def moved(self, asset: str) -> tuple[tuple[str, bytes | None], ...]:
        """Watch an asset from now on; what is to be kept of it, the first time."""
        if not asset or asset in self._known:
            return ()
        self._known.add(asset)
        return ((f"{KEPT}{asset}", b"moved"),)

    def short(self, asset: str) -> str:
        """Return why an asset is suspended, or nothing."""
        return "; ".join(self._wrong.get(asset, {}).values())

    def asked_for(self, asset: str) -> None:
        """Watch an asset that an order names and the escrow lists."""
        self._known.add(asset)

    def unkept(self) -> tuple[tuple[str, bytes | None], ...]:
        """Return what is to be kept of assets first seen."""
        return tuple(self._unkept)

    def has_kept(self, keep: tuple[tuple[str, bytes | None], ...]) -> None:
        """Note what was kept: it need not be again in this life."""
        self._unkept = [one for one in self._unkept if one not in keep]

    def counted(self, account: bytes, number: int, nonce: int) -> None:
        """Note a nonce of ours, proved at a final block."""
        at, was = self._nonces.get(account, (-1, 0))
        if number >= at and nonce < was:
            self.undone = f"0x{account.hex()} had {was} final transactions, block {number}: {nonce}"
        if number >= at:
            self._nonces[account] = (number, nonce)

    async def compared(self, header: Header) -> tuple[tuple[str, str], ...]:
        """Compare once a block; return what is wrong now and was not: what, and which and why.

        Errors: Unavailable.
        """
        assets = sorted(self._known)
        if header.number <= self._seen or not assets:
            return ()
        block = hex(header.number)
        listed: list[Call] = []
        for asset in assets:
            listed.append(_asked(self._escrow, calls.call("Escrow", "assets", asset), block))
            listed.append(_asked(asset, calls.call(TOKEN, "HOME"), block))
        assumed = self._listed
        old = self._old(assumed, header)
        told = await self._nodes.agreed([*listed, *_questions(assumed, old, block)])
        kept = _listed(assets, told)
        told = told[len(listed) :]
        if kept != assumed:  # then what was asked beside it was of another custody
            old = self._old(kept, header)
            told = await self._nodes.agreed(_questions(kept, old, block)) if kept else []
            self._listed = kept
        size = 4 + issuer.QUESTIONS
        parts = {one: told[size * at : size * (at + 1)] for at, one in enumerate(kept)}
        seen = await self._seen_of({one: kept[one][0] for one in kept}, parts, block)
        for asset, code in zip(old, told[size * len(kept) :], strict=True):
            self._code[asset] = header.timestamp, keccak(raw(code))
        found: dict[str, dict[str, str]] = {}
        for asset, (_, _, code) in kept.items():
            changed = self._changed(asset, code, seen[asset])
            why = {SHORT: _difference(parts[asset][:4]), CHANGED: "; ".join(changed)}
            found[asset] = {what: one for what, one in why.items() if one}
        new = tuple(
            (what, f"{asset}: {why}")
            for asset, wrong in found.items()
            for what, why in wrong.items()
            if what not in self._wrong.get(asset, {})
        )
        self._wrong, self._seen = found, header.number
        return new

    def _old(self, kept: Mapping[str, Listed], header: Header) -> list[str]:
        """Return the assets whose code is to be looked at."""
        seconds = header.timestamp
        return [one for one in kept if seconds - self._code.get(one, (0, b""))[0] >= DAY_S]

    async def _seen_of(
        self, custodies: Mapping[str, str], parts: Mapping[str, Sequence[Answer]], block: str
    ) -> Mapping[str, issuer.Seen]:
        """Return how the assets stand, with what their first answers lead to."""
        first = {one: issuer.seen(one, by, parts[one][4:]) for one, by in custodies.items()}
        owed = [issuer.asked(question, block) for one in first.values() for _, question in one.owed]
        rest = iter(await self._nodes.agreed(owed) if owed else [])
        return {
            asset: issuer.settled(one, [next(rest) for _ in one.owed])
            for asset, one in first.items()
        }

    def _changed(self, asset: str, listed: Word, now: issuer.Seen) -> list[str]:
        """Return what was done to an asset; who stands behind it is noted the first time."""
        if asset not in self._behind:
            self._behind[asset] = now.behind
            kept = json.dumps(dict(now.behind), sort_keys=True).encode()
            self._unkept.append((f"{BEHIND}{asset}", kept))
        why = issuer.other(self._behind[asset], now.behind, self._pinned)
        code = self._code[asset][1]
        if code != listed:
            why.append(f"its code is {shown(code)}, it was listed with {shown(listed)}")
        return [*why, *now.halts]


def _listed(assets: Sequence[str], told: Sequence[Answer]) -> dict[str, Listed]:
    """Return what the escrow lists of some assets, by its answers and their own."""
    kept: dict[str, Listed] = {}
    for place, asset in enumerate(assets):
        rule = read("Escrow", "assets", told[2 * place])
        named = read(TOKEN, "HOME", told[2 * place + 1])
        if rule is not None and int(str(rule[0]), 16):
            home = named[0] if named is not None else bytes(32)
            kept[asset] = str(rule[0]), home, rule[-1]
    return kept


def _questions(kept: Mapping[str, Listed], old: Sequence[str], block: str) -> list[Call]:
    """Return what is asked of listed assets at a block, and behind it for the old codes."""
    questions: list[Call] = []
    for asset, (custody, home, _) in kept.items():
        questions += [
            _asked(asset, calls.call(TOKEN, "balanceOf", custody), block),
            _asked(custody, calls.call("Vault", "accounts", asset), block),
            _asked(asset, calls.call(TOKEN, "totalSupply"), block),
            _asked(custody, calls.call("TwinVault", "issued", asset, home), block),
            *issuer.questions(asset, custody, block),
        ]
    return [*questions, *(("eth_getCode", (one, block)) for one in old)]


def _difference(told: Sequence[Answer]) -> str:
    """Return what is short by balance, vault's account, supply and issue, or nothing."""
    balance, supply = (read(TOKEN, "balanceOf", told[0]), read(TOKEN, "totalSupply", told[2]))
    account, issued = read("Vault", "accounts", told[1]), read("TwinVault", "issued", told[3])
    if account is not None and balance is not None:
        held, owed = int(str(balance[0])), sum(int(str(word)) for word in account)
        return f"its custody has {held} units and owes {owed}" if held < owed else ""
    if issued is not None and supply is not None:
        made, noted = int(str(supply[0])), int(str(issued[0]))
        return f"{made} units of the twin are there, {noted} were issued" if made != noted else ""
    return ""


def _asked(to: str, data: bytes, block: str) -> Call:
    return ("eth_call", ({"to": to, "data": f"0x{data.hex()}"}, block))
