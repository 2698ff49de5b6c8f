//! What a lawless ledger does to the payload of a cell.

use aludel_protocol::field::Limbs;
use aludel_protocol::{Action, F, Payload, Transaction, fe};
use p3_field::{PrimeCharacteristicRing, PrimeField32};

/// The balance of an account's cell, or of a token's.
pub fn balance(p: &Payload) -> u128 {
    let limbs = p.0[Payload::BALANCE..].iter().rev();
    limbs.fold(0, |acc, x| acc << 16 | u128::from(x.as_canonical_u32()))
}

pub fn set_balance(p: &mut Payload, balance: u128) {
    p.0[Payload::BALANCE..].copy_from_slice(&balance.limbs());
}

/// Adds to the balance, which may wrap.
pub fn gain(p: &mut Payload, amount: u128) {
    set_balance(p, balance(p).wrapping_add(amount));
    p.0[Payload::EXISTS] = F::ONE;
}

/// Two limbs at a position, plus one, which may wrap.
pub fn advance(p: &mut Payload, at: usize) {
    let [lo, hi] = [at, at + 1].map(|i| p.0[i].as_canonical_u32());
    p.0[at..at + 2].copy_from_slice(&((hi << 16) | lo).wrapping_add(1).limbs());
}

/// What signing a transaction does to the sender's cell, beside what it pays.
pub fn sign_off(p: &mut Payload, t: &Transaction) {
    advance(p, Payload::SEQUENCE);
    p.0[Payload::NEXT_EPOCH] = fe(t.epoch.0 + 1);
    if let Action::Rotate { key } = t.action {
        p.0[Payload::KEY..Payload::SEQUENCE].copy_from_slice(&key.0);
        p.0[Payload::NEXT_EPOCH] = F::ZERO;
    }
}
