//! One row from one event: the witness columns. The rules are not enforced here: an entry that they forbid
//! makes a row that the constraints refuse.

use aludel_protocol::cell::{Access, Accesses};
use aludel_protocol::field::Limbs;
use aludel_protocol::params::XMSS_LIFETIME;
use aludel_protocol::{AccountId, CellAddress, Deposit, F, Payload, QueueItem, Transfer, fe};
use p3_field::{Field, PrimeCharacteristicRing, PrimeField32};

use super::columns::{Balance, CellAccess, State, TransactionColumns};
use super::flow::LIMB;
use crate::columns::Columns;

/// What a cell access of role `0..6` needs besides the access itself: when the cell was last accessed.
pub(super) type Previous = [F; 6];

/// A row of no kind after `state`.
pub(super) fn blank(state: State<F>) -> TransactionColumns<F> {
    let width = <TransactionColumns<F> as Columns<F>>::WIDTH;
    let mut r = TransactionColumns::read(&vec![F::ZERO; width]);
    r.state = state;
    r.number_carry = F::from_bool(state.sealed[0] + F::ONE == LIMB);
    r.number = incremented(state.sealed, r.number_carry);
    r.native = F::ONE;
    r
}

fn incremented([lo, hi]: [F; 2], carry: F) -> [F; 2] {
    [lo + F::ONE - carry * LIMB, hi + carry]
}

/// Fills what a transfer needs.
pub(super) fn transfer(
    r: &mut TransactionColumns<F>,
    t: &Transfer,
    accesses: &Accesses,
    previous: &Previous,
) {
    r.transfer = F::ONE;
    r.from = t.from.0.limbs();
    r.to = t.to.0.limbs();
    r.third = r.state.operator;
    token(r, t.token.0);
    r.amount = t.amount.0.limbs();
    r.fee = t.fee.limbs();
    touch(r, accesses, previous);
    epoch(r, t);
    expiry(r, t);
    increment(r, Payload::SEQUENCE);
    sender(r);
    credit(&mut r.balances[1], &r.amount);
    credit(&mut r.balances[2], &r.fee);
}

/// Fills what a deposit needs.
pub(super) fn deposit(
    r: &mut TransactionColumns<F>,
    item: &QueueItem,
    accesses: &Accesses,
    previous: &Previous,
) {
    token(r, item.token.0);
    r.amount = item.amount.0.limbs();
    r.queue_carry = F::from_bool(r.state.queue_index[0] + F::ONE == LIMB);
    touch(r, accesses, previous);
    match item.deposit {
        Deposit::ToAccount { account } => {
            r.to_account = F::ONE;
            r.to = account.0.limbs();
        }
        Deposit::ToKey { .. } => {
            r.to_key = F::ONE;
            r.to = [r.accounts[0].old[0], r.accounts[0].old[1]];
            r.third = r.to;
            increment(r, 0);
        }
    }
    credit(&mut r.balances[1], &r.amount);
}

/// The cells that an entry must touch, in order.
pub(super) fn addresses(r: &TransactionColumns<F>) -> [Option<CellAddress>; 6] {
    let account = |[lo, hi]: [F; 2]| AccountId(hi.as_canonical_u32() << 16 | lo.as_canonical_u32());
    let accounts = [r.from, r.to, r.third].map(account);
    let slot = r.token.as_canonical_u32() as u16;
    let active = r.touches().map(|t| t.active.is_one());
    core::array::from_fn(|j| {
        let in_slots = j != 1 && r.to_key.is_one();
        active[j].then(|| match j {
            3.. => CellAddress::slot(accounts[j - 3], slot),
            _ if in_slots => CellAddress::slot(accounts[j], 0),
            _ => CellAddress::account(accounts[j]),
        })
    })
}

fn token(r: &mut TransactionColumns<F>, token: u16) {
    r.token = F::from_u16(token);
    r.native = F::from_bool(token == 0);
    r.token_inverse = r.token.try_inverse().unwrap_or(F::ZERO);
}

fn touch(r: &mut TransactionColumns<F>, accesses: &Accesses, previous: &Previous) {
    for j in 0..3 {
        if let Some(a) = &accesses[j] {
            r.accounts[j] = CellAccess { previous: previous[j], old: a.old.0, new: a.new.0 };
        }
        let native = r.native.is_one();
        if let Some(a) = if native { &accesses[j] } else { &accesses[j + 3] } {
            balance(&mut r.balances[j], a);
            r.balances[j].previous = if native { F::ZERO } else { previous[j + 3] };
        }
    }
}

fn balance(b: &mut Balance<F>, a: &Access) {
    b.exists = a.old.0[Payload::EXISTS];
    b.before.copy_from_slice(&a.old.0[Payload::BALANCE..]);
    b.after.copy_from_slice(&a.new.0[Payload::BALANCE..]);
}

fn epoch(r: &mut TransactionColumns<F>, t: &Transfer) {
    r.epoch = fe(t.epoch.0);
    let next = r.accounts[0].old[Payload::NEXT_EPOCH].as_canonical_u32();
    let gap: [F; 2] = t.epoch.0.wrapping_sub(next).limbs();
    r.epoch_gap = gap;
    r.epoch_inverse = (r.epoch - fe(XMSS_LIFETIME - 1)).try_inverse().unwrap_or(F::ZERO);
}

fn expiry(r: &mut TransactionColumns<F>, t: &Transfer) {
    r.expiry = t.expiry.0.limbs();
    let number = r.number.map(|x| x.as_canonical_u32());
    let low = t.expiry.0 & 0xffff;
    r.slack_borrow = F::from_bool(low < number[0]);
    r.slack = [r.expiry[0] - r.number[0] + r.slack_borrow * LIMB, r.expiry[1] - r.number[1] - r.slack_borrow];
}

fn increment(r: &mut TransactionColumns<F>, at: usize) {
    let old = [r.accounts[0].old[at], r.accounts[0].old[at + 1]];
    r.increment_carry = F::from_bool(old[0] + F::ONE == LIMB);
    r.increment = incremented(old, r.increment_carry);
}

/// Borrows of `after = before - amount - fee`.
fn sender(r: &mut TransactionColumns<F>) {
    let mut borrow = 0;
    for i in 0..7 {
        let limb = |x: F| x.as_canonical_u32();
        let due = limb(r.amount[i]) + r.fee.get(i).map_or(0, |x| limb(*x)) + borrow;
        borrow = due.saturating_sub(limb(r.balances[0].before[i])).div_ceil(1 << 16);
        r.balances[0].carry[i] = fe(borrow);
    }
}

/// Carries of `after = before + gain`.
fn credit(b: &mut Balance<F>, gain: &[F]) {
    let mut carry = 0;
    for i in 0..7 {
        let sum = b.before[i].as_canonical_u32() + gain.get(i).map_or(0, |x| x.as_canonical_u32()) + carry;
        carry = sum >> 16;
        b.carry[i] = fe(carry);
    }
}
