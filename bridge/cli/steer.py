"""What people want done with a settlement: proposals, all but a freeze, which works at once."""

import click

from bridge.cli.link import Doc, Talk, spoken
from bridge.cli.manners import Json, Waiting, note, show
from bridge.cli.trace import id_of


@click.command()
@click.argument("settlement")
@click.option("--reason", required=True)
@spoken
def cancel(talk: Talk, settlement: str, reason: str) -> None:
    """Propose that a settlement is given back."""
    _propose(talk, settlement, "cancel", {"reason": reason})


@click.command()
@click.argument("settlement")
@click.option("--reason", required=True)
@spoken
def recall(talk: Talk, settlement: str, reason: str) -> None:
    """Propose that a payment is asked back."""
    _propose(talk, settlement, "recall", {"reason": reason})


@click.command()
@click.argument("settlement")
@click.option("--go-on", "way", flag_value="go_on", help="It goes on where it stood.")
@click.option("--give-back", "way", flag_value="give_back", help="It is given back.")
@click.option("--reason", required=True)
@spoken
def thaw(talk: Talk, settlement: str, way: str | None, reason: str) -> None:
    """Propose how a frozen settlement goes on."""
    if way is None:
        raise click.UsageError("say --go-on or --give-back")
    _propose(talk, settlement, "thaw", {"way": way, "reason": reason})


@click.command()
@click.argument("settlement")
@click.option("--to", "stage", required=True, metavar="STAGE")
@click.option("--freeze", "freezes", multiple=True, help="A freeze ordered meanwhile, by its id.")
@click.option("--reason", required=True)
@spoken
def resume(talk: Talk, settlement: str, stage: str, freezes: tuple[str, ...], reason: str) -> None:
    """Propose the stage a suspended settlement is put in."""
    body: dict[str, Json] = {"to": stage, "freezes": list(freezes), "reason": reason}
    _propose(talk, settlement, "resume", body)


@click.command()
@click.argument("scope", metavar="settlement/ID|party/ID|asset/ID|lane/ID|network/ID")
@click.option("--reason", required=True)
@spoken
def freeze(talk: Talk, scope: str, reason: str) -> None:
    """Freeze a scope, at once; thawing takes two."""
    told = talk.post("/v1/freezes", {"scope": scope, "reason": reason})
    show(
        talk.form,
        "freeze",
        told.raw,
        lambda: [f"{told.text('scope')} is frozen by {told.text('by')}: {told.text('reason')}"],
    )


def _propose(talk: Talk, settlement: str, verb: str, body: dict[str, Json]) -> None:
    tell_proposal(talk, talk.post(f"/v1/settlements/{id_of(talk, settlement)}:{verb}", body))


def tell_proposal(talk: Talk, told: Doc) -> None:
    """Print a proposal that now waits for a second person. Errors: Waiting, always."""
    name, role = told.text("id"), told.text("role")
    what = f"{told.text('subject')} {told.text('target')}"
    show(
        talk.form,
        "proposal",
        told.raw,
        lambda: [
            (
                f"proposal {name}, {what}, needs {told.text('needs')} of ({role}); you made it "
                "and cannot approve it. Expires in 24 h."
            )
        ],
    )
    note(f"next: another person types  lianqiao approve {name}", quiet=talk.quiet)
    raise Waiting
