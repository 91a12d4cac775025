"""A token is looked at from outside in: what it is, whether it is listed, held, and behind what.

Source: ERC-20; ERC-721; ERC-165; ERC-1967; ERC-1167; ERC-5267.
"""

from collections.abc import Mapping

from eth_hash.auto import keccak

from adapters.evm import calls
from adapters.evm.assets.looked import CUSTODY, Kind, Looked
from adapters.evm.assets.shares import look_at_share
from adapters.evm.assets.trial import try_transfer
from adapters.evm.client import Endpoint
from adapters.evm.issuer import BEACON, IMPLEMENTATION, NOWHERE
from adapters.evm.nodes import found
from adapters.evm.preflight import ERC721
from adapters.evm.questions import Question, Told, answers, shown, told_bytes, whole
from adapters.evm.ticket import network_word

CLONE = bytes.fromhex("363d3d373d3d3d363d73")  # and 20 bytes of whom it calls
REMEDIES: Mapping[Kind, str] = {
    Kind.NOTHING: "no code at this address on this network: compare both with the issuer's papers",
    Kind.DEED: "a plain ERC-721 has no custody here: the issuer registers it as a TradeTrust title",
    Kind.STRANGER: "it answers as no token we know: the issuer says what it is",
}


class NoEscrow(Exception):
    """Raised where the escrow that was named is none. Caught in the command."""


async def looked_at(
    endpoint: Endpoint, *, token: str, escrow: str, vault: str = "", holder: str = ""
) -> Looked:
    """Return what a token is, and whether it can cross through an escrow.

    `vault` is the custody it is meant for where the escrow does not list it yet; `holder` has some
    of it, and a lock and its release are tried for them. Addresses in lower case.
    Errors: NoEscrow; Trouble and NodeError of the endpoint.
    """
    seen = await _first_look(endpoint, token)
    await _listing(endpoint, seen, escrow, vault)
    if seen.kind not in CUSTODY:
        return seen
    await _behind(endpoint, seen)
    if not seen.vault:
        remedy = f"name the {CUSTODY[seen.kind]} with --vault"
        seen.found("custody", "no custody is known", remedy, holds=None)
        return seen
    await _custody(endpoint, seen)
    if seen.kind is Kind.SHARE:
        await look_at_share(endpoint, seen, escrow, holder)
    if seen.kind in {Kind.PLAIN, Kind.SHARE, Kind.TWIN}:
        await try_transfer(endpoint, seen, holder)
    return seen


async def _first_look(endpoint: Endpoint, token: str) -> Looked:
    chain = int.from_bytes(told_bytes(await endpoint.call("eth_chainId")), "big")
    code = told_bytes(await endpoint.call("eth_getCode", token, "latest"))
    decimals, symbol, supply, registry, rules, factory, deed, home, of, paused = await answers(
        endpoint,
        [
            Question(token, "decimals()", "uint8"),
            Question(token, "symbol()", "string"),
            Question(token, "totalSupply()", "uint256"),
            Question(token, "identityRegistry()", "address"),
            Question(token, "compliance()", "address"),
            Question(token, "titleEscrowFactory()", "address"),
            Question(token, "supportsInterface(bytes4)", "bool", (ERC721,)),
            Question(token, "HOME()", "bytes32"),
            Question(token, "HOME_ASSET()", "bytes32"),
            Question(token, "paused()", "bool"),
        ],
    )
    counted = decimals is not None and supply is not None
    kind = Kind.STRANGER
    if not code:
        kind = Kind.NOTHING
    elif home is not None and counted:
        is_at_home = home == network_word(f"eip155:{chain}")  # our token, issued here
        kind = Kind.PLAIN if is_at_home else Kind.TWIN
    elif home is not None and deed is True:
        kind = Kind.TWIN_TITLE
    elif registry is not None and rules is not None and counted:
        kind = Kind.SHARE
    elif factory is not None:
        kind = Kind.TITLES
    elif deed is True:
        kind = Kind.DEED
    elif counted:
        kind = Kind.PLAIN
    seen = Looked(
        token=token,
        network=f"eip155:{chain}",
        kind=kind,
        code_hash=keccak(code),
        decimals=whole(decimals),
        symbol=symbol if isinstance(symbol, str) else "",
        supply=whole(supply),
        home=home if isinstance(home, bytes) else b"",
        home_asset=of if isinstance(of, bytes) else b"",
    )
    says = f"{kind.value}, {seen.decimals} decimals" if counted else kind.value
    seen.found("kind", says, REMEDIES.get(kind, ""), holds=kind in CUSTODY)
    if paused is not None:
        says = "paused" if paused else "runs"
        seen.found("pause", says, "the issuer's agent unpauses it", holds=not paused)
    return seen


async def _listing(endpoint: Endpoint, seen: Looked, escrow: str, vault: str) -> None:
    asked = {"to": escrow, "data": f"0x{calls.call('Escrow', 'assets', seen.token).hex()}"}
    told = told_bytes(await endpoint.call("eth_call", asked, "latest"))
    try:
        row = calls.result("Escrow", "assets", told)
    except ValueError as error:
        raise NoEscrow(f"{escrow} does not answer as an escrow of ours") from error
    custody, is_open, cap, at_once, code = str(row[0]), row[2], row[3], row[5], row[9]
    listed = custody != NOWHERE
    seen.vault, seen.cap = custody if listed else vault, whole(cap)
    lists = f"the governor lists it with code hash {shown(seen.code_hash)}"
    if not listed and seen.kind not in CUSTODY:
        return  # nobody is told to list what is no token
    if not listed:
        seen.found("listing", "the escrow does not list it", lists, holds=False)
    elif code != seen.code_hash:
        says = f"listed with code {shown(code)}, it has {shown(seen.code_hash)}"
        seen.found("listing", says, f"find out who changed it; then {lists}", holds=False)
    else:
        says = f"listed: at most {shown(cap)}, at once {shown(at_once)}"
        says = says if is_open is True else "listed and closed"
        seen.found("listing", says, lists, holds=is_open is True)
    if listed and vault and vault != custody:
        seen.found("vault", f"the escrow's is {custody}", "leave --vault out", holds=False)


async def _behind(endpoint: Endpoint, seen: Looked) -> None:
    """Say what stands behind a proxy: its code is what the listing's hash does not pin."""
    given = await endpoint.batch(
        [
            ("eth_getStorageAt", (seen.token, IMPLEMENTATION, "latest")),
            ("eth_getStorageAt", (seen.token, BEACON, "latest")),
            ("eth_getCode", (seen.token, "latest")),
        ]
    )
    told = [found(one) for one in given]
    code, behind = told_bytes(told[2]), _address(told[0])
    if CLONE in code:
        at = code.index(CLONE) + len(CLONE)
        behind = "0x" + code[at : at + 20].hex()
    for whom, function in (
        (_address(told[1]), "implementation()"),
        (await _asked(endpoint, seen.token, "getImplementationAuthority()"), None),
    ):
        if whom != NOWHERE:  # a beacon; or the registry of the T-REX suite, which names all code
            behind = await _asked(endpoint, whom, function or "getTokenImplementation()")
    if behind == NOWHERE:
        says = f"hash {shown(seen.code_hash)}, no proxy of a known form"
        seen.found("code", says, holds=True)
        return
    inner = told_bytes(await endpoint.call("eth_getCode", behind, "latest"))
    says = f"hash {shown(seen.code_hash)}, a proxy of {behind}, hash {shown(keccak(inner))}"
    seen.found("code", says, "a proxy of nothing is no asset", holds=bool(inner))


async def _asked(endpoint: Endpoint, to: str, function: str) -> str:
    (answer,) = await answers(endpoint, [Question(to, function, "address")])
    return answer if isinstance(answer, str) else NOWHERE


def _address(word: object) -> str:
    return f"0x{told_bytes(word).rjust(32, bytes(1))[-20:].hex()}"


async def _custody(endpoint: Endpoint, seen: Looked) -> None:
    vault, home = seen.vault, seen.home or bytes(32)
    owed, issued, factory, theirs, maker, has = await answers(
        endpoint,
        [
            Question(vault, "accounts(address)", "(uint128,uint128)", (seen.token,)),
            Question(vault, "issued(address,bytes32)", "uint256", (seen.token, home)),
            Question(vault, "FACTORY()", "address"),
            Question(seen.token, "titleEscrowFactory()", "address"),
            Question(seen.token, "CUSTODY()", "address"),
            Question(seen.token, "balanceOf(address)", "uint256", (vault,)),
        ],
    )
    wanted = CUSTODY[seen.kind]
    knows: Mapping[str, Told] = {"Vault": owed, "TitleVault": factory, "TwinVault": issued}
    fits = knows[wanted] is not None
    says = f"{vault} is {'a' if fits else 'no'} {wanted}"
    seen.found("custody", says, f"its custody must be a {wanted}", holds=fits)
    if not fits:
        return
    if wanted == "TitleVault":
        says = f"the vault's is {shown(factory)}, the registry's {shown(theirs)}"
        remedy = "a vault of the registry's factory is deployed"
        seen.found("factory", says, remedy, holds=factory == theirs)
    elif wanted == "TwinVault":
        remedy = "this is another bridge's twin"
        seen.found("maker", f"made by {shown(maker)}", remedy, holds=maker == vault)
    elif isinstance(owed, tuple):
        debt = whole(owed[0]) + whole(owed[1])
        says = f"the vault owes {debt} and has {shown(has)}"
        remedy = "something was seized: the issuer makes it good"
        seen.found("backing", says, remedy, holds=whole(has) >= debt)
        if seen.cap:
            says = f"{max(seen.cap - debt, 0)} of {seen.cap} may still come in"
            seen.found("ceiling", says, "the governor raises the cap", holds=seen.cap > debt)
