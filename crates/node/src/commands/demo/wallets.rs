//! Wallets with real keys, and what they sign.

use aludel_ledger::keys::{Signer, SignerError};
use aludel_ledger::xmss::{Derivation, Window};
use aludel_protocol::records::transaction_version;
use aludel_protocol::{
    Action, BatchNumber, ChainId, Epoch, KeyDigest, L1Address, Sequence, SignedTransaction, Transaction,
};
use indicatif::ProgressBar;
use rayon::prelude::*;

use super::workload::{Deed, Order, Script, account};
use crate::exit::{Failure, Kind, OrFail};
use crate::progress;

/// The demo's rollup.
pub const CHAIN: ChainId = ChainId(0xa1);

/// Keys made at once: enough for every lane and thread, few enough for a bar that moves.
const BLOCK: usize = 2048;

/// A wallet: its keys in the order in which it rotates through them.
struct Wallet {
    owner: L1Address,
    keys: Vec<Signer>,
    /// The key that its account holds.
    current: usize,
    sequence: u32,
}

/// Wallets, in order of their accounts.
pub struct Wallets(Vec<Wallet>);

impl Wallets {
    /// Computes every key, with the smallest window that signs what its wallet does.
    pub fn new(script: &Script) -> Result<Self, Failure> {
        // The last epoch of a window is kept for a rotation.
        let epochs = (script.most_orders() + 1).next_power_of_two();
        let log_size = u8::try_from(epochs.ilog2()).or_fail(Kind::Bug, "window")?;
        let window = Window::new(Epoch(0), log_size).or_fail(Kind::Usage, "--transactions")?;
        let counts = keys_needed(script);
        let derivations: Vec<_> = (script.seeds.iter().zip(&counts))
            .flat_map(|(seed, count)| {
                (0..*count).map(|counter| Derivation { seed: *seed, chain_id: CHAIN, counter })
            })
            .collect();
        let bar = progress::bar("keys", derivations.len());
        let make = |from: &[Derivation]| {
            bar.inc(from.len() as u64);
            Signer::generate_many(from.to_vec(), window)
        };
        let mut signers = derivations.chunks(BLOCK).flat_map(make);
        let wallet = |(owner, count): (&L1Address, &u64)| {
            let keys = signers.by_ref().take(*count as usize).collect();
            Wallet { owner: *owner, keys, current: 0, sequence: 0 }
        };
        let wallets = script.owners.iter().zip(&counts).map(wallet).collect();
        bar.finish_and_clear();
        Ok(Self(wallets))
    }

    /// The first key of each wallet: what accounts are opened with.
    pub fn first_keys(&self) -> Vec<KeyDigest> {
        self.0.iter().filter_map(|wallet| wallet.keys.first()).map(|key| key.public_key().digest()).collect()
    }

    /// Every key as used so far, by wallet and in order of rotation, for keeping.
    pub fn keys(&self) -> impl Iterator<Item = &Signer> {
        self.0.iter().flat_map(|wallet| &wallet.keys)
    }

    /// Signs every order, each wallet its own in order, wallets in parallel.
    pub fn sign(&mut self, orders: &[Order]) -> Result<Vec<SignedTransaction>, Failure> {
        let mut jobs = vec![Vec::new(); self.0.len()];
        orders.iter().enumerate().for_each(|(position, order)| jobs[order.from].push((position, *order)));
        let bar = progress::bar("signatures", orders.len());
        let wallets: Vec<_> = self.0.iter_mut().zip(jobs).filter(|(_, jobs)| !jobs.is_empty()).collect();
        let signed: Vec<_> =
            wallets.into_par_iter().map(|(wallet, jobs)| wallet.sign_in_turn(jobs, &bar)).collect();
        bar.finish_and_clear();
        let signed = signed.into_iter().collect::<Result<Vec<_>, _>>().or_fail(Kind::Bug, "sign")?;
        let mut all = signed.concat();
        all.sort_unstable_by_key(|(position, _)| *position);
        Ok(all.into_iter().map(|(_, signed)| signed).collect())
    }
}

/// Keys of each wallet: one, and one more for each rotation.
fn keys_needed(script: &Script) -> Vec<u64> {
    let mut counts = vec![1; script.seeds.len()];
    let rotations = script.orders().into_iter().filter(|order| order.deed == Deed::Rotate);
    rotations.for_each(|order| counts[order.from] += 1);
    counts
}

type Positioned = (usize, SignedTransaction);

impl Wallet {
    fn sign_in_turn(
        &mut self,
        jobs: Vec<(usize, Order)>,
        bar: &ProgressBar,
    ) -> Result<Vec<Positioned>, SignerError> {
        let sign = |(position, order)| {
            bar.inc(1);
            Ok((position, self.sign(&order)?))
        };
        jobs.into_iter().map(sign).collect()
    }

    fn sign(&mut self, order: &Order) -> Result<SignedTransaction, SignerError> {
        let next = (self.current + usize::from(order.deed == Deed::Rotate)).min(self.keys.len() - 1);
        let action = match order.deed {
            Deed::Pay { to, amount } => Action::Transfer { to: account(to), amount },
            Deed::Withdraw { amount } => Action::Withdraw { to: self.owner, amount },
            Deed::Rotate => Action::Rotate { key: self.keys[next].public_key().digest() },
        };
        let transaction = Transaction {
            chain_id: CHAIN,
            protocol_version: transaction_version(),
            from: account(order.from),
            token: order.token,
            fee: order.fee,
            sequence: Sequence(self.sequence),
            epoch: Epoch(0),
            expiry: BatchNumber(u32::MAX),
            action,
        };
        let signed = self.keys[self.current].sign(transaction)?;
        self.sequence += 1;
        self.current = next;
        Ok(signed)
    }
}
