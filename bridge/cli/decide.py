"""A checker's word: what is signed is shown, made again here, and signed with one's own key."""

from datetime import datetime
from pathlib import Path

import click

from bridge.cli.link import Doc, Talk, spoken
from bridge.cli.manners import FAILED, USAGE, Json, Stopped, note, show


@click.command()
@click.argument("proposal")
@click.option("--reason", default="checked", help="Why.")
@click.option("--key", type=click.Path(path_type=Path), help="Your Ed25519 key file.")
@click.option("--passphrase-file", type=click.Path(path_type=Path), help="Of the key file.")
@spoken
def approve(
    talk: Talk, proposal: str, reason: str, key: Path | None, passphrase_file: Path | None
) -> None:
    """Approve a proposal over your own key."""
    _decide(
        talk, proposal, "approve", reason=reason, key=talk.key_file(key), passphrase=passphrase_file
    )


@click.command()
@click.argument("proposal")
@click.option("--reason", required=True, help="Why; a refusal says it.")
@click.option("--key", type=click.Path(path_type=Path), help="Your Ed25519 key file.")
@click.option("--passphrase-file", type=click.Path(path_type=Path), help="Of the key file.")
@spoken
def refuse(
    talk: Talk, proposal: str, reason: str, key: Path | None, passphrase_file: Path | None
) -> None:
    """Refuse a proposal over your own key."""
    _decide(
        talk, proposal, "refuse", reason=reason, key=talk.key_file(key), passphrase=passphrase_file
    )


def _decide(
    talk: Talk, proposal: str, says: str, *, reason: str, key: Path, passphrase: Path | None
) -> None:
    told = talk.get(f"/v1/proposals/{proposal}")
    message = message_of(told, says)
    note(
        f"{says} {told.text('subject')} of {told.text('target')}, by {told.text('maker')}: "
        f"{told.text('reason')}\nsigned bytes {told.text('bytes_sha256')}",
        quiet=talk.quiet,
    )
    body: dict[str, Json] = {
        "signature": signature(key, passphrase, message).hex(),
        "reason": reason,
    }
    closed = talk.post(f"/v1/proposals/{proposal}:{says}", body)
    show(
        talk.form,
        "proposal",
        closed.raw,
        lambda: [f"proposal {closed.text('id')} {closed.text('state')}"],
    )


def message_of(told: Doc, says: str) -> bytes:
    """Return the bytes to sign, made here from what is shown; never what a server asks to sign.

    Errors: Stopped where the server's bytes are others.
    """
    from bridge.core.canonical import canonical, digest  # noqa: PLC0415  loaded when needed
    from bridge.notary.state.proposals import (  # noqa: PLC0415
        APPROVAL_PREFIX,
        REFUSAL_PREFIX,
    )

    moment = datetime.fromisoformat(told.text("expires"))
    whole = int(moment.replace(microsecond=0).timestamp()) * 1000 + moment.microsecond // 1000
    signed = {
        **{name: told.raw[name] for name in ("id", "subject", "target", "payload")},
        **{name: told.raw[name] for name in ("maker", "reason")},
        "expires": str(whole),
    }
    prefix = APPROVAL_PREFIX if says == "approve" else REFUSAL_PREFIX
    message = prefix + canonical(signed)  # type: ignore[arg-type]  # JSON is checked by it
    shown = bytes.fromhex(told.text("message" if says == "approve" else "refusal"))
    if message != shown or digest(signed) != told.text("bytes_sha256"):  # type: ignore[arg-type]
        raise Stopped(
            FAILED,
            "LQ-OTHER-BYTES",
            "the daemon asks to sign other bytes than it shows",
            cause="the daemon is of another release, or somebody changed it",
            following="sign nothing; tell compliance",
        )
    return message


def signature(file: Path, passphrase_file: Path | None, message: bytes) -> bytes:
    """Return the signature of a key file over a message. Errors: Stopped."""
    from bridge.notary.keys import BadKey, load_ed25519  # noqa: PLC0415  loaded when needed

    phrase = None if passphrase_file is None else passphrase_file.read_bytes().strip()
    try:
        return load_ed25519(file, phrase).sign(message)
    except BadKey as error:
        cause = "the file is missing, open to others, encrypted, or no key"
        raise Stopped(USAGE, "LQ-KEY", str(error), cause=cause, following="--key FILE") from error
