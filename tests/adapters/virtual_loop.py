"""Time that costs nothing: where a loop would sleep, its clock jumps."""

import asyncio
import selectors

from typing_extensions import override


class _Jumping(selectors.DefaultSelector):
    """Waits for nothing: where it would sleep, time jumps."""

    jumped = 0.0

    @override
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0)
        if not events and timeout is not None and timeout > 0:
            self.jumped += timeout
        elif not events and timeout is None:
            events = super().select(1)
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose seconds cost nothing."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    @override
    def time(self) -> float:
        return self._jumping.jumped
