//! Matrices from one CUDA device to another, on the stand-in.

use std::thread;

use aludel_kernels::cpu::Cpu;
use aludel_kernels::cuda::Cuda;
use aludel_kernels::{Device, DeviceId, Error, Peer, Poseidon2};
use aludel_stand_in::{Fault, Kind};

use crate::cuda::{nothing_is_left, open, stand_in};
use crate::suite;

#[test]
fn copies_are_copies() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let [one, two] = [open(0), open(1)];
    suite::copies(&one, &two);
    suite::copies(&two, &one);
    // Another opening of the device, another queue, the same one.
    suite::copies(&one, &open(0));
    suite::copies(&one, &one.queue().expect("another queue"));
    suite::copies(&one, &one);
    suite::copies(&one, &Cpu::new(u64::MAX));
    suite::copies(&Cpu::new(u64::MAX), &one);
    drop((one, two));
    nothing_is_left(stand_in);
}

/// A copy is of the matrix as the work that was ordered before leaves it; what comes after does not change it, nor does its end.
fn there_and_back(near: &Cuda, far: &Cuda, seed: u64) {
    let rows = suite::matrix(40, 16, seed);
    let cpu = Cpu::new(u64::MAX);
    let permuted = |rows| {
        let states = cpu.permute(cpu.upload(rows).expect("it fits")).expect("a permutation");
        cpu.download(&states).expect("here")
    };
    let once = permuted(&rows);
    let states = near.permute(near.upload(&rows).expect("it fits")).expect("a permutation");
    let copy = far.copy_from(near, &states).expect("it fits");
    // In place, where it was copied from.
    let states = near.permute(states).expect("a permutation");
    let back = near.copy_from(far, &far.permute(copy).expect("a permutation")).expect("it fits");
    let other = near.upload(&suite::matrix(40, 16, seed + 1)).expect("it fits");
    let [here, back] = [&states, &back].map(|m| near.download(m).expect("it comes back"));
    assert!(here == permuted(&once) && here == back, "seed {seed}");
    let copy = far.copy_from(near, &other);
    drop(other);
    let copy = far.download(&copy.expect("it fits")).expect("it comes back");
    assert!(copy == suite::matrix(40, 16, seed + 1), "seed {seed}");
}

#[test]
fn a_copy_waits_and_is_waited_for() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    for seed in 0..20 {
        stand_in.seed(seed);
        let [one, two] = [open(0), open(1)];
        there_and_back(&one, &two, seed);
        there_and_back(&two, &one.queue().expect("another queue"), seed);
    }
    nothing_is_left(stand_in);
}

/// Dropped by the target's copy alone: the queue that frees the matrix has nothing else to wait for.
#[test]
fn a_matrix_may_be_dropped_while_it_is_copied() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let rows = suite::matrix(8, 3, 1);
    for seed in 0..20 {
        stand_in.seed(seed);
        let [one, two] = [open(0), open(1)];
        let matrix = one.upload(&rows).expect("it fits");
        one.synchronize().expect("it came");
        let copy = two.copy_from(&one, &matrix).expect("it fits");
        drop(matrix);
        one.synchronize().expect("it is freed");
        assert_eq!(one.usage().used, 0);
        assert!(two.download(&copy).expect("it comes back") == rows, "seed {seed}");
    }
    nothing_is_left(stand_in);
}

#[test]
fn both_directions_at_once() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let devices = [open(0), open(1)];
    let [one, two] = &devices;
    thread::scope(|scope| {
        for (near, far) in [(one, two), (two, one)] {
            scope.spawn(move || (0..10).for_each(|seed| there_and_back(near, far, seed)));
        }
    });
    drop(devices);
    nothing_is_left(stand_in);
}

/// Memory that is short at the target, by the budget and by the driver.
#[test]
fn a_target_without_memory_leaves_all_as_it_was() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    stand_in.devices(2, 1 << 20);
    let rows = suite::matrix(1 << 12, 16, 1);
    let one = open(0);
    let matrix = one.upload(&rows).expect("it fits");
    let (small, full) = (Cuda::open(1, 1 << 17).expect("a device"), open(1));
    let held = [(); 3].map(|()| full.upload(&rows).expect("it fits"));
    let more = full.upload(&suite::matrix(1, 16, 1)).expect("it fits");
    let other = open(1);
    for (target, at_most) in [(&small, 1 << 17), (&other, 1 << 18)] {
        match target.copy_from(&one, &matrix).map(|_| ()) {
            Err(Error::OutOfMemory { device, requested, free }) => {
                assert_eq!((device, requested), (DeviceId::Cuda(1), 1 << 18));
                assert!(free <= at_most, "{free}");
            }
            other => panic!("{other:?}"),
        }
        assert_eq!((target.usage().used, one.usage().used), (0, 1 << 18));
    }
    drop((held, more));
    let copy = other.copy_from(&one, &matrix).expect("now it fits");
    assert!(one.download(&matrix).expect("it is as it was") == rows);
    assert!(other.download(&copy).expect("it comes back") == rows);
    drop((matrix, copy));
    drop((one, small, full, other));
    nothing_is_left(stand_in);
}

#[test]
fn a_matrix_of_another_device_than_the_source_is_refused() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let [one, two] = [open(0), open(1)];
    let matrix = one.upload(&suite::matrix(2, 2, 1)).expect("it fits");
    let refused = one.copy_from(&two, &matrix).expect_err("it does not lie there");
    assert!(matches!(&refused, Error::Unsupported { device: DeviceId::Cuda(1), .. }), "{refused}");
    drop((matrix, one, two));
    nothing_is_left(stand_in);
}

/// The error names the device that is lost, and the other one goes on.
#[test]
fn a_lost_source_or_target_is_said() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let rows = suite::matrix(8, 16, 1);
    for lost in [0, 1] {
        let devices = [open(0), open(1)];
        let [matrix, other] = [0, 1].map(|at: usize| devices[at].upload(&rows).expect("it fits"));
        devices.iter().for_each(|device| device.synchronize().expect("it came"));
        stand_in.fail(Kind::Synchronize, 0, Fault::DeviceLost);
        devices[lost].synchronize().expect_err("it is lost");
        let said = devices[1].copy_from(&devices[0], &matrix).expect_err("one is lost");
        let id = DeviceId::Cuda(lost as u16);
        assert!(matches!(&said, Error::DeviceLost { device, .. } if *device == id), "{said}");
        let (well, kept) = if lost == 0 { (&devices[1], &other) } else { (&devices[0], &matrix) };
        assert!(well.download(kept).expect("it is well") == rows);
        drop((matrix, other, devices));
        nothing_is_left(stand_in);
    }
}

/// A copy that was ordered is done when the call fails after all: what it reads may be freed then.
#[test]
fn a_copy_that_fails_leaves_nothing_on_the_way() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let mut failed = 0;
    for seed in 0..8 {
        for call in 0.. {
            stand_in.seed(seed);
            let [one, two] = [open(0), open(1)];
            let matrix = one.upload(&suite::matrix(8, 3, 1)).expect("it fits");
            stand_in.fail(Kind::Any, call, Fault::Resources);
            let copied = two.copy_from(&one, &matrix).map(|_| ());
            if stand_in.no_fault() {
                copied.expect("no call failed");
                break;
            }
            failed += 1;
            copied.expect_err("a call failed");
            drop(matrix);
            one.synchronize().expect("it is freed");
            two.synchronize().expect("nothing was read of what is freed");
        }
    }
    nothing_is_left(stand_in);
    assert!(failed >= 8 * 7, "{failed} calls");
}

/// The driver's answer to the target does not say which of the two it is.
#[test]
fn a_source_that_is_lost_when_the_copy_is_ordered_is_named() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let rows = suite::matrix(8, 16, 1);
    for (kind, lost, well) in [(Kind::Peer, 0, 1), (Kind::Copy, 1, 0)] {
        let devices = [open(0), open(1)];
        let [matrix, _other] = [0, 1].map(|at: usize| devices[at].upload(&rows).expect("it fits"));
        devices.iter().for_each(|device| device.synchronize().expect("it came"));
        stand_in.fail(kind, 0, Fault::DeviceLost);
        let said = devices[1].copy_from(&devices[0], &matrix).expect_err("one is lost");
        assert!(
            matches!(&said, Error::DeviceLost { device: DeviceId::Cuda(id), .. } if *id == lost),
            "{said}"
        );
        let well: &Cuda = &devices[well];
        let kept = well.upload(&rows).expect("it is well");
        assert!(well.download(&kept).expect("it is well") == rows);
    }
    nothing_is_left(stand_in);
}

/// A source that is lost when the copy has been ordered, but not made: what arrives is an error, never garbage.
#[test]
fn a_source_that_is_lost_on_the_way_is_said_by_the_target() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let rows = suite::matrix(8, 16, 1);
    let mut failed = 0;
    for seed in 0..20 {
        stand_in.seed(seed);
        let [one, two] = [open(0), open(1)];
        let matrix = one.upload(&rows).expect("it fits");
        let copy = two.copy_from(&one, &matrix).expect("it is queued");
        stand_in.fail(Kind::Synchronize, 0, Fault::DeviceLost);
        one.synchronize().expect_err("it is lost");
        match two.download(&copy) {
            Ok(found) => assert!(found == rows, "seed {seed}"),
            Err(Error::DeviceLost { .. }) => failed += 1,
            Err(other) => panic!("{other}"),
        }
        drop((matrix, copy, one, two));
        nothing_is_left(stand_in);
    }
    assert!((1..20).contains(&failed), "{failed} of 20 copies were late");
}
