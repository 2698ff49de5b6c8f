//! Snapshots of the state, and batches made on what they hold.

use aludel_ledger::batch::SnapshotError;
use aludel_ledger::{BatchBuilder, Chain};
use aludel_protocol::Entry;
use aludel_protocol::hash::Digest;

use crate::world::{SEALER, WORLD, World, trusting};
use crate::{Target, Verdict, round_trip};

/// The family.
pub const TARGETS: &[Target] = &[Target { name: "state", run, seeds }];

/// Bytes of memory for one of a snapshot: above a cell of 87 bytes there are up to 48 nodes of a tree of hash maps.
const FACTOR: usize = 150;

/// Where a snapshot has its root: behind header, chain id and batch number.
const ROOT_AT: usize = 8 + 8 + 4;

fn seeds() -> Vec<Vec<u8>> {
    let World { chain, full, batches, .. } = &*WORLD;
    let genesis = Chain::genesis(batches[0].chain_id);
    [&genesis, chain, full].map(Chain::to_bytes).to_vec()
}

/// What loads is what was stored. Mutated cells have another root: with that corrected they load too, and then no
/// entry makes the ledger panic, whatever they hold.
fn run(data: &[u8]) -> Verdict {
    match load(data) {
        Ok(chain) => go_on(chain),
        Err(SnapshotError::Root { found, expected }) => {
            assert_ne!(found, expected);
            go_on(load(&with_root(data, found)).expect("only the root was wrong"));
            return Verdict::Refused;
        }
        Err(_) => return Verdict::Refused,
    }
    Verdict::Accepted
}

fn load(data: &[u8]) -> Result<Chain, SnapshotError> {
    let chain = round_trip::within(FACTOR, data, Chain::from_bytes, Chain::to_bytes)?;
    assert_eq!(chain.checkpoint.state_root, chain.state.root());
    Ok(chain)
}

fn with_root(data: &[u8], root: Digest) -> Vec<u8> {
    let mut data = data.to_vec();
    data[ROOT_AT..ROOT_AT + 32].copy_from_slice(&root.to_bytes());
    data
}

/// Seals a batch of whatever enters; the chain goes on and is stored again.
fn go_on(mut chain: Chain) {
    let items = WORLD.items.iter().copied().map(Entry::Queue);
    let entries = items.chain(WORLD.transactions.iter().cloned().map(Entry::Transaction)).collect();
    let Ok(mut builder) = BatchBuilder::new(&mut chain, SEALER, usize::MAX) else { return };
    let refused = builder.extend(entries, &trusting);
    assert!(refused.iter().all(|(_, error)| !error.to_string().is_empty()));
    let sealed = builder.seal();
    assert_eq!(sealed.next().as_ref(), Ok(&chain.checkpoint));
    assert_eq!(Chain::from_bytes(&chain.to_bytes()).as_ref(), Ok(&chain));
}
