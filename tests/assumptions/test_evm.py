"""What we believe of py-evm, the chain of the development network."""

import subprocess
import sys


def said(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_importing_it_lets_everybody_recurse_until_the_stack_ends() -> None:
    """So it stays out of the daemon, and its own process puts the limit back before it listens."""
    before = said("import sys; print(sys.getrecursionlimit())")
    after = said("import sys, eth; print(sys.getrecursionlimit())")
    assert int(before.stdout) == 1000
    assert int(after.stdout) == 100_000


def test_then_a_hostile_json_is_refused_only_under_a_limit_put_back() -> None:
    code = "import json, sys, eth\nsys.setrecursionlimit(10_240)\n"
    code += "try: json.loads('[' * 100_000)\nexcept RecursionError: print('refused')"
    assert said(code).stdout.strip() == "refused"
