"""A machine on which an environment cannot be made, or where one serves that is there."""

import http.server
import re
import ssl
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bridge.locks.why import why_not
from tests.bootstrap.conftest import TREE, Place


def test_an_environment_that_is_there_serves_where_nothing_may_be_written(place: Place) -> None:
    """A read-only home holds no lock; one that needs no maker needs no lock either."""
    made = place.told(place.start())["prefix"]
    (place.home / f"{Path(str(made)).name}.lock").unlink()
    (place.home / f"{Path(str(made)).name}.lock").mkdir()  # not to be written, also by root
    assert place.told(place.start())["prefix"] == made


@pytest.mark.parametrize(
    ("said", "code", "sentence", "remedy"),
    [
        (
            "ERROR: Could not install packages: [Errno 28] No space left on device",
            1,
            "No space left on device",
            "LIANQIAO_CACHE",
        ),
        (
            "WARNING: NewConnectionError('<x>: [Errno -3] Temporary failure in name resolution')",
            6,
            "cannot be reached: Temporary failure in name resolution.",
            "--offline --wheels DIR",
        ),
    ],
)
def test_why_pip_failed_is_said_with_what_mends_it(
    said: str, code: int, sentence: str, remedy: str
) -> None:
    why = why_not(said, TREE / "bridge" / "locks" / "core.txt")
    assert why.code == code
    told, _, following = str(why).partition("\nnext: ")
    assert sentence in told
    assert remedy in following


def certified(folder: Path, begins: datetime, ends: datetime) -> tuple[Path, Path]:
    """A certificate of localhost for that time, by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate, secret


@pytest.mark.parametrize(
    ("begins", "ends", "says"),
    [(2090, 2100, "certificate is not yet valid"), (1970, 1980, "certificate has expired")],
)
def test_a_clock_at_which_no_certificate_is_good_is_named(
    place: Place, begins: int, ends: int, says: str
) -> None:
    """What pip meets where the clock is of another age, turned round: its index is of one."""
    certificate, key = certified(
        place.root, datetime(begins, 1, 1, tzinfo=UTC), datetime(ends, 1, 1, tzinfo=UTC)
    )
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler
    ) as index:
        index.socket = context.wrap_socket(index.socket, server_side=True)
        index.handle_error = lambda *_: None  # type: ignore[method-assign]  # who hangs up
        threading.Thread(target=index.serve_forever, daemon=True).start()
        place.settings = {
            "PIP_INDEX_URL": f"https://localhost:{index.server_port}/simple",
            "PIP_CERT": str(certificate),
            "PIP_RETRIES": "0",
        }
        run = place.start(offline=False)
        index.shutdown()
    assert (run.returncode, run.stdout) == (6, ""), run.stderr
    assert re.search(r"This machine's clock says 20\d\d-\d\d-\d\d \d\d:\d\d, ", run.stderr)
    assert f"no good certificate: {says}." in run.stderr
    assert "next: set the clock, by timedatectl set-ntp true" in run.stderr
    assert place.environments() == []
