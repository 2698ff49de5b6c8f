//! Transactions: encodings, and what each digest covers.

use aludel_protocol::codec::{self, Kind};
use aludel_protocol::hash::{Tag, absorb, iv};
use aludel_protocol::params::{XMSS_CHAINS, XMSS_DEPTH, XMSS_PARAMETER};
use aludel_protocol::records::{ROTATE_FIELDS, TRANSFER_FIELDS, WITHDRAW_FIELDS};
use aludel_protocol::*;
use proptest::prelude::*;

use crate::make::*;

fn signed(transaction: Transaction) -> SignedTransaction {
    let signature = Box::new(Signature {
        parameter: [fe(1); XMSS_PARAMETER],
        randomness: [fe(2); 8],
        chains: [digest(3); XMSS_CHAINS],
        path: [digest(4); XMSS_DEPTH],
    });
    SignedTransaction { transaction, signature }
}

proptest! {
    #[test]
    fn transactions_round_trip_in_both_encodings(t in transactions()) {
        let bytes = codec::encode(Kind::Transaction, &signed(t));
        let back = codec::decode::<SignedTransaction>(Kind::Transaction, &bytes);
        prop_assert_eq!(back, Ok(signed(t)));
        let json = serde_json::to_string(&t).expect("a transaction is JSON");
        prop_assert_eq!(serde_json::from_str::<Transaction>(&json).expect("reads back"), t);
    }

    #[test]
    fn what_decodes_encodes_back(t in transactions(), at: prop::sample::Index, flip in 1u8..) {
        let mut bytes = codec::encode(Kind::Transaction, &t);
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        if let Ok(other) = codec::decode::<Transaction>(Kind::Transaction, &bytes) {
            prop_assert_ne!(other, t);
            prop_assert_eq!(codec::encode(Kind::Transaction, &other), bytes);
        }
    }

    #[test]
    fn different_transactions_have_different_digests(a in transactions(), b in transactions()) {
        prop_assert_eq!(a == b, a.digest() == b.digest());
    }
}

/// Which of a transaction's digests a change reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reach {
    /// What is signed alone: no effect depends on it, or the state or the header has it.
    Message,
    /// What is published as well, in the public digest.
    Public,
    /// What is published as well, beside the public digest.
    Rest,
}

type Change = (Reach, fn(&mut Transaction));

const ENVELOPE: [Change; 8] = [
    (Reach::Public, |t| t.chain_id.0 ^= 1 << 63),
    (Reach::Public, |t| t.protocol_version += 1),
    (Reach::Public, |t| t.from.0 ^= 1 << 31),
    (Reach::Public, |t| t.token.0 ^= 1 << 15),
    (Reach::Public, |t| t.fee ^= 1 << 63),
    (Reach::Public, |t| t.epoch.0 ^= 1 << 19),
    (Reach::Message, |t| t.sequence.0 ^= 1 << 31),
    (Reach::Message, |t| t.expiry.0 ^= 1 << 31),
];

fn set_amount(t: &mut Transaction, change: impl Fn(u128) -> u128) {
    match &mut t.action {
        Action::Transfer { amount, .. } | Action::Withdraw { amount, .. } => amount.0 = change(amount.0),
        Action::Rotate { .. } => panic!("a rotation has no amount"),
    }
}

const TRANSFER: [Change; 4] = [
    (Reach::Public, |t| set_amount(t, |x| x ^ 1 << 127)),
    (Reach::Public, |t| set_amount(t, |x| x ^ 1)),
    (Reach::Rest, |t| t.action = Action::Transfer { to: AccountId(1 << 31), amount: t.action.amount() }),
    (Reach::Public, |t| t.action = Action::Withdraw { to: l1(0), amount: t.action.amount() }),
];

const WITHDRAW: [Change; 4] = [
    (Reach::Public, |t| set_amount(t, |x| x ^ 1 << 127)),
    (Reach::Public, |t| set_amount(t, |x| x ^ 1)),
    (Reach::Message, |t| t.action = Action::Withdraw { to: l1(200), amount: t.action.amount() }),
    (Reach::Public, |t| t.action = Action::Transfer { to: AccountId(0), amount: t.action.amount() }),
];

const ROTATE: [Change; 2] = [
    (Reach::Public, |t| t.action = Action::Rotate { key: digest(77) }),
    (Reach::Public, |t| t.action = Action::Transfer { to: AccountId(0), amount: Amount(0) }),
];

fn check_reach(honest: &Transaction, changes: &[Change]) {
    let mut seen = vec![honest.digest()];
    for (reach, change) in changes {
        let mut t = *honest;
        change(&mut t);
        assert!(!seen.contains(&t.digest()), "{t:?}");
        seen.push(t.digest());
        let public = honest.digests().public != t.digests().public;
        assert_eq!(public, *reach == Reach::Public, "{t:?}");
        if *reach != Reach::Public {
            assert_eq!(honest.public_rest() != t.public_rest(), *reach == Reach::Rest, "{t:?}");
        }
    }
}

fn transaction(action: Action) -> Transaction {
    Transaction {
        chain_id: ChainId(3),
        protocol_version: 1,
        from: AccountId(4),
        token: TokenId(5),
        fee: 6,
        sequence: Sequence(7),
        epoch: Epoch(8),
        expiry: BatchNumber(9),
        action,
    }
}

fn one_of_each() -> [Transaction; 3] {
    let amount = Amount(11);
    [
        Action::Transfer { to: AccountId(10), amount },
        Action::Withdraw { to: l1(10), amount },
        Action::Rotate { key: digest(10) },
    ]
    .map(transaction)
}

#[test]
fn digests_cover_every_field_of_every_action() {
    let [transfer, withdraw, rotate] = one_of_each();
    for (honest, own) in [(transfer, &TRANSFER[..]), (withdraw, &WITHDRAW), (rotate, &ROTATE)] {
        check_reach(&honest, &ENVELOPE);
        check_reach(&honest, own);
    }
}

#[test]
fn hashes_are_those_of_the_page() {
    let expected = [
        (Tag::Transfer, TRANSFER_FIELDS, 22),
        (Tag::Withdraw, WITHDRAW_FIELDS, 30),
        (Tag::Rotate, ROTATE_FIELDS, 20),
    ];
    for (t, (tag, constant, length)) in one_of_each().into_iter().zip(expected) {
        assert_eq!((t.fields().len(), constant), (length, length));
        let mut start = iv(tag, length as u32);
        start[2] = fe(1);
        start[3] = fe(3);
        assert_eq!(t.digest(), absorb(Digest(start), &t.fields()));
        assert_eq!(t.digests().public, absorb(Digest(start), &t.fields()[..16]));
    }
}

#[test]
fn json_of_transactions_is_strict() {
    for t in one_of_each() {
        let json = serde_json::to_value(t).expect("a transaction is JSON");
        assert!(serde_json::from_value::<Transaction>(json.clone()).is_ok());
        let mut more = json.clone();
        more["memo"] = 1.into();
        assert!(serde_json::from_value::<Transaction>(more).is_err());
        let name = json["action"].as_object().and_then(|o| o.keys().next().cloned()).expect("one action");
        let mut inner = json.clone();
        inner["action"][&name]["memo"] = 1.into();
        assert!(serde_json::from_value::<Transaction>(inner).is_err(), "{name}");
        for key in json.as_object().expect("an object").keys() {
            let mut fewer = json.clone();
            fewer.as_object_mut().expect("an object").remove(key);
            assert!(serde_json::from_value::<Transaction>(fewer).is_err(), "{key}");
        }
    }
}
