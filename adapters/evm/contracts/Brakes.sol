// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governed} from "./Governed.sol";
import {ICustody} from "./ICustody.sol";

/// Which assets may cross, how much of each and how fast, and who may stop it.
///
/// The guardian tightens at once, the governor loosens slowly. The way back is never closed here:
/// nothing in this file is asked by release, unmint, burn or escape.
/// Units: amounts in the asset's smallest unit, times in seconds.
abstract contract Brakes is Governed {
    struct Rule {
        ICustody custody; // once set, never another: it holds what crossed
        uint32 window; // between mint and assign, above `instantCap`
        uint128 cap; // most that may be in the bridge at a time
        uint128 instantCap;
        uint128 rateCap; // the bucket: most minted at once,
        uint128 perSecond; // and how fast it fills again
        bytes32 codeHash; // of the asset's code
        bytes32 home; // keccak256 of the home network's CAIP-2 text
        bytes32 dti; // ISO 24165, left aligned; zero where none is assigned
    }

    struct Asset {
        ICustody custody;
        uint32 window;
        bool open;
        uint128 cap;
        uint128 instantCap;
        uint128 rateCap;
        uint128 perSecond;
        uint128 tokens; // in the bucket, when last filled
        uint64 filledAt;
        bytes32 codeHash;
    }

    uint256 internal constant LAPSE = 7 days; // of a guardian's halt or veto nobody confirmed

    address public guardian;
    bool public inHalted;
    uint64 public outHaltedUntil;
    mapping(address => bool) public isOperator;
    mapping(address => Asset) public assets;

    event GuardianChanged(address indexed guardian);
    event OperatorChanged(address indexed operator, bool holds);
    event AssetListed(address indexed asset, Rule rule);
    event AssetClosedBy(address indexed asset, address indexed by);
    event InHalted(address indexed by);
    event InResumed();
    event OutHalted(address indexed by, uint64 until);
    event OutResumed();

    error NotGuardian();
    error NotOperator();
    error NotYet();
    error BadRule();
    error CustodyIsFixed();
    error Halted();
    error AssetClosed();
    error OverCap();
    error RateLimited();
    error InWindow();

    modifier onlyGuardian() {
        if (msg.sender != guardian && msg.sender != governor) revert NotGuardian();
        _;
    }

    constructor(address governor_, address guardian_) Governed(governor_) {
        guardian = guardian_;
        emit GuardianChanged(guardian_);
    }

    function setGuardian(address next) external onlyGovernor {
        guardian = next;
        emit GuardianChanged(next);
    }

    /// The governor names and dismisses; the guardian may only dismiss.
    function setOperator(address operator, bool holds) external onlyGuardian {
        if (holds && msg.sender != governor) revert NotGovernor();
        isOperator[operator] = holds;
        emit OperatorChanged(operator, holds);
    }

    /// List an asset, or change its limits. No limit has a default: what is not set is refused.
    function listAsset(address asset, Rule calldata rule) external onlyGovernor {
        if (rule.cap == 0 || rule.rateCap == 0 || rule.perSecond == 0 || rule.home == 0) revert BadRule();
        if (address(rule.custody).code.length == 0 || asset.code.length == 0) revert BadRule();
        if (asset.codehash != rule.codeHash) revert BadRule();
        Asset storage a = assets[asset];
        bool known = address(a.custody) != address(0);
        if (known && address(a.custody) != address(rule.custody)) revert CustodyIsFixed();
        uint256 tokens = known ? _filled(a) : rule.rateCap;
        a.custody = rule.custody;
        a.window = rule.window;
        a.open = true;
        a.cap = rule.cap;
        a.instantCap = rule.instantCap;
        a.rateCap = rule.rateCap;
        a.perSecond = rule.perSecond;
        a.tokens = uint128(tokens < rule.rateCap ? tokens : rule.rateCap);
        a.filledAt = uint64(block.timestamp);
        a.codeHash = rule.codeHash;
        emit AssetListed(asset, rule);
    }

    function closeAsset(address asset) external onlyGuardian {
        assets[asset].open = false;
        emit AssetClosedBy(asset, msg.sender);
    }

    /// No lock and no mint, until the governor resumes.
    function haltIn() external onlyGuardian {
        inHalted = true;
        emit InHalted(msg.sender);
    }

    function resumeIn() external onlyGovernor {
        inHalted = false;
        emit InResumed();
    }

    /// No assign. The guardian's halt lapses, and as long must pass before the next one: who may
    /// only slow things down can never close the door for good.
    function haltOut() external onlyGuardian {
        uint64 until = type(uint64).max;
        if (msg.sender != governor) {
            if (outHaltedUntil != 0 && block.timestamp < uint256(outHaltedUntil) + LAPSE) revert NotYet();
            until = uint64(block.timestamp + LAPSE);
        }
        outHaltedUntil = until;
        emit OutHalted(msg.sender, until);
    }

    function resumeOut() external onlyGovernor {
        outHaltedUntil = 0;
        emit OutResumed();
    }

    function _enter(address asset) internal view returns (Asset storage a) {
        if (inHalted) revert Halted();
        a = assets[asset];
        if (!a.open || asset.codehash != a.codeHash) revert AssetClosed();
    }

    function _draw(Asset storage a, uint256 amount) internal {
        uint256 tokens = _filled(a);
        if (amount > tokens) revert RateLimited();
        a.tokens = uint128(tokens - amount);
        a.filledAt = uint64(block.timestamp);
    }

    /// Give back what an undone mint drew. It never reverts: what is more than the bucket holds is
    /// cut when it is next drawn from.
    function _refund(Asset storage a, uint256 amount) internal {
        uint256 tokens = a.tokens + amount;
        a.tokens = uint128(tokens < type(uint128).max ? tokens : type(uint128).max);
    }

    function _leave(Asset storage a, uint256 amount, uint256 since) internal view {
        if (block.timestamp < outHaltedUntil) revert Halted();
        if (amount > a.instantCap && block.timestamp < since + a.window) revert InWindow();
    }

    function _filled(Asset storage a) private view returns (uint256 tokens) {
        tokens = a.tokens + (block.timestamp - a.filledAt) * a.perSecond;
        if (tokens > a.rateCap) tokens = a.rateCap;
    }
}
