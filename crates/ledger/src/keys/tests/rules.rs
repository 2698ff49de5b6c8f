//! What a key refuses, on the level of epochs: no signature is computed here.

use super::super::usage::Usage;
use super::*;

/// Keys 0, 1, .. of one keystore, each with epochs 0 to 15; account 7 is the last one's.
fn usage(keys: u64) -> (Usage, Vec<KeyDigest>) {
    let mut usage = Usage::new(0);
    for signer in Signer::generate_many((0..keys).map(derivation).collect(), window(0, 4)) {
        let is_last = signer.record().counter() + 1 == keys;
        let signer = if is_last { signer.of_account(AccountId(7)) } else { signer };
        usage.insert(signer.record).expect("a new key");
    }
    let keys = usage.records().iter().map(|record| *record.key()).collect();
    (usage, keys)
}

fn order(sequence: u32) -> Order {
    Order::from(&transfer(sequence))
}

fn rotation(sequence: u32, to: KeyDigest) -> Order {
    Order { purpose: Purpose::Rotation { to }, ..order(sequence) }
}

/// Spends an epoch; a refusal must change nothing.
fn take(usage: &mut Usage, key: &KeyDigest, order: Order) -> Result<Reservation, SignerError> {
    take_with(usage, key, order, Consent::default())
}

fn take_with(
    usage: &mut Usage,
    key: &KeyDigest,
    order: Order,
    consent: Consent,
) -> Result<Reservation, SignerError> {
    let before = usage.clone();
    let taken = usage.take(key, &order, &consent);
    assert_eq!(taken.is_err(), before == *usage, "{taken:?}");
    taken
}

fn epoch(taken: Result<Reservation, SignerError>) -> Result<u32, SignerError> {
    taken.map(|reservation| reservation.epoch.0)
}

#[test]
fn another_chain_or_account_is_refused() {
    let (mut usage, keys) = usage(3);
    let elsewhere = Order { chain_id: ChainId(8), ..order(0) };
    let refused = SignerError::Chain { expected: CHAIN, found: ChainId(8) };
    assert_eq!(take(&mut usage, &keys[0], elsewhere), Err(refused));
    // Not bound yet, so either account would do; its first signature decides.
    assert_eq!(epoch(take(&mut usage, &keys[0], order(0))), Ok(0));
    let other = Order { from: AccountId(2), ..order(1) };
    let refused = SignerError::Account { expected: AccountId(1), found: AccountId(2) };
    assert_eq!(take(&mut usage, &keys[0], other), Err(refused));
    assert_eq!(epoch(take(&mut usage, &keys[1], other)), Ok(0));
    // Bound when it was made.
    let refused = SignerError::Account { expected: AccountId(7), found: AccountId(1) };
    assert_eq!(take(&mut usage, &keys[2], order(0)), Err(refused));
    let absent = KeyDigest::default();
    assert_eq!(take(&mut usage, &absent, order(0)), Err(SignerError::NoKey { key: absent }));
}

#[test]
fn a_replacement_takes_a_fresh_epoch_and_says_so() {
    let (mut usage, keys) = usage(2);
    let first = take(&mut usage, &keys[0], order(5)).expect("taken");
    assert_eq!((first.epoch, first.replaces), (Epoch(0), None));
    let again = take(&mut usage, &keys[0], order(5)).expect("taken");
    assert_eq!((again.epoch, again.replaces), (Epoch(1), Some(Epoch(0))));
    let next = take(&mut usage, &keys[0], order(6)).expect("taken");
    assert_eq!((next.epoch, next.replaces), (Epoch(2), None));
    let refused = SignerError::Sequence { last: Sequence(6), found: Sequence(5) };
    assert_eq!(take(&mut usage, &keys[0], order(5)), Err(refused));
    let consent = Consent { lower_sequence: true, ..Consent::default() };
    assert_eq!(epoch(take_with(&mut usage, &keys[0], order(5), consent)), Ok(3));
    // What was signed after it is past; its sequence is free again.
    assert_eq!(take(&mut usage, &keys[0], order(6)).map(|r| (r.epoch, r.replaces)), Ok((Epoch(4), None)));
}

#[test]
fn the_last_epoch_is_a_rotations() {
    let (mut usage, keys) = usage(3);
    for sequence in 0..15 {
        assert_eq!(epoch(take(&mut usage, &keys[0], order(sequence))), Ok(sequence));
    }
    assert_eq!(take(&mut usage, &keys[0], order(15)), Err(SignerError::LastEpoch { last: 15 }));
    let refused = take_with(&mut usage, &keys[0], order(15), skip_to(15));
    assert_eq!(refused, Err(SignerError::LastEpoch { last: 15 }));
    assert_eq!(epoch(take(&mut usage, &keys[0], rotation(15, keys[1]))), Ok(15));
    let again = take(&mut usage, &keys[0], rotation(15, keys[1]));
    assert_eq!(again, Err(SignerError::UsedUp { last: 15 }));
}

#[test]
fn a_warning_comes_at_nine_tenths() {
    let (mut usage, keys) = usage(2);
    let warned = (0..15).map(|s| take(&mut usage, &keys[0], order(s)).expect("taken").is_running_out());
    // 14 of 15 are 93%, 13 are 87%.
    assert_eq!(warned.collect::<Vec<_>>(), [vec![false; 13], vec![true; 2]].concat());
    assert_eq!(usage.records()[0].left(), 0);
}

#[test]
fn a_key_that_was_rotated_away_signs_only_that_rotation_again() {
    let (mut usage, keys) = usage(4);
    take(&mut usage, &keys[0], order(0)).expect("taken");
    assert_eq!(epoch(take(&mut usage, &keys[0], rotation(1, keys[1]))), Ok(1));
    let refused = SignerError::Rotated { to: keys[1] };
    assert_eq!(take(&mut usage, &keys[0], order(1)), Err(refused));
    assert_eq!(take(&mut usage, &keys[0], order(2)), Err(refused));
    assert_eq!(take(&mut usage, &keys[0], rotation(1, keys[2])), Err(refused));
    let again = take(&mut usage, &keys[0], rotation(1, keys[1])).expect("taken");
    assert_eq!((again.epoch, again.replaces), (Epoch(2), Some(Epoch(1))));
    // The one that takes over is the account's, from its own first epoch on.
    let refused = SignerError::Account { expected: AccountId(1), found: AccountId(2) };
    assert_eq!(take(&mut usage, &keys[1], Order { from: AccountId(2), ..order(0) }), Err(refused));
    assert_eq!(epoch(take(&mut usage, &keys[1], order(2))), Ok(0));
    // Not included in time: once more, though its successor has signed.
    assert_eq!(epoch(take(&mut usage, &keys[0], rotation(2, keys[1]))), Ok(3));
}

#[test]
fn only_an_unused_key_of_the_keystore_takes_over() {
    let (mut usage, keys) = usage(5);
    let refused = |usage: &mut Usage, to, says: &str| {
        let answer = take(usage, &keys[0], rotation(0, to));
        assert!(
            matches!(answer, Err(SignerError::Successor { reason, .. }) if reason.contains(says)),
            "{answer:?}"
        );
    };
    refused(&mut usage, keys[0], "the key that it has");
    refused(&mut usage, KeyDigest::default(), "not in this keystore");
    refused(&mut usage, keys[4], "another account's");
    take(&mut usage, &keys[1], order(0)).expect("taken");
    refused(&mut usage, keys[1], "used before");
    // Promised to another account, though that one never signed with it.
    take(&mut usage, &keys[2], Order { from: AccountId(5), ..rotation(0, keys[3]) }).expect("taken");
    refused(&mut usage, keys[3], "another account's");
    refused(&mut usage, keys[2], "used before");
    let elsewhere = Derivation { chain_id: ChainId(8), ..derivation(9) };
    let elsewhere = Signer::new(elsewhere, window(0, 0));
    usage.insert(elsewhere.record().clone()).expect("a new key");
    refused(&mut usage, *elsewhere.record().key(), "another chain");
}

#[test]
fn skipping_goes_forwards_only() {
    let (mut usage, keys) = usage(2);
    assert_eq!(epoch(take_with(&mut usage, &keys[0], order(0), skip_to(6))), Ok(6));
    assert_eq!(epoch(take_with(&mut usage, &keys[0], order(1), skip_to(3))), Ok(7));
    let beyond = SignerError::Beyond { asked: 16, next: 8, last: 15 };
    assert_eq!(take_with(&mut usage, &keys[0], order(2), skip_to(16)), Err(beyond));
}

#[test]
fn keys_are_named_by_position_or_by_eight_digits() {
    let (usage, keys) = usage(3);
    let digits = keys[1].to_string();
    for word in ["1", &digits[..8], &digits, &digits[..9].to_uppercase()] {
        assert_eq!(usage.select(word).map(Record::key), Ok(&keys[1]), "{word}");
    }
    for word in ["3", "", "-1", &digits[..7]] {
        assert!(matches!(usage.select(word), Err(SelectError::Word { count: 3, .. })), "{word}");
    }
    assert!(matches!(usage.select("00000000"), Err(SelectError::None { .. })));
}
