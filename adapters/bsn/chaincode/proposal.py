"""A proposal as the peer hands it over, and the call it is: who signed it, when, for what.

The peer has verified the signature and the certificate; here they are only read.
"""

from adapters.bsn.certificates import Algorithm, KeyPoint, read_certificate, read_pem
from adapters.bsn.chaincode.call import Call, Caller
from adapters.bsn.der import FormRefused
from adapters.bsn.fabric_wire import BadMessage, blob, decode, number, part, text
from bridge.core.ids import Instant

_KINDS = {Algorithm.SECP256R1: "p256", Algorithm.SM2: "sm2"}


def caller_of(creator: bytes) -> Caller:
    """Return the organisation and key of a serialized identity.

    A key the escrow cannot verify with has no kind; it may read, and bring acts.
    Errors: BadMessage.
    """
    identity = decode("msp.SerializedIdentity", creator)
    try:
        _, data = read_pem(blob(identity, "id_bytes").decode("ascii"))
        key = read_certificate(data).key
    except (FormRefused, UnicodeDecodeError):
        return Caller(text(identity, "mspid"), "", "")
    return Caller(text(identity, "mspid"), _KINDS.get(key.algorithm, ""), point_hex(key))


def point_hex(key: KeyPoint) -> str:
    """Return the uncompressed point of a key in hex: what an account is the hash of."""
    return f"04{key.x:064x}{key.y:064x}"


def call_of(
    proposal: bytes, args: tuple[bytes, ...], chaincode: str, *, clock: Instant, admits: str = ""
) -> Call:
    """Return the call that a proposal makes with these arguments: a verb and one object.

    Errors: BadMessage.
    """
    header = decode("common.Header", blob(decode("protos.Proposal", proposal), "header"))
    channel = decode("common.ChannelHeader", blob(header, "channel_header"))
    signed = decode("common.SignatureHeader", blob(header, "signature_header"))
    made = part(channel, "timestamp")
    if len(args) != 2:
        raise BadMessage("a call has a verb and one argument")
    try:
        verb = args[0].decode("ascii")
    except UnicodeDecodeError as error:
        raise BadMessage("a verb is plain text") from error
    return Call(
        channel=text(channel, "channel_id"),
        chaincode=chaincode,
        tx=text(channel, "tx_id"),
        caller=caller_of(blob(signed, "creator")),
        verb=verb,
        argument=args[1],
        time=Instant(number(made, "seconds") * 1_000 + number(made, "nanos") // 1_000_000),
        clock=clock,
        admits=admits,
    )
