//! The six accesses of a row: where, when, and what the payloads may become.

use aludel_protocol::params::PAYLOAD;
use aludel_protocol::{F, Payload, fe};
use p3_field::Algebra;

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
    /// `8 * 2^12 + 8 < 2^16`, so a step back or a step of nothing is a negative number, and out of range.
    pub(super) fn gap(&self) -> E {
        self.time.clone() - self.previous.clone() - E::ONE
    }

    fn message(&self, time: &E, payload: &[E]) -> Vec<E> {
        [&self.at[..], core::slice::from_ref(time), payload].concat()
    }
}

impl<E: Algebra<F>> TransactionColumns<E> {
    /// Accesses 0 to 5. Every address is decomposed by the tree, so its coordinates are 16-bit limbs.
    pub(super) fn touches(&self) -> [Touch<E>; 6] {
        core::array::from_fn(|j| if j < 3 { self.account(j) } else { self.token(j) })
    }

    /// Account of role 0 (sender), 1 (recipient), 2 (operator).
    fn party(&self, role: usize) -> &[E; 2] {
        [&self.from, &self.to, &self.third][role]
    }

    /// Whether the row has a party of this role that pays or is paid.
    pub(super) fn pays(&self, role: usize) -> E {
        if role == 1 { self.entry() } else { self.transfer.clone() }
    }

    fn time(&self, j: usize) -> E {
        self.state.clock.clone() + fe(j as u32)
    }

    /// Accesses 0 to 2. A new account's counter and `l1_owner` lie in slot 0 of the space of slots.
    fn account(&self, j: usize) -> Touch<E> {
        let [lo, hi] = self.party(j).clone();
        let access = &self.accounts[j];
        let in_slots = if j == 1 { E::ZERO } else { self.to_key.clone() };
        Touch {
            active: if j == 1 { self.entry() } else { self.transfer.clone() + self.to_key.clone() },
            at: [in_slots, hi, lo, E::ZERO],
            previous: access.previous.clone(),
            time: self.time(j),
            old: access.old.to_vec(),
            new: access.new.to_vec(),
        }
    }

    /// Accesses 3 to 5: a balance in the slot of its token's number.
    fn token(&self, j: usize) -> Touch<E> {
        let [lo, hi] = self.party(j - 3).clone();
        let balance = &self.balances[j - 3];
        Touch {
            active: self.pays(j - 3) * (E::ONE - self.native.clone()),
            at: [E::ONE, hi, lo, self.token.clone()],
            previous: balance.previous.clone(),
            time: self.time(j),
            old: balance_payload(balance.exists.clone(), &balance.before),
            new: balance_payload(E::ONE, &balance.after),
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

/// Every access takes the cell's payload as the last one left it, and leaves it anew. Both messages share an
/// auxiliary column.
pub(super) fn memory<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    for touch in r.touches() {
        b.receive(Bus::Cell, touch.message(&touch.previous, &touch.old), touch.active.clone());
        b.send(Bus::Cell, touch.message(&touch.time, &touch.new), touch.active.clone());
    }
}

/// Whose cells the accesses are.
pub(super) fn parties<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    let counter = &r.accounts[0].old;
    b.when_all_eq("the counter is the system's", r.to_key.clone(), r.from.clone(), [fe(0); 2]);
    let number = [counter[0].clone(), counter[1].clone()];
    b.when_all_eq("a new account has the counter's number", r.to_key.clone(), r.to.clone(), number);
    let operator = r.state.operator.clone();
    b.when_all_eq("fees go to the operator", r.transfer.clone(), r.third.clone(), operator);
    b.when_all_eq("the owner is the new account's", r.to_key.clone(), r.third.clone(), r.to.clone());
}

/// Sender, recipient and operator exist and keep what an entry does not change. Nobody is the system account:
/// it has no account cell.
pub(super) fn existing<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    let [sender, recipient, operator] = &r.accounts;
    let credited = r.transfer.clone() + r.to_account.clone();
    b.when_eq("sender exists", r.transfer.clone(), sender.old[Payload::EXISTS].clone(), fe(1));
    b.when_eq("recipient exists", credited.clone(), recipient.old[Payload::EXISTS].clone(), fe(1));
    b.when_eq("operator exists", r.transfer.clone(), operator.old[Payload::EXISTS].clone(), fe(1));
    let exists = Payload::EXISTS..Payload::BALANCE;
    for i in (Payload::KEY..Payload::SEQUENCE).chain(exists) {
        same(b, "sender keeps its key", &r.transfer, sender, i);
    }
    for i in Payload::KEY..Payload::BALANCE {
        same(b, "recipient only gains", &credited, recipient, i);
        same(b, "operator only gains", &r.transfer, operator, i);
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
        [("sequence advances", &r.transfer, Payload::SEQUENCE), ("counter advances", &r.to_key, 0)]
    {
        let low = old[at].clone() + fe(1) - carry.clone() * LIMB;
        b.when_eq(name, kind.clone(), r.increment[0].clone(), low);
        b.when_eq(name, kind.clone(), r.increment[1].clone(), old[at + 1].clone() + carry.clone());
        let written = [new[at].clone(), new[at + 1].clone()];
        b.when_all_eq(name, kind.clone(), written, r.increment.clone());
    }
}

/// A new account: the counter is one, account and `l1_owner` were empty and become what the item says (its
/// digest covers key and owner) and nothing else.
pub(super) fn creation<B: ChipBuilder>(b: &mut B, r: &TransactionColumns<B::Expr>) {
    let [counter, account, owner] = &r.accounts;
    let kind = &r.to_key;
    for i in 2..PAYLOAD {
        b.when_eq("counter cell", kind.clone(), counter.old[i].clone(), flag_only(i));
        b.when_eq("counter cell", kind.clone(), counter.new[i].clone(), flag_only(i));
    }
    for i in 0..PAYLOAD {
        b.when("new account was empty", kind.clone(), account.old[i].clone());
        b.when("new owner was empty", kind.clone(), owner.old[i].clone());
    }
    for i in Payload::SEQUENCE..Payload::BALANCE {
        b.when_eq("new account starts at zero", kind.clone(), account.new[i].clone(), flag_only(i));
    }
    for i in 10..PAYLOAD {
        b.when_eq("owner cell", kind.clone(), owner.new[i].clone(), flag_only(i));
    }
}

/// Zero but for the existence flag.
fn flag_only(i: usize) -> F {
    fe(u32::from(i == Payload::EXISTS))
}
