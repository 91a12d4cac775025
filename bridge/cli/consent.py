"""A holder's consent: the exact bytes, a signature over them, and its way to the daemon."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from bridge.cli.decide import signature
from bridge.cli.lazy import Verbs
from bridge.cli.link import Doc, Talk, spoken
from bridge.cli.manners import NOT_FOUND, USAGE, Json, Stopped, printable, show, show_all
from bridge.cli.trace import found, id_of
from bridge.core.act import CONSENT_KINDS

DAYS = 30  # past the deadline: the time people may take to decide
TYPED = frozenset({"eip712"})  # kinds whose message is JSON that a wallet shows
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(cls=Verbs)
def consent() -> None:
    """Show, sign or bring a holder's consent."""


@consent.command("show")
@click.argument("settlement")
@click.option("--network", help="Only what is owed there.")
@click.option("--typed-data", is_flag=True, help="Only the EIP-712 JSON, for a wallet or signer.")
@spoken
def shown(talk: Talk, settlement: str, *, network: str | None, typed_data: bool) -> None:
    """Print the exact bytes or typed data to be signed, and what else its holder calls."""
    told = talk.get(f"/v1/settlements/{id_of(talk, settlement)}/consents")
    if typed_data:
        owed = _owed(told, network)
        if owed.text("kind") not in TYPED:
            why = f"{owed.text('network')} takes a consent of kind {owed.text('kind')}, no JSON"
            raise Stopped(
                USAGE,
                "LQ-CONSENT-KIND",
                why,
                cause="only a consent of kind eip712 is typed data",
                following=f"lianqiao consent show {settlement}",
            )
        click.echo(bytes.fromhex(owed.text("message")).decode())
        return
    given = told.texts("given")
    items: list[dict[str, Json]] = []
    for one in told.all("owed"):
        if network in {None, one.text("network")}:
            item = {**one.raw, "terms": told.text("terms"), "given": one.text("network") in given}
            if one.text("kind") in TYPED:
                item["typed_data"] = json.loads(bytes.fromhex(one.text("message")))
                if talk.form == "table":
                    item["message"] = "typed data, below"
            items.append(item)
    show_all(talk.form, "consent", items, ("network", "by", "kind", "given", "message"))
    if talk.form == "table":
        for item in items:
            if "typed_data" in item:
                click.echo(f"\n{item['network']}: sign with eth_signTypedData_v4")
                click.echo(json.dumps(item["typed_data"], indent=1, ensure_ascii=False))
            calls = item.get("calls")
            for call in calls if isinstance(calls, list) else ():
                click.echo(printable(f"{item['network']}: {item['by']} also calls {call}"))


@consent.command("give")
@click.argument("settlement")
@click.argument("file", required=False, type=FILE)
@click.option("--signature", default="", help="Hex, instead of a FILE.")
@click.option("--kind", type=click.Choice(sorted(CONSENT_KINDS)), help="Else what is owed.")
@click.option("--network", help="Where more than one consent is owed.")
@click.option("--public-key", default="", help="Hex, where the network needs it beside.")
@spoken
def give(
    talk: Talk,
    settlement: str,
    *,
    file: Path | None,
    signature: str,
    kind: str | None,
    network: str | None,
    public_key: str,
) -> None:
    """Bring a consent that was signed elsewhere, from a JSON file or as its signature.

    It is tried before it is written; a contract's (a Safe's) is of kind erc1271.
    """
    if (file is None) == (not signature):
        raise Stopped(
            USAGE,
            "LQ-CONSENT-FORM",
            "give a FILE or a --signature, one of them",
            cause="both were given" if file is not None else "neither was given",
            following="lianqiao consent give --help",
        )
    if file is None:
        told = talk.get(f"/v1/settlements/{id_of(talk, settlement)}/consents")
        owed = _owed(told, network)
        _bring(
            talk,
            settlement,
            {
                "terms": told.text("terms"),
                "network": owed.text("network"),
                "by": owed.text("by"),
                "kind": kind or owed.text("kind"),
                "public_key": public_key.removeprefix("0x"),
                "signature": signature.removeprefix("0x"),
                "not_after": _until(talk, settlement),
            },
        )
        return
    body = json.loads(file.read_text("utf-8"))
    if not isinstance(body, dict):
        raise Stopped(
            USAGE,
            "LQ-JSON",
            f"{file}: a consent is a JSON object",
            cause="the file holds another value",
            following=f"lianqiao consent show {settlement} -o json says what is owed",
        )
    _bring(talk, settlement, body)


@consent.command("sign")
@click.argument("settlement")
@click.option("--key", required=True, type=click.Path(path_type=Path), help="The holder's key.")
@click.option("--passphrase-file", type=click.Path(path_type=Path), help="Of an Ed25519 key file.")
@click.option("--network", help="Where more than one consent is owed.")
@click.option("--public-key", default="", help="Hex, where the network needs it beside.")
@spoken
def sign(
    talk: Talk,
    settlement: str,
    *,
    key: Path,
    passphrase_file: Path | None,
    network: str | None,
    public_key: str,
) -> None:
    """Sign with a key file what its network needs, and bring it: Ed25519, P-256 or SM2."""
    told = talk.get(f"/v1/settlements/{id_of(talk, settlement)}/consents")
    owed = _owed(told, network)
    kind, message = owed.text("kind"), bytes.fromhex(owed.text("message"))
    if kind == "ed25519":
        public = public_key or _public(key, passphrase_file)
        made = signature(key, passphrase_file, message)
    else:
        public, made = _signed_as(kind, owed.text("network"), key, message, settlement)
    body: dict[str, Json] = {
        "terms": told.text("terms"),
        "network": owed.text("network"),
        "by": owed.text("by"),
        "kind": kind,
        "public_key": public,
        "signature": made.hex(),
        "not_after": _until(talk, settlement),
    }
    _bring(talk, settlement, body)


def _signed_as(
    kind: str, network: str, key: Path, message: bytes, settlement: str
) -> tuple[str, bytes]:
    """Return the public key and signature that an adapter makes for its kind. Errors: Stopped."""
    from bridge.notary.keys import BadKey, read_private  # noqa: PLC0415  loaded when needed
    from bridge.registry import HOLDERS, NotFound, load  # noqa: PLC0415

    try:
        signs: Any = load(HOLDERS, kind)
        made = signs(read_private(key).decode("ascii"), message)
    except NotFound as error:
        raise Stopped(
            USAGE,
            "LQ-CONSENT-KIND",
            f"{network} takes a consent of kind {kind}",
            cause="no adapter that is installed signs that kind: a wallet does",
            following=f"lianqiao consent show {settlement}, sign there, then consent give",
        ) from error
    except BadKey as error:
        cause = "the file is missing, open to others, or no key"
        raise Stopped(USAGE, "LQ-KEY", str(error), cause=cause, following="--key FILE") from error
    except ValueError as error:
        why = f"{key.name}: {'no PEM' if isinstance(error, UnicodeError) else error}"
        cause = "the file is encrypted, or no private key"
        raise Stopped(
            USAGE, "LQ-KEY", why, cause=cause, following="--key FILE, unencrypted"
        ) from error
    if made.kind != kind:
        why = f"{network} takes a consent of kind {kind}"
        cause = f"{key.name} holds a key of {made.kind}"
        raise Stopped(USAGE, "LQ-CONSENT-KIND", why, cause=cause, following="--key FILE")
    return made.public_key, made.signature


def _until(talk: Talk, settlement: str) -> str:
    deadline = datetime.fromisoformat(found(talk, settlement).text("deadline"))
    until = deadline.astimezone(UTC) + timedelta(days=DAYS)
    return f"{until:%Y-%m-%dT%H:%M:%SZ}"


def _public(key: Path, passphrase_file: Path | None) -> str:
    from bridge.notary.keys import load_ed25519  # noqa: PLC0415  loaded when needed

    phrase = None if passphrase_file is None else passphrase_file.read_bytes().strip()
    return load_ed25519(key, phrase).public


def _owed(told: Doc, network: str | None) -> Doc:
    for one in told.all("owed"):
        if network in {None, one.text("network")}:
            return one
    raise Stopped(
        NOT_FOUND,
        "LQ-NOT-OWED",
        f"no consent is owed on {network or 'any network'}",
        cause="the order asks for none there: its asset is locked elsewhere, or not by consent",
        following="lianqiao consent show ID, without --network",
    )


def _bring(talk: Talk, settlement: str, body: dict[str, Json]) -> None:
    done = talk.post(f"/v1/settlements/{id_of(talk, settlement)}/consents", body)
    show(talk.form, "consent", done.raw, lambda: [f"given; it is {done.text('stage')}"])
