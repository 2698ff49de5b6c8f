//! Figures, on request: `RAYON_NUM_THREADS=1 cargo test -p aludel-ledger speed -- --ignored --nocapture`.

use std::time::Instant;

use aludel_ledger::{BatchBuilder, Chain, Claim, SealedBatch, State, replay};
use aludel_protocol::cell::{AccountCell, CellAddress, CounterCell, OwnerCell};
use aludel_protocol::statement::Checkpoint;
use aludel_protocol::{AccountId, Amount, Entry, Epoch, Sequence};

use crate::stub::*;

const ACCOUNTS: u32 = 1 << 16;
const TRANSFERS: u32 = 2912;

fn trust(claims: &[Claim<'_>]) -> Vec<Result<(), String>> {
    vec![Ok(()); claims.len()]
}

fn timed<T>(what: &str, per: u32, run: impl FnOnce() -> T) -> T {
    let start = Instant::now();
    let out = run();
    let seconds = start.elapsed().as_secs_f64();
    println!("{what}: {:.1} ms, {:.0} a second", seconds * 1e3, f64::from(per) / seconds);
    out
}

fn full_chain() -> Chain {
    let cells: Vec<_> = (1..=ACCOUNTS)
        .flat_map(|n| {
            let (sequence, next_epoch, balance) = (Sequence(0), Epoch(0), Amount(1000));
            let own = AccountCell { key: key(n), sequence, next_epoch, balance }.payload();
            let id = AccountId(n);
            [(CellAddress::account(id), own), (CellAddress::slot(id, 0), OwnerCell(owner(n)).payload())]
        })
        .chain([(CellAddress::COUNTER, CounterCell(AccountId(ACCOUNTS + 1)).payload())])
        .collect();
    let mut state = State::empty();
    timed("state of 2^16 accounts", ACCOUNTS, || state.apply(&cells));
    Chain { chain_id: CHAIN, checkpoint: Checkpoint::genesis(state.root()), state }
}

#[test]
#[ignore = "a measurement"]
fn speed() {
    let mut chain = full_chain();
    // A fresh pair each time, spread over the tree.
    let pair = |i: u32| [2 * i, 2 * i + 1].map(|j| j.wrapping_mul(40_503) % ACCOUNTS + 1);
    let entries: Vec<Entry> =
        (0..TRANSFERS).map(|i| signed(transfer(pair(i)[0], pair(i)[1], 0, 5, 1, 0))).collect();
    let mut builder = BatchBuilder::new(&mut chain, AccountId(1), usize::MAX).expect("numbers are left");
    let start = Instant::now();
    let refused = timed("execute", TRANSFERS, || builder.extend(entries, &trust));
    assert_eq!(refused, []);
    let sealed = timed("seal (multiproof, tree)", TRANSFERS, || builder.seal());
    let seconds = start.elapsed().as_secs_f64();
    println!("execute and seal: {:.0} transfers a second", f64::from(TRANSFERS) / seconds);
    let replayed = timed("replay", TRANSFERS, || replay(&sealed, &trust).expect("replays"));
    assert_eq!(replayed.next, chain.checkpoint);
    let nodes = timed("node updates", TRANSFERS, || replayed.state.update().nodes.len());
    let bytes = timed("encode", TRANSFERS, || sealed.to_bytes());
    timed("decode", TRANSFERS, || SealedBatch::from_bytes(&bytes).expect("decodes"));
    println!("{nodes} nodes, {} bytes", bytes.len());
}
