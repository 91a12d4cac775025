"""What is compared at each final block beside the escrow's words: is all of it there that is owed?

A custody holds at least what is locked in it and what stands behind twins, and a twin's units are
those it issued. Where they differ an asset is suspended: nothing of it is locked or made, while
what is inside may go back. A nonce of ours that was final and goes back is another history.
Source: ERC-20, balanceOf and totalSupply.
"""

from collections.abc import Iterable, Sequence

from adapters.evm import calls
from adapters.evm.calls import Word
from adapters.evm.client import Answer, Call
from adapters.evm.nodes import Nodes
from adapters.evm.preflight import TOKEN, read

KEPT = "evm/asset/"  # before the address of an asset that was moved here


class Watchman:
    """Watches the assets that were moved here; `known` are those of earlier lives."""

    def __init__(self, nodes: Nodes, escrow: str, known: Iterable[str] = ()) -> None:
        self.undone = ""  # why the chain is another one than it was
        self._nodes = nodes
        self._escrow = escrow
        self._known = set(known)
        self._short: dict[str, str] = {}
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
        return self._short.get(asset, "")

    def counted(self, account: bytes, number: int, nonce: int) -> None:
        """Note a nonce of ours, proved at a final block."""
        at, was = self._nonces.get(account, (-1, 0))
        if number >= at and nonce < was:
            self.undone = f"0x{account.hex()} had {was} final transactions, block {number}: {nonce}"
        if number >= at:
            self._nonces[account] = (number, nonce)

    async def compared(self, number: int) -> tuple[str, ...]:
        """Compare once a block; return what is short now and was not. Errors: Unavailable."""
        assets = sorted(self._known)
        if number <= self._seen or not assets:
            return ()
        block = hex(number)
        listed: list[Call] = []
        for asset in assets:
            listed.append(_asked(self._escrow, calls.call("Escrow", "assets", asset), block))
            listed.append(_asked(asset, calls.call(TOKEN, "HOME"), block))
        rules = await self._nodes.agreed(listed)
        kept: dict[str, tuple[str, Word]] = {}
        for place, asset in enumerate(assets):
            rule = read("Escrow", "assets", rules[2 * place])
            named = read(TOKEN, "HOME", rules[2 * place + 1])
            if rule is not None and int(str(rule[0]), 16):
                kept[asset] = str(rule[0]), named[0] if named is not None else bytes(32)
        questions: list[Call] = []
        for asset, (custody, home) in kept.items():
            questions += [
                _asked(asset, calls.call(TOKEN, "balanceOf", custody), block),
                _asked(custody, calls.call("Vault", "accounts", asset), block),
                _asked(asset, calls.call(TOKEN, "totalSupply"), block),
                _asked(custody, calls.call("TwinVault", "issued", asset, home), block),
            ]
        told = await self._nodes.agreed(questions) if questions else []
        found = {
            asset: why
            for place, asset in enumerate(kept)
            if (why := _difference(told[4 * place : 4 * place + 4]))
        }
        new = tuple(f"{one}: {why}" for one, why in found.items() if one not in self._short)
        self._short, self._seen = found, number
        return new


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
