"""The installed program begins: Ctrl-C ends it at once, until the command line can say so itself.

`python3 -m bridge` does the same in its own first lines, where its packages may still be missing.
"""

import gc
import signal


def main() -> None:
    """Run the command line. Errors: SystemExit with its codes."""
    gc.set_threshold(50_000)  # what importing makes is no cycle to be sought
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from bridge.cli import main as run  # noqa: PLC0415 this is what takes its time

    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run()
