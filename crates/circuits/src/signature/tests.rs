//! Each corruption and the constraint that names it.

mod attacks;
mod budget;
mod corruptions;

use aludel_protocol::fe;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::Matrix;

use super::signer::{Case, sign};
use super::*;
use crate::bus::Bus;
use crate::check::Checker;
use crate::chip::{Tables, TraceError};

const TINY: (usize, usize) = (9, 10);

#[test]
fn honest_signatures_balance() {
    let epochs = [0, (1 << 20) - 1, 1, 0xa_5a5a, 1 << 19];
    let signed: Vec<_> = (0..).zip(epochs).map(|(seed, epoch)| sign(seed, epoch)).collect();
    assert!(Case::honest(TINY, &signed).broken().is_empty());
}

#[test]
fn a_full_shard_balances() {
    let signed: Vec<_> = (0..22).map(|i| sign(100 + i, i as u32 * 47_657)).collect();
    let case = Case::honest(TINY, &signed);
    assert!(case.broken().is_empty());
    assert_eq!(case.signature.height() / BLOCK, signed.len());
}

#[test]
fn no_signature_at_all_balances() {
    assert!(Case::honest(TINY, &[]).broken().is_empty());
}

#[test]
fn a_signature_that_nobody_asks_for_does_not_balance() {
    let mut case = Case::honest(Case::LOG_HEIGHTS, &[sign(1, 77)]);
    case.asked.clear();
    assert_eq!(case.broken(), ["auth"].into());
}

#[test]
fn range_lookups_are_recorded() {
    let mut tables = Tables::default();
    let trace = generate(7, &[sign(1, 77).row], &mut tables).expect("fits");
    let mut checker = Checker::default();
    checker.run(&Signature { log_height: 7 }, &trace, &[]);
    for (x, count) in tables.range16.iter().enumerate() {
        checker.external(Bus::Range16, &[fe(x as u32)], -(*count as i32));
    }
    assert_eq!(tables.range16.iter().sum::<u32>(), 2 * 2 * 6);
    assert!(checker.surplus(Bus::Range16).is_empty());
}

#[test]
fn events_that_contradict_one_another_are_refused() {
    let row = sign(1, 77).row;
    let full = generate(7, &[row.clone(), row.clone(), row.clone()], &mut Tables::default());
    assert_eq!(full.err(), Some(TraceError::Full { chip: "signature", needed: 135, available: 128 }));
    let refuse = |change: &dyn Fn(&mut SignatureRow)| {
        let mut changed = row.clone();
        change(&mut changed);
        match generate(7, &[row.clone(), changed], &mut Tables::default()) {
            Err(TraceError::Inconsistent { reason, .. }) => reason,
            _ => String::new(),
        }
    };
    assert!(refuse(&|r| r.epoch = 1 << 20).contains("signature 1: the epoch"));
    assert!(refuse(&|r| r.digits[47] ^= 1).contains("signature 1: the digits are not"));
    assert!(refuse(&|r| r.message.0[0] += aludel_protocol::F::ONE).contains("the digits are not"));
}
