"""Every line of the contracts that decide is weakened in turn, and a named test sees it."""

import subprocess
import sys

import pytest

from tests.adapters.evm.contracts.mutations import HERE, TARGETS, mutants


@pytest.mark.parametrize("contract", TARGETS)
def test_what_is_said_to_do_the_same_is_a_line_that_can_be_weakened(contract: str) -> None:
    aim = TARGETS[contract]
    weakened = [str(one) for file in aim.files for one in mutants(file)]
    assert len(weakened) > 30
    for line, why in aim.equal.items():
        assert why
        assert any(one.endswith(line) for one in weakened), line
    assert all((HERE / test).resolve().exists() for test in aim.tests)


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.parametrize("contract", TARGETS)
def test_no_weakened_line_lives(contract: str) -> None:
    command = [sys.executable, "-m", "tests.adapters.evm.contracts.mutations", contract]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-2_000:]
