"""What marks an overriding method, without loading a library for it at every start of a command."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import override
else:

    def override(method: object) -> object:
        """Return the method as it is: only the type checker looks at the mark."""
        return method


__all__ = ["override"]
