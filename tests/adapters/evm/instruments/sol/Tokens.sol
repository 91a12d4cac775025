// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

/// OpenZeppelin's token with nothing added but its first holder.
contract PlainShare is ERC20 {
    constructor(address first, uint256 amount) ERC20("Plain", "PLN") {
        _mint(first, amount);
    }
}

/// OpenZeppelin's title with nothing added but its first owner.
contract PlainDeed is ERC721 {
    constructor(address first, uint256 tokenId) ERC721("Deed", "DEED") {
        _mint(first, tokenId);
    }
}

/// Keeps a part of what is sent: nobody receives what was written.
contract Skimming is PlainShare {
    constructor(address first, uint256 amount) PlainShare(first, amount) {}

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from != address(0) && to != address(0)) super._update(to, address(0xfee), value / 100);
    }
}

/// Its balances are parts of a whole that somebody changes.
contract Swelling is PlainShare {
    uint256 public percent = 100;

    constructor(address first, uint256 amount) PlainShare(first, amount) {}

    function rebase(uint256 to) external {
        percent = to;
    }

    function balanceOf(address who) public view override returns (uint256) {
        return super.balanceOf(who) * percent / 100;
    }
}

/// Says that it moved, and did not; or moves and says nothing; or says that it did not.
contract Odd is PlainShare {
    enum Way {
        PRETENDS,
        MUTE,
        DENIES
    }

    Way private immutable WAY;

    constructor(address first, uint256 amount, Way way) PlainShare(first, amount) {
        WAY = way;
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        if (WAY == Way.PRETENDS) return true;
        if (WAY == Way.DENIES) return false;
        super.transferFrom(from, to, value);
        _silently();
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        super.transfer(to, value);
        if (WAY == Way.MUTE) _silently();
        return true;
    }

    function _silently() private pure {
        assembly ("memory-safe") {
            return(0, 0)
        }
    }
}

/// Calls somebody while it moves.
contract Calling is PlainShare {
    address private _whom;
    bytes private _what;
    bool public called;

    constructor(address first, uint256 amount) PlainShare(first, amount) {}

    function arm(address whom, bytes calldata what) external {
        (_whom, _what, called) = (whom, what, false);
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (_whom == address(0)) return;
        (called,) = _whom.call(_what);
    }
}

/// An account of several owners, of whom so many sign in the order of their addresses (ERC-1271).
contract OwnersWallet {
    uint256 private immutable NEEDED;
    mapping(address => bool) private _isOwner;

    constructor(address[] memory owners, uint256 needed) {
        NEEDED = needed;
        for (uint256 i = 0; i < owners.length; ++i) _isOwner[owners[i]] = true;
    }

    function isValidSignature(bytes32 hash, bytes calldata sigs) external view returns (bytes4) {
        if (sigs.length < 65 * NEEDED) return 0xffffffff;
        address last = address(0);
        for (uint256 i = 0; i < NEEDED; ++i) {
            bytes calldata one = sigs[65 * i:65 * i + 65];
            address who = ecrecover(hash, uint8(one[64]), bytes32(one[:32]), bytes32(one[32:64]));
            if (who <= last || !_isOwner[who]) return 0xffffffff;
            last = who;
        }
        return 0x1626ba7e;
    }

    function execute(address to, bytes calldata data) external {
        require(_isOwner[msg.sender], "no owner");
        (bool done,) = to.call(data);
        require(done, "refused");
    }
}
