// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Bridgeable} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC20Bridgeable.sol";

/// What a regulated token answers and lets its issuer do. Source: ERC-7943, fungible form.
interface IERC7943Fungible {
    event ForcedTransfer(address indexed from, address indexed to, uint256 amount);
    event Frozen(address indexed account, uint256 amount);

    error ERC7943CannotSend(address account);
    error ERC7943CannotReceive(address account);
    error ERC7943CannotTransfer(address from, address to, uint256 amount);
    error ERC7943InsufficientUnfrozenBalance(address account, uint256 amount, uint256 unfrozen);

    function forcedTransfer(address from, address to, uint256 amount) external returns (bool);
    function setFrozenTokens(address account, uint256 amount) external returns (bool);
    function canSend(address account) external view returns (bool);
    function canReceive(address account) external view returns (bool);
    function getFrozenTokens(address account) external view returns (uint256);
    function canTransfer(address from, address to, uint256 amount) external view returns (bool);
}

/// The twin of a token that is at home elsewhere.
///
/// Its custody alone mints and burns. The issuer freezes and forces on a court's order, never out
/// of custody; the bridge has neither power.
contract RepresentationToken is ERC20Bridgeable, IERC7943Fungible {
    bytes32 public immutable HOME; // keccak256 of the home network's CAIP-2 text
    bytes32 public immutable HOME_ASSET; // keccak256 of the asset's text there
    address public immutable CUSTODY;
    address public immutable ISSUER;
    uint8 private immutable DIGITS;

    mapping(address => uint256) private _frozen;

    error NotCustody(address caller);
    error NotIssuer(address caller);
    error NeverOutOfCustody();

    modifier onlyIssuer() {
        if (msg.sender != ISSUER) revert NotIssuer(msg.sender);
        _;
    }

    constructor(
        string memory name_,
        string memory symbol_,
        uint8 digits,
        bytes32 home,
        bytes32 homeAsset,
        address custody,
        address issuer
    ) ERC20(name_, symbol_) {
        HOME = home;
        HOME_ASSET = homeAsset;
        CUSTODY = custody;
        ISSUER = issuer;
        DIGITS = digits;
    }

    function decimals() public view override returns (uint8) {
        return DIGITS;
    }

    function supportsInterface(bytes4 id) public view override returns (bool) {
        return id == type(IERC7943Fungible).interfaceId || super.supportsInterface(id);
    }

    /// On a court's order; what moves is thawed as far as it must be.
    function forcedTransfer(address from, address to, uint256 amount) external onlyIssuer returns (bool) {
        if (from == CUSTODY) revert NeverOutOfCustody();
        if (from == address(0) || to == address(0)) revert ERC7943CannotTransfer(from, to, amount);
        uint256 balance = balanceOf(from);
        if (balance >= amount && _frozen[from] > balance - amount) {
            _frozen[from] = balance - amount;
            emit Frozen(from, balance - amount);
        }
        super._update(from, to, amount);
        emit ForcedTransfer(from, to, amount);
        return true;
    }

    function setFrozenTokens(address account, uint256 amount) external onlyIssuer returns (bool) {
        if (account == CUSTODY) revert NeverOutOfCustody();
        _frozen[account] = amount;
        emit Frozen(account, amount);
        return true;
    }

    function canSend(address account) external pure returns (bool) {
        return account != address(0);
    }

    function canReceive(address account) external pure returns (bool) {
        return account != address(0);
    }

    function getFrozenTokens(address account) external view returns (uint256) {
        return _frozen[account];
    }

    function canTransfer(address from, address to, uint256 amount) external view returns (bool) {
        return from != address(0) && to != address(0) && amount <= _unfrozen(from);
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (from != CUSTODY && from != address(0) && _frozen[from] != 0) {
            uint256 unfrozen = _unfrozen(from);
            if (amount > unfrozen) revert ERC7943InsufficientUnfrozenBalance(from, amount, unfrozen);
        }
        super._update(from, to, amount);
    }

    function _checkTokenBridge(address caller) internal view override {
        if (caller != CUSTODY) revert NotCustody(caller);
    }

    function _unfrozen(address account) private view returns (uint256) {
        uint256 balance = balanceOf(account);
        return balance > _frozen[account] ? balance - _frozen[account] : 0;
    }
}
