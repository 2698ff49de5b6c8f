//! `rebuild`, `claim` and `verify-claim`: from what is public to the state and to a claim, and every refusal.

use aludel_ledger::{BatchBuilder, Chain, Claim, Queue};
use aludel_protocol::codec::{Kind, encode};
use aludel_protocol::{
    AccountId, Amount, BatchNumber, ChainId, Checkpoint, Digest, Entry, KeyBytes, L1Address, QueueItem,
    Statement, TokenId,
};

use crate::world::World;

const OWNER: L1Address = L1Address([1; 20]);
const DATA: &str = "1.pub 2.pub --queue queue.bin";

/// Two batches of items: accounts, then a refund and a forced withdrawal; with all that a command reads of them.
fn public(test: &str) -> (World, Statement) {
    let world = World::new(test);
    let key = KeyBytes([3; 32]).digest();
    let items = vec![
        QueueItem::to_key(key, OWNER, TokenId(0), Amount(1000)),
        QueueItem::to_account(AccountId(9), TokenId(4), Amount(70), L1Address([9; 20])),
        QueueItem::forced(AccountId(1), TokenId(0), OWNER),
    ];
    let mut chain = Chain::genesis(ChainId(7));
    let prev = chain.checkpoint;
    for (number, items) in [(1, &items[..1]), (2, &items[1..])] {
        let mut builder = BatchBuilder::new(&mut chain, AccountId(1), 9).expect("numbers are left");
        let nobody = |claims: &[Claim<'_>]| vec![Err::<(), _>("not signed"); claims.len()];
        assert_eq!(builder.extend(items.iter().copied().map(Entry::Queue).collect(), &nobody), []);
        world.write(&format!("{number}.pub"), builder.published().expect("executed").to_bytes());
        world.write(&format!("{number}.bin"), builder.seal().to_bytes());
    }
    world.write("queue.bin", Queue { items }.to_bytes());
    let statement = Statement::new(ChainId(7), prev, chain.checkpoint);
    world.write("statement.bin", encode(Kind::Statement, &statement));
    (world, statement)
}

#[test]
fn rebuild_prints_the_root_and_compares_statements() {
    let (world, statement) = public("rebuild");
    let root = statement.next.state_root;
    let plain = world.ok(&format!("rebuild {DATA} --chain-id 7"));
    assert_eq!(plain.out, format!("batch 2, state {root}; 0 statements, 0 points compared\n"));
    assert!(plain.err.contains("note: ") && plain.err.contains("--statement"), "{}", plain.err);
    let root_alone = world.ok("rebuild 2.pub 1.pub --queue queue.bin");
    assert_eq!(root_alone.out, plain.out, "in any order, and without a chain id");
    let checked = world.ok(&format!("rebuild {DATA} --statement statement.bin"));
    assert_eq!(checked.out, format!("batch 2, state {root}; 1 statements, 2 points compared\n"));
    assert_eq!(checked.err, "");
}

#[test]
fn rebuild_refuses_what_does_not_fit() {
    let (world, mut statement) = public("rebuild_refused");
    world.expect("rebuild 1.pub --queue queue.bin --statement statement.bin", 2);
    world.expect("rebuild 2.pub --queue queue.bin --chain-id 7", 2);
    world.expect(&format!("rebuild {DATA} --statement statement.bin --chain-id 8"), 1);
    let mut short = world.read("2.pub");
    short.pop();
    world.write("short.pub", &short);
    let cut = world.expect("rebuild 1.pub short.pub --queue queue.bin --chain-id 7", 3);
    assert!(cut.err.contains(&format!("byte {}", short.len())), "{}", cut.err);
    world.write("empty.bin", Queue::default().to_bytes());
    world.expect("rebuild 1.pub --queue empty.bin --chain-id 7", 4);
    statement.next.state_root = Digest::ZERO;
    world.write("other.bin", encode(Kind::Statement, &statement));
    let other = world.expect(&format!("rebuild {DATA} --statement other.bin"), 1);
    assert!(other.err.contains("root of the state"), "{}", other.err);
}

/// A third batch of the chain and of another one, which agree in everything before.
fn another_run(test: &str) -> (World, [Statement; 2]) {
    let (world, statement) = public(test);
    let queue = Queue::from_bytes(&world.read("queue.bin")).expect("a queue");
    let statements = [5, 6].map(|amount| {
        let mut chain = Chain::genesis(ChainId(7));
        let last = QueueItem::to_account(AccountId(1), TokenId(0), Amount(amount), OWNER);
        let items = [&queue.items[..], &[last]].concat();
        for items in [&items[..1], &items[1..3], &items[3..]] {
            let mut builder = BatchBuilder::new(&mut chain, AccountId(1), 9).expect("numbers are left");
            let nobody = |claims: &[Claim<'_>]| vec![Err::<(), _>("not signed"); claims.len()];
            assert_eq!(builder.extend(items.iter().copied().map(Entry::Queue).collect(), &nobody), []);
            if builder.entries().len() == 1 {
                world.write("3.pub", builder.published().expect("executed").to_bytes());
            }
            builder.seal();
        }
        world.write(&format!("queue{amount}.bin"), Queue { items }.to_bytes());
        Statement::new(ChainId(7), statement.next, chain.checkpoint)
    });
    for (amount, statement) in [5, 6].into_iter().zip(&statements) {
        world.write(&format!("statement{amount}.bin"), encode(Kind::Statement, statement));
    }
    (world, statements)
}

#[test]
fn the_first_thing_that_does_not_fit_is_named() {
    let (world, _) = another_run("rebuild_first");
    let all = "1.pub 2.pub 3.pub --queue queue5.bin";
    world.ok(&format!("rebuild {all} --statement statement.bin --statement statement5.bin"));
    // More of the queue than was consumed is nothing wrong.
    world.ok("rebuild 1.pub 2.pub --queue queue5.bin --statement statement.bin");
    let says = |line: &str, code, words: &[&str]| {
        let err = world.expect(line, code).err;
        assert!(words.iter().all(|word| err.contains(word)), "{line}: {err}");
    };
    let fits = "fits a statement after batch 2";
    let both = "--statement statement.bin --statement statement6.bin";
    says(&format!("rebuild {all} {both}"), 1, &["after batch 3, statement 1", "the queue is not", fits]);
    let own = "--statement statement.bin --statement statement5.bin";
    says(&format!("rebuild 1.pub 2.pub 3.pub --queue queue6.bin {own}"), 1, &["after batch 3", fits]);
    let follows = |number, found| [format!("batch {number} follows here"), format!("of batch {found}")];
    for (files, number, found) in [("1.pub 3.pub", 2, 3), ("2.pub 3.pub", 1, 2), ("1.pub 2.pub 2.pub", 3, 2)]
    {
        let [a, b] = &follows(number, found);
        says(
            &format!("rebuild {files} --queue queue5.bin --chain-id 7"),
            2,
            &[a, b, "in order, without gaps"],
        );
    }
    says("rebuild 1.pub gone.pub 3.pub --queue queue5.bin --chain-id 7", 2, &["gone.pub: No such file"]);
    says(
        "rebuild 1.pub 2.pub 3.pub --queue queue.bin --chain-id 7",
        4,
        &["3.pub: entry 0", "item 3", "queue again"],
    );
    says("rebuild 1.pub 2.bin --queue queue5.bin --chain-id 7", 3, &["2.bin: ", "expected a published data"]);
    says(
        "rebuild 1.pub 2.pub --queue 1.pub --chain-id 7",
        3,
        &["expected a L1 queue, found a published data"],
    );
    says("rebuild 1.pub --queue queue5.bin --statement 1.pub", 3, &["expected a statement"]);
    let claim =
        |files: &str| format!("claim {files} --queue queue5.bin --chain-id 7 --batch 2 --index 0 -o c");
    for files in ["1.pub 2.pub 2.pub", "2.bin 2.bin", "1.pub 3.pub"] {
        says(&claim(files), 2, &["in order, without gaps"]);
    }
    assert!(!world.path("c").exists());
}

/// Whatever goes wrong, and wherever, no state is left that is not whole; what a killed run left is no obstacle.
#[test]
fn a_state_is_made_whole_or_not_at_all() {
    let (world, _) = another_run("rebuild_whole");
    let all = "rebuild 1.pub 2.pub 3.pub --queue queue5.bin --state s";
    for (line, code) in [
        (format!("{all} --statement statement6.bin"), 1),
        ("rebuild 1.pub 3.pub --queue queue5.bin --chain-id 7 --state s".to_owned(), 2),
        ("rebuild 1.pub 2.pub 3.pub --queue queue.bin --chain-id 7 --state s".to_owned(), 4),
        ("rebuild 1.pub 2.pub 3.pub --queue gone.bin --chain-id 7 --state s".to_owned(), 2),
    ] {
        world.expect(&line, code);
        assert_eq!(world.list("s"), Vec::<String>::new(), "{line}");
    }
    world.write("s/.state.unfinished", "half of a state");
    let made = world.ok(&format!("{all} --statement statement5.bin"));
    assert!(made.out.starts_with("batch 3, state "), "{}", made.out);
    assert_eq!(world.list("s"), ["state.redb"]);
    let refused = world.expect(&format!("{all} --chain-id 7"), 2).err;
    assert!(refused.contains("there is a state already"), "{refused}");
    assert_eq!(world.list("s"), ["state.redb"]);
    world.write("file", "no folder");
    assert!(
        world.expect("rebuild 1.pub --queue queue.bin --chain-id 7 --state file", 2).err.contains("file: ")
    );
}

#[test]
fn claims_are_made_from_either_source_and_hold() {
    let (world, statement) = public("claims");
    world.ok("claim 1.bin 2.bin --batch 2 --index 1 -o sealed.claim");
    world.ok(&format!("claim {DATA} --chain-id 7 --batch 2 --index 1 -o public.claim"));
    assert_eq!(world.read("sealed.claim"), world.read("public.claim"));
    let holds = world.ok("verify-claim public.claim --statement statement.bin");
    let text = format!("holds: withdrawal 1 of batch 2 of chain 7 pays 1000 of token 0 to {OWNER}\n");
    assert_eq!(holds.out, text);
    assert!(!holds.err.contains("rests on"), "{}", holds.err);
    // Carried on by a batch more, under a statement of that one alone: nothing but `prev` says that it left.
    let mut longer = aludel_protocol::Claim::from_bytes(&world.read("public.claim")).expect("a claim");
    longer.later.push(Digest::ZERO);
    world.write("longer.claim", longer.to_bytes());
    let next = Checkpoint { number: BatchNumber(3), headers: longer.headers(), ..statement.next };
    let later = Statement { prev: statement.next, next, ..statement };
    world.write("later.bin", encode(Kind::Statement, &later));
    let holds = world.ok("verify-claim longer.claim --statement later.bin");
    assert_eq!(holds.out, text);
    assert!(holds.err.contains("batch 2 is none of those"), "{}", holds.err);
}

#[test]
fn claims_to_nothing_and_false_ones_are_refused() {
    let (world, mut statement) = public("claims_refused");
    world.expect("claim 1.bin 2.bin --batch 2 --index 2 -o none.claim", 2);
    world.write("1.bin", {
        let mut other = world.read("1.bin");
        other[12] ^= 1;
        other
    });
    world.expect("claim 2.bin 1.bin --batch 2 --index 1 -o none.claim", 4);
    world.expect("claim 1.pub 2.pub --batch 2 --index 1 -o none.claim", 2);
    assert!(!world.path("none.claim").exists());
    world.ok("claim 2.bin --batch 2 --index 0 -o one.claim");
    statement.next.headers = Digest::ZERO;
    world.write("other.bin", encode(Kind::Statement, &statement));
    world.expect("verify-claim one.claim --statement other.bin", 1);
    statement.config = Digest::ZERO;
    world.write("rules.bin", encode(Kind::Statement, &statement));
    let rules = world.expect("verify-claim one.claim --statement rules.bin", 1);
    assert!(rules.err.contains("configuration"), "{}", rules.err);
    world.expect("verify-claim 1.bin --statement statement.bin", 3);
}
