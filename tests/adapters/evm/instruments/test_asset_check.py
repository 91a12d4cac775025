"""`lianqiao evm asset check` on anvil: what can cross, what cannot, why, and who mends it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak
from eth_utils.address import to_checksum_address

from adapters.evm.instruments.foreign import Foreign, members
from adapters.evm.instruments.tradetrust import Registry
from bridge.cli import run
from bridge.notary.register_forms import asset_form, asset_of
from tests.adapters.evm.anvil import AnvilChain
from tests.adapters.evm.chain import (
    AWAY,
    GENESIS,
    GOVERNOR,
    GUARDIAN,
    HOLDERS,
    HOME,
    STRANGER,
    Bridge,
)
from tests.adapters.evm.instruments.bills import CARRIER
from tests.adapters.evm.instruments.compiled import tokens
from tests.adapters.evm.instruments.shares import AGENT, CLAIMS, OWNER, share_on

pytestmark = pytest.mark.slow
FIRST, SECOND, _ = HOLDERS
CAN, CANNOT, USAGE, DOWN = 0, 1, 2, 6
Report = Mapping[str, Any]


class Desk:
    """Somebody who types the command, and the world they look at."""

    def __init__(self, chain: AnvilChain) -> None:
        self.chain, self.foreign, self.bridge = chain, Foreign(chain), Bridge(chain)
        self.share = share_on(self.foreign)
        self.identity = self.share.identity(self.bridge.vault, GOVERNOR)
        self.claim = self.share.claim(self.identity, GOVERNOR)
        self.share.admit(FIRST.address, FIRST)
        self.share.agent("mint(address,uint256)", FIRST.address, 10_000)
        self.share.agent("unpause()")
        self.bridge.list_asset(self.share.token, self.bridge.vault, HOME)

    def put(self, name: str, *more: int, listed: bool = True) -> str:
        types = members("address,uint256,uint8")[: 2 + len(more)]
        code = tokens()[name] + encode(types, [FIRST.address, 10_000, *more])
        token = self.chain.deploy_code(code)
        if listed:
            self.bridge.list_asset(token, self.bridge.vault, HOME)
        return token

    def words(self, token: str, *more: str, holder: str = FIRST.address) -> list[str]:
        fixed = ["evm", "asset", "check", token, "--node", self.chain.node.url]
        fixed += ["--escrow", self.bridge.escrow]
        return [*fixed, *(["--holder", holder] if holder else []), *more]


@pytest.fixture(scope="module")
def whole(on_anvil: AnvilChain) -> Desk:
    return Desk(on_anvil)


@pytest.fixture
def desk(whole: Desk) -> Iterator[Desk]:
    """The same for every test: what one does is undone."""
    with whole.chain.undone():
        yield whole


class Typed:
    """What came of a command."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.out = self.err = ""

    def type(self, words: list[str]) -> int:
        try:
            code = run(words)
        except SystemExit as exited:
            code = int(str(exited.code))
        self.out, self.err = self._capsys.readouterr()
        return code

    def report(self, words: list[str]) -> tuple[int, Report]:
        code = self.type([*words, "-o", "json"])
        found: Report = json.loads(self.out)
        return code, found


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str]) -> Typed:
    return Typed(capsys)


def finding(report: Report, check: str) -> Mapping[str, Any]:
    (one,) = [one for one in report["findings"] if one["check"] == check]
    return dict(one)


def wrong(report: Report) -> list[str]:
    """What does not hold, or could not be told."""
    return [one["check"] for one in report["findings"] if one["holds"] is not True]


def test_a_share_in_order_can_cross(desk: Desk, typed: Typed) -> None:
    code, report = typed.report(desk.words(desk.share.token))
    assert (code, report["verdict"], wrong(report)) == (CAN, "can cross", [])
    assert (report["kind"], report["symbol"], report["decimals"]) == ("ERC-3643", "PIER", 0)
    assert report["network"] == "eip155:31337"
    assert report["code"] == f"0x{desk.chain.code_hash(desk.share.token).hex()}"
    behind = finding(report, "code")["says"]
    implementation = desk.foreign.address(desk.share.authority, "getTokenImplementation()")
    assert f"a proxy of {implementation}" in behind
    assert desk.chain.code_hash(implementation).hex() in behind
    assert "10000 sent: 10000 arrived in the vault, 10000 came back" in str(report["findings"])
    assert desk.share.balance(FIRST.address) == 10_000  # nothing was sent
    assert desk.share.balance(desk.bridge.vault) == 0


@pytest.mark.parametrize("way", ["unregistered", "unclaimed"])
def test_a_vault_that_is_not_verified_is_told_which_failed(
    desk: Desk, typed: Typed, way: str
) -> None:
    share, vault = desk.share, desk.bridge.vault
    if way == "unregistered":
        desk.foreign.tell(AGENT, share.identities, "deleteIdentity(address)", vault)
    else:
        desk.foreign.tell(CLAIMS, share.issuer, "revokeClaimBySignature(bytes)", desk.claim)
    code, report = typed.report(desk.words(share.token))
    assert (code, report["verdict"]) == (CANNOT, "cannot cross")
    assert wrong(report) == ["vault verified", "transfer"]
    found = finding(report, "vault verified")
    if way == "unregistered":
        assert f"{vault} is not in the identity registry {share.identities}" in found["says"]
        assert "registers it, with an identity and claims 7" in found["remedy"]
    else:
        assert f"identity {desk.identity} has no valid claim of topics 7" in found["says"]
        assert "a trusted claim issuer signs it" in found["remedy"]
    assert "Transfer not possible" in finding(report, "transfer")["says"]


def test_a_legal_hold_is_seen(desk: Desk, typed: Typed) -> None:
    share = desk.share
    share.agent("setAddressFrozen(address,bool)", desk.bridge.vault, True)
    share.agent("freezePartialTokens(address,uint256)", FIRST.address, 9_999)
    _, report = typed.report(desk.words(share.token))
    assert wrong(report) == ["vault frozen", "holder frozen", "transfer"]
    assert "tokens: 9999" in finding(report, "holder frozen")["says"]
    share.agent("pause()")
    _, report = typed.report(desk.words(share.token))
    assert wrong(report) == ["pause", "vault frozen", "holder frozen", "transfer"]


def test_a_ceiling_is_found_though_no_member_tells_it(desk: Desk, typed: Typed) -> None:
    holder = desk.foreign.address(desk.share.identities, "identity(address)", FIRST.address)
    desk.share.ceiling(1_234, held={desk.identity: 34, holder: 1_000})
    _, report = typed.report(desk.words(desk.share.token))
    assert finding(report, "compliance")["says"] == "1 modules let 1200 of 10000 into the vault"
    assert wrong(report) == ["transfer"]


def test_who_holds_may_not_force(desk: Desk, typed: Typed) -> None:
    desk.foreign.tell(OWNER, desk.share.token, "addAgent(address)", desk.bridge.vault)
    _, report = typed.report(desk.words(desk.share.token))
    assert wrong(report) == ["agents"]


def test_a_seizure_is_seen_in_the_books(desk: Desk, typed: Typed) -> None:
    desk.foreign.tell(
        FIRST, desk.share.token, "approve(address,uint256)", desk.bridge.vault, 2**255
    )
    desk.bridge.lock(desk.bridge.ticket(desk.share.token, FIRST, 1_500), FIRST)
    force = "forcedTransfer(address,address,uint256)"
    desk.share.agent(force, desk.bridge.vault, FIRST.address, 700)
    code, report = typed.report(desk.words(desk.share.token))
    assert (code, wrong(report)) == (CANNOT, ["backing"])
    assert finding(report, "backing")["says"] == "the vault owes 1500 and has 800"


@pytest.mark.parametrize(
    ("name", "more", "says"),
    [
        ("Skimming", (), "10000 sent: 9900 arrived in the vault"),
        ("Odd", (0,), "10000 sent: 0 arrived in the vault"),
        ("Odd", (2,), "10000 sent: 0 arrived in the vault"),
    ],
)
def test_what_would_not_arrive_is_seen(
    desk: Desk, typed: Typed, name: str, more: tuple[int, ...], says: str
) -> None:
    code, report = typed.report(desk.words(desk.put(name, *more)))
    assert (code, wrong(report)) == (CANNOT, ["transfer"])
    assert says in finding(report, "transfer")["says"]


def test_a_token_that_is_not_listed_names_the_hash_to_list_it_with(
    desk: Desk, typed: Typed
) -> None:
    token = desk.put("PlainShare", listed=False)
    code, report = typed.report(desk.words(token))
    assert (code, wrong(report)) == (CANNOT, ["listing", "custody"])
    assert desk.chain.code_hash(token).hex() in finding(report, "listing")["remedy"]
    _, report = typed.report(desk.words(token, "--vault", desk.bridge.vault))
    assert wrong(report) == ["listing"]
    desk.bridge.list_asset(token, desk.bridge.vault, HOME)
    code, report = typed.report(desk.words(token))
    assert (code, report["kind"], wrong(report)) == (CAN, "ERC-20", [])
    _, report = typed.report(desk.words(token, "--vault", desk.bridge.twin_vault))
    assert wrong(report) == ["vault"]
    desk.bridge.govern("closeAsset", token, by=GUARDIAN)
    _, report = typed.report(desk.words(token))
    assert finding(report, "listing")["says"] == "listed and closed"


def test_code_that_is_not_what_was_listed_is_seen(desk: Desk, typed: Typed) -> None:
    token = desk.put("PlainShare")
    other = desk.put("Skimming", listed=False)
    code = desk.chain.node.ask("eth_getCode", other, "latest")
    desk.chain.node.ask("anvil_setCode", token, code)
    _, report = typed.report(desk.words(token))
    assert "listing" in wrong(report)
    assert "find out who changed it" in finding(report, "listing")["remedy"]


def test_nothing_that_could_not_be_told_is_taken_for_good(desk: Desk, typed: Typed) -> None:
    token = desk.put("PlainShare")
    for holder in ("", SECOND.address):
        code, report = typed.report(desk.words(token, holder=holder))
        assert (code, report["verdict"], wrong(report)) == (CANNOT, "not told", ["transfer"])
        assert "--holder" in finding(report, "transfer")["remedy"]


def test_a_registry_of_titles_and_a_vault_of_its_factory(desk: Desk, typed: Typed) -> None:
    first, second = (Registry(desk.foreign, CARRIER) for _ in range(2))
    words = (GOVERNOR.address, desk.bridge.escrow, desk.bridge.set, GENESIS)
    vault = desk.chain.deploy("TitleVault", *words, first.factory)
    for registry, codes, bad in ((first, CAN, []), (second, CANNOT, ["factory"])):
        desk.bridge.list_asset(registry.address, vault, HOME)
        code, report = typed.report(desk.words(registry.address))
        assert (code, report["kind"]) == (codes, "TradeTrust registry")
        assert wrong(report) == bad
    first.carrier("pause(bytes)", b"")
    assert wrong(typed.report(desk.words(first.address))[1]) == ["pause"]
    other = desk.put("PlainShare", listed=False)
    desk.bridge.list_asset(other, vault, HOME)
    assert "custody" in wrong(typed.report(desk.words(other))[1])


def test_our_twins_are_known_and_a_strangers_is_not(desk: Desk, typed: Typed) -> None:
    twin, title = desk.bridge.twin, desk.bridge.title
    _, report = typed.report(desk.words(title, holder=""))
    assert (report["kind"], report["verdict"]) == ("twin title", "can cross")
    back = desk.bridge.ticket(twin, FIRST, 900)
    desk.bridge.do("mint", back)
    desk.bridge.do("assign", back)
    code, report = typed.report(desk.words(twin))
    assert (code, report["kind"], wrong(report)) == (CAN, "twin token", [])
    names = ("Twin", "TWN", 0, AWAY, b"\x01" * 32, GOVERNOR.address, GOVERNOR.address)
    foreign = desk.chain.deploy("RepresentationToken", *names)
    desk.bridge.list_asset(foreign, desk.bridge.twin_vault, AWAY)
    assert "maker" in wrong(typed.report(desk.words(foreign))[1])


def test_a_twin_is_proposed_only_beside_what_it_says_it_is_the_twin_of(
    desk: Desk, typed: Typed, tmp_path: Path
) -> None:
    file, pier = tmp_path / "asset.json", keccak(b"PIER")
    words = ["--proposal", str(file), "--id", "PIER", "--profile", "bill", "--reason", "reviewed"]
    words += ["--instrument", "bill_of_lading", "--issued", "1", "--leg"]
    names = ("Title", "TTL", AWAY, pier, desk.bridge.twin_vault)
    title = desk.chain.deploy("RepresentationTitle", *names)
    desk.bridge.list_asset(title, desk.bridge.twin_vault, AWAY)

    other = desk.words(desk.bridge.title, *words, "eip155:1,escrow,PIER", holder="")
    assert typed.type(other) == USAGE
    assert f"0x{'01' * 32}" in typed.err
    assert f"PIER is 0x{pier.hex()}" in typed.err
    assert typed.type(desk.words(title, *words, "eip155:137,escrow,PIER", holder="")) == USAGE
    assert f"0x{AWAY.hex()}, is none of eip155:137" in typed.err
    assert not file.exists()
    assert typed.type(desk.words(title, *words, "eip155:1,escrow,PIER", holder="")) == CAN
    assert json.loads(file.read_text("utf-8"))["payload"]["home"] == "eip155:1"


@pytest.mark.parametrize("name", ["nobody", "deed", "escrow"])
def test_what_is_no_token_of_ours_is_named(desk: Desk, typed: Typed, name: str) -> None:
    where = {
        "nobody": lambda: STRANGER.address,
        "deed": lambda: desk.put("PlainDeed", listed=False),
        "escrow": lambda: desk.bridge.escrow,
    }[name]()
    code, report = typed.report(desk.words(where))
    kinds = {"nobody": "no contract", "deed": "ERC-721", "escrow": "unknown"}
    assert (code, report["kind"]) == (CANNOT, kinds[name])
    assert finding(report, "kind")["remedy"]


def test_the_proposal_is_what_the_register_takes(desk: Desk, typed: Typed, tmp_path: Path) -> None:
    file = tmp_path / "asset.json"
    leg = "memory:b,escrow-b,PIER"
    words = ["--proposal", str(file), "--id", "PIER", "--profile", "share", "--leg", leg]
    words += ["--instrument", "rwa_share", "--issued", "10000", "--reason", "reviewed"]
    assert typed.type(desk.words(desk.share.token, *words)) == CAN
    assert "proposal written" in typed.err
    body = json.loads(file.read_text("utf-8"))
    assert (body["subject"], body["target"]) == ("register.asset", "PIER")
    asset = asset_of(body["payload"])
    assert asset_form(asset) == body["payload"]
    here, there = asset.legs
    assert (here.network, asset.home, there.network) == ("eip155:31337", here.network, "memory:b")
    assert here.asset == to_checksum_address(desk.share.token)
    assert asset.code == desk.chain.code_hash(desk.share.token).hex()
    file.unlink()
    desk.share.agent("pause()")
    assert typed.type(desk.words(desk.share.token, *words)) == CANNOT
    assert not file.exists()
    assert "no proposal" in typed.err


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("--vault 0x12", "no address"),
        ("--proposal x", "--id, --profile, --instrument"),
        ("--proposal x --id A --profile p --instrument gold", "is one of"),
        ("--proposal x --id A --profile p --instrument bond", "with --leg"),
        ("--proposal x --id A --profile p --instrument bond --leg memory:b", "NETWORK,ESCROW"),
        ("--proposal x --id A --profile p --instrument bond --leg eip155:31337,e,A", "itself"),
        (
            "--proposal x --id A --profile p --instrument bond --leg m:b,e,A --cap 1" + 39 * "0",
            "out",
        ),
        (
            "--proposal x --id A --profile p --instrument bill_of_lading --leg m:b,e,A --issued 2",
            "one paper",
        ),
    ],
)
def test_what_was_typed_wrong_is_told_and_writes_nothing(
    desk: Desk, typed: Typed, tmp_path: Path, more: str, says: str
) -> None:
    file = str(tmp_path / "x")
    words = [file if word == "x" else word for word in more.split()]
    assert typed.type(desk.words(desk.share.token, *words)) == USAGE
    assert says in typed.err
    assert not list(tmp_path.iterdir())


def test_a_misspelled_address_is_refused_with_the_right_spelling(desk: Desk, typed: Typed) -> None:
    right = to_checksum_address(desk.share.token)
    bent = right[:-1] + right[-1].swapcase() if right[-1].isalpha() else right.swapcase()
    bent = "0x" + bent[2:]
    assert typed.type(desk.words(bent)) == USAGE
    assert right in typed.err
    assert typed.type(desk.words(right)) == CAN


def test_no_node_is_6_and_no_escrow_is_2(desk: Desk, typed: Typed) -> None:
    words = desk.words(desk.share.token)
    words[words.index("--node") + 1] = "http://127.0.0.1:9"
    assert typed.type(words) == DOWN
    words = desk.words(desk.share.token)
    words[words.index("--escrow") + 1] = desk.bridge.vault
    assert typed.type(words) in {USAGE, DOWN}
    words[words.index("--escrow") + 1] = STRANGER.address
    assert typed.type(words) == USAGE
    assert "does not answer as an escrow" in typed.err


def test_a_table_reads_from_top_to_bottom(desk: Desk, typed: Typed) -> None:
    desk.share.agent("pause()")
    assert typed.type(desk.words(desk.share.token)) == CANNOT
    lines = typed.out.splitlines()
    assert lines[0].endswith("on eip155:31337 PIER")
    assert lines[-1] == "cannot cross"
    at = next(place for place, line in enumerate(lines) if line.startswith(" FAIL  pause"))
    assert "next: the issuer's agent unpauses it" in lines[at + 1]


def test_a_name_cannot_write_on_the_terminal(desk: Desk, typed: Typed) -> None:
    desk.foreign.tell(OWNER, desk.share.token, "setSymbol(string)", "\x1b[2Jgood\n")
    typed.type(desk.words(desk.share.token))
    assert "\x1b" not in typed.out
    assert "?[2Jgood?" in typed.out
