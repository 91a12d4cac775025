"""The four registers to and from their canonical forms."""

import re
from collections.abc import Callable, Mapping
from typing import Final, Literal, TypeAlias, cast

from bridge.core.canonical import Value
from bridge.core.ids import AssetId, Bic, Digest, Instant, LaneId, Lei, NetworkId, PartyId, PersonId
from bridge.core.instrument import InstrumentKind
from bridge.core.money import Units
from bridge.core.parties import Commitment, jurisdiction
from bridge.core.registers import LEVELS, ROLES, Asset, Lane, Party, Person, Wallet
from bridge.notary.order_forms import leg_of
from bridge.notary.reading import (
    BadForm,
    Members,
    commitment_of,
    count,
    flag,
    integer,
    money_form,
    money_of,
    objects,
    part,
    strictly,
    text,
    texts,
)

Register: TypeAlias = Party | Asset | Lane | Person


def party_form(party: Party) -> dict[str, Value]:
    """Return a party as a value; what it has not is left out."""
    body: dict[str, Value] = {
        "id": party.id,
        "name": {"h": party.name.h},
        "kind": party.kind,
        "jurisdiction": party.jurisdiction.code,
        "uscc": party.uscc,
        "wallets": [{"network": w.network, "account": w.account} for w in party.wallets],
        "accounts": [account.h for account in party.accounts],
        "owners": list(party.owners),
        "custody": [{"network": network, "digest": held} for network, held in party.custody],
        "active": party.active,
    }
    if party.lei is not None:
        body["lei"] = party.lei
    if party.person_id is not None:
        body["person_id"] = {"h": party.person_id.h}
    if party.bic is not None:
        body["bic"] = party.bic
    return body


def _party(members: Members) -> Party:
    kind = text(members, "kind")
    if kind not in {"legal", "natural"}:
        raise BadForm(f"kind: {kind!r}")
    return Party(
        id=PartyId(text(members, "id")),
        name=commitment_of(members, "name"),
        kind=cast('Literal["legal", "natural"]', kind),
        jurisdiction=jurisdiction(text(members, "jurisdiction")),
        lei=Lei(text(members, "lei")) if "lei" in members else None,
        uscc=text(members, "uscc"),
        person_id=commitment_of(members, "person_id") if "person_id" in members else None,
        bic=Bic(text(members, "bic")) if "bic" in members else None,
        wallets=tuple(
            Wallet(NetworkId(text(w, "network")), text(w, "account"))
            for w in objects(members, "wallets")
        ),
        accounts=tuple(Commitment(Digest(h)) for h in texts(members, "accounts")),
        owners=tuple(PartyId(owner) for owner in texts(members, "owners")),
        custody=tuple(
            (NetworkId(text(c, "network")), Digest(text(c, "digest")))
            for c in objects(members, "custody")
        ),
        active=flag(members, "active"),
    )


def asset_form(asset: Asset) -> dict[str, Value]:
    """Return an asset as a value."""
    return {
        "id": asset.id,
        "profile": asset.profile,
        "kind": asset.kind.value,
        "home": asset.home,
        "legs": [leg.leaf() for leg in asset.legs],
        "scale": str(asset.scale),
        "issued": str(asset.issued),
        "cap": str(asset.cap),
        "code": asset.code,
        "active": asset.active,
    }


def _asset(members: Members) -> Asset:
    return Asset(
        id=AssetId(text(members, "id")),
        profile=text(members, "profile"),
        kind=InstrumentKind(text(members, "kind")),
        home=NetworkId(text(members, "home")),
        legs=tuple(map(leg_of, objects(members, "legs"))),
        scale=count(members, "scale"),
        issued=Units(count(members, "issued", least=1)),
        cap=Units(count(members, "cap")),
        code=text(members, "code"),
        active=flag(members, "active"),
    )


def lane_form(lane: Lane) -> dict[str, Value]:
    """Return a lane as a value; one without a payment has no rail."""
    body: dict[str, Value] = {
        "id": lane.id,
        "origin": lane.origin,
        "destination": lane.destination,
        "pack": lane.pack,
        "limit": money_form(lane.limit),
        "quorum": str(lane.quorum),
        "notaries": list(lane.notaries),
        "acknowledge": lane.acknowledge,
        "assets": list(lane.assets),
        "lapse_ms": str(lane.lapse_ms),
        "open": lane.open,
        "paused": lane.paused,
    }
    if lane.rail is not None:
        body["rail"] = lane.rail
    return body


def _lane(members: Members) -> Lane:
    level = text(members, "acknowledge")
    if level not in LEVELS:
        raise BadForm(f"acknowledge: {level!r} is none of {LEVELS}")
    quorum, notaries = count(members, "quorum", least=1), texts(members, "notaries")
    if quorum > len(set(notaries)) or len(set(notaries)) != len(notaries):
        raise BadForm(f"quorum: {quorum} of the notaries {', '.join(notaries) or 'nobody'}")
    limit = money_of(part(members, "limit"))
    if limit.minor <= 0:
        raise BadForm("limit: more than nothing was expected")
    return Lane(
        id=LaneId(text(members, "id")),
        origin=NetworkId(text(members, "origin")),
        destination=NetworkId(text(members, "destination")),
        rail=NetworkId(text(members, "rail")) if "rail" in members else None,
        pack=text(members, "pack"),
        limit=limit,
        quorum=quorum,
        notaries=notaries,
        acknowledge=level,
        assets=tuple(AssetId(asset) for asset in texts(members, "assets")),
        lapse_ms=count(members, "lapse_ms", least=1),
        open=flag(members, "open"),
        paused=text(members, "paused"),
    )


def person_form(person: Person) -> dict[str, Value]:
    """Return a person as a value; the name is a commitment."""
    body: dict[str, Value] = {
        "id": person.id,
        "name": {"h": person.name.h},
        "key": person.key,
        "roles": list(person.roles),
        "since": str(person.since),
    }
    if person.until is not None:
        body["until"] = str(person.until)
    return body


def _person(members: Members) -> Person:
    roles = texts(members, "roles")
    if not ROLES.issuperset(roles):
        raise BadForm(f"roles: {sorted(set(roles) - ROLES)} are none")
    key = text(members, "key")
    if re.fullmatch("[0-9a-f]{64}", key) is None:
        raise BadForm("key: 64 hexadecimal digits of an Ed25519 public key were expected")
    return Person(
        id=PersonId(text(members, "id")),
        name=commitment_of(members, "name"),
        key=key,
        roles=roles,
        since=Instant(integer(members, "since")),
        until=Instant(integer(members, "until")) if "until" in members else None,
    )


def party_of(members: Members) -> Party:
    """Return the party of its form. Errors: BadForm."""
    return strictly(members, _party, party_form, "party")


def asset_of(members: Members) -> Asset:
    """Return the asset of its form. Errors: BadForm."""
    return strictly(members, _asset, asset_form, "asset")


def lane_of(members: Members) -> Lane:
    """Return the lane of its form. Errors: BadForm."""
    return strictly(members, _lane, lane_form, "lane")


def person_of(members: Members) -> Person:
    """Return the person of its form. Errors: BadForm."""
    return strictly(members, _person, person_form, "person")


def register_form(row: Register) -> dict[str, Value]:
    """Return a register's row as a value."""
    match row:
        case Party():
            return party_form(row)
        case Asset():
            return asset_form(row)
        case Lane():
            return lane_form(row)
        case Person():
            return person_form(row)


READ_REGISTER: Final[Mapping[str, Callable[[Members], Register]]] = {
    "party": party_of,
    "asset": asset_of,
    "lane": lane_of,
    "person": person_of,
}
