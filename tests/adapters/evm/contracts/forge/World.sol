// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Brakes} from "../src/Brakes.sol";
import {Escrow} from "../src/Escrow.sol";
import {ICustody} from "../src/ICustody.sol";
import {ILedgerAnchor, NotarySet} from "../src/NotarySet.sol";
import {RepresentationToken} from "../src/RepresentationToken.sol";
import {Acts, Ticket} from "../src/Ticket.sol";
import {TwinVault} from "../src/TwinVault.sol";
import {Vault} from "../src/Vault.sol";
import {CHEATS} from "./Cheats.sol";

/// Two networks: one where a share is at home, one of its twin. Five notaries, of whom three.
/// This contract governs, guards, operates and issues.
abstract contract World {
    enum Verb {
        LOCK,
        MINT,
        BURN,
        ASSIGN,
        UNMINT,
        RELEASE,
        HOLD,
        ESCAPE
    }

    uint64 internal constant EPOCH = 1;
    uint256 internal constant THRESHOLD = 3;
    uint256 internal constant ESCAPE_AFTER = 400 days;
    uint128 internal constant RATE_CAP = 3_000;
    uint128 internal constant PER_SECOND = 1;
    uint64 internal constant NOT_AFTER = type(uint64).max;
    bytes32 internal constant EVIDENCE = bytes32(uint256(2));
    bytes32 internal constant VERDICT = bytes32(uint256(3));
    bytes32 internal constant HOME = keccak256("home");
    bytes32 internal constant AWAY = keccak256("away");

    uint256[5] internal notaries; // keys, in the order of their addresses
    uint256[3] internal holders; // keys
    Escrow internal home;
    Escrow internal away;
    Vault public vault;
    TwinVault public twinVault;
    RepresentationToken public share;
    RepresentationToken public twin;

    function _found(uint256 funds) internal {
        CHEATS.warp(1_750_000_000);
        for (uint256 i = 0; i < 5; ++i) {
            uint256 key = 101 + i;
            uint256 place = i;
            while (place > 0 && CHEATS.addr(notaries[place - 1]) > CHEATS.addr(key)) {
                notaries[place] = notaries[place - 1];
                --place;
            }
            notaries[place] = key;
        }
        home = _escrow("block 0 at home");
        away = _escrow("block 0 away");
        vault = new Vault(address(this), address(home), home.NOTARIES(), "block 0 at home");
        twinVault = new TwinVault(address(this), address(away), away.NOTARIES(), "block 0 away");
        share = new RepresentationToken("Share", "SHR", 0, HOME, "share", address(this), address(this));
        twin = new RepresentationToken("Twin", "TWN", 0, HOME, "share", address(twinVault), address(this));
        _list(home, address(share), vault);
        _list(away, address(twin), twinVault);
        for (uint256 i = 0; i < 3; ++i) {
            holders[i] = 201 + i;
            address holder = CHEATS.addr(holders[i]);
            share.crosschainMint(holder, funds);
            CHEATS.prank(holder);
            share.approve(address(vault), type(uint256).max);
            CHEATS.prank(holder);
            twin.approve(address(twinVault), type(uint256).max);
        }
    }

    function _escrow(bytes32 genesis) private returns (Escrow escrow) {
        address[] memory named = new address[](5);
        for (uint256 i = 0; i < 5; ++i) named[i] = CHEATS.addr(notaries[i]);
        ILedgerAnchor none = ILedgerAnchor(address(0));
        NotarySet set =
            new NotarySet(address(this), address(this), none, genesis, named, uint16(THRESHOLD));
        escrow = new Escrow(address(this), address(this), set, ESCAPE_AFTER, genesis);
        escrow.setOperator(address(this), true);
    }

    function _list(Escrow escrow, address asset, ICustody custody) private {
        escrow.listAsset(
            asset,
            Brakes.Rule({
                custody: custody,
                window: 0,
                cap: type(uint128).max,
                instantCap: type(uint128).max,
                rateCap: RATE_CAP,
                perSecond: PER_SECOND,
                codeHash: asset.codehash,
                home: HOME,
                dti: 0
            })
        );
    }

    /// What is sent for a verb, signed by the first `signers` notaries, or by the holder.
    function _call(Escrow escrow, Verb verb, Ticket memory t, uint256 signers, uint256 holder, uint64 until)
        internal
        view
        returns (bytes memory)
    {
        bytes32 ticket = this.hashed(t);
        if (verb == Verb.LOCK) {
            bytes memory consent = _signed(holder, _digest(escrow, abi.encode(Acts.LOCK, ticket, NOT_AFTER)));
            return abi.encodeCall(Escrow.lock, (t, NOT_AFTER, consent));
        }
        if (verb == Verb.MINT) {
            bytes memory act = abi.encode(Acts.MINT, ticket, EVIDENCE, VERDICT, EPOCH, NOT_AFTER);
            bytes memory by = _attested(_digest(escrow, act), signers);
            return abi.encodeCall(Escrow.mint, (t, EVIDENCE, VERDICT, EPOCH, NOT_AFTER, by));
        }
        if (verb == Verb.BURN) {
            bytes memory act = abi.encode(Acts.BURN, ticket, EVIDENCE, VERDICT, EPOCH);
            bytes memory by = _attested(_digest(escrow, act), signers);
            return abi.encodeCall(Escrow.burn, (t, EVIDENCE, VERDICT, EPOCH, by));
        }
        if (verb == Verb.HOLD) {
            bytes memory act = abi.encode(Acts.HOLD, ticket, until, EVIDENCE, EPOCH);
            bytes memory by = _attested(_digest(escrow, act), signers);
            return abi.encodeCall(Escrow.hold, (t, until, EVIDENCE, EPOCH, by));
        }
        if (verb == Verb.ESCAPE) return abi.encodeCall(Escrow.escape, (t));
        bytes32 kind = verb == Verb.ASSIGN ? Acts.ASSIGN : verb == Verb.UNMINT ? Acts.UNMINT : Acts.RELEASE;
        bytes memory sigs = _attested(_digest(escrow, abi.encode(kind, ticket, EVIDENCE, EPOCH)), signers);
        if (verb == Verb.ASSIGN) return abi.encodeCall(Escrow.assign, (t, EVIDENCE, EPOCH, sigs));
        if (verb == Verb.UNMINT) return abi.encodeCall(Escrow.unmint, (t, EVIDENCE, EPOCH, sigs));
        return abi.encodeCall(Escrow.release, (t, EVIDENCE, EPOCH, sigs));
    }

    function hashed(Ticket calldata t) external pure returns (bytes32) {
        return Acts.hash(t);
    }

    function _digest(Escrow escrow, bytes memory act) private view returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", escrow.domainSeparator(), keccak256(act)));
    }

    function _attested(bytes32 digest, uint256 signers) private view returns (bytes memory sigs) {
        for (uint256 i = 0; i < signers; ++i) sigs = bytes.concat(sigs, _signed(notaries[i], digest));
    }

    function _signed(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = CHEATS.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }
}
