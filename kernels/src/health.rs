//! How CUDA devices are: what NVIDIA's management library (NVML) knows, where there is one. It is loaded when it is asked; nothing needs it.

use std::ffi::OsStr;

use nvml_wrapper::enum_wrappers::device::{Clock, EccCounter, MemoryError, TemperatureSensor};
use nvml_wrapper::{Device, Nvml};

use crate::error::Error;

/// NVML's name: the one that comes with the driver, not with what one builds against.
const LIBRARY: &str = "libnvidia-ml.so.1";

/// How a device is. What NVML does not know of it is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Version of the driver.
    pub driver: Option<String>,
    /// Bytes of its memory that are in use, by anybody: by this process too, if it has opened the device.
    pub memory_used: Option<u64>,
    /// Processes that compute on it.
    pub processes: Option<u32>,
    /// Temperature in degrees Celsius.
    pub celsius: Option<u32>,
    /// Milliwatts that it takes.
    pub power_mw: Option<u32>,
    /// Milliwatts that it may take.
    pub power_limit_mw: Option<u32>,
    /// MHz of its multiprocessors, now and at most.
    pub clock_mhz: [Option<u32>; 2],
    /// MHz of its memory, now and at most.
    pub memory_clock_mhz: [Option<u32>; 2],
    /// Errors of its memory that could not be corrected, since the driver was loaded.
    pub uncorrected_errors: Option<u64>,
    /// Whether it is divided into instances (MIG), of which CUDA shows one.
    pub divided: Option<bool>,
}

/// NVML, loaded.
#[derive(Debug)]
pub struct Monitor {
    nvml: Nvml,
}

impl Monitor {
    /// Loads NVML.
    ///
    /// # Errors
    /// [`Error::Unmonitored`] where there is none, or it does not fit the driver.
    pub fn open() -> Result<Self, Error> {
        Self::open_at(LIBRARY)
    }

    fn open_at(library: &str) -> Result<Self, Error> {
        let nvml = Nvml::builder().lib_path(OsStr::new(library)).init();
        nvml.map(|nvml| Self { nvml }).map_err(|error| Error::Unmonitored { reason: error.to_string() })
    }

    /// How the device at a place on the PCI bus is, if NVML has one there.
    pub fn health(&self, bus: &str) -> Option<Health> {
        let device = self.nvml.device_by_pci_bus_id(bus).ok()?;
        Some(Health { driver: self.nvml.sys_driver_version().ok(), ..Health::of(&device) })
    }
}

impl Health {
    fn of(device: &Device<'_>) -> Self {
        let clock = |clock: Clock| [device.clock_info(clock), device.max_clock_info(clock)].map(Result::ok);
        Self {
            driver: None,
            memory_used: device.memory_info().ok().map(|memory| memory.used),
            processes: device.running_compute_processes_count().ok(),
            celsius: device.temperature(TemperatureSensor::Gpu).ok(),
            power_mw: device.power_usage().ok(),
            power_limit_mw: device.enforced_power_limit().ok(),
            clock_mhz: clock(Clock::SM),
            memory_clock_mhz: clock(Clock::Memory),
            uncorrected_errors: device.total_ecc_errors(MemoryError::Uncorrected, EccCounter::Volatile).ok(),
            divided: device.mig_mode().ok().map(|mode| mode.current != 0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_that_is_missing_or_another_is_said() {
        for library in ["libaludel-no-such-library.so.1", "libc.so.6"] {
            let said = Monitor::open_at(library).expect_err("no NVML");
            assert!(matches!(&said, Error::Unmonitored { reason } if !reason.is_empty()), "{said}");
            assert!(said.to_string().contains("libnvidia-ml.so.1"), "{said}");
        }
    }
}
