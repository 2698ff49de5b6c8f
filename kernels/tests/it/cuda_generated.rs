//! Programs as kernels of their own: their text, compiled for the stand-in and kept on disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aludel_kernels::Rows;
use aludel_kernels::cache::Cache;
use aludel_kernels::cuda::{Compiler, CompilerError, Cuda};
use aludel_stand_in::StandIn;

use crate::cuda::{nothing_is_left, open, stand_in};
use crate::rows;

/// The stand-in's compiler.
pub fn compiler(cache: Cache) -> Arc<Compiler> {
    let path = StandIn::nvrtc().expect("built with the stand-in");
    Arc::new(Compiler::open(Some(path), cache).expect("a library of ours"))
}

#[test]
fn programs_as_kernels() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let compiler = compiler(Cache::none());
    let device = open(0).with_compiler(Arc::clone(&compiler));
    rows::random_constraints(&device, 0..3);
    rows::random_lookups(&device, 0..4);
    rows::fingerprints_of_zero(&device);
    rows::onto_and_refusals(&device);
    rows::largest_sums(&device);
    rows::largest_linear_sums(&device);
    drop(device);
    nothing_is_left(stand_in);
    // Four runs a seed, of which two share a program, the lookups and the refusals.
    assert!(compiler.compiled() >= 12, "{}", compiler.compiled());
}

/// The programs of so many weights of which a device makes no kernel.
fn interpreted<const N: usize>(device: &Cuda, weights: [usize; N]) -> Vec<usize> {
    let is_interpreted = |count: &usize| {
        device.compile(&rows::of_weights(*count)).expect("it is interpreted at least").is_interpreted()
    };
    let before = device.interpreted_programs();
    let found: Vec<usize> = weights.into_iter().filter(is_interpreted).collect();
    assert_eq!(device.interpreted_programs() - before, found.len() as u64);
    found
}

/// The driver takes local memory for all threads that a device holds, beside the budget.
#[test]
fn kernels_of_much_local_memory_are_interpreted() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let compiler = compiler(Cache::at(folder.path().join("kernels"), 1 << 30));
    for (bytes, expected) in [(0, vec![]), (256, vec![]), (264, vec![4]), (4096, vec![4])] {
        stand_in.local_bytes(bytes);
        let device = open(0).with_compiler(Arc::clone(&compiler));
        assert_eq!(interpreted(&device, [4]), expected, "{bytes} bytes a thread");
        rows::little(&device).expect("it runs");
        drop(device);
        nothing_is_left(stand_in);
    }
}

/// Weights are five words each, and parameters are 4 KiB before CUDA 12.1.
#[test]
fn kernels_of_many_values_are_interpreted_where_the_driver_is_old() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let compiler = compiler(Cache::at(folder.path().join("kernels"), 1 << 30));
    let weights = [4, 195, 205, 1700];
    for (version, expected) in [(12_080, vec![1700]), (12_010, vec![1700]), (12_000, vec![205, 1700])] {
        stand_in.version(version);
        let device = open(0).with_compiler(Arc::clone(&compiler));
        assert_eq!(interpreted(&device, weights), expected, "CUDA {version}");
        rows::little(&device).expect("it runs");
    }
    nothing_is_left(stand_in);
    assert_eq!(compiler.last_refusal(), None);
}

/// A program belongs to the opening that compiled it, as matrices do.
#[test]
fn programs_of_other_devices_are_refused() {
    let Some((_, _turn)) = stand_in() else { return };
    let compiler = compiler(Cache::none());
    let [one, other] = [0, 1].map(|ordinal| open(ordinal).with_compiler(Arc::clone(&compiler)));
    rows::refused_elsewhere(&one, &other);
    // Interpreted.
    rows::refused_elsewhere(&open(0), &open(1));
    assert_eq!(compiler.last_refusal(), None);
}

/// The files of a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("a file").path()).collect()
}

/// How many kernels some programs took with this cache.
fn work(cache: Cache) -> u64 {
    let compiler = compiler(cache);
    let device = open(0).with_compiler(Arc::clone(&compiler));
    rows::random_lookups(&device, 0..2);
    compiler.compiled()
}

#[test]
fn kernels_are_kept_and_a_cache_that_is_damaged_full_or_not_there_costs_time_alone() {
    let Some((_, _turn)) = stand_in() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let cache = || Cache::at(folder.path().join("kernels"), 1 << 30);
    let all = work(cache());
    assert_eq!((all, work(cache())), (2, 0));
    let kept = files(&folder.path().join("kernels"));
    assert_eq!(kept.len(), 2);
    for path in &kept {
        let mut bytes = fs::read(path).expect("there");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(path, bytes).expect("it can be written");
    }
    assert_eq!((work(cache()), work(cache())), (2, 0), "damaged, and then whole again");
    let in_the_way = folder.path().join("a file");
    fs::write(&in_the_way, b"").expect("it can be written");
    for cache in [Cache::none(), Cache::at(&in_the_way, 1 << 30), Cache::at(folder.path(), 1)] {
        assert_eq!(work(cache), 2);
    }
}

#[test]
fn who_has_no_compiler_is_told_what_to_do() {
    let missing = Compiler::open(Some(Path::new("/nonexistent/libnvrtc.so")), Cache::none());
    let missing = missing.expect_err("there is none");
    assert!(matches!(missing, CompilerError::Missing(_)));
    assert!(missing.to_string().contains("Install CUDA's nvrtc"), "{missing}");
}
