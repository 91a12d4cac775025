"""How the daemon runs what it has built."""

import gc

from bridge.daemon import rare_collections


def test_while_it_turns_cycles_are_sought_seldom_and_never_among_what_was_built() -> None:
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    built: list[object] = [[], {}]
    with rare_collections():
        assert gc.get_freeze_count() > frozen
        assert not any(one is built for one in gc.get_objects())
        assert gc.get_threshold()[0] > 10 * before[0]
    assert gc.get_threshold() == before
    assert gc.get_freeze_count() == 0
    assert any(one is built for one in gc.get_objects())
