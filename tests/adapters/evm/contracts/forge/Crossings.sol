// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Escrow} from "../src/Escrow.sol";
import {Ticket} from "../src/Ticket.sol";
import {CHEATS} from "./Cheats.sol";
import {World} from "./World.sol";

/// The parties and an adversary. The notaries keep the vote book's rule and nothing else; whatever
/// they ever signed is sent in any order, as often as one likes, to either network.
///
/// A step that breaks a rule reverts with the rule's name, and forge is told to take every revert
/// of a step as a failure; what a contract refuses is no revert of the step.
contract Crossings is World {
    struct Crossing {
        bool outward; // from home to twin
        uint256 holder; // key of who locks
        Ticket origin;
        Ticket destination;
        uint256 signed; // bit by verb
    }

    struct Sent {
        uint256 crossing;
        Verb verb;
        bytes data;
    }

    struct Flow {
        uint256 when;
        uint256 minted; // so far, of this network
        uint256 undone;
    }

    struct Opened {
        uint256 when;
        bool undone;
    }

    Crossing[] private _all;
    Sent[] private _hand;
    Flow[][2] private _flow; // of home and away
    mapping(uint256 => Opened) private _minted; // by crossing
    mapping(uint256 => Escrow.State[2]) private _last; // by crossing: origin, destination
    uint256 public seized;
    bool[2] public halted;
    uint256[8] public landed; // by verb: a test that lands nothing shows nothing

    /// One share has crossed before the story begins, so that some may come back.
    function begin() external {
        if (_all.length != 0) return;
        _found(10_000);
        _order(true, 1_500, 0, 0);
        for (uint256 verb = 0; verb < 4; ++verb) _step(0, Verb(verb));
    }

    /// I3: a side that has ended stays as it ended, and none that was opened is as if it never was.
    modifier endsOnce() {
        _;
        for (uint256 i = 0; i < _all.length; ++i) {
            (Escrow.State first, Escrow.State second) = states(i);
            _goesOn(_last[i][0], first);
            _goesOn(_last[i][1], second);
            (_last[i][0], _last[i][1]) = (first, second);
        }
    }

    // What the parties do

    /// Somebody orders a crossing, and it gets as far as `station` without trouble.
    function order(bool outward, uint256 amount, uint256 holder, uint256 to, uint256 station)
        external
        endsOnce
    {
        _order(outward, 1 + amount % RATE_CAP, holder % 3, to % 3);
        _carryOn(_all.length - 1, station % 6);
    }

    function carryOn(uint256 which, uint256 station) external endsOnce {
        _carryOn(which % _all.length, station % 6);
    }

    function ask(uint256 which, uint256 verb, uint256 days_) external {
        _sign(which % _all.length, Verb(verb % 7), days_);
    }

    // What the world does

    function land(uint256 which) external endsOnce {
        if (_hand.length == 0) return;
        Sent memory sent = _hand[which % _hand.length];
        _send(sent.crossing, sent.verb, sent.data);
    }

    /// I7: a signature is good for one contract on one network.
    function landElsewhere(uint256 which) external endsOnce {
        if (_hand.length == 0) return;
        Sent memory sent = _hand[which % _hand.length];
        Escrow there = _away(sent.crossing, sent.verb) ? home : away;
        (bool done,) = address(there).call(sent.data);
        require(!done, "I7");
    }

    /// I6: no word of what was signed can be another. An escape, which nobody signs, is never in hand.
    function landTampered(uint256 which, uint256 place, uint8 flip) external endsOnce {
        if (_hand.length == 0 || flip == 0) return;
        Sent memory sent = _hand[which % _hand.length];
        uint256 place_ = 4 + place % (sent.data.length - 4);
        sent.data[place_] = bytes1(uint8(sent.data[place_]) ^ flip);
        Escrow there = _away(sent.crossing, sent.verb) ? away : home;
        (bool done,) = address(there).call(sent.data);
        uint256 unread = sent.verb == Verb.LOCK ? 31 : 29; // bytes that fill the signatures' last word
        require(!done || place_ >= sent.data.length - unread, "I6: tampered");
        if (done) _noted(sent.crossing, sent.verb);
    }

    function escape(uint256 which) external endsOnce {
        uint256 nr = which % _all.length;
        _send(nr, Verb.ESCAPE, _call(home, Verb.ESCAPE, _all[nr].origin, 0, 0, 0));
    }

    function later(uint256 how) external {
        uint256[6] memory waits = [uint256(1), 10 minutes, 1 hours, 1 days, 180 days, 401 days];
        CHEATS.warp(block.timestamp + waits[how % 6]);
    }

    function halt(bool there, bool stop) external {
        Escrow escrow = there ? away : home;
        if (stop) escrow.haltIn();
        else escrow.resumeIn();
        halted[there ? 1 : 0] = stop;
    }

    /// What a court takes from the vault, and the issuer makes good.
    function seize(uint256 amount) external {
        if (seized != 0) {
            share.crosschainMint(address(vault), seized);
            seized = 0;
            return;
        }
        uint256 some = amount % 500;
        if (some == 0 || share.balanceOf(address(vault)) < some) return;
        share.forcedTransfer(address(vault), address(this), some);
        seized = some;
    }

    // What happened

    function count() external view returns (uint256) {
        return _all.length;
    }

    function tickets(uint256 nr) external view returns (bool, Ticket memory, Ticket memory) {
        return (_all[nr].outward, _all[nr].origin, _all[nr].destination);
    }

    function states(uint256 nr) public view returns (Escrow.State, Escrow.State) {
        Crossing storage one = _all[nr];
        (, Escrow.State first,,,) = (one.outward ? home : away).origin(one.origin.settlement);
        (, Escrow.State second,,,) = (one.outward ? away : home).destination(one.destination.settlement);
        return (first, second);
    }

    /// Of every stretch of time up to the last mint: no more than the bucket, undone ones given back.
    function overfilled(uint256 there) external view returns (bool) {
        Flow[] storage flow = _flow[there];
        if (flow.length == 0) return false;
        Flow storage last = flow[flow.length - 1];
        for (uint256 i = 0; i < flow.length; ++i) {
            uint256 before = i == 0 ? 0 : flow[i - 1].minted;
            uint256 undone = last.undone - (i == 0 ? 0 : flow[i - 1].undone);
            uint256 most = RATE_CAP + PER_SECOND * (last.when - flow[i].when) + undone;
            if (last.minted - before > most) return true;
        }
        return false;
    }

    function _order(bool outward, uint256 amount, uint256 holder, uint256 to) private {
        bytes32 settlement = bytes32(uint256(_all.length + 1) << 128);
        bytes32 terms = keccak256(abi.encode(settlement));
        uint256 atHome = outward ? holder : to;
        uint256 there = outward ? to : holder;
        Ticket memory here = Ticket(settlement, terms, address(share), 0, amount, CHEATS.addr(holders[atHome]), AWAY);
        Ticket memory gone = Ticket(settlement, terms, address(twin), 0, amount, CHEATS.addr(holders[there]), HOME);
        Crossing storage one = _all.push();
        one.outward = outward;
        one.holder = holders[holder];
        one.origin = outward ? here : gone;
        one.destination = outward ? gone : here;
    }

    /// The honest steps of a crossing: there, and back from either station.
    function _carryOn(uint256 nr, uint256 last) private {
        if (last < 4) {
            for (uint256 verb = 0; verb <= last; ++verb) _step(nr, Verb(verb));
            return;
        }
        _step(nr, Verb.LOCK);
        if (last == 5) _step(nr, Verb.MINT);
        _step(nr, Verb.UNMINT);
        _step(nr, Verb.RELEASE);
    }

    function _step(uint256 nr, Verb verb) private {
        _sign(nr, verb, 0);
        Sent memory sent = _hand[_hand.length - 1];
        _send(sent.crossing, sent.verb, sent.data);
    }

    /// The notaries keep the vote book and read what is final; else two of three are all there is.
    function _sign(uint256 nr, Verb verb, uint256 days_) private {
        Crossing storage one = _all[nr];
        (Escrow.State origin, Escrow.State destination) = states(nr);
        bool may = true;
        if (verb == Verb.MINT) may = origin == Escrow.State.OPEN && !_has(one, Verb.UNMINT) && !_has(one, Verb.RELEASE);
        if (verb == Verb.BURN) may = destination == Escrow.State.OPEN && !_has(one, Verb.UNMINT) && !_has(one, Verb.RELEASE);
        if (verb == Verb.ASSIGN) may = origin == Escrow.State.DONE;
        if (verb == Verb.UNMINT) may = !_has(one, Verb.BURN);
        if (verb == Verb.RELEASE) {
            may = !_has(one, Verb.BURN) && (destination == Escrow.State.SPENT || !_has(one, Verb.MINT));
        }
        if (may) one.signed |= 1 << uint256(verb);
        Escrow escrow = _away(nr, verb) ? away : home;
        Ticket memory t = _atOrigin(verb) ? one.origin : one.destination;
        uint64 until = uint64(block.timestamp + (days_ % 181) * 1 days);
        bytes memory data = _call(escrow, verb, t, may ? THRESHOLD : THRESHOLD - 1, one.holder, until);
        _hand.push(Sent(nr, verb, data));
    }

    function _send(uint256 nr, Verb verb, bytes memory data) private {
        Escrow escrow = _away(nr, verb) ? away : home;
        (Escrow.State origin, Escrow.State destination) = states(nr);
        (bool done,) = address(escrow).call(data);
        if (done) {
            _noted(nr, verb);
            return;
        }
        (Escrow.State first, Escrow.State second) = states(nr);
        require(first == origin && second == destination, "a refusal changes nothing");
    }

    function _noted(uint256 nr, Verb verb) private {
        Crossing storage one = _all[nr];
        ++landed[uint256(verb)];
        require(verb == Verb.ESCAPE || _has(one, verb), "I6: nobody signed it");
        (Escrow.State origin, Escrow.State destination) = states(nr);
        uint256 there = _away(nr, verb) ? 1 : 0;
        if (verb == Verb.LOCK || verb == Verb.MINT) require(!halted[there], "I9");
        if (verb == Verb.MINT) {
            _grown(there).minted += one.destination.amount;
            _minted[nr] = Opened(block.timestamp, false);
        }
        if (verb == Verb.UNMINT && _minted[nr].when != 0) {
            require(!_minted[nr].undone, "I3: undone twice");
            _minted[nr].undone = true;
            _grown(there).undone += one.destination.amount;
        }
        if (verb == Verb.ASSIGN) require(origin == Escrow.State.DONE, "I4");
        if (verb == Verb.RELEASE || verb == Verb.ESCAPE) require(destination != Escrow.State.DONE, "I8");
    }

    function _goesOn(Escrow.State before, Escrow.State now_) private pure {
        if (before == Escrow.State.OPEN) require(now_ != Escrow.State.NONE, "I3: undone");
        if (before > Escrow.State.OPEN) require(now_ == before, "I3: ended twice");
    }

    function _grown(uint256 there) private returns (Flow storage next) {
        Flow[] storage flow = _flow[there];
        uint256 size = flow.length;
        next = flow.push();
        next.when = block.timestamp;
        if (size != 0) {
            next.minted = flow[size - 1].minted;
            next.undone = flow[size - 1].undone;
        }
    }

    function _has(Crossing storage one, Verb verb) private view returns (bool) {
        return one.signed & (1 << uint256(verb)) != 0;
    }

    function _atOrigin(Verb verb) private pure returns (bool) {
        return verb != Verb.MINT && verb != Verb.ASSIGN && verb != Verb.UNMINT;
    }

    function _away(uint256 nr, Verb verb) private view returns (bool) {
        return _all[nr].outward != _atOrigin(verb);
    }
}
