"""py-evm, loaded as a foreign program: its types are narrower than what its documentation does."""

import importlib
import sys
import warnings
from types import ModuleType
from typing import Any

from typing_extensions import override

BLS = "eth.precompiles.bls12_381"  # EIP-2537: 0.2 s of CPU to load, and no contract of ours asks


def loaded(module: str) -> Any:
    """Return a module of it; its own imports warn, what we do with it may not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return importlib.import_module(module)


def prague() -> Any:
    """Return Prague's rules. What computes on BLS curves is loaded when a contract calls it."""
    if BLS in sys.modules:
        return loaded("eth.vm.forks.prague").PragueVM
    sys.modules[BLS] = _Later(BLS)
    try:
        return loaded("eth.vm.forks.prague").PragueVM
    finally:
        del sys.modules[BLS]


class _Later(ModuleType):
    """A module of precompiles: each of its names loads the true one where it is called."""

    @override
    def __getattr__(self, name: str) -> Any:
        def precompile(computation: Any) -> Any:
            return getattr(loaded(self.__name__), name)(computation)

        return precompile
