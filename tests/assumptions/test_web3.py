"""What we believe of web3.py and of the libraries below it."""

import subprocess
import sys

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_hash.auto import keccak
from eth_keys.constants import SECPK1_N
from eth_utils.address import to_checksum_address
from hexbytes import HexBytes

KEY = "0x" + "11" * 32


def test_keccak_is_not_sha3() -> None:
    empty = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert keccak(b"").hex() == empty


def test_the_hash_comes_from_a_wheel_that_is_locked() -> None:
    """pycryptodome; without a backend the import itself would fail on a clean machine."""
    code = (
        "import eth_hash.auto as a; a.keccak(b''); import sys; print('Crypto.Hash' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True"


def test_the_hex_of_hexbytes_has_no_prefix() -> None:
    """So ids are written by our own code."""
    assert HexBytes("0xab").hex() == "ab"
    assert HexBytes("0xab").to_0x_hex() == "0xab"


def test_signatures_are_low_s_and_repeatable() -> None:
    """The escrow refuses the other half; and the same bytes come again after a crash."""
    for number in range(20):
        signed = Account.unsafe_sign_hash(number.to_bytes(32, "big"), KEY)
        assert signed.s <= SECPK1_N // 2
        assert signed.v in {27, 28}
        again = Account.unsafe_sign_hash(number.to_bytes(32, "big"), KEY)
        assert again.signature == signed.signature


def test_coincurve_does_the_work_of_eth_keys() -> None:
    """Twenty times faster where it is installed, with the same signature."""
    from eth_keys.backends.coincurve import CoinCurveECCBackend
    from eth_keys.backends.native.main import NativeECCBackend
    from eth_keys.datatypes import PrivateKey
    from eth_keys.main import KeyAPI

    message = bytes(range(32))
    fast, slow = CoinCurveECCBackend(), NativeECCBackend()
    private = PrivateKey(bytes.fromhex(KEY[2:]), fast)
    assert isinstance(KeyAPI().backend, CoinCurveECCBackend)
    assert fast.ecdsa_sign(message, private) == slow.ecdsa_sign(message, private)


def test_a_signed_transaction_is_the_same_bytes_each_time() -> None:
    transaction = {
        "chainId": 31337,
        "nonce": 7,
        "to": to_checksum_address("0x" + "e5" * 20),
        "value": 0,
        "gas": 100_000,
        "maxFeePerGas": 2,
        "maxPriorityFeePerGas": 1,
        "data": "0x",
        "type": 2,
    }
    first = Account.sign_transaction(transaction, KEY)
    assert first.raw_transaction == Account.sign_transaction(transaction, KEY).raw_transaction
    assert first.hash == keccak(bytes(first.raw_transaction))  # known before it is sent


def test_typed_data_digest_is_the_one_of_the_standard() -> None:
    """Source: EIP-712: keccak of 0x19 0x01, domain separator, hash of the struct."""
    message = encode_typed_data(
        full_message={
            "types": {
                "EIP712Domain": [{"name": "name", "type": "string"}],
                "Note": [{"name": "number", "type": "uint256"}],
            },
            "primaryType": "Note",
            "domain": {"name": "x"},
            "message": {"number": 5},
        }
    )
    domain = keccak(keccak(b"EIP712Domain(string name)") + keccak(b"x"))
    struct = keccak(keccak(b"Note(uint256 number)") + (5).to_bytes(32, "big"))
    assert (message.version, message.header, message.body) == (b"\x01", domain, struct)


def test_abi_decoding_refuses_what_is_cut_off() -> None:
    from eth_abi.abi import decode, encode
    from eth_abi.exceptions import DecodingError

    data = encode(["uint256", "bytes"], [1, b"four"])
    assert decode(["uint256", "bytes"], data) == (1, b"four")
    with pytest.raises(DecodingError):
        decode(["uint256", "bytes"], data[:-32])


def test_rlp_refuses_a_second_form_of_the_same_value() -> None:
    import rlp
    from rlp.exceptions import DecodingError

    assert rlp.decode(rlp.encode([b"\x01", b"dog"])) == [b"\x01", b"dog"]
    with pytest.raises(DecodingError):
        rlp.decode(bytes([0x81, 0x01]))  # one byte below 0x80 stands for itself
    with pytest.raises(DecodingError):
        rlp.decode(rlp.encode(b"dog") + b"!")


@pytest.mark.slow
def test_web3_is_too_slow_to_import_for_a_command_line() -> None:
    """So it is imported inside `open`, never at the top of a module the command line loads."""
    code = "import time; b = time.perf_counter(); import web3; print(time.perf_counter() - b)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) > 0.15  # longer than `lianqiao --help` may take in all
