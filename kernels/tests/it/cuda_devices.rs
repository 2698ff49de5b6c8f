//! What is said of CUDA devices: of those that are there, of those that are not, and of those that nobody may use.

use aludel_kernels::cuda::{self, Cuda};
use aludel_kernels::devices::{Capabilities, devices};
use aludel_kernels::health::Monitor;
use aludel_kernels::{DeviceId, Error};
use aludel_stand_in::{Fault, Kind};

use crate::cuda::{nothing_is_left, open, stand_in};

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
fn devices_are_listed_with_what_they_have() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let found = || devices().0.into_iter().filter(|found| matches!(found.id, DeviceId::Cuda(_)));
    for (number, found) in (0..).zip(found()) {
        assert_eq!((found.id, found.memory, found.refused), (DeviceId::Cuda(number), Some(64 << 20), None));
        let limits =
            cuda::Capabilities { compute_capability: [9, 0], multiprocessors: 1, shared_bytes: 48 << 10 };
        assert_eq!(found.limits, Some(Capabilities::Cuda(limits)));
        // What NVML knows of this machine's GPUs is not of the stand-in's.
        assert_eq!(found.health, None);
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

#[test]
fn a_device_that_is_kept_to_others_says_by_whom() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    for (prohibited, said) in [(true, "prohibits"), (false, "one process at a time")] {
        stand_in.keep_to_others(prohibited);
        open(0);
        let refused = Cuda::open(1, 1).expect_err("nobody gets a context").to_string();
        let named = refused.contains("CUDA_ERROR_DEVICE_UNAVAILABLE") && refused.contains("nvidia-smi -c 0");
        assert!(named && refused.contains(said), "{refused}");
    }
    nothing_is_left(stand_in);
}

/// NVML is asked where there are CUDA devices, and only there; where it is missing that is said once.
#[test]
fn health_that_nobody_knows_is_said_where_there_is_a_device() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let unmonitored = || {
        let (found, reasons) = devices();
        assert!(found.iter().filter(|found| found.health.is_none()).all(|found| found.refused.is_none()));
        reasons.iter().filter(|reason| matches!(reason, Error::Unmonitored { .. })).count()
    };
    assert_eq!(unmonitored(), usize::from(Monitor::open().is_err()));
    stand_in.devices(0, 0);
    assert_eq!(unmonitored(), 0);
}
