//! A target as libFuzzer runs it: what [`libfuzzer!`](crate::libfuzzer!) calls.

use std::path::Path;
use std::sync::OnceLock;
use std::{env, fs};

use libfuzzer_sys::{Corpus, fuzzer_mutate};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{Target, find, mutate};

/// The target that this process runs, and its seeds, made once.
static RUNNING: OnceLock<(Target, Vec<Vec<u8>>)> = OnceLock::new();

fn running() -> &'static (Target, Vec<Vec<u8>>) {
    RUNNING.get().expect("libFuzzer initialises before it runs")
}

/// Takes a target by its name and makes its seeds. Where `ALUDEL_FUZZ_SEEDS` names a folder, they are written there: libFuzzer
/// reads its corpus after this.
///
/// # Panics
/// Where there is no such target, or the folder takes no files.
pub fn initialize(name: &str) {
    let target = find(name).unwrap_or_else(|| panic!("{name} is no target"));
    let seeds = (target.seeds)();
    if let Some(folder) = env::var_os("ALUDEL_FUZZ_SEEDS") {
        let folder = Path::new(&folder);
        for (number, seed) in seeds.iter().enumerate() {
            fs::write(folder.join(format!("seed-{number}")), seed).expect("the folder takes files");
        }
    }
    assert!(RUNNING.set((target, seeds)).is_ok(), "libFuzzer initialises once");
}

/// Runs the target on one input. Whether accepted or refused, an input that reaches new code is kept.
pub fn run(data: &[u8]) -> Corpus {
    let _ = (running().0.run)(data);
    Corpus::Keep
}

/// Changes `data[..size]` in place and returns its new size: by libFuzzer's mutations or by ours, which know lengths, the
/// field's order, JSON and the seeds.
pub fn mutate(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
    let mut rng = ChaCha8Rng::seed_from_u64(seed.into());
    if rng.random() {
        return fuzzer_mutate(data, size, max_size);
    }
    let mut changed = data[..size].to_vec();
    mutate::changes(&mut rng, &mut changed, &running().1);
    changed.truncate(max_size);
    data[..changed.len()].copy_from_slice(&changed);
    changed.len()
}

/// A whole file of `fuzz_targets/`: the target of the binary's name, for libFuzzer.
#[macro_export]
macro_rules! libfuzzer {
    () => {
        libfuzzer_sys::fuzz_target!(
            init: $crate::libfuzzer::initialize(env!("CARGO_BIN_NAME")),
            |data: &[u8]| -> libfuzzer_sys::Corpus { $crate::libfuzzer::run(data) }
        );
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            $crate::libfuzzer::mutate(data, size, max_size, seed)
        });
    };
}
