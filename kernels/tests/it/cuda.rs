//! CUDA devices, on the stand-in driver. Each test is a process of its own under nextest; in one process they take turns.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use aludel_kernels::cuda::Cuda;
use aludel_kernels::devices::devices;
use aludel_kernels::{Device, DeviceId, Error, MerkleTree, Ntt, Poseidon2};
use aludel_protocol::F;
use aludel_stand_in::{Fault, Kind, StandIn};
use p3_field::Field;

use crate::suite;

/// The stand-in, for one test at a time. `None`, with the reason printed, where it could not be built: the environment variable
/// `ALUDEL_TEST_ALL=1` makes that a failure.
pub fn stand_in() -> Option<(&'static StandIn, MutexGuard<'static, ()>)> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    match StandIn::open() {
        Ok(stand_in) => {
            stand_in.no_fault();
            stand_in.seed(1);
            stand_in.devices(2, 64 << 20);
            Some((stand_in, turn))
        }
        Err(missing) if std::env::var_os("ALUDEL_TEST_ALL").is_some_and(|all| all == "1") => {
            panic!("{missing}")
        }
        Err(missing) => {
            println!("skipped: {missing}");
            None
        }
    }
}

fn open(ordinal: u16) -> Cuda {
    Cuda::open(ordinal, u64::MAX).expect("a device of the stand-in")
}

/// That nothing is left on any device.
fn nothing_is_left(stand_in: &StandIn) {
    assert_eq!((stand_in.bytes(), stand_in.handles()), (0, 0), "bytes and handles of the driver are left");
}

#[test]
fn the_suite() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    for seed in [1, 2] {
        println!("seed {seed}");
        stand_in.seed(seed);
        suite::all(&open(0));
        nothing_is_left(stand_in);
    }
}

/// Extensions whose passes the suite does not need: the inverse alone takes two, or none of it fits the middle, or powers of the shift take
/// both tables.
#[test]
fn extensions_of_many_passes() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let (cpu, device) = (aludel_kernels::cpu::Cpu::new(u64::MAX), open(0));
    for (log_height, added) in [(0, 13), (1, 12), (6, 9), (13, 1), (11, 10)] {
        let rows = suite::matrix(1 << log_height, 2, 1);
        let found = device.coset_lde(&device.upload(&rows).expect("it fits"), added, F::GENERATOR);
        let expected = cpu.coset_lde(&cpu.upload(&rows).expect("it fits"), added, F::GENERATOR);
        let found = device.download(&found.expect("an extension")).expect("it comes back");
        let expected = cpu.download(&expected.expect("an extension")).expect("here");
        assert!(found == expected, "2^{log_height} by 2^{added}");
    }
    drop(device);
    nothing_is_left(stand_in);
}

/// The machine's own driver and GPU. Asked for by name, for in one process with the others it would take their driver's place.
#[test]
fn the_suite_on_a_gpu() {
    if std::env::var_os("ALUDEL_TEST_GPU").is_none_or(|gpu| gpu != "1") {
        return println!("skipped: needs a GPU, and ALUDEL_TEST_GPU=1 with nextest");
    }
    let device =
        Cuda::open(0, 8 << 30).expect("ALUDEL_TEST_GPU=1 says that there is a GPU, and a build with nvcc");
    println!("{}", device.name().expect("a name"));
    suite::all(&device);
}

#[test]
fn a_budget_that_is_too_small_is_said() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    suite::budgets(&Cuda::open(1, 1 << 19).expect("a device of the stand-in"));
    nothing_is_left(stand_in);
}

#[test]
fn a_driver_that_has_less_than_the_budget_is_believed() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    stand_in.devices(1, 1 << 20);
    let device = open(0);
    let others = open(0);
    let values = device.upload(&suite::matrix(1 << 10, 4, 1)).expect("it fits");
    // Another opening of the device, with a budget of its own, leaves half a MiB less a little.
    let held =
        others.coset_lde(&others.upload(&suite::matrix(1 << 10, 4, 1)).expect("it fits"), 5, F::GENERATOR);
    let used = device.usage().used;
    match device.coset_lde(&values, 5, F::GENERATOR).map(|_| ()) {
        Err(Error::OutOfMemory { device: DeviceId::Cuda(0), requested, free }) => {
            assert_eq!((requested, device.usage().used), (512 << 10, used));
            assert!(free < requested);
        }
        other => panic!("{other:?}"),
    }
    drop(held);
    device.coset_lde(&values, 5, F::GENERATOR).expect("now it fits");
    drop(values);
    drop((device, others));
    nothing_is_left(stand_in);
}

#[test]
fn matrices_come_and_go_in_parts_where_memory_is_short() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    for spare_rows in [2, 7, 80] {
        let (height, width) = (100, 3);
        let limit = (height + spare_rows) * width * 4;
        let device = Cuda::open(0, limit as u64).expect("a device of the stand-in");
        let rows = suite::matrix(height, width, 1);
        let matrix = device.upload(&rows).expect("it fits");
        assert!(device.download(&matrix).expect("it comes back") == rows, "{spare_rows}");
    }
    nothing_is_left(stand_in);
}

#[test]
fn devices_that_are_not_there_are_refused() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let refused = Cuda::open(2, 1).expect_err("two devices");
    assert!(matches!(&refused, Error::Unsupported { device: DeviceId::Cuda(2), .. }), "{refused}");
    stand_in.devices(0, 0);
    let refused = Cuda::open(0, 1).expect_err("no device");
    assert!(refused.to_string().contains("CUDA_ERROR_NO_DEVICE"), "{refused}");
    nothing_is_left(stand_in);
}

#[test]
fn a_matrix_stays_on_its_device() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let (one, two) = (open(0), open(1));
    assert_ne!(one.name(), two.name());
    let matrix = one.upload(&suite::matrix(8, 16, 1)).expect("it fits");
    assert!(matches!(two.download(&matrix), Err(Error::Unsupported { .. })));
    assert!(matches!(two.permute(matrix), Err(Error::Unsupported { .. })));
    drop((one, two));
    nothing_is_left(stand_in);
}

#[test]
fn devices_and_queues_work_at_once() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let devices = [open(0), open(1)];
    thread::scope(|scope| {
        for device in &devices {
            for seed in 0..2 {
                let queue = device.queue().expect("another queue");
                scope.spawn(move || {
                    let rows = suite::matrix(1 << 11, 3, seed);
                    let first = device.upload(&rows).expect("it fits");
                    let second = queue.coset_lde(&first, 1, F::GENERATOR).expect("an extension");
                    let cpu = aludel_kernels::cpu::Cpu::new(u64::MAX);
                    let expected = cpu.coset_lde(&cpu.upload(&rows).expect("it fits"), 1, F::GENERATOR);
                    let expected = cpu.download(&expected.expect("an extension")).expect("here");
                    assert!(queue.download(&second).expect("it comes back") == expected);
                });
            }
        }
    });
    drop(devices);
    nothing_is_left(stand_in);
}

/// A matrix made on one queue, changed on another and read on the first, which frees it then.
#[test]
fn queues_wait_for_each_other() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let rows = suite::matrix(64, 16, 1);
    let cpu = aludel_kernels::cpu::Cpu::new(u64::MAX);
    let expected = cpu.permute(cpu.upload(&rows).expect("it fits")).expect("a permutation");
    let expected = cpu.download(&expected).expect("here");
    for seed in 0..20 {
        stand_in.seed(seed);
        let first = open(0);
        let second = first.queue().expect("another queue");
        let states = second.permute(first.upload(&rows).expect("it fits")).expect("a permutation");
        assert!(first.download(&states).expect("it comes back") == expected, "seed {seed}");
        let cap = |queue: &Cuda, matrix| queue.commit(vec![matrix], 0).map(|(cap, _)| cap);
        let one = cap(&second, states).expect("a tree");
        let own = cap(&first, first.upload(&expected).expect("it fits")).expect("a tree");
        assert_eq!(one, own, "seed {seed}");
    }
    nothing_is_left(stand_in);
}

/// Some of each family, on a fresh opening.
fn work() -> Result<(), Error> {
    let device = Cuda::open(0, u64::MAX)?;
    let done = on(&device);
    assert_eq!(device.usage().used, 0, "what was taken came back");
    done
}

fn on(device: &Cuda) -> Result<(), Error> {
    let rows = suite::matrix(1 << 6, 16, 1);
    let permuted = device.permute(device.upload(&rows)?)?;
    let extended = device.coset_lde(&permuted, 1, F::GENERATOR)?;
    let (_, tree) = device.commit(vec![permuted, extended], 1)?;
    device.open(&tree, &[3, 100])?;
    device.download(&device.ntt(device.upload(&rows)?)?)?;
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
            // Waiting for the last work, when the kernels are unloaded, is a call whose failure has nobody to go to.
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
        assert!(failed > 60 && unseen <= 1, "{failed} calls, {unseen} without an error");
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

#[test]
fn devices_are_listed_with_what_they_have() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let found = || devices().0.into_iter().filter(|found| matches!(found.id, DeviceId::Cuda(_)));
    for (number, found) in (0..).zip(found()) {
        assert_eq!((found.id, found.memory, found.refused), (DeviceId::Cuda(number), Some(64 << 20), None));
        assert!(!found.name.is_empty() && found.name != "unknown");
    }
    assert_eq!(found().count(), 2);
    assert_eq!(devices().0[0].id, DeviceId::Cpu);
    // One that cannot be opened is still listed.
    stand_in.fail(Kind::Load, 0, Fault::DeviceLost);
    let refused: Vec<_> = found().map(|found| found.refused.is_some()).collect();
    assert_eq!(refused, [true, false]);
    stand_in.no_fault();
    nothing_is_left(stand_in);
}
