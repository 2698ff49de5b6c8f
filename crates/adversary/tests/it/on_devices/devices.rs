//! The devices of this machine, for tests.

use std::sync::{Mutex, MutexGuard, PoisonError};

use aludel_kernels::cuda::Cuda;
use aludel_kernels::wgpu::{Options, Wgpu};
use aludel_stand_in::StandIn;

/// A device of the stand-in for CUDA's driver, for one test at a time. `None`, with the reason printed, where it could not be built: the environment variable `ALUDEL_TEST_ALL=1`
/// makes that a failure.
pub fn cuda(bytes: u64) -> Option<(Cuda, MutexGuard<'static, ()>)> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    match StandIn::open() {
        Ok(stand_in) => {
            stand_in.devices(1, bytes);
            Some((Cuda::open(0, u64::MAX).expect("a device of the stand-in"), turn))
        }
        Err(missing) => skipped(&missing.to_string()),
    }
}

/// The first adapter: Mesa's lavapipe, on machines without a GPU. As [`cuda`] where there is none.
pub fn wgpu(bytes: u64) -> Option<Wgpu> {
    match Wgpu::open(0, Options::new(bytes)) {
        Ok(device) => Some(device),
        Err(why) => skipped(&why.to_string()),
    }
}

fn skipped<T>(why: &str) -> Option<T> {
    if std::env::var_os("ALUDEL_TEST_ALL").is_some_and(|all| all == "1") {
        panic!("ALUDEL_TEST_ALL is set: {why}");
    }
    println!("skipped: {why}");
    None
}
