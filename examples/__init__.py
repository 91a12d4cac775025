"""Examples that run from this tree, in the environment that README.md makes.

Holds:   a first settlement, a first integration, a rule pack, a stranger's adapter, benchmarks
Knows:   the product, as who uses it does
Never:   ends in a traceback where packages are missing, or at Ctrl-C
Enters:  `python3 -m examples.first_settlement`, `python3 -m examples.first_integration`
Proof:   tests/tidy/test_first_settlement.py, tests/tidy/test_first_integration.py
"""

import sys
from types import TracebackType

INSTALL = (
    "python3 -m venv ~/lianqiao && . ~/lianqiao/bin/activate && "
    "python3 -m pip install '.[demo,conformance]'"
)


def _said(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """Say in one sentence what is no fault of an example; a fault keeps its traceback."""
    if isinstance(error, KeyboardInterrupt):
        return  # the interpreter ends as the signal would
    if isinstance(error, ModuleNotFoundError):
        lacks = f"the examples need the product's packages, and {error.name} is not here"
        sys.stderr.write(f"{lacks}\nnext: {INSTALL}\n")
        return
    sys.__excepthook__(kind, error, trace)


if sys.argv[0] == "-m":  # one of them is about to run
    sys.excepthook = _said
