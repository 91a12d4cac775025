"""The macs of the node gateway, against published and derived vectors and two other programs."""

import base64
import json
import subprocess
from collections.abc import Iterator
from hashlib import sha512
from pathlib import Path
from typing import Any

import gmssl_pyx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.bsn import certificates, der, sm2
from adapters.bsn.certificates import Algorithm
from adapters.bsn.signing import (
    EcdsaMacSigner,
    MacRefused,
    MacSigner,
    MacVerifier,
    Sm2MacSigner,
    read_mac,
)
from adapters.bsn.sm3 import sm3

KEY = 0x3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8


def load(folder: Path, name: str) -> Any:
    return json.loads((folder / "bsn" / name).read_text("utf-8"))


def signer_of(entry: dict[str, Any]) -> MacSigner:
    d, algorithm = int(entry["private_key"], 16), Algorithm(entry["algorithmType"])
    return Sm2MacSigner(d) if algorithm is Algorithm.SM2 else EcdsaMacSigner(algorithm, d)


def raw(key: sm2.PublicKey) -> bytes:
    return key.x.to_bytes(32, "big") + key.y.to_bytes(32, "big")


def test_every_mac_of_the_data_is_judged_as_its_case_says(data_dir: Path) -> None:
    keys = load(data_dir, "gateway-keys.json")["keys"]
    seen, signed = set(), 0
    for name in ("gateway-mac-vectors.json", "gateway-mac-derived.json"):
        for vector in load(data_dir, name)["vectors"]:
            entry = keys[vector["key"]]
            verifier = MacVerifier(certificates.read_key(entry["public_key_pem"]))
            seen.add(vector["case"])
            if vector["case"] == "wrong text":
                continue  # the text is at fault, not the mac
            if vector["case"] in ("valid", "ambiguous"):
                verifier.verify(vector["text"], vector["mac"])
                if name == "gateway-mac-derived.json" and "private_key" in entry:
                    assert signer_of(entry).sign(vector["text"]) == vector["mac"], vector["id"]
                    signed += 1
            else:
                with pytest.raises(MacRefused):
                    verifier.verify(vector["text"], vector["mac"])
    assert signed
    assert {"valid", "refuse", "refuse by policy"} <= seen


def test_a_certificate_with_names_out_of_order_gives_its_key(data_dir: Path) -> None:
    entries = load(data_dir, "gateway-keys.json")["keys"].values()
    found = [entry for entry in entries if "certificate_pem" in entry]
    assert found
    for entry in found:
        _, data = certificates.read_pem(entry["certificate_pem"])
        certificate = certificates.read_certificate(data)
        assert certificate.key == certificates.read_key(entry["public_key_pem"])
        assert certificate.not_before < certificate.not_after or len(certificate.not_after) == 15


def test_the_standards_own_values(data_dir: Path) -> None:
    vectors = load(data_dir, "sm-vectors.json")
    for case in vectors["sm3"]:
        assert sm3(case["msg_utf8"].encode()).hex() == case["digest"]
    for name, value in (("p", sm2.P), ("a", sm2.A), ("b", sm2.B), ("n", sm2.N), ("gx", sm2.GX)):
        assert int(vectors["curve"][name], 16) == value
    assert vectors["sm2_sign"]
    for case in vectors["sm2_sign"]:
        d, k, e = (int(case[name], 16) for name in ("private_key", "k", "e"))
        r, s = int(case["r"], 16), int(case["s"], 16)
        public = sm2.Signer(d).public
        assert raw(public).hex() == case["public_key"]
        assert sm2.identity(public, case["uid"].encode()).hex() == case["za"]
        assert sm2.sign_with(pow(1 + d, -1, sm2.N), e, k) == (r, s)
        message = case["msg_utf8"].encode()
        for width in (sm2.MET, sm2.HELD):
            verifier = sm2.Verifier(public, case["uid"].encode(), width=width)
            assert verifier.verifies(message, r, s)
            assert not verifier.verifies(sm3(message), r, s)
            outside = [(0, s), (sm2.N, s), (r, 0), (r, sm2.N), (r, sm2.N - r), (r + sm2.N, s)]
            assert not any(verifier.verifies(message, *pair) for pair in outside)
        assert not sm2.Verifier(public, b"", width=sm2.MET).verifies(message, r, s)


@pytest.mark.parametrize("point", [(1, 1), (sm2.GX + sm2.P, sm2.GY), (sm2.GX, sm2.P - 1)])
def test_a_point_off_the_curve_is_no_key(point: tuple[int, int]) -> None:
    with pytest.raises(sm2.KeyRefused):
        sm2.PublicKey(*point)


@pytest.mark.parametrize(
    "form",
    ["300602010102010100", "300702020001020101", "3006020181020101", "308106020101020101"],
    ids=["tail", "not minimal", "negative", "long length"],
)
def test_a_signature_has_one_form(form: str) -> None:
    assert der.read_signature(bytes.fromhex("3006020101020101")) == (1, 1)
    with pytest.raises(MacRefused):
        read_mac(base64.b64encode(bytes.fromhex(form)).decode())


@pytest.mark.parametrize("mac", ["", "MAYCAQECAQE", "MAYCAQEC\nAQE=", "MAYCAQECAQF=", "é"])
def test_a_mac_has_one_form(mac: str) -> None:
    assert read_mac("MAYCAQECAQE=") == (1, 1)
    with pytest.raises(MacRefused):
        read_mac(mac)


@settings(max_examples=60)
@given(st.integers(1, sm2.N - 2), st.binary(max_size=200))
def test_sm2_agrees_with_another_program_both_ways(d: int, message: bytes) -> None:
    signer = sm2.Signer(d)
    verifier = sm2.Verifier(signer.public, width=sm2.MET)
    key = raw(signer.public)
    r, s = signer.sign(message)
    assert gmssl_pyx.sm2_verify(key, message, der.write_signature(r, s))
    assert verifier.verifies(message, r, s)
    theirs = gmssl_pyx.sm2_sign(d.to_bytes(32, "big"), key, message)
    assert verifier.verifies(message, *der.read_signature(theirs))
    assert not verifier.verifies(message + b"\0", r, s)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_what_was_seen_signed_excuses_no_other_text_mac_or_key(algorithm: Algorithm) -> None:
    signer, other = (
        Sm2MacSigner(d) if algorithm is Algorithm.SM2 else EcdsaMacSigner(algorithm, d)
        for d in (KEY, KEY + 1)
    )
    verifier = MacVerifier(signer.public)
    for _ in range(2):  # the second time from memory
        verifier.verify("text", signer.sign("text"))
        for text, mac in (
            ("other", signer.sign("text")),
            ("text", signer.sign("other")),
            ("text", other.sign("text")),
        ):
            with pytest.raises(MacRefused):
                verifier.verify(text, mac)
        with pytest.raises(MacRefused):
            MacVerifier(other.public).verify("text", signer.sign("text"))


def plainly(scalar: int, point: tuple[int, int]) -> tuple[int, int] | None:
    """The multiple by the standard's own rule of addition, bit by bit; nothing is infinity."""
    found = None
    for bit in f"{scalar:b}":
        found = plain_sum(plain_sum(found, found), point if bit == "1" else None)
    return found


def plain_sum(one: tuple[int, int] | None, other: tuple[int, int] | None) -> tuple[int, int] | None:
    if one is None or other is None:
        return one or other
    (x1, y1), (x2, y2) = one, other
    if x1 == x2 and (y1 + y2) % sm2.P == 0:
        return None
    rise, run = (y2 - y1, x2 - x1) if x1 != x2 else (3 * x1 * x1 + sm2.A, 2 * y1)
    slope = rise * pow(run, -1, sm2.P) % sm2.P
    x = (slope * slope - x1 - x2) % sm2.P
    return x, (slope * (x1 - x) - y1) % sm2.P


TABLES = {width: sm2.table((sm2.GX, sm2.GY), width) for width in (1, sm2.MET, sm2.HELD)}


@st.composite
def scalars(draw: st.DrawFn, width: int) -> int:
    """Any, and those whose windows are at the edge of what a row holds."""
    half = 1 << width - 1
    edges = st.sampled_from([0, 1, half - 1, half, half + 1, 2 * half - 1])
    windows = draw(st.lists(edges, max_size=1 + 256 // width))
    met = sum(one << width * place for place, one in enumerate(windows)) % (1 << 256)
    return draw(st.sampled_from([met, sm2.N, sm2.N - 1, 2 * sm2.GX % sm2.N, 0]))


@pytest.mark.parametrize("width", list(TABLES))
@settings(max_examples=30)
@given(st.data())
def test_a_table_gives_the_multiple_whatever_the_windows_hold(
    width: int, data: st.DataObject
) -> None:
    scalar, before = data.draw(scalars(width)), data.draw(scalars(width))
    base, rows = (sm2.GX, sm2.GY), TABLES[width]
    for first in (0, before, scalar, -scalar % sm2.N):  # added to itself, and to its opposite
        found = sm2.accumulate(scalar, rows, sm2.accumulate(first, rows))
        wanted = plainly((scalar + first) % sm2.N, base)
        assert (found == sm2.INFINITY) == (wanted is None)
        assert wanted is None or sm2.affine([found]) == [wanted]


def test_a_point_whose_x_is_beyond_the_order_is_judged_as_the_standard_says(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One signature in four thousand million meets it: the x is taken modulo the order."""
    curve = ((x, (x * x * x + sm2.A * x + sm2.B) % sm2.P) for x in range(sm2.N, sm2.P))
    x, square = next(found for found in curve if pow(found[1], sm2.P // 2, sm2.P) == 1)
    met = (x, pow(square, (sm2.P + 1) // 4, sm2.P))
    s, t = 12_345, 67_890
    r = (t - s) % sm2.N
    less = plainly(sm2.N - s, (sm2.GX, sm2.GY))
    key = plainly(pow(t, -1, sm2.N), plain_sum(met, less) or met)
    assert key is not None
    public = sm2.PublicKey(*key)
    verifier = sm2.Verifier(public, width=sm2.MET)
    za = sm2.identity(public)
    for e, judged in (((r - x) % sm2.N, True), ((r - x + 1) % sm2.N, False)):
        monkeypatch.setattr(sm2, "sm3", {za: e.to_bytes(32, "big")}.__getitem__)
        assert verifier.verifies(b"", r, s) == judged


def cases(count: int) -> Iterator[tuple[int, bytes, bytes]]:
    """Keys, messages and what to bend, the same every time."""
    for number in range(count):
        seed = sha512(f"sm2 case {number}".encode()).digest()
        d = int.from_bytes(seed[:32], "big") % (sm2.N - 2) + 1
        yield d, seed[32:] * (number % 7) + seed[: number % 41], seed[:4]


@pytest.mark.parametrize("count", [100, pytest.param(10_000, marks=pytest.mark.long)])
def test_random_cases_are_judged_as_the_compiled_library_judges_them(count: int) -> None:
    """Each signs and the other verifies; bent words, signatures and keys fall alike."""
    accepted = 0
    for d, message, chance in cases(count):
        signer = sm2.Signer(d)
        verifier, key = sm2.Verifier(signer.public, width=sm2.MET), raw(signer.public)
        r, s = signer.sign(message)
        theirs = der.read_signature(gmssl_pyx.sm2_sign(d.to_bytes(32, "big"), key, message))
        bit = 1 << chance[0]
        judged = [(r, s, message), (*theirs, message), (r ^ bit, s, message), (r, s ^ bit, message)]
        judged += [(s, r, message), (r, sm2.N - s, message), (r, s, message + chance[1:2])]
        for one, two, words in judged[: 2 + chance[2] % 6]:
            ours = verifier.verifies(words, one, two)
            try:
                their = gmssl_pyx.sm2_verify(key, words, der.write_signature(one, two))
            except ValueError:
                their = False  # not even a form of theirs
            assert ours == their, (d, words.hex(), one, two)
            accepted += ours
    assert accepted == 2 * count


@settings(max_examples=8)
@given(st.sampled_from(Algorithm), st.integers(1, 1 << 250), st.text(max_size=80))
def test_openssl_accepts_what_we_sign(
    tmp_path_factory: pytest.TempPathFactory, algorithm: Algorithm, d: int, text: str
) -> None:
    text = text.encode("utf-8", "replace").decode()
    folder = tmp_path_factory.mktemp("openssl")
    curve = {1: "2a811ccf5501822d", 2: "2a8648ce3d030107", 3: "2b8104000a"}[algorithm]
    body = der.write(2, b"\1") + der.write(4, d.to_bytes(32, "big"))
    private = der.write(0x30, body + der.write(0xA0, der.write(6, bytes.fromhex(curve))))
    (folder / "key.der").write_bytes(private)
    message = sm3(text.encode()) if algorithm is Algorithm.SM2 else text.encode()
    (folder / "message").write_bytes(message)
    run(folder, "ec", "-inform", "DER", "-in", "key.der", "-pubout", "-out", "public.pem")
    pem = (folder / "public.pem").read_text()
    signer: MacSigner = (
        Sm2MacSigner(d) if algorithm is Algorithm.SM2 else EcdsaMacSigner(algorithm, d)
    )
    mac = signer.sign(text)
    MacVerifier(certificates.read_key(pem)).verify(text, mac)
    (folder / "signature").write_bytes(base64.b64decode(mac))
    sm = ("-digest", "sm3", "-pkeyopt", "distid:1234567812345678")
    options = sm if algorithm is Algorithm.SM2 else ("-digest", "sha256")
    files = ("-in", "message", "-sigfile", "signature", "-inkey", "public.pem", "-pubin")
    run(folder, "pkeyutl", "-verify", "-rawin", *files, *options)


def run(folder: Path, *words: str) -> None:
    command = ["openssl", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
