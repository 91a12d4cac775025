"""The command line: what a person types becomes one question to the daemon, or a file of ours.

Holds:   one file a noun, and the manners of them all: forms of output, exit codes, errors
Knows:   the API over a socket; files of ours by the rooms that own them, loaded when needed
Never:   decides anything; talks to a terminal that is none; loads what a command does not use
Enters:  main
Proof:   tests/cli
"""

import sys

import click

from bridge.cli.adapters import WithAdapters
from bridge.cli.manners import WAITING, Stopped, Waiting, say_stopped, speak_plainly, wanted_form

COMMANDS = {  # name -> where it is, and what it does in a line
    "approve": ("bridge.cli.decide:approve", "Approve a proposal over your own key."),
    "cancel": ("bridge.cli.steer:cancel", "Propose that a settlement is given back."),
    "config": ("bridge.cli.config:config", "Check, show or explain the settings."),
    "consent": ("bridge.cli.consent:consent", "Show, sign or bring a holder's consent."),
    "demo": ("bridge.cli.demo:demo", "See settlements end to end on this machine."),
    "doctor": ("bridge.cli.doctor:doctor", "Say what is broken, and what mends it."),
    "down": ("bridge.cli.up:down", "Stop the daemon cleanly."),
    "explain": ("bridge.cli.explain:explain", "Read an adapter's own files and wires."),
    "freeze": ("bridge.cli.steer:freeze", "Freeze a scope, at once."),
    "held": ("bridge.cli.held:held", "See what a door holds, and release or refuse it."),
    "init": ("bridge.cli.init:init", "Write settings, keys and the ledger's first group."),
    "lane": ("bridge.cli.lane:lane", "Pause, open or limit a lane."),
    "ledger": ("bridge.cli.ledger:ledger", "Balance, postings, proofs, export and check."),
    "lists": ("bridge.cli.lists:lists", "Bring and look at screening lists."),
    "ls": ("bridge.cli.ls:ls", "List settlements, approvals, lanes and registers."),
    "person": ("bridge.cli.person:person", "Propose a person, or the end of one."),
    "quota": ("bridge.cli.rates:quota", "Propose what of a quota is used already."),
    "rates": ("bridge.cli.rates:rates", "Propose rates of exchange."),
    "recall": ("bridge.cli.steer:recall", "Propose that a payment is asked back."),
    "refuse": ("bridge.cli.decide:refuse", "Refuse a proposal over your own key."),
    "resume": ("bridge.cli.steer:resume", "Propose the stage a suspended settlement is put in."),
    "rules": ("bridge.cli.rules:rules", "Check or publish a rule pack."),
    "send": ("bridge.cli.send:send", "Send an order, or say what it would meet."),
    "status": ("bridge.cli.status:status", "How the daemon does, and what needs you."),
    "tail": ("bridge.cli.tail:tail", "Follow what happens to all settlements."),
    "thaw": ("bridge.cli.steer:thaw", "Propose how a frozen settlement goes on."),
    "token": ("bridge.cli.token:token", "Make, list and revoke tokens."),
    "trace": ("bridge.cli.trace:trace", "Where a settlement stands, and why."),
    "up": ("bridge.cli.up:up", "Run the daemon in the foreground."),
    "version": ("bridge.cli.version:version", "Print the version."),
}


@click.group(
    cls=WithAdapters, commands_at=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]}
)
def lianqiao() -> None:
    """Settle trade instruments between networks, and prove it.

    Every command takes --output table|json|jsonl|csv. Exit codes: 0 done, 1 failed, 2 usage,
    3 not found, 4 refused, 5 waiting for a person, 6 a dependency is down.
    """


def main() -> None:
    """Run what was typed, and exit with the code that says how it went."""
    speak_plainly()
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Return the exit code of a command line."""
    form = wanted_form(arguments)
    try:
        code = lianqiao.main(arguments, prog_name="lianqiao", standalone_mode=False)
    except Waiting:
        return WAITING
    except Stopped as stopped:
        say_stopped(stopped, form)
        return stopped.exit
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)  # a group alone: what is in it, no reproach
        return 2
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx is not None else "lianqiao"
        say_stopped(_unread(error, f"{where} --help"), form)
        return 2
    except click.ClickException as error:
        say_stopped(_unread(error, "lianqiao --help"), form)
        return 2
    except (KeyboardInterrupt, click.Abort):
        return 130
    except BrokenPipeError:
        sys.stderr.close()  # who read us has gone; nothing is left to say
        return 1
    return code if isinstance(code, int) else 0


def _unread(error: click.ClickException, following: str) -> Stopped:
    cause = "the command line is not as the command takes it"
    said = " ".join(error.format_message().split())  # click sets choices in lines, with tabs
    return Stopped(2, "LQ-USAGE", said, cause=cause, following=following)
