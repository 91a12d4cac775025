"""Tiles: their paths, their sizes and their bytes are those of the published layout."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.notary.entries import leaf_hash
from bridge.notary.tiles import (
    Tile,
    bundle_bytes,
    bundle_entries,
    bundles,
    tile_at,
    tile_bytes,
    tiles,
)
from bridge.notary.tree import TILE, LeafTree, subtree


def tree_of(leaves: list[bytes]) -> LeafTree:
    return LeafTree(lambda first, end: leaves[first:end])


def test_paths_are_written_in_groups_of_three() -> None:
    assert Tile(0, 1_234_067).path() == "tile/0/x001/x234/067"
    assert Tile(1, 0, 17).path() == "tile/1/000.p/17"
    assert Tile(-1, 256, 1).path() == "tile/entries/256.p/1"


@given(st.integers(-1, 63), st.integers(0, 2**55), st.integers(1, TILE))
def test_a_path_names_one_tile(level: int, index: int, width: int) -> None:
    tile = Tile(level, index, width)
    assert tile_at(tile.path()) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/67",
        "tile/0/0067",
        "tile/00/067",
        "tile/64/067",
        "tile/-1/067",
        "tile/0/x000/067",
        "tile/0/001/067",
        "tile/0/067.p/0",
        "tile/0/067.p/256",
        "tile/0/067.p/01",
        "tile/0/067.p",
        "tile/0/067/",
        "tile/0/../067",
        "tile/entries0/067",
        "tile/0/٠٦٧",
        "checkpoint",
        "tile",
        "",
    ],
)
def test_another_spelling_is_no_tile(path: str) -> None:
    assert tile_at(path) is None


def test_a_tree_of_seventy_thousand_has_the_tiles_of_the_standards_example() -> None:
    found = list(tiles(70_000))
    assert [tile for tile in found if tile.level == 0][-1] == Tile(0, 273, 112)
    assert len([tile for tile in found if tile.level == 0]) == 274
    assert [tile for tile in found if tile.level == 1] == [Tile(1, 0), Tile(1, 1, 17)]
    assert [tile for tile in found if tile.level == 2] == [Tile(2, 0, 1)]
    assert len(found) == 277
    assert list(tiles(0)) == []
    assert [tile.path() for tile in bundles(257)] == ["tile/entries/000", "tile/entries/001.p/1"]


@given(st.integers(0, 200_000), st.integers(0, 200_000))
def test_growing_leaves_out_only_full_tiles_that_were_there(one: int, two: int) -> None:
    old, new = sorted((one, two))
    full = {tile for tile in tiles(old) if tile.width == TILE}
    assert set(tiles(new)) - full == set(tiles(new, since=old))


def test_a_hash_of_a_tile_is_the_root_over_its_leaves() -> None:
    leaves = [leaf_hash(b"%d" % n) for n in range(66_000)]
    tree = tree_of(leaves)
    for tile in tiles(len(leaves)):
        data = tile_bytes(tile, tree.hash)
        assert len(data) == 32 * tile.width
        span = 256**tile.level
        last = tile.index * TILE + tile.width - 1
        here = leaves[last * span : (last + 1) * span]
        if tile.level or tile.index % 50 == 0:
            assert data[-32:] == subtree(0, span, tree_of(here).hash)


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_a_bundle_gives_its_entries_back_and_no_other_number(entries: list[bytes]) -> None:
    data = bundle_bytes(entries)
    assert bundle_entries(data, len(entries)) == entries
    for bad, width in ((data, len(entries) + 1), (data + b"\x00", len(entries))):
        with pytest.raises(ValueError, match="bundle"):
            bundle_entries(bad, width)


def test_an_entry_too_long_for_its_length_is_refused() -> None:
    with pytest.raises(ValueError, match="65535"):
        bundle_bytes([bytes(65_536)])
