//! Why a device did not do what it was asked.

use crate::id::DeviceId;

/// What went wrong on a device, and what the caller can do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Memory is short, by the budget or by the driver. The device is as it was before the call.
    #[error(
        "{device}: {requested} bytes asked for and {free} free: work on less at a time, raise the budget or take another device"
    )]
    OutOfMemory {
        /// Where.
        device: DeviceId,
        /// Bytes asked for.
        requested: u64,
        /// Bytes left.
        free: u64,
    },
    /// The device is gone or its context is broken: everything on it is lost.
    #[error("{device}: lost ({reason}): end this process's use of it, and do the work elsewhere")]
    DeviceLost {
        /// Which.
        device: DeviceId,
        /// What the driver says.
        reason: String,
    },
    /// A kernel could not be launched, or ended with an error. What it wrote is undefined.
    #[error("{device}: kernel {kernel} failed ({reason}): try again, elsewhere if it fails again")]
    LaunchFailed {
        /// Where.
        device: DeviceId,
        /// The kernel's name.
        kernel: String,
        /// What the driver says.
        reason: String,
    },
    /// Nobody tells how CUDA devices are. They can be used all the same.
    #[error(
        "how CUDA devices are is not known ({reason}): install NVIDIA's management library (libnvidia-ml.so.1) of the driver's version"
    )]
    Unmonitored {
        /// What NVML says, or the loader.
        reason: String,
    },
    /// The device, its driver or this build cannot do it.
    #[error("{device}: {what}: take another device")]
    Unsupported {
        /// Which.
        device: DeviceId,
        /// What is missing.
        what: String,
    },
}
