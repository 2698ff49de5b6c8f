//! Values of every record, from seeds and as strategies.

use aludel_protocol::hash::{Tag, hash_fields};
use aludel_protocol::records::transaction_version;
use aludel_protocol::*;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// As many cases, the same in every run.
pub fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        rng_seed: RngSeed::Fixed(0x5eed),
        failure_persistence: None,
        ..Default::default()
    }
}

pub fn digest(seed: u32) -> Digest {
    hash_fields(Tag::Config, &[fe(seed & 0xffff), fe(seed >> 16)])
}

pub fn l1(byte: u8) -> L1Address {
    L1Address([byte; 20])
}

pub fn actions() -> impl Strategy<Value = Action> {
    let amount = amounts().prop_map(Amount);
    prop_oneof![
        3 => (any::<u32>(), amounts())
            .prop_map(|(to, amount)| Action::Transfer { to: AccountId(to), amount: Amount(amount) }),
        1 => (any::<[u8; 20]>(), amount).prop_map(|(to, amount)| Action::Withdraw { to: L1Address(to), amount }),
        1 => any::<u32>().prop_map(|seed| Action::Rotate { key: digest(seed) }),
    ]
}

/// Of every size, with and without zeros at the end.
pub fn amounts() -> impl Strategy<Value = u128> {
    let cut = (any::<u128>(), 0..128u32).prop_map(|(x, bits)| x >> bits);
    let round = (any::<u64>(), 0..64u32, 0..20u32)
        .prop_map(|(x, bits, zeros)| u128::from(x >> bits).saturating_mul(10_u128.pow(zeros)));
    prop_oneof![cut, round, Just(0), Just(u128::MAX)]
}

prop_compose! {
    pub fn transactions()(
        chain: u64, from: u32, token: u16, fee: u64, sequence: u32, epoch in 0u32..1 << 20, expiry: u32,
        action in actions(),
    ) -> Transaction {
        Transaction {
            chain_id: ChainId(chain),
            protocol_version: transaction_version(),
            from: AccountId(from),
            token: TokenId(token),
            fee,
            sequence: Sequence(sequence),
            epoch: Epoch(epoch),
            expiry: BatchNumber(expiry),
            action,
        }
    }
}

prop_compose! {
    pub fn items()(
        kind in 0..5u16, token: u16, amount: u128, account: u32, l1: [u8; 20], key: [u8; 32],
    ) -> QueueItem {
        QueueItem {
            kind,
            token: TokenId(token),
            amount: Amount(amount),
            account: AccountId(account),
            l1: L1Address(l1),
            key: KeyBytes(key),
        }
    }
}

pub fn header(seed: u32) -> Header {
    Header {
        number: BatchNumber(seed),
        operator: AccountId(seed ^ 0x1_0001),
        transactions: 3,
        queue_items: 2,
        withdrawals: 1,
        pubdata: digest(seed),
        withdrawals_root: digest(seed ^ 1),
    }
}

pub fn withdrawal(number: u32, index: u16) -> Withdrawal {
    let (token, amount) = (TokenId(index ^ 5), Amount(u128::from(index) << 70 | 9));
    Withdrawal { number: BatchNumber(number), index, token, amount, to: l1(index as u8) }
}

pub fn statement(seed: u32) -> Statement {
    let prev = Checkpoint::genesis(digest(seed));
    let next = Checkpoint {
        number: BatchNumber(seed | 1),
        state_root: digest(seed ^ 1),
        headers: digest(seed ^ 2),
        queue: digest(seed ^ 3),
        queue_index: QueueIndex(seed),
    };
    Statement::new(ChainId(u64::from(seed) << 20), prev, next)
}

/// What is published of a transaction.
pub fn published() -> impl Strategy<Value = PublishedTransaction> {
    let small = |bits: u32| (any::<u64>(), 0..bits).prop_map(|(x, cut)| x >> cut);
    let fee = prop_oneof![
        small(64),
        (small(64), 0..20u32).prop_map(|(x, zeros)| x.saturating_mul(10_u64.pow(zeros))),
        Just(0),
    ];
    let token = prop_oneof![Just(0), any::<u16>()];
    let jump = prop_oneof![Just(0), any::<u32>(), 0..1000u32];
    (any::<u32>(), token, fee, jump, actions()).prop_map(|(from, token, fee, epoch_jump, action)| {
        PublishedTransaction { from: AccountId(from), token: TokenId(token), fee, epoch_jump, action }
    })
}
