//! Items of the L1 queue and headers: one encoding each, packed as Ethereum packs them.

use aludel_protocol::codec::{self, Kind};
use aludel_protocol::field::MODULUS;
use aludel_protocol::hash::{Tag, rolling_start};
use aludel_protocol::records::{QUEUE_ITEM_FIELDS, publish, publish_item};
use aludel_protocol::*;
use proptest::prelude::*;

use crate::make::*;

proptest! {
    #[test]
    fn queue_items_round_trip_in_both_encodings(item in items()) {
        let bytes = codec::encode(Kind::Queue, &vec![item]);
        prop_assert_eq!(bytes.len(), codec::HEADER_BYTES + 4 + QueueItem::BYTES);
        prop_assert_eq!(codec::decode::<Vec<QueueItem>>(Kind::Queue, &bytes), Ok(vec![item]));
        let json = serde_json::to_string(&item).expect("an item is JSON");
        prop_assert_eq!(serde_json::from_str::<QueueItem>(&json).expect("reads back"), item);
    }

    #[test]
    fn any_76_bytes_are_an_item(bytes in prop::array::uniform32(any::<u8>()), more: [u8; 32], last: [u8; 12]) {
        let bytes = [&bytes[..], &more, &last].concat();
        let item = QueueItem::unpack(&mut &bytes[..]).expect("any bytes are an item");
        prop_assert_eq!(item.to_packed(), bytes);
    }

    #[test]
    fn keys_count_modulo_p(bytes: [u8; 32]) {
        let word = |i: usize| u32::from_le_bytes(bytes[4 * i..4 * i + 4].try_into().expect("four bytes"));
        let reduced = Digest(core::array::from_fn(|i| fe(word(i) % MODULUS)));
        prop_assert_eq!(KeyBytes(bytes).digest(), reduced);
    }

    #[test]
    fn packed_prefixes_are_refused(item in items(), seed: u32, cut in 0usize..250) {
        let records = [item.to_packed(), header(seed).to_packed(), withdrawal(seed, 3).to_packed()];
        let [item, header, withdrawal] = records.each_ref().map(|bytes| &bytes[..cut.min(bytes.len() - 1)]);
        prop_assert!(QueueItem::unpack(&mut &*item).is_err());
        prop_assert!(Header::unpack(&mut &*header).is_err());
        prop_assert!(Withdrawal::unpack(&mut &*withdrawal).is_err());
    }
}

#[test]
fn packed_sizes_are_those_of_the_page() {
    let sizes = [QueueItem::BYTES, Withdrawal::BYTES, Header::BYTES, Checkpoint::BYTES, Statement::BYTES];
    assert_eq!(sizes, [76, 44, 78, 104, 250]);
    let item = QueueItem::forced(AccountId(1), TokenId(2), l1(3));
    let lengths = [
        item.to_packed().len(),
        withdrawal(1, 2).to_packed().len(),
        header(1).to_packed().len(),
        statement(1).prev.to_packed().len(),
        statement(1).to_packed().len(),
    ];
    assert_eq!(lengths, sizes);
}

#[test]
fn keys_with_words_of_p_or_more_are_their_remainders() {
    for (word, counts_as) in
        [(0, 0), (MODULUS - 1, MODULUS - 1), (MODULUS, 0), (u32::MAX, u32::MAX % MODULUS)]
    {
        let mut bytes = [0; 32];
        bytes[8..12].copy_from_slice(&word.to_le_bytes());
        let mut expected = [fe(0); 8];
        expected[2] = fe(counts_as);
        assert_eq!(KeyBytes(bytes).digest(), Digest(expected));
    }
    assert_eq!(KeyBytes::from(digest(7)).digest(), digest(7));
}

#[test]
fn items_ask_for_what_their_kind_says() {
    let item = QueueItem::to_key(digest(9), l1(1), TokenId(2), Amount(3));
    assert_eq!(item.request(), Request::ToKey { key: digest(9), l1_owner: l1(1) });
    let account = AccountId(8);
    let to_account = QueueItem::to_account(account, TokenId(2), Amount(3), l1(1));
    assert_eq!(to_account.request(), Request::ToAccount { account });
    assert_eq!(QueueItem::forced(account, TokenId(2), l1(1)).request(), Request::Forced { account });
    for kind in [0, 4, u16::MAX] {
        assert_eq!(QueueItem { kind, ..item }.request(), Request::Unknown);
    }
}

#[test]
fn the_queue_covers_every_field_of_an_item() {
    let honest = QueueItem::to_key(digest(9), l1(1), TokenId(2), Amount(3));
    assert_eq!(honest.fields().len(), QUEUE_ITEM_FIELDS);
    let start = rolling_start(Tag::Queue);
    let mut seen = vec![start, honest.enqueue(start), honest.enqueue(honest.enqueue(start))];
    let changes: [fn(&mut QueueItem); 9] = [
        |i| i.kind ^= 1 << 15,
        |i| i.token.0 += 1,
        |i| i.amount.0 ^= 1 << 127,
        |i| i.amount.0 ^= 1,
        |i| i.account.0 ^= 1 << 31,
        |i| i.l1.0[0] ^= 1,
        |i| i.l1.0[19] ^= 1,
        |i| i.key.0[0] ^= 1,
        |i| i.key.0[31] ^= 0x80,
    ];
    for change in changes {
        let mut item = honest;
        change(&mut item);
        let queue = item.enqueue(start);
        assert!(!seen.contains(&queue), "{item:?}");
        seen.push(queue);
    }
}

#[test]
fn headers_cover_every_field() {
    let honest = header(5);
    let mut seen = vec![honest.digest()];
    let changes: [fn(&mut Header); 8] = [
        |h| h.number.0 ^= 1 << 31,
        |h| h.operator.0 ^= 1 << 16,
        |h| h.transactions += 1,
        |h| h.queue_items += 1,
        |h| h.withdrawals += 1,
        |h| h.pubdata = Digest::ZERO,
        |h| h.withdrawals_root = Digest::ZERO,
        |h| core::mem::swap(&mut h.pubdata, &mut h.withdrawals_root),
    ];
    for change in changes {
        let mut h = honest;
        change(&mut h);
        assert!(!seen.contains(&h.digest()), "{h:?}");
        seen.push(h.digest());
    }
}

#[test]
fn published_entries_roll_apart() {
    let start = rolling_start(Tag::Pubdata);
    let item = publish_item(start);
    let zero = publish(start, Digest::ZERO, &[fe(0); 8]);
    let other = publish(start, Digest::ZERO, &[fe(1); 8]);
    assert!(start != item && item != zero && zero != other && publish_item(item) != item);
}

#[test]
fn json_of_items_is_strict_and_may_leave_out_what_the_kind_ignores() {
    let owner = "0x0101010101010101010101010101010101010101";
    let text = format!(r#"{{"kind": 3, "token": 2, "account": 8, "l1": "{owner}"}}"#);
    let item: QueueItem = serde_json::from_str(&text).expect("reads");
    assert_eq!(item, QueueItem::forced(AccountId(8), TokenId(2), l1(1)));
    for bad in [
        format!(r#"{{"kind": 3, "token": 2, "account": 8, "l1": "{owner}", "fee": 1}}"#),
        format!(r#"{{"kind": 3, "token": 2, "amount": 8, "l1": "{owner}"}}"#),
        format!(r#"{{"kind": 3, "token": 2, "amount": "08", "l1": "{owner}"}}"#),
        format!(r#"{{"kind": 65536, "token": 2, "l1": "{owner}"}}"#),
        r#"{"kind": 3, "token": 2, "l1": "0x01"}"#.to_owned(),
        format!(r#"{{"kind": 2, "token": 2, "l1": "{owner}", "key": "00"}}"#),
        r#"{"kind": 3, "token": 2}"#.to_owned(),
    ] {
        assert!(serde_json::from_str::<QueueItem>(&bad).is_err(), "{bad}");
    }
}
