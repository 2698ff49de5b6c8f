//! What becomes of work when calls of the driver fail, and of devices that are lost.

use std::time::Duration;

use aludel_kernels::cuda::Cuda;
use aludel_kernels::{
    Claims, Device, DeviceId, Error, Fold, Grinding, MerkleTree, Ntt, Openings, Peer, Poseidon2, Quotients,
    RunningSums, Timer,
};
use aludel_protocol::grinding::Puzzle;
use aludel_protocol::{Challenge, F};
use aludel_stand_in::{Fault, Kind};
use p3_field::{Field, PrimeCharacteristicRing};

use crate::cuda::{nothing_is_left, open, stand_in};
use crate::{rows, suite};

/// Openings in [`work`].
const OPENINGS: i64 = 2;

/// Some of each family on a fresh opening, and copies from there to another device and back.
fn work() -> Result<(), Error> {
    let device = Cuda::open(0, u64::MAX)?;
    let other = Cuda::open(1, u64::MAX)?;
    let done = on(&device).and_then(|()| between(&device, &other));
    assert_eq!((device.usage().used, other.usage().used), (0, 0), "what was taken came back");
    done
}

/// What goes there and back is the same; each is dropped as soon as it can be.
fn between(device: &Cuda, other: &Cuda) -> Result<(), Error> {
    let rows = suite::matrix(4, 16, 1);
    let there = other.copy_from(device, &device.upload(&rows)?)?;
    let back = device.copy_from(other, &there)?;
    drop(there);
    let (found, time) = device.timed(|| device.download(&back))?;
    assert!(found == rows && time > Duration::ZERO);
    other.synchronize()
}

fn on(device: &Cuda) -> Result<(), Error> {
    let rows = suite::matrix(1 << 6, 16, 1);
    // On another queue, so that each waits for the other.
    let permuted = device.queue()?.permute(device.upload(&rows)?)?;
    let extended = device.coset_lde(&permuted, 1, F::GENERATOR)?;
    let (_, tree) = device.commit(vec![permuted, extended], 1)?;
    device.open(&tree, &[3, 100])?;
    device.download(&device.ntt(device.upload(&rows)?)?)?;
    let puzzle = Puzzle::new([F::GENERATOR; 16], 0, 7, 4).expect("within the state");
    device.smallest_witness(&puzzle, 0..100)?;
    let codeword = device.upload(&suite::matrix(8, 10, 3))?;
    device.fold(&codeword, Challenge::TWO, Some(&device.upload(&suite::matrix(4, 10, 4))?), 1)?;
    let matrix = device.upload(&suite::matrix(8, 3, 5))?;
    let points = [1, 2, 3].map(suite::challenge);
    let values = device.values_at(&[&matrix], &[points.to_vec()], 1)?;
    let claims = Claims { matrix: &matrix, points: &points, values: &values[0] };
    device.reduced(&[claims], Challenge::TWO, 1)?;
    drop(device.running_sums(device.upload(&suite::matrix(1 << 13, 5, 5))?)?);
    device.chunks(&device.selectors(3, 1)?, 1)?;
    rows::little(device)?;
    device.synchronize()
}

/// Every call of the driver fails once, in every way: each is a typed error, and nothing stays behind.
#[test]
fn every_call_may_fail() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    work().expect("nothing fails");
    nothing_is_left(stand_in);
    for fault in [Fault::OutOfMemory, Fault::DeviceLost, Fault::LaunchFailed, Fault::Resources] {
        let (mut failed, mut unseen) = (0, 0);
        loop {
            stand_in.fail(Kind::Any, failed, fault);
            let found = work();
            let waited = stand_in.no_fault();
            nothing_is_left(stand_in);
            if waited {
                found.expect("no call failed");
                break;
            }
            failed += 1;
            // Waiting for the last work, when the kernels are unloaded, and for copies, when pinned memory is freed, are calls whose failure
            // has nobody to go to.
            if found.is_ok() {
                unseen += 1;
                continue;
            }
            let typed = match (fault, found.expect_err("a call failed")) {
                // An image that cannot be loaded, for want of something, may be the build's fault.
                (Fault::Resources, Error::Unsupported { .. } | Error::LaunchFailed { .. })
                | (Fault::OutOfMemory, Error::OutOfMemory { .. })
                | (Fault::DeviceLost, Error::DeviceLost { .. }) => true,
                (
                    Fault::LaunchFailed,
                    Error::LaunchFailed { reason, .. } | Error::Unsupported { what: reason, .. },
                ) => reason.contains("LAUNCH_FAILED"),
                (_, other) => panic!("{fault:?} at call {failed} became {other}"),
            };
            assert!(typed);
        }
        println!("{fault:?}: {failed} calls failed, one at a time");
        assert!(failed > 120 && unseen <= 3 * OPENINGS, "{failed} calls, {unseen} without an error");
    }
}

#[test]
fn a_lost_device_stays_lost() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let device = open(0);
    let matrix = device.upload(&suite::matrix(8, 16, 1)).expect("it fits");
    stand_in.fail(Kind::Synchronize, 0, Fault::DeviceLost);
    for _ in 0..3 {
        let lost = device.download(&matrix).expect_err("the device is lost");
        assert!(matches!(&lost, Error::DeviceLost { device: DeviceId::Cuda(0), .. }), "{lost}");
        assert!(lost.to_string().contains("CUDA_ERROR_ECC_UNCORRECTABLE"), "{lost}");
    }
    // The other one works.
    on(&open(1)).expect("a device that is well");
    drop(matrix);
    drop(device);
    nothing_is_left(stand_in);
}

#[test]
fn a_kernel_that_fails_is_named_and_a_refused_one_may_be_tried_again() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let device = open(0);
    let rows = suite::matrix(8, 16, 1);
    let matrix = device.upload(&rows).expect("it fits");
    stand_in.fail(Kind::Launch, 0, Fault::Resources);
    match device.download(&matrix) {
        Err(Error::LaunchFailed { kernel, reason, .. }) => {
            assert_eq!((&kernel[..], &reason[..]), ("columns_to_rows", "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(device.download(&matrix).expect("the second time"), rows);
    let states = device.permute(matrix).expect("it is queued");
    stand_in.fail(Kind::Synchronize, 0, Fault::LaunchFailed);
    match device.synchronize() {
        Err(Error::LaunchFailed { kernel, .. }) => assert_eq!(kernel, "permute_16"),
        other => panic!("{other:?}"),
    }
    let lost = device.download(&states).expect_err("its context is gone");
    assert!(matches!(lost, Error::DeviceLost { .. }), "{lost}");
    drop((states, device));
    nothing_is_left(stand_in);
}
