//! What a demo does, from its seed alone: who deposits, who pays whom, who leaves.

use aludel_bench::Share;
use aludel_protocol::{AccountId, Amount, Fee, KeyDigest, L1Address, QueueItem, TokenId};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha20Rng;

use super::plan::Plan;
use crate::cli::Workload;

/// Account 1 receives the fees; its wallet is the first.
pub const OPERATOR: AccountId = AccountId(1);

/// The native token.
const NATIVE: TokenId = TokenId(0);

/// A token that is not native.
const TOKEN: TokenId = TokenId(1);

/// What a wallet begins with: more than all its payments.
const FUNDS: std::ops::Range<u128> = 1 << 60..1 << 61;

/// What a wallet does with its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Pays another wallet.
    Pay {
        /// Who receives.
        to: usize,
        /// How much.
        amount: Amount,
    },
    /// Pays its own owner on L1.
    Withdraw {
        /// How much.
        amount: Amount,
    },
    /// Takes another key.
    Rotate,
}

/// One transaction of a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Whose, by position among the wallets.
    pub from: usize,
    /// Of amount and fee.
    pub token: TokenId,
    /// For the operator.
    pub fee: Fee,
    /// What it does.
    pub deed: Deed,
}

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A wallet signs.
    Sign(Order),
    /// L1 opens the account of a wallet.
    Open(usize),
    /// L1 credits a wallet.
    TopUp(usize, TokenId),
    /// A wallet's owner takes all of one token out.
    Force(usize, TokenId),
    /// A deposit that nobody can be credited with, hence refunded.
    Stray,
}

/// A script of a demo.
#[derive(Debug)]
pub struct Script {
    /// One seed a wallet. Accounts are opened in order of the wallets.
    pub seeds: Vec<[u8; 32]>,
    /// Who owns each wallet on L1.
    pub owners: Vec<L1Address>,
    /// What funds the wallets.
    pub funding: Vec<Step>,
    /// What happens then.
    pub steps: Vec<Step>,
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
        // In the measured workloads the operator is none of the accounts that pay each other.
        let wallets = plan.accounts + usize::from(plan.workload != Workload::Mixed);
        let mut funding: Vec<_> = (0..wallets).map(Step::Open).collect();
        let steps = match plan.workload {
            Workload::Mixed => {
                funding.extend((0..wallets).map(|wallet| Step::TopUp(wallet, TOKEN)));
                funding.extend((0..wallets).step_by(4).map(|wallet| Step::TopUp(wallet, NATIVE)));
                mixed(&mut rng, wallets, plan.transactions)
            }
            Workload::W1 => fresh_pairs(&mut rng, plan),
            Workload::W2 => everything(&mut rng, plan, wallets),
        };
        let opened = steps.iter().filter(|step| matches!(step, Step::Open(_))).count();
        let seeds = (0..wallets + opened).map(|_| random(&mut rng)).collect();
        let owners = (0..wallets + opened).map(|_| L1Address(random(&mut rng))).collect();
        Self { seeds, owners, funding, steps, rng }
    }

    /// The transactions among the steps, in order.
    pub fn orders(&self) -> Vec<Order> {
        let order = |step: &Step| if let Step::Sign(order) = step { Some(*order) } else { None };
        self.steps.iter().filter_map(order).collect()
    }

    /// Most transactions of one wallet.
    pub fn most_orders(&self) -> usize {
        let mut counts = vec![0_usize; self.seeds.len()];
        self.orders().iter().for_each(|order| counts[order.from] += 1);
        counts.into_iter().max().unwrap_or(0)
    }

    /// The item of the L1 queue that a step is, where it is one. `keys` are the wallets' first.
    pub fn item(&mut self, step: &Step, keys: &[KeyDigest]) -> Option<QueueItem> {
        let amount = Amount(self.rng.random_range(FUNDS));
        match *step {
            Step::Sign(_) => None,
            Step::Open(i) => Some(QueueItem::to_key(keys[i], self.owners[i], NATIVE, amount)),
            Step::TopUp(i, token) => Some(QueueItem::to_account(account(i), token, amount, self.owners[i])),
            Step::Force(i, token) => Some(QueueItem::forced(account(i), token, self.owners[i])),
            Step::Stray => Some(QueueItem::to_account(AccountId(u32::MAX), NATIVE, amount, self.owners[0])),
        }
    }
}

fn random<const N: usize>(rng: &mut ChaCha20Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill_bytes(&mut bytes);
    bytes
}

fn amount(rng: &mut ChaCha20Rng) -> Amount {
    Amount(rng.random_range(0..1_000_000_u128))
}

fn sign(rng: &mut ChaCha20Rng, from: usize, token: TokenId, deed: Deed) -> Step {
    Step::Sign(Order { from, token, fee: rng.random_range(1..100), deed })
}

fn pay(rng: &mut ChaCha20Rng, from: usize, to: usize, token: TokenId) -> Step {
    let amount = amount(rng);
    sign(rng, from, token, Deed::Pay { to, amount })
}

fn either(rng: &mut ChaCha20Rng) -> TokenId {
    if rng.random_range(0..4) == 0 { TOKEN } else { NATIVE }
}

/// Random wallets, one transaction in four in the second token; of 16 transfers one to oneself, and beside every
/// 16 transfers a withdrawal, a rotation and a deposit. At the end one deposit strays, and the last wallet is
/// forced out of both tokens.
fn mixed(rng: &mut ChaCha20Rng, wallets: usize, transactions: usize) -> Vec<Step> {
    let mut steps = Vec::with_capacity(transactions + transactions / 16 + 3);
    for i in 0..transactions {
        let (from, token) = (rng.random_range(0..wallets), either(rng));
        steps.push(match i % 18 {
            3 => {
                let amount = amount(rng);
                sign(rng, from, token, Deed::Withdraw { amount })
            }
            6 => sign(rng, from, token, Deed::Rotate),
            9 => pay(rng, from, from, token),
            _ => {
                let to = rng.random_range(0..wallets);
                pay(rng, from, to, token)
            }
        });
        if i % 18 == 0 {
            steps.push(Step::TopUp(from, token));
        }
    }
    steps.extend([Step::Stray, Step::Force(wallets - 1, NATIVE), Step::Force(wallets - 1, TOKEN)]);
    steps
}

/// Wallets 1 to `plan.accounts` in random order. Wallet 0 is the operator's.
fn shuffled(rng: &mut ChaCha20Rng, plan: &Plan) -> Vec<usize> {
    let mut wallets: Vec<usize> = (1..=plan.accounts).collect();
    for i in (1..wallets.len()).rev() {
        wallets.swap(i, rng.random_range(0..=i));
    }
    wallets
}

/// Every account at most once, in random pairs.
fn fresh_pairs(rng: &mut ChaCha20Rng, plan: &Plan) -> Vec<Step> {
    let wallets = shuffled(rng, plan);
    let pairs = wallets.chunks_exact(2).take(plan.transactions);
    pairs.map(|pair| pay(rng, pair[0], pair[1], NATIVE)).collect()
}

/// Steps in the shares of [`Share::of_w2`], in the native token and between wallets used once.
fn everything(rng: &mut ChaCha20Rng, plan: &Plan, funded: usize) -> Vec<Step> {
    let wallets = shuffled(rng, plan);
    let mut fresh = wallets.chunks_exact(2).cycle();
    let mut opened = funded;
    let mut step = |i: usize, rng: &mut ChaCha20Rng| {
        let pair = fresh.next().unwrap_or(&[0, 0]);
        match Share::of_w2(i) {
            Share::TopUp => Step::TopUp(pair[0], NATIVE),
            Share::Open => {
                opened += 1;
                Step::Open(opened - 1)
            }
            Share::Withdraw => {
                let amount = amount(rng);
                sign(rng, pair[0], NATIVE, Deed::Withdraw { amount })
            }
            Share::Force => Step::Force(pair[0], NATIVE),
            Share::Rotate => sign(rng, pair[0], NATIVE, Deed::Rotate),
            Share::Transfer => pay(rng, pair[0], pair[1], NATIVE),
        }
    };
    (0..plan.transactions).map(|i| step(i, rng)).collect()
}

#[cfg(test)]
mod tests {
    use aludel_circuits::Shape;
    use aludel_protocol::params::{XMSS_CHAINS, XMSS_DEPTH};
    use aludel_protocol::records::{Signature, transaction_version};
    use aludel_protocol::{
        Action, BatchNumber, ChainId, Digest, Entry, Epoch, Sequence, SignedTransaction, Transaction,
    };
    use aludel_witness::Demand;

    use super::*;
    use crate::costs::Costs;

    fn plan(workload: Workload, accounts: usize, transactions: usize) -> Plan {
        Plan { workload, transactions, accounts, shape: Shape::Large, shard_size: None, seed: 7 }
    }

    fn count(script: &Script, of: impl Fn(&Step) -> bool) -> usize {
        script.steps.iter().filter(|step| of(step)).count()
    }

    fn deed(of: impl Fn(&Deed) -> bool) -> impl Fn(&Step) -> bool {
        move |step| if let Step::Sign(order) = step { of(&order.deed) } else { false }
    }

    #[test]
    fn w1_uses_each_account_once_and_never_the_operator() {
        let script = Script::new(&plan(Workload::W1, 64, 32));
        let parties = |order: Order| match order.deed {
            Deed::Pay { to, .. } => [order.from, to],
            other => panic!("{other:?}"),
        };
        let mut used: Vec<_> = script.orders().into_iter().flat_map(parties).collect();
        used.sort_unstable();
        assert_eq!(used, (1..=64).collect::<Vec<_>>());
        assert_eq!((script.seeds.len(), script.most_orders()), (65, 1));
    }

    /// Counts, not times: a change of layout that costs more shows here, and in the figures of the README.
    #[test]
    fn w1_costs_no_more_than_it_may() {
        let script = Script::new(&plan(Workload::W1, 1 << 16, Shape::Large.transfers()));
        let mut demand = Demand::default();
        for order in script.orders() {
            demand.add_at_most(&Entry::Transaction(unsigned(&order)), OPERATOR, AccountId(1 << 16));
        }
        demand.seal();
        demand.fits(Shape::Large).expect("W1 fills a shard `large`");
        let mut costs = Costs::default();
        costs.add(Shape::Large, &demand).expect("a pinned key");
        let transfers = script.orders().len() as f64;
        let (permutations, cells) =
            (demand.permutations() as f64 / transfers, costs.cells() as f64 / transfers);
        assert!(permutations <= 180.0, "{permutations:.1} permutations a transfer");
        assert!(cells <= 38_200.0, "{cells:.0} cells a transfer");
        assert!(costs.padding() <= 0.07, "{:.1}% padding", 100.0 * costs.padding());
    }

    /// What costs as much as the transfer of an order.
    fn unsigned(order: &Order) -> SignedTransaction {
        let Deed::Pay { to, amount } = order.deed else { panic!("{:?} is no transfer", order.deed) };
        let transaction = Transaction {
            chain_id: ChainId(1),
            protocol_version: transaction_version(),
            from: account(order.from),
            token: order.token,
            fee: order.fee,
            sequence: Sequence(0),
            epoch: Epoch(0),
            expiry: BatchNumber(u32::MAX),
            action: Action::Transfer { to: account(to), amount },
        };
        let signature = Signature {
            parameter: Default::default(),
            randomness: Default::default(),
            chains: [Digest::ZERO; XMSS_CHAINS],
            path: [Digest::ZERO; XMSS_DEPTH],
        };
        SignedTransaction { transaction, signature: Box::new(signature) }
    }

    #[test]
    fn w2_has_the_shares_that_its_name_stands_for() {
        let script = Script::new(&plan(Workload::W2, 400, 200));
        assert_eq!(count(&script, deed(|d| matches!(d, Deed::Pay { .. }))), 140);
        assert_eq!(count(&script, deed(|d| matches!(d, Deed::Withdraw { .. }))), 20);
        assert_eq!(count(&script, deed(|d| *d == Deed::Rotate)), 10);
        assert_eq!(count(&script, |s| matches!(s, Step::Force(..))), 10);
        assert_eq!(count(&script, |s| matches!(s, Step::Open(_) | Step::TopUp(..))), 20);
        assert_eq!((script.seeds.len(), script.most_orders()), (411, 1));
    }

    #[test]
    fn mixed_has_everything() {
        let script = Script::new(&plan(Workload::Mixed, 8, 256));
        assert!(count(&script, deed(|d| matches!(d, Deed::Withdraw { .. }))) > 0);
        assert!(count(&script, deed(|d| *d == Deed::Rotate)) > 0);
        assert!(
            count(&script, |s| *s == Step::Stray) == 1
                && count(&script, |s| matches!(s, Step::Force(..))) == 2
        );
        let orders = script.orders();
        assert!(orders.iter().any(|o| matches!(o.deed, Deed::Pay { to, .. } if to == o.from)));
        assert!(orders.iter().any(|o| o.token == TOKEN) && orders.iter().any(|o| o.token == NATIVE));
        assert_eq!(orders.len(), 256);
    }

    #[test]
    fn the_seed_decides_everything() {
        let same = || Script::new(&plan(Workload::Mixed, 8, 64));
        assert_eq!((same().seeds, same().steps), (same().seeds, same().steps));
        let other = Script::new(&Plan { seed: 8, ..plan(Workload::Mixed, 8, 64) });
        assert_ne!(same().steps, other.steps);
    }
}
