//! Wallets with real keys, and what they sign.

use aludel_ledger::keys::{Signer, SignerError};
use aludel_ledger::xmss::{Derivation, Window};
use aludel_protocol::records::transfer_version;
use aludel_protocol::{BatchNumber, ChainId, Epoch, KeyDigest, Sequence, SignedTransfer, Transfer};
use indicatif::ProgressBar;
use rayon::prelude::*;

use super::progress;
use super::workload::{Payment, Script, account};
use crate::exit::{Failure, Kind, OrFail};

/// The demo's rollup.
pub const CHAIN: ChainId = ChainId(0xa1);

/// Wallets made at once: enough for every lane and thread, few enough for a bar that moves.
const BLOCK: usize = 2048;

/// Wallets, in order of their accounts.
pub struct Wallets(Vec<Signer>);

impl Wallets {
    /// Computes every key, with the smallest window that signs what its wallet pays.
    pub fn new(script: &Script) -> Result<Self, Failure> {
        // The last epoch of a window is kept for a rotation.
        let epochs = (script.most_payments() + 1).next_power_of_two();
        let log_size = u8::try_from(epochs.ilog2()).or_fail(Kind::Bug, "window")?;
        let window = Window::new(Epoch(0), log_size).or_fail(Kind::Usage, "--transactions")?;
        let bar = progress::bar("keys", script.seeds.len());
        let make = |seeds: &[[u8; 32]]| {
            let from =
                seeds.iter().map(|seed| Derivation { seed: *seed, chain_id: CHAIN, counter: 0 }).collect();
            bar.inc(seeds.len() as u64);
            Signer::generate_many(from, window)
        };
        let signers = script.seeds.chunks(BLOCK).flat_map(make).collect();
        bar.finish_and_clear();
        Ok(Self(signers))
    }

    /// What the accounts will hold.
    pub fn keys(&self) -> Vec<KeyDigest> {
        self.0.iter().map(|signer| signer.public_key().digest()).collect()
    }

    /// The signers, for keeping.
    pub fn signers(&self) -> &[Signer] {
        &self.0
    }

    /// Signs every payment, each wallet its own in order, wallets in parallel.
    pub fn sign(&mut self, payments: &[Payment]) -> Result<Vec<SignedTransfer>, Failure> {
        let jobs = self.jobs(payments);
        let bar = progress::bar("signatures", payments.len());
        let wallets: Vec<_> = self.0.iter_mut().zip(jobs).filter(|(_, jobs)| !jobs.is_empty()).collect();
        let signed: Vec<_> =
            wallets.into_par_iter().map(|(signer, jobs)| sign_in_turn(signer, jobs, &bar)).collect();
        bar.finish_and_clear();
        let signed = signed.into_iter().collect::<Result<Vec<_>, _>>().or_fail(Kind::Bug, "sign")?;
        let mut all = signed.concat();
        all.sort_unstable_by_key(|(position, _)| *position);
        Ok(all.into_iter().map(|(_, signed)| signed).collect())
    }

    /// Each wallet's transfers with their positions among all.
    fn jobs(&self, payments: &[Payment]) -> Vec<Vec<(usize, Transfer)>> {
        let mut jobs = vec![Vec::new(); self.0.len()];
        for (position, payment) in payments.iter().enumerate() {
            let own = &mut jobs[payment.from];
            own.push((position, transfer(payment, own.len() as u32)));
        }
        jobs
    }
}

type Positioned = (usize, SignedTransfer);

fn sign_in_turn(
    signer: &mut Signer,
    jobs: Vec<(usize, Transfer)>,
    bar: &ProgressBar,
) -> Result<Vec<Positioned>, SignerError> {
    let sign = |(position, transfer)| {
        bar.inc(1);
        Ok((position, signer.sign(transfer)?))
    };
    jobs.into_iter().map(sign).collect()
}

fn transfer(payment: &Payment, sequence: u32) -> Transfer {
    Transfer {
        chain_id: CHAIN,
        protocol_version: transfer_version(),
        from: account(payment.from),
        to: account(payment.to),
        token: payment.token,
        amount: payment.amount,
        fee: payment.fee,
        sequence: Sequence(sequence),
        epoch: Epoch(0),
        expiry: BatchNumber(u32::MAX),
    }
}
