//! Published data have one form: every other way in which the same batch could be written is refused, and what mutants of
//! a batch decode to is written as they are.

use aludel_protocol::codec::{Kind, header};
use aludel_protocol::pubdata::varint;
use aludel_protocol::*;
use proptest::prelude::*;

use crate::make::*;

/// A number, in its shortest form and in one that is a byte longer.
fn forms(x: u128) -> Vec<Vec<u8>> {
    let mut short = Vec::new();
    varint::write(x, &mut short);
    let mut long = short.clone();
    if let Some(last) = long.last_mut() {
        *last |= 0x80;
    }
    long.push(0);
    vec![short, long]
}

/// Every one of `heads` with every one of `tails` behind it; a part is bits of an entry's head and bytes after it.
fn join(heads: Vec<(u8, Vec<u8>)>, tails: &[(u8, Vec<u8>)]) -> Vec<(u8, Vec<u8>)> {
    let pairs = heads.iter().flat_map(|head| tails.iter().map(move |tail| (head, tail)));
    pairs.map(|((a, x), (b, y))| (a | b, [&x[..], y].concat())).collect()
}

/// A number that always follows.
fn number(x: u128) -> Vec<(u8, Vec<u8>)> {
    forms(x).into_iter().map(|bytes| (0, bytes)).collect()
}

/// A number that follows where a bit says so; 0 may be left out.
fn optional(bit: u8, x: u128) -> Vec<(u8, Vec<u8>)> {
    let mut all: Vec<_> = forms(x).into_iter().map(|bytes| (1 << bit, bytes)).collect();
    if x == 0 {
        all.push((0, Vec::new()));
    }
    all
}

/// A number in each unit that divides it.
fn in_units(shift: u8, first: u8, exponents: &[u32], x: u128) -> Vec<(u8, Vec<u8>)> {
    let unit = |(bits, exponent): (u8, &u32)| {
        let unit = 10_u128.pow(*exponent);
        x.is_multiple_of(unit).then(|| forms(x / unit).into_iter().map(move |form| (bits << shift, form)))
    };
    (first..).zip(exponents).filter_map(unit).flatten().collect()
}

/// Every way to write a transaction from which the same values would be read.
fn spellings(t: &PublishedTransaction) -> Vec<Vec<u8>> {
    let mut fee = in_units(4, 1, &[0, 6, 12], t.fee.into());
    if t.fee == 0 {
        fee.push((0, Vec::new()));
    }
    let amount = |amount: Amount| in_units(6, 0, &[0, 4, 8, 12], amount.0);
    let (kind, rest) = match t.action {
        Action::Transfer { to, amount: x } => (1, join(number(to.0.into()), &amount(x))),
        Action::Withdraw { to, amount: x } => (2, join(amount(x), &[(0, to.0.to_vec())])),
        Action::Rotate { key } => {
            (3, (0..4).map(|unit| (unit << 6, key.to_bytes().to_vec())).collect::<Vec<_>>())
        }
    };
    let all = join(number(t.from.0.into()), &optional(2, t.token.0.into()));
    let all = join(join(join(all, &fee), &optional(3, t.epoch_jump.into())), &rest);
    all.into_iter().map(|(head, bytes)| [&[head | kind][..], &bytes].concat()).collect()
}

/// Files of one entry, with every spelling of what precedes it.
fn files(batch: &PublishedBatch, entries: u128, written: &[u8]) -> Vec<Vec<u8>> {
    let fields = [batch.number.0.into(), batch.operator.0.into(), entries].map(number);
    let [number, operator, count] = fields;
    let starts = join(join(number, &operator), &count);
    starts.into_iter().map(|(_, start)| [&header(Kind::Pubdata)[..], &start, written].concat()).collect()
}

/// Of all these files one is the batch, and the others are nothing.
fn one_is_accepted(
    batch: &PublishedBatch,
    files: impl Iterator<Item = Vec<u8>>,
) -> Result<(), TestCaseError> {
    let (mut accepted, mut refused) = (0, 0);
    for bytes in files {
        match PublishedBatch::from_bytes(&bytes) {
            Ok(found) => {
                prop_assert_eq!((&found, &bytes), (batch, &batch.to_bytes()));
                accepted += 1;
            }
            Err(_) => refused += 1,
        }
    }
    prop_assert!(accepted == 1 && refused >= 7, "{} accepted, {} refused", accepted, refused);
    Ok(())
}

proptest! {
    #![proptest_config(config(400))]

    #[test]
    fn a_transaction_is_spelled_in_one_way(t in published(), number: u32, operator: u32) {
        let mut batch = PublishedBatch::new(BatchNumber(number), AccountId(operator));
        batch.push_transaction(t);
        let written = spellings(&t);
        prop_assert!(written.len() >= 32, "{} spellings", written.len());
        one_is_accepted(&batch, written.iter().flat_map(|written| files(&batch, 1, written)))?;
    }

    #[test]
    fn items_of_the_queue_are_one_run(items in 1usize..200, number: u32, operator: u32) {
        let mut batch = PublishedBatch::new(BatchNumber(number), AccountId(operator));
        (0..items).for_each(|_| batch.push_item());
        let run = |items: usize| join(vec![(0, vec![0])], &self::number(items as u128));
        let whole = run(items).into_iter().map(|(_, bytes)| (1, bytes));
        // Split in two, one of them empty at the ends.
        let split = (0..=items).flat_map(|first| join(run(first), &run(items - first)));
        let all = whole.chain(split.map(|(_, bytes)| (2, bytes)));
        one_is_accepted(&batch, all.flat_map(|(entries, written)| files(&batch, entries, &written)))?;
    }
}

/// SplitMix64.
fn random(state: &mut u64, below: usize) -> usize {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) as usize % below
}

/// One change: a byte, a bit, a byte more or less, a piece twice, a longer form of a number.
fn change(state: &mut u64, body: &mut Vec<u8>) {
    let at = random(state, body.len());
    match random(state, 6) {
        0 => body[at] = random(state, 256) as u8,
        1 => body[at] ^= 1 << random(state, 8),
        2 => body.insert(at, random(state, 256) as u8),
        3 => drop(body.remove(at)),
        4 => {
            let piece = body[at..].iter().take(1 + random(state, 8)).copied().collect::<Vec<_>>();
            body.splice(at..at, piece);
        }
        _ => {
            body[at] |= 0x80;
            body.insert(at + 1, 0);
        }
    }
    if body.is_empty() {
        body.push(0);
    }
}

#[test]
fn what_mutants_decode_to_is_written_as_they_are() {
    const SEED: u64 = 0x5eed;
    println!("seed {SEED:#x}");
    let mut batch = PublishedBatch::new(BatchNumber(300), AccountId(6));
    let transaction = |token, fee, epoch_jump, action| PublishedTransaction {
        from: AccountId(200),
        token: TokenId(token),
        fee,
        epoch_jump,
        action,
    };
    let transfer = |amount| Action::Transfer { to: AccountId(7), amount: Amount(amount) };
    batch.push_item();
    batch.push_transaction(transaction(0, 0, 0, transfer(0)));
    batch.push_transaction(transaction(9, 5_000_000, 1, transfer(1_500_000_000_000_000_000)));
    batch.push_item();
    batch.push_item();
    batch.push_transaction(transaction(9, 7, 300, Action::Withdraw { to: l1(4), amount: Amount(30_000) }));
    batch.push_transaction(transaction(0, 3, 0, Action::Rotate { key: digest(3) }));
    let (mut state, mut seen) = (SEED, [0; 2]);
    for _ in 0..400_000 {
        let mut body = batch.to_bytes()[header(Kind::Pubdata).len()..].to_vec();
        (0..=random(&mut state, 3)).for_each(|_| change(&mut state, &mut body));
        let bytes = [&header(Kind::Pubdata)[..], &body].concat();
        let decoded = PublishedBatch::from_bytes(&bytes);
        seen[usize::from(decoded.is_ok())] += 1;
        if let Ok(decoded) = decoded {
            assert_eq!(decoded.to_bytes(), bytes, "{body:02x?}");
        }
    }
    println!("{} refused, {} accepted", seen[0], seen[1]);
    assert!(seen.iter().all(|count| *count > 10_000), "{seen:?}");
}
