//! A signer that is killed at random moments, again and again, never signs two messages at one epoch.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::*;

const SEED: u64 = 0x5eed_0011;

/// Runs, each of them killed, some 0.2 s each: so many, or as many as there is time for, but never too few to tell.
const KILLS: u64 = 60;
const FEWEST: u64 = 12;
const TIME: Duration = Duration::from_secs(20);

/// Tells the child, which is this same program, what to do.
const PATH: &str = "ALUDEL_TEST_KILLED_KEYSTORE";
const RUN: &str = "ALUDEL_TEST_KILLED_RUN";

/// SplitMix64: the moments at which the child dies.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn say(line: std::fmt::Arguments<'_>) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "@{line}").and_then(|()| out.flush()).expect("the parent listens");
}

/// Signs with two keys in turn until it is killed, and says what left. No two of its messages are equal, in this
/// run or another.
#[test]
#[ignore = "the program that `no_epoch_signs_twice` kills"]
fn signs_until_it_is_killed() {
    let Some(path) = std::env::var_os(PATH) else { return };
    let run: u128 = std::env::var(RUN).expect("set").parse().expect("a number");
    let mut keystore = open(Path::new(&path)).expect("opened");
    let made = keystore.add(CHAIN, window(0, 0), None, 1).expect("added")[0].digest();
    say(format_args!("made {made}"));
    let keys = [0, 1].map(|i| *keystore.usage().records()[i].key());
    for n in 0.. {
        let action = Action::Transfer { to: AccountId(2), amount: Amount(run << 64 | n) };
        let order = Transaction { action, ..transfer(0) };
        let key = &keys[(n % 2) as usize];
        let signed =
            keystore.sign(key, order, &Consent::default()).expect("written").expect("left").transaction;
        say(format_args!("signed {key} {} {}", signed.transaction.epoch, signed.transaction.digest()));
    }
}

/// One run, killed a while after it has said so many words; every whole line that it said.
fn run(path: &Path, number: u64, words: u64, wait: Duration) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "keys::tests::killed::signs_until_it_is_killed", "--ignored", "--nocapture"])
        .args(["--test-threads", "1"])
        .env(PATH, path)
        .env(RUN, number.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut out = child.stdout.take().expect("piped");
    let (mut said, mut byte) = (Vec::new(), [0]);
    while (said.iter().filter(|b| **b == b'@').count() as u64) < words
        && out.read(&mut byte).expect("it speaks") == 1
    {
        said.push(byte[0]);
    }
    std::thread::sleep(wait);
    child.kill().expect("it runs");
    out.read_to_end(&mut said).expect("it spoke");
    let mut err = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut err).expect("text");
    assert!(!child.wait().expect("it ended").success() && !err.contains("panicked"), "run {number}: {err}");
    let said = String::from_utf8(said).expect("text");
    // What has no line break was cut off.
    said.split_inclusive('\n')
        .filter(|line| line.ends_with('\n'))
        .filter_map(|line| Some(line.split_once('@')?.1.trim_end().to_owned()))
        .collect()
}

#[derive(Default)]
struct Seen {
    signed: BTreeMap<(String, u32), String>,
    last: BTreeMap<String, u32>,
    made: BTreeSet<String>,
}

impl Seen {
    fn note(&mut self, line: &str) {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["made", key] => assert!(self.made.insert(key.to_owned()), "key {key} was made twice"),
            ["signed", key, epoch, message] => self.note_signature(key, epoch, message),
            _ => panic!("no such line: {line}"),
        }
    }

    fn note_signature(&mut self, key: &str, epoch: &str, message: &str) {
        let epoch: u32 = epoch.parse().expect("a number");
        let twice = self.signed.insert((key.to_owned(), epoch), message.to_owned());
        assert_eq!(twice, None, "key {key} signed two messages at epoch {epoch}");
        if let Some(last) = self.last.insert(key.to_owned(), epoch) {
            assert!(last < epoch, "key {key}: epoch {epoch} after {last}");
        }
    }
}

#[test]
fn no_epoch_signs_twice() {
    let folder = folder();
    let path = folder.path().join("k");
    let mut keystore = create(&path, &[]);
    drop(keystore.add(CHAIN, window(0, 10), None, 2).expect("added"));
    drop(keystore);
    let (mut state, mut seen, start) = (SEED, Seen::default(), Instant::now());
    println!("seed {SEED:#x}");
    let (mut kills, mut asked) = (0, 0);
    while kills < FEWEST || (kills < KILLS && start.elapsed() < TIME) {
        // One run in eight is killed while it grows its trees, the others among their signatures. Counted and not
        // timed, so that a busy machine sees as many in a run.
        let words = if random(&mut state).is_multiple_of(8) { 1 } else { 3 + random(&mut state) % 12 };
        let wait = Duration::from_micros(random(&mut state) % 5_000);
        run(&path, kills, words, wait).iter().for_each(|line| seen.note(line));
        (kills, asked) = (kills + 1, asked + words - 1);
    }
    let (signed, time) = (seen.signed.len() as u64, start.elapsed());
    let skipped = seen.last.values().map(|last| u64::from(*last) + 1).sum::<u64>() - signed;
    println!("{kills} kills, {signed} signatures, {skipped} epochs skipped, {time:.1?}");
    assert!(signed >= asked && asked > 2 * FEWEST && seen.last.len() == 2, "too few to tell");
    assert_eq!(seen.made.len() as u64, kills);
}
