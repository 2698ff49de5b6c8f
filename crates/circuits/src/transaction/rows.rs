//! One row from one event: the witness columns. The rules are not enforced here: an entry that they forbid
//! makes a row that the constraints refuse.

use aludel_protocol::cell::{Access, Accesses};
use aludel_protocol::field::Limbs;
use aludel_protocol::params::XMSS_LIFETIME;
use aludel_protocol::{Action, CellAddress, F, NoOp, Payload, QueueItem, Request, Transaction, fe};
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
    kind(&mut r, 0);
    r
}

fn incremented([lo, hi]: [F; 2], carry: F) -> [F; 2] {
    [lo + F::ONE - carry * LIMB, hi + carry]
}

/// Fills what a transaction needs.
pub(super) fn transaction(
    r: &mut TransactionColumns<F>,
    t: &Transaction,
    accesses: &Accesses,
    previous: &Previous,
) {
    match t.action {
        Action::Transfer { to, .. } => (r.transfer, r.to) = (F::ONE, to.0.limbs()),
        Action::Withdraw { to, .. } => (r.withdraw, r.l1) = (F::ONE, to.limbs()),
        Action::Rotate { .. } => r.rotate = F::ONE,
    }
    r.from = t.from.0.limbs();
    r.third = r.state.operator;
    token(r, t.token.0);
    r.amount = t.action.amount().0.limbs();
    r.fee = t.fee.limbs();
    touch(r, accesses, previous);
    epoch(r, t);
    expiry(r, t);
    increment(r, Payload::SEQUENCE);
    sender(r);
    if r.transfer.is_one() {
        credit(&mut r.balances[1], &r.amount);
    }
    credit(&mut r.balances[2], &r.fee);
}

/// Fills what an item of the L1 queue needs. `None` where one of no known kind should take effect.
pub(super) fn item(
    r: &mut TransactionColumns<F>,
    item: &QueueItem,
    no_op: Option<NoOp>,
    accesses: &Accesses,
    previous: &Previous,
) -> Option<()> {
    *outcome(r, item, no_op)? = F::ONE;
    kind(r, item.kind);
    token(r, item.token.0);
    r.amount = item.amount.0.limbs();
    (r.account, r.l1, r.key) = (item.account.0.limbs(), item.l1.limbs(), item.key.limbs());
    r.queue_carry = F::from_bool(r.state.queue_index[0] + F::ONE == LIMB);
    touch(r, accesses, previous);
    if r.asks_account().is_one() {
        r.to = r.account;
    }
    if r.asks_force().is_one() {
        (r.from, r.third) = (r.account, r.account);
    }
    if r.to_key.is_one() {
        r.to = [r.accounts[0].old[0], r.accounts[0].old[1]];
        r.third = r.to;
        increment(r, 0);
    }
    if r.reads_balance(1).is_one() {
        credit(&mut r.balances[1], &r.amount);
    }
    if r.overflow.is_one() {
        r.balances[1].after = sum(&r.balances[1], &r.amount);
    }
    witness(r);
    Some(())
}

/// The kind of row that says what became of an item.
fn outcome<'a>(r: &'a mut TransactionColumns<F>, item: &QueueItem, no_op: Option<NoOp>) -> Option<&'a mut F> {
    Some(match (no_op, item.request()) {
        (None, Request::ToAccount { .. }) => &mut r.to_account,
        (None, Request::ToKey { .. }) => &mut r.to_key,
        (None, Request::Forced { .. }) => &mut r.forced,
        (None, Request::Unknown) => return None,
        (Some(NoOp::NoAccount), _) => &mut r.no_account,
        (Some(NoOp::Overflow), _) => &mut r.overflow,
        (Some(NoOp::NoNumber), _) => &mut r.no_number,
        (Some(NoOp::UnknownKind), _) => &mut r.unknown_kind,
        (Some(NoOp::ForcedNoAccount), _) => &mut r.forced_no_account,
        (Some(NoOp::NotOwner), _) => &mut r.not_owner,
    })
}

/// What shows that the item has no known kind, or that another owner asks.
fn witness(r: &mut TransactionColumns<F>) {
    if r.unknown_kind.is_one() {
        r.inverse = r.kind_product.try_inverse().unwrap_or(F::ZERO);
    }
    if r.not_owner.is_one() {
        let inverses = r.owner_differences().map(|x| x.try_inverse());
        if let Some((i, Some(inverse))) = inverses.into_iter().enumerate().find(|(_, x)| x.is_some()) {
            r.difference[i] = inverse;
        }
    }
}

fn kind(r: &mut TransactionColumns<F>, kind: u16) {
    r.item_kind = F::from_u16(kind);
    let known = [QueueItem::TO_ACCOUNT, QueueItem::TO_KEY, QueueItem::FORCED].map(F::from_u16);
    r.kind_product = known.into_iter().map(|k| r.item_kind - k).product();
}

/// The cells that an entry must touch, in order.
pub(super) fn addresses(r: &TransactionColumns<F>) -> [Option<CellAddress>; 6] {
    r.touches().map(|touch| touch.active.is_one().then(|| touch.address()))
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
        let balance = if native { &accesses[j] } else { &accesses[j + 3] };
        if let (Some(a), true) = (balance, r.reads_balance(j).is_one()) {
            moved(&mut r.balances[j], a);
            r.balances[j].previous = if native { F::ZERO } else { previous[j + 3] };
        }
    }
}

fn moved(b: &mut Balance<F>, a: &Access) {
    b.exists = a.old.0[Payload::EXISTS];
    b.before.copy_from_slice(&a.old.0[Payload::BALANCE..]);
    b.after.copy_from_slice(&a.new.0[Payload::BALANCE..]);
}

fn epoch(r: &mut TransactionColumns<F>, t: &Transaction) {
    r.epoch = fe(t.epoch.0);
    let next = r.accounts[0].old[Payload::NEXT_EPOCH].as_canonical_u32();
    let gap: [F; 2] = t.epoch.0.wrapping_sub(next).limbs();
    r.epoch_gap = gap;
    r.inverse = (r.epoch - fe(XMSS_LIFETIME - 1)).try_inverse().unwrap_or(F::ZERO);
}

fn expiry(r: &mut TransactionColumns<F>, t: &Transaction) {
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

/// `before + amount - 2^128` with the carries between: the sum of an overflow.
fn sum(b: &Balance<F>, amount: &[F; 8]) -> [F; 8] {
    core::array::from_fn(|i| {
        let from = if i == 0 { F::ZERO } else { b.carry[i - 1] };
        b.before[i] + amount[i] + from - b.carry.get(i).copied().unwrap_or(F::ONE) * LIMB
    })
}
