//! What a demo does, from its seed alone: who deposits, who pays whom.

use aludel_protocol::{AccountId, Amount, Deposit, Fee, KeyDigest, L1Address, QueueItem, TokenId};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::plan::Plan;
use crate::cli::Workload;

/// Account 1 receives the fees; its wallet is the first.
pub const OPERATOR: AccountId = AccountId(1);

/// A token that is not native.
const TOKEN: TokenId = TokenId(1);

/// What a wallet begins with: more than all its payments.
const FUNDS: std::ops::Range<u128> = 1 << 60..1 << 61;

/// One payment between wallets, by their positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Who pays.
    pub from: usize,
    /// Who receives.
    pub to: usize,
    /// In what.
    pub token: TokenId,
    /// How much.
    pub amount: Amount,
    /// For the operator.
    pub fee: Fee,
}

/// A script of a demo.
#[derive(Debug)]
pub struct Script {
    /// One seed a wallet.
    pub seeds: Vec<[u8; 32]>,
    /// Transfers, in order.
    pub payments: Vec<Payment>,
    rng: ChaCha20Rng,
}

/// The account of a wallet: numbers are given in order of the deposits.
pub fn account(wallet: usize) -> AccountId {
    AccountId(OPERATOR.0.saturating_add(u32::try_from(wallet).unwrap_or(u32::MAX)))
}

impl Script {
    /// The script of a plan.
    pub fn new(plan: &Plan) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(plan.seed);
        // In the measured workload the operator is none of the accounts that pay each other.
        let wallets = plan.accounts + usize::from(plan.workload == Workload::W1);
        let seeds = (0..wallets).map(|_| seed(&mut rng)).collect();
        let payments = match plan.workload {
            Workload::Mixed => (0..plan.transactions).map(|_| mixed(&mut rng, wallets)).collect(),
            Workload::W1 => fresh_pairs(&mut rng, plan),
        };
        Self { seeds, payments, rng }
    }

    /// Most payments of one wallet.
    pub fn most_payments(&self) -> usize {
        let mut counts = vec![0_usize; self.seeds.len()];
        self.payments.iter().for_each(|payment| counts[payment.from] += 1);
        counts.into_iter().max().unwrap_or(0)
    }

    /// The L1 queue: an account for each key, and in the mixed workload more deposits to most of them.
    pub fn deposits(&mut self, keys: &[KeyDigest], workload: Workload) -> Vec<QueueItem> {
        let rng = &mut self.rng;
        let create = |key: &KeyDigest, rng: &mut ChaCha20Rng| {
            let mut l1_owner = L1Address::default();
            rng.fill_bytes(&mut l1_owner.0);
            QueueItem {
                token: TokenId(0),
                amount: funds(rng),
                deposit: Deposit::ToKey { key: *key, l1_owner },
            }
        };
        let mut items: Vec<_> = keys.iter().map(|key| create(key, rng)).collect();
        if workload == Workload::Mixed {
            let wallets = 0..keys.len();
            items.extend(wallets.clone().map(|wallet| top_up(wallet, TOKEN, rng)));
            items.extend(wallets.step_by(4).map(|wallet| top_up(wallet, TokenId(0), rng)));
        }
        items
    }
}

fn seed(rng: &mut ChaCha20Rng) -> [u8; 32] {
    let mut seed = [0; 32];
    rng.fill_bytes(&mut seed);
    seed
}

fn funds(rng: &mut ChaCha20Rng) -> Amount {
    Amount(rng.random_range(FUNDS))
}

fn top_up(wallet: usize, token: TokenId, rng: &mut ChaCha20Rng) -> QueueItem {
    QueueItem { token, amount: funds(rng), deposit: Deposit::ToAccount { account: account(wallet) } }
}

fn payment(rng: &mut ChaCha20Rng, from: usize, to: usize, token: TokenId) -> Payment {
    let amount = Amount(rng.random_range(0..1_000_000_u128));
    Payment { from, to, token, amount, fee: rng.random_range(1..100) }
}

/// Random wallets, one payment in sixteen to oneself, one in four in the second token.
fn mixed(rng: &mut ChaCha20Rng, wallets: usize) -> Payment {
    let from = rng.random_range(0..wallets);
    let to = if rng.random_range(0..16) == 0 { from } else { rng.random_range(0..wallets) };
    let token = if rng.random_range(0..4) == 0 { TOKEN } else { TokenId(0) };
    payment(rng, from, to, token)
}

/// Every account at most once, in random pairs. Wallet 0 is the operator's.
fn fresh_pairs(rng: &mut ChaCha20Rng, plan: &Plan) -> Vec<Payment> {
    let mut wallets: Vec<usize> = (1..=plan.accounts).collect();
    for i in (1..wallets.len()).rev() {
        wallets.swap(i, rng.random_range(0..=i));
    }
    let pairs = wallets.chunks_exact(2).take(plan.transactions);
    pairs.map(|pair| payment(rng, pair[0], pair[1], TokenId(0))).collect()
}

#[cfg(test)]
mod tests {
    use aludel_circuits::Shape;

    use super::*;

    fn plan(workload: Workload, accounts: usize, transactions: usize) -> Plan {
        Plan { workload, transactions, accounts, shape: Shape::Large, shard_size: None, seed: 7 }
    }

    #[test]
    fn w1_uses_each_account_once_and_never_the_operator() {
        let script = Script::new(&plan(Workload::W1, 64, 32));
        let mut used: Vec<_> = script.payments.iter().flat_map(|p| [p.from, p.to]).collect();
        used.sort_unstable();
        assert_eq!(used, (1..=64).collect::<Vec<_>>());
        assert_eq!((script.seeds.len(), script.most_payments()), (65, 1));
    }

    #[test]
    fn mixed_has_both_tokens_and_payments_to_oneself() {
        let script = Script::new(&plan(Workload::Mixed, 8, 256));
        assert!(script.payments.iter().any(|p| p.from == p.to));
        assert!(script.payments.iter().any(|p| p.token == TOKEN));
        assert!(script.payments.iter().any(|p| p.token == TokenId(0)));
        assert!(script.payments.iter().all(|p| p.from < 8 && p.to < 8));
    }

    #[test]
    fn the_seed_decides_everything() {
        let same = || Script::new(&plan(Workload::Mixed, 8, 64));
        assert_eq!((same().seeds, same().payments), (same().seeds, same().payments));
        let other = Script::new(&Plan { seed: 8, ..plan(Workload::Mixed, 8, 64) });
        assert_ne!(same().payments, other.payments);
    }
}
