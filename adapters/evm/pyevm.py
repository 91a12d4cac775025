"""py-evm, loaded as a foreign program: its types are narrower than what its documentation does.

It brings along what no contract of ours asks for, half a second of CPU: that is loaded when it is.
"""

import importlib
import sys
import warnings
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import partial
from types import ModuleType
from typing import Any

from typing_extensions import override

CURVES = (  # of EIP-196, 197 and 2537: names of precompiles
    "eth.precompiles.bls12_381",
    "eth.precompiles.ecadd",
    "eth.precompiles.ecmul",
    "eth.precompiles.ecpairing",
)
MODELS = "eth_utils.pydantic"  # classes that nothing of a chain is an instance of


def loaded(module: str) -> Any:
    """Return a module of it; its own imports warn, what we do with it may not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(module)


def prague() -> Any:
    """Return Prague's rules. What computes on curves is loaded when a contract calls it."""
    with _instead({name: _Later(name) for name in CURVES}):
        return loaded("eth.vm.forks.prague").PragueVM


def alone() -> None:
    """See that it is loaded without pydantic, by which others make models of its words.

    And its hash without cffi, which would compile a parser of C; ctypes is as quick. For a process
    that is nobody else's, before anything of it is loaded.
    """
    with _instead({MODELS: _Unmet(MODELS), "cffi": None}):
        loaded("eth_utils")
        loaded("eth_hash.auto").keccak(b"")


@contextmanager
def _instead(modules: Mapping[str, ModuleType | None]) -> Generator[None]:
    """While the body runs, these stand for the modules of their names that are not loaded yet."""
    new = {name: module for name, module in modules.items() if name not in sys.modules}
    sys.modules.update(new)  # type: ignore[arg-type]  # None: there is none
    try:
        yield
    finally:
        for name in new:
            del sys.modules[name]


class _Later(ModuleType):
    """A module of precompiles: each of its names loads the true one where it is called."""

    @override
    def __getattr__(self, name: str) -> Any:
        def precompile(*computation: Any, **costs: int) -> Any:
            if not computation:  # a fork says what it costs
                return partial(precompile, **costs)
            return getattr(loaded(self.__name__), name)(*computation, **costs)

        return precompile


class _Unmet(ModuleType):
    """A module of classes: each of its names is a class of nothing."""

    @override
    def __getattr__(self, name: str) -> type:
        return type(name, (), {})
