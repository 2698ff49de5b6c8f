//! The six accesses of a row: where, when, and what the payloads may become.

use aludel_protocol::field::Limbs;
use aludel_protocol::params::{PAYLOAD, SYSTEM_ACCOUNT};
use aludel_protocol::{AccountId, CellAddress, F, Payload, Space, fe};
use p3_field::{Algebra, PrimeField32};

use super::columns::{CellAccess, TransactionColumns};
use super::flow::LIMB;
use crate::builder::ChipBuilder;
use crate::bus::Bus;

/// One access, as the memory bus sees it.
pub(super) struct Touch<E> {
    /// Whether it happens: a kind, or a kind and not native.
    pub(super) active: E,
    /// `space, account high, account low, slot`.
    at: [E; 4],
    /// When the cell was last accessed.
    previous: E,
    /// When this access happens.
    time: E,
    old: Vec<E>,
    new: Vec<E>,
}

impl<E: Algebra<F>> Touch<E> {
    /// What lies between the two accesses, in `[0, 2^16)` if time runs forward: times are below
    /// `8 * 2^13 + 6 < 2^17`, so a step back or a step of nothing is a negative number, and out of range.
    pub(super) fn gap(&self) -> E {
        self.time.clone() - self.previous.clone() - E::ONE
    }

    fn message(&self, time: &E, payload: &[E]) -> Vec<E> {
        [&self.at[..], core::slice::from_ref(time), payload].concat()
    }
}

impl Touch<F> {
    /// The cell that a row of the ledger's accesses.
    pub(super) fn address(&self) -> CellAddress {
        let [space, hi, lo, slot] = self.at.map(|x| x.as_canonical_u32());
        let space = if space == 0 { Space::Account } else { Space::Slot };
        CellAddress { space, account: AccountId(hi << 16 | lo), slot: slot as u16 }
    }
}

impl<E: Algebra<F>> TransactionColumns<E> {
    /// Accesses 0 to 5. Every address is decomposed by the tree, so its coordinates are 16-bit limbs.
    pub(super) fn touches(&self) -> [Touch<E>; 6] {
        core::array::from_fn(|j| if j < 3 { self.touch_account(j) } else { self.touch_token(j) })
    }

    /// Account of role 0, 1, 2.
    fn party(&self, role: usize) -> &[E; 2] {
        [&self.from, &self.to, &self.third][role]
    }

    fn time(&self, j: usize) -> E {
        self.state.clock.clone() + fe(j as u32)
    }

    /// Accesses 0 to 2. Counter and `l1_owner` lie in slot 0 of the space of slots.
    fn touch_account(&self, j: usize) -> Touch<E> {
        let [lo, hi] = self.party(j).clone();
        let access = &self.accounts[j];
        let in_slots = match j {
            0 => self.asks_key(),
            1 => E::ZERO,
            _ => self.reads_owner(),
        };
        Touch {
            active: self.reads_account(j),
            at: [in_slots, hi, lo, E::ZERO],
            previous: access.previous.clone(),
            time: self.time(j),
            old: access.old.to_vec(),
            new: access.new.to_vec(),
        }
    }

    /// Accesses 3 to 5: a balance in the slot of its token's number. What overflows is left as it was, so of access 4
    /// the new payload has degree 2 and its message stands alone.
    fn touch_token(&self, j: usize) -> Touch<E> {
        let [lo, hi] = self.party(j - 3).clone();
        let balance = &self.balances[j - 3];
        let keeps = if j == 4 { self.overflow.clone() } else { E::ZERO };
        let keep =
            |old: &E, new: E| if j == 4 { new.clone() + keeps.clone() * (old.clone() - new) } else { new };
        let written = core::array::from_fn(|i| keep(&balance.before[i], balance.after[i].clone()));
        Touch {
            active: self.reads_balance(j - 3) * (E::ONE - self.native.clone()),
            at: [E::ONE, hi, lo, self.token.clone()],
            previous: balance.previous.clone(),
            time: self.time(j),
            old: balance_payload(balance.exists.clone(), &balance.before),
            new: balance_payload(keep(&balance.exists, E::ONE), &written),
        }
    }
}

/// As `BalanceCell::payload`. An empty cell has a zero balance because its whole payload is zero.
fn balance_payload<E: Algebra<F>>(exists: E, balance: &[E; 8]) -> Vec<E> {
    let mut p = vec![E::ZERO; Payload::EXISTS];
    p.push(exists);
    p.extend_from_slice(balance);
    p
}

/// Every access takes the cell's payload as the last one left it, and leaves it anew. Where their fields are
/// linear, both messages share an auxiliary column.
pub(super) fn memory<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    for touch in r.touches() {
        b.receive(Bus::Cell, touch.message(&touch.previous, &touch.old), touch.active.clone());
        b.send(Bus::Cell, touch.message(&touch.time, &touch.new), touch.active.clone());
    }
}

/// Whose cells the accesses are.
pub(super) fn parties<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    let system: [F; 2] = SYSTEM_ACCOUNT.limbs();
    b.when_all_eq("the counter is the system's", r.asks_key(), r.from.clone(), system);
    let counter = &r.accounts[0].old;
    let number = [counter[0].clone(), counter[1].clone()];
    b.when_all_eq("a new account has the counter's number", r.to_key.clone(), r.to.clone(), number);
    let operator = r.state.operator.clone();
    b.when_all_eq("fees go to the operator", r.signed(), r.third.clone(), operator);
    b.when_all_eq("the owner is the new account's", r.to_key.clone(), r.third.clone(), r.to.clone());
    b.when_all_eq("the item names who is credited", r.asks_account(), r.to.clone(), r.account.clone());
    b.when_all_eq("the item names who is forced", r.asks_force(), r.from.clone(), r.account.clone());
    let forced = r.forced.clone() + r.not_owner.clone();
    b.when_all_eq("the owner is the forced account's", forced, r.third.clone(), r.from.clone());
}

/// Which accounts exist, and that they keep what an entry does not change. Nobody is the system account: it has no
/// account cell.
pub(super) fn existing<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    let [sender, recipient, third] = &r.accounts;
    let from = r.signed() + r.forced.clone() + r.not_owner.clone();
    b.when_eq("sender exists", from, sender.old[Payload::EXISTS].clone(), fe(1));
    let to = r.transfer.clone() + r.to_account.clone() + r.overflow.clone();
    b.when_eq("recipient exists", to, recipient.old[Payload::EXISTS].clone(), fe(1));
    b.when_eq("operator exists", r.signed(), third.old[Payload::EXISTS].clone(), fe(1));
    let lasting = Payload::EXISTS..Payload::BALANCE;
    for i in (Payload::KEY..Payload::SEQUENCE).chain(lasting.clone()) {
        same(b, "sender keeps its key", &r.spends(), sender, i);
    }
    lasting.for_each(|i| same(b, "who rotates goes on to exist", &r.rotate, sender, i));
    let credited = r.transfer.clone() + r.to_account.clone();
    for i in Payload::KEY..Payload::BALANCE {
        same(b, "recipient only gains", &credited, recipient, i);
        same(b, "operator only gains", &r.signed(), third, i);
        same(b, "who is forced only pays", &r.forced, sender, i);
    }
}

/// What is only read is written back: every cell of a row without effect, and an `l1_owner` that is asked.
pub(super) fn untouched<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    let [first, second, third] = &r.accounts;
    let from = r.no_number.clone() + r.forced_no_account.clone() + r.not_owner.clone();
    let to = r.no_account.clone() + r.overflow.clone();
    let owner = r.forced.clone() + r.not_owner.clone();
    for i in 0..PAYLOAD {
        same(b, "no effect on the account that is asked", &from, first, i);
        same(b, "no effect on the account that is named", &to, second, i);
        same(b, "no effect on the owner", &owner, third, i);
    }
}

fn same<B: ChipBuilder>(
    b: &mut B,
    name: &'static str,
    condition: &B::Expr,
    access: &CellAccess<B::Expr>,
    i: usize,
) {
    b.when_eq(name, condition.clone(), access.new[i].clone(), access.old[i].clone());
}

/// The sender's sequence, or the account counter, goes up by one. The old limbs are in range because whatever
/// wrote them was (or they are the genesis state's); the new ones are range-checked, so `2^32` is refused.
pub(super) fn increment<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    let CellAccess { old, new, .. } = &r.accounts[0];
    b.assert_bool("increment carry is boolean", r.increment_carry.clone());
    let carry = &r.increment_carry;
    for (name, kind, at) in
        [("sequence advances", r.signed(), Payload::SEQUENCE), ("counter advances", r.to_key.clone(), 0)]
    {
        let low = old[at].clone() + fe(1) - carry.clone() * LIMB;
        b.when_eq(name, kind.clone(), r.increment[0].clone(), low);
        b.when_eq(name, kind.clone(), r.increment[1].clone(), old[at + 1].clone() + carry.clone());
        let written = [new[at].clone(), new[at + 1].clone()];
        b.when_all_eq(name, kind, written, r.increment.clone());
    }
}
