"""Rule packs: checked here, published by two."""

from base64 import b64encode
from pathlib import Path

import click

from bridge.cli.lazy import Verbs
from bridge.cli.link import Talk, spoken
from bridge.cli.manners import USAGE, Json, Stopped, show
from bridge.cli.steer import tell_proposal


@click.group(cls=Verbs)
def rules() -> None:
    """Check or publish a rule pack."""


@rules.command("check")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@spoken
def check(talk: Talk, file: Path) -> None:
    """Say whether a pack loads, and what it is."""
    payload, _, count = _pack(file)
    told: dict[str, Json] = {**payload, "rules": count}
    show(
        talk.form,
        "pack",
        told,
        lambda: [f"{payload['name']} loads: {count} rules, pack {payload['pack']}"],
    )


@rules.command("publish")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--reason", required=True)
@spoken
def publish(talk: Talk, file: Path, reason: str) -> None:
    """Propose that a pack is judged by."""
    payload, data, _ = _pack(file)
    body: dict[str, Json] = {
        "subject": "pack.publish",
        "target": payload["name"],
        "payload": payload,
        "reason": reason,
        "documents": [b64encode(data).decode()],
    }
    tell_proposal(talk, talk.post("/v1/proposals", body))


def _pack(file: Path) -> tuple[dict[str, str], bytes, int]:
    """Return a pack's payload, its canonical bytes and how many rules it has. Errors: Stopped."""
    from bridge.policy.packs import compact, load  # noqa: PLC0415  loaded when needed
    from bridge.policy.params import BadPack  # noqa: PLC0415

    try:
        data = compact(file.read_bytes())
        pack = load(data)
    except BadPack as error:
        raise Stopped(
            USAGE,
            "LQ-PACK",
            f"{file}: {error}",
            cause="the pack does not load: a member is missing, unknown or of another form",
            following=f"mend it, then lianqiao rules check {file}",
        ) from error
    payload = {"name": pack.name, "pack": pack.id, "state": "active", "side": f"bytes/{pack.id}"}
    return payload, data, len(pack.rules)
