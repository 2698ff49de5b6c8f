//! The circuit's rules and the ledger's: what one accepts the other does, over states and entries at the ends of every
//! range, in both directions.

use std::collections::{BTreeMap, BTreeSet};

use aludel_ledger::execute::{CellError, execute};
use aludel_ledger::{Cells, Context, Executed};
use aludel_protocol::cell::{AccountCell, BalanceCell, OwnerCell};
use aludel_protocol::params::{XMSS_CHAINS, XMSS_DEPTH, XMSS_LIFETIME, XMSS_PARAMETER};
use aludel_protocol::records::{KeyBytes, transaction_version};
use aludel_protocol::{
    AccountId, Action, Amount, BatchNumber, CellAddress, ChainId, Digest, Entry, Epoch, L1Address, NoOp,
    Payload, QueueItem, Request, Sequence, Signature, SignedTransaction, TokenId, Transaction, Withdrawal,
    fe,
};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::history::trace;
use super::judge::refusals;
use super::world::{World, key, l1, withdrawals};
use crate::transaction::{Event, ExecutedEntry};

const ACCOUNTS: [u32; 9] = [0, 1, 2, 3, 4, 5, 77, u32::MAX - 1, u32::MAX];
const TOKENS: [u16; 3] = [0, 7, 0xffff];
const KINDS: [u16; 6] = [1, 2, 3, 0, 4, 0xffff];
const EPOCHS: [u32; 4] = [0, 5, XMSS_LIFETIME - 2, XMSS_LIFETIME - 1];
const SEQUENCES: [u32; 4] = [0, 0xffff, u32::MAX - 1, u32::MAX];

fn one_of<T: Copy>(rng: &mut ChaCha8Rng, all: &[T]) -> T {
    all[rng.random_range(0..all.len())]
}

/// Usually true.
fn mostly(rng: &mut ChaCha8Rng) -> bool {
    rng.random_range(0..12) != 0
}

/// At an end, at a limb's end, or anything.
fn amount(rng: &mut ChaCha8Rng) -> u128 {
    let any = rng.random::<u128>() >> rng.random_range(0..128);
    one_of(rng, &[0, 1, 0xffff, 1 << 16, u128::MAX - 1, u128::MAX, any])
}

/// What fits a balance, or the one just beyond.
fn near(rng: &mut ChaCha8Rng, limit: u128) -> u128 {
    let any = amount(rng);
    one_of(rng, &[limit, limit, limit.wrapping_add(1), limit / 2, 0, any])
}

/// Accounts whose sequences, epochs and balances stand at some end, and a counter that does.
fn world(rng: &mut ChaCha8Rng) -> World {
    let mut w = World::new(one_of(rng, &[5, 5, 2, 0xffff, u32::MAX - 1, u32::MAX]));
    for n in 1..=4 {
        let (sequence, next_epoch) = (Sequence(one_of(rng, &SEQUENCES)), Epoch(one_of(rng, &EPOCHS)));
        let cell = AccountCell { key: key(n), sequence, next_epoch, balance: Amount(amount(rng)) };
        w.found(CellAddress::account(AccountId(n)), cell.payload());
        w.found(CellAddress::slot(AccountId(n), 7), BalanceCell(Amount(amount(rng))).payload());
    }
    w.found(CellAddress::slot(AccountId(3), 0), OwnerCell(L1Address::default()).payload());
    w.prev.number = BatchNumber(one_of(rng, &[0, 0xfffe, 0xffff, u32::MAX - 1]));
    w.operator = AccountId(if mostly(rng) { rng.random_range(1..=4) } else { one_of(rng, &ACCOUNTS) });
    w
}

fn transaction(rng: &mut ChaCha8Rng, w: &World) -> Transaction {
    let from = if mostly(rng) { rng.random_range(1..=4) } else { one_of(rng, &ACCOUNTS) };
    let token = one_of(rng, &TOKENS);
    let held = AccountCell::read(&w.payload(CellAddress::account(AccountId(from)))).ok().flatten();
    let (sequence, next) = held.map_or((0, 0), |a| (a.sequence.0, a.next_epoch.0));
    let funds = w.funds(from, token);
    let fee = if mostly(rng) { funds.min(9) as u64 } else { one_of(rng, &[0, 1 << 16, u64::MAX]) };
    let paid = near(rng, funds.wrapping_sub(u128::from(fee)));
    let number = w.prev.number.0 + 1;
    Transaction {
        chain_id: if mostly(rng) { w.chain_id } else { ChainId(w.chain_id.0 ^ 1 << 63) },
        protocol_version: transaction_version() + u16::from(!mostly(rng)),
        from: AccountId(from),
        token: TokenId(token),
        fee,
        sequence: Sequence(sequence.wrapping_sub(u32::from(!mostly(rng)))),
        epoch: Epoch(one_of(
            rng,
            &[next, next, next + 1, XMSS_LIFETIME - 1, XMSS_LIFETIME, next.saturating_sub(1)],
        )),
        expiry: BatchNumber(one_of(rng, &[number, number, u32::MAX, u32::MAX, number - 1])),
        action: action(rng, from, Amount(paid)),
    }
}

fn action(rng: &mut ChaCha8Rng, from: u32, amount: Amount) -> Action {
    let to = if mostly(rng) { rng.random_range(1..=4) } else { one_of(rng, &ACCOUNTS) };
    match rng.random_range(0..4) {
        0 => Action::Withdraw { to: one_of(rng, &[l1(from), L1Address::default()]), amount },
        1 => Action::Rotate { key: key(one_of(rng, &[from, 50])) },
        _ => Action::Transfer { to: AccountId(to), amount },
    }
}

fn item(rng: &mut ChaCha8Rng, w: &World) -> QueueItem {
    let (account, token) = (one_of(rng, &ACCOUNTS), one_of(rng, &TOKENS));
    let room = u128::MAX - w.funds(account, token);
    let key = one_of(rng, &[KeyBytes([0xff; 32]), KeyBytes::default(), key(9).into()]);
    let asks = one_of(rng, &[l1(account), l1(account), l1(1), L1Address::default()]);
    let (kind, amount) = (one_of(rng, &KINDS), Amount(near(rng, room)));
    QueueItem { kind, token: TokenId(token), amount, account: AccountId(account), l1: asks, key }
}

/// The world's cells as the ledger sees them.
struct State(BTreeMap<CellAddress, Payload>);

impl Cells for State {
    fn get(&self, at: &CellAddress) -> Result<Payload, CellError> {
        Ok(self.0.get(at).copied().unwrap_or(Payload::EMPTY))
    }

    fn set(&mut self, at: &CellAddress, payload: Payload) -> Result<(), CellError> {
        self.0.insert(*at, payload);
        Ok(())
    }
}

fn unread() -> Box<Signature> {
    let (parameter, randomness) = ([fe(0); XMSS_PARAMETER], [fe(0); 8]);
    let (chains, path) = ([Digest::ZERO; XMSS_CHAINS], [Digest::ZERO; XMSS_DEPTH]);
    Box::new(Signature { parameter, randomness, chains, path })
}

/// What the ledger makes of an entry: nothing where it refuses it.
fn ledger(w: &World, event: &Event) -> Option<Executed> {
    let context =
        Context { chain_id: w.chain_id, number: BatchNumber(w.prev.number.0 + 1), operator: w.operator };
    let entry = match event {
        Event::Queue(item) => Entry::Queue(*item),
        Event::Transaction(transaction) => {
            Entry::Transaction(SignedTransaction { transaction: *transaction, signature: unread() })
        }
    };
    let authorise = |key: &Digest| match event {
        Event::Transaction(t) if w.signed.contains(&(*key, t.digest(), t.epoch)) => Ok(()),
        _ => Err("not signed".to_owned()),
    };
    execute(&mut State(w.state.clone()), &context, &entry, authorise).ok()
}

/// Signs where there is such a one-time key, executes whatever the rules say, and returns what the ledger did.
fn sign_and_execute(rng: &mut ChaCha8Rng, w: &mut World) -> (ExecutedEntry, Option<Executed>) {
    let t = transaction(rng, w);
    if t.epoch.0 < XMSS_LIFETIME && mostly(rng) {
        let key = w.payload(CellAddress::account(t.from)).key();
        w.signed.insert((key, t.digest(), t.epoch));
    }
    let did = ledger(w, &Event::Transaction(t));
    (w.transaction(t), did)
}

/// An item with the outcome that the prover claims, mostly the true one.
fn claim(rng: &mut ChaCha8Rng, w: &mut World) -> (ExecutedEntry, Option<Executed>) {
    let item = item(rng, w);
    let did = ledger(w, &Event::Queue(item));
    let any = [None].into_iter().chain(NoOp::ALL.map(Some)).collect::<Vec<_>>();
    let truth = did.as_ref().and_then(|d| d.no_op);
    let mut claimed = if mostly(rng) { truth } else { one_of(rng, &any) };
    if item.request() == Request::Unknown && claimed.is_none() {
        claimed = truth;
    }
    (w.claim(item, claimed), did.filter(|d| d.no_op == claimed))
}

fn paid(w: &World, executed: &[Executed]) -> Vec<Withdrawal> {
    let number = BatchNumber(w.prev.number.0 + 1);
    let payouts = executed.iter().filter_map(|e| e.payout);
    (0..).zip(payouts).map(|(index, p)| p.withdrawal(number, index)).collect()
}

/// Batches of entries, of which the last may break a rule: the trace is accepted just where the ledger accepts them all,
/// and then says what the ledger did.
#[test]
fn the_circuit_accepts_what_the_ledger_accepts() {
    let (mut accepted, mut refused, mut seen) = (0, 0, BTreeSet::new());
    for seed in 0..3000 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut w = world(&mut rng);
        let (mut entries, mut executed, mut lawful) = (Vec::new(), Vec::new(), true);
        while lawful && entries.len() < 4 {
            let (entry, did) =
                if rng.random() { sign_and_execute(&mut rng, &mut w) } else { claim(&mut rng, &mut w) };
            lawful = did.is_some();
            executed.extend(did);
            entries.push(entry);
        }
        let by = refusals(&w, &trace(&w, &[(w.operator.0, entries.clone())]));
        assert_eq!(by.is_empty(), lawful, "seed {seed}: refused by {by:?}: {:?}", entries.last());
        for (entry, did) in entries.iter().zip(&executed) {
            assert_eq!((entry.accesses, entry.no_op), (did.accesses, did.no_op), "seed {seed}");
            seen.insert(did.no_op);
        }
        if lawful {
            let number = BatchNumber(w.prev.number.0 + 1);
            assert_eq!(withdrawals(number, &entries), paid(&w, &executed), "seed {seed}");
        }
        *(if lawful { &mut accepted } else { &mut refused }) += 1;
    }
    assert!(accepted > 200 && refused > 1000, "{accepted} accepted, {refused} refused");
    assert_eq!(seen.len(), 1 + NoOp::ALL.len());
}
