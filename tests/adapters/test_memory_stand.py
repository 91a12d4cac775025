"""A world in a process of its own: it leaves what it holds, and no socket nobody listens on."""

from pathlib import Path

from adapters.memory.stand import SOCKET, start


async def test_a_world_that_has_ended_leaves_no_socket_and_comes_up_again(tmp_path: Path) -> None:
    for _ in range(2):
        async with start(tmp_path, ("ab" * 32,), 1) as stand:
            assert stand.address == f"unix:{tmp_path / SOCKET}"
            assert (tmp_path / SOCKET).is_socket()
        assert not (tmp_path / SOCKET).exists()


async def test_a_world_whose_socket_would_be_too_long_comes_back_at_the_port_it_had(
    tmp_path: Path,
) -> None:
    folder = tmp_path / ("long" * 25)
    async with start(folder, ("ab" * 32,), 1) as stand:
        address = stand.address
        assert address.startswith("tcp:localhost:")
    async with start(folder, ("ab" * 32,), 1) as again:
        assert again.address == address
