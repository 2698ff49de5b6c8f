//! Programs as kernels of their own: their text, compiled for the stand-in and kept on disk.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use aludel_kernels::cache::Cache;
use aludel_kernels::cuda::{Compiler, Cuda};
use aludel_stand_in::StandIn;

use crate::cuda::{nothing_is_left, open, stand_in};
use crate::rows;

/// A device with the stand-in's compiler.
fn compiling(cache: Cache) -> Cuda {
    let compiler = Compiler::open(Some(StandIn::nvrtc().expect("built with the stand-in")), cache);
    open(0).with_compiler(Arc::new(compiler.expect("a library of ours")))
}

#[test]
fn programs() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let device = compiling(Cache::at(folder.path(), 1 << 30));
    rows::random_constraints(&device, 0..4);
    rows::random_lookups(&device, 0..4);
    rows::onto_and_refusals(&device);
    drop(device);
    nothing_is_left(stand_in);
    assert!(kept(folder.path()) > 8);
}

fn kept(folder: &Path) -> usize {
    fs::read_dir(folder).expect("a folder").count()
}
