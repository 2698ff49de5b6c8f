//! What the driver says of its devices before one is opened.

use std::ffi::{CStr, c_char};

use cudarc::driver::{result, sys};
use sys::CUdevice_attribute as Attribute;

use super::driver::{device, refused, start};
use crate::error::Error;
use crate::id::DeviceId;

/// A device, as the driver has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// Its name.
    pub name: String,
    /// Bytes of its memory.
    pub memory: u64,
    /// Where it is on the PCI bus, as `domain:bus:device.function`: by this NVML finds it, whose numbers are others. Empty where the driver
    /// does not say.
    pub bus: String,
    /// What kernels have of it.
    pub limits: Capabilities,
}

/// What kernels have of a CUDA device. Zero is what the driver does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Major and minor version of what it can compute.
    pub compute_capability: [u32; 2],
    /// How many blocks run at once, at least.
    pub multiprocessors: u32,
    /// Bytes of shared memory that a block can ask for.
    pub shared_bytes: u32,
}

/// How many devices the driver has.
///
/// # Errors
/// [`Error::Unsupported`] where there is no driver, or it has no device to show.
pub fn count() -> Result<u16, Error> {
    let first = DeviceId::Cuda(0);
    start(first)?;
    let count =
        result::device::get_count().map_err(|e| refused(first, "the driver counts no devices", &e))?;
    Ok(u16::try_from(count).unwrap_or(0))
}

/// A device as the driver has it; it is not opened.
///
/// # Errors
/// [`Error::Unsupported`] where there is no such device.
pub fn describe(ordinal: u16) -> Result<Description, Error> {
    let id = DeviceId::Cuda(ordinal);
    let device = device(ordinal)?;
    let name = result::device::get_name(device).map_err(|e| refused(id, "it has no name", &e))?;
    // SAFETY: the driver gave this device.
    let total = unsafe { result::device::total_mem(device) };
    let memory = total.map_err(|e| refused(id, "it has no memory", &e))? as u64;
    Ok(Description { name, memory, bus: bus(device), limits: limits(device) })
}

pub(super) fn limits(device: sys::CUdevice) -> Capabilities {
    let number = |what| u32::try_from(attribute(device, what)).unwrap_or(0);
    Capabilities {
        compute_capability: [
            number(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR),
            number(Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
        ],
        multiprocessors: number(Attribute::CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
        shared_bytes: number(Attribute::CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN),
    }
}

fn attribute(device: sys::CUdevice, what: Attribute) -> i32 {
    // SAFETY: the driver gave this device.
    unsafe { result::device::get_attribute(device, what) }.unwrap_or(0)
}

fn bus(device: sys::CUdevice) -> String {
    let mut text = [0 as c_char; 32];
    // SAFETY: the driver gave this device, and writes a text that ends within the length.
    unsafe {
        let said = sys::cuDeviceGetPCIBusId(text.as_mut_ptr(), text.len() as i32, device).result();
        said.map_or_else(|_| String::new(), |()| CStr::from_ptr(text.as_ptr()).to_string_lossy().into_owned())
    }
}

/// Who keeps a device to themselves, for a message that there is no context.
pub(super) fn why_no_context(device: sys::CUdevice) -> &'static str {
    const PROHIBITED: i32 = sys::CUcomputemode::CU_COMPUTEMODE_PROHIBITED as i32;
    const EXCLUSIVE: i32 = sys::CUcomputemode::CU_COMPUTEMODE_EXCLUSIVE_PROCESS as i32;
    match attribute(device, Attribute::CU_DEVICE_ATTRIBUTE_COMPUTE_MODE) {
        PROHIBITED => ", for its compute mode prohibits them (`nvidia-smi -c 0` allows them)",
        EXCLUSIVE => ", for its compute mode gives it to one process at a time (`nvidia-smi -c 0` to all)",
        _ => "",
    }
}
