//! Contexts of the driver, and what its errors mean.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cudarc::driver::{DriverError, result, sys};
use sys::CUdevice_attribute::CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED;
use sys::cudaError_enum as Code;

use super::describe::why_no_context;
use crate::error::Error;
use crate::id::DeviceId;

/// A device's primary context.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) id: DeviceId,
    device: sys::CUdevice,
    pub(super) context: sys::CUcontext,
    /// Whether memory is taken and freed in stream order.
    pub(super) pooled: bool,
    /// The newest CUDA of which the driver knows all, 12080 for 12.8; zero where it does not say.
    pub(super) version: i32,
    /// Why the context is of no more use.
    lost: OnceLock<String>,
    /// The kernel launched last: the driver tells of a failure at a later call.
    last: Mutex<&'static str>,
}

// SAFETY: a context may be current on several threads; the driver's functions are thread-safe.
unsafe impl Send for Context {}
// SAFETY: as above.
unsafe impl Sync for Context {}

impl Context {
    /// Opens device `ordinal`.
    pub(super) fn open(ordinal: u16) -> Result<Arc<Self>, Error> {
        let id = DeviceId::Cuda(ordinal);
        let device = device(ordinal)?;
        // SAFETY: the driver gave this device.
        let pooled =
            unsafe { result::device::get_attribute(device, CU_DEVICE_ATTRIBUTE_MEMORY_POOLS_SUPPORTED) };
        // SAFETY: as above; `drop` releases it.
        let context = unsafe { result::primary_ctx::retain(device) }
            .map_err(|e| refused(id, &format!("no context{}", why_no_context(device)), &e))?;
        let pooled = pooled.is_ok_and(|supported| supported > 0);
        let version = driver_version();
        let last = Mutex::new("no kernel");
        Ok(Arc::new(Self { id, device, context, pooled, version, lost: OnceLock::new(), last }))
    }

    /// Bytes of memory that the device has.
    pub(super) fn total(&self) -> Result<u64, Error> {
        // SAFETY: the driver gave this device.
        let total = unsafe { result::device::total_mem(self.device) };
        total.map(|bytes| bytes as u64).map_err(|e| self.error(&e, "total_mem"))
    }

    /// Major and minor.
    pub(super) fn compute_capability(&self) -> [u32; 2] {
        super::describe::limits(self.device).compute_capability
    }

    /// The device's name, as the driver has it.
    pub(super) fn name(&self) -> Result<String, Error> {
        result::device::get_name(self.device).map_err(|e| self.error(&e, "get_name"))
    }

    /// Runs a call of the driver with this context current. `call` names it in errors.
    pub(super) fn run<T>(
        &self,
        call: &str,
        driver: impl FnOnce() -> Result<T, DriverError>,
    ) -> Result<T, Error> {
        self.attempt(driver)?.map_err(|e| self.error(&e, call))
    }

    /// As [`Context::run`], of a call that takes memory: `short` says whose memory is short, and of how much.
    pub(super) fn take<T>(
        &self,
        call: &str,
        driver: impl FnOnce() -> Result<T, DriverError>,
        short: impl FnOnce() -> Error,
    ) -> Result<T, Error> {
        self.attempt(driver)?.map_err(|e| match e.0 {
            Code::CUDA_ERROR_OUT_OF_MEMORY => short(),
            _ => self.error(&e, call),
        })
    }

    /// As [`Context::run`], but what the driver's error means is left to the caller.
    pub(super) fn attempt<T>(
        &self,
        driver: impl FnOnce() -> Result<T, DriverError>,
    ) -> Result<Result<T, DriverError>, Error> {
        if let Some(reason) = self.lost.get() {
            return Err(Error::DeviceLost { device: self.id, reason: reason.clone() });
        }
        // SAFETY: the context is retained as long as this value lives.
        let current = unsafe { result::ctx::set_current(self.context) };
        Ok(current.and_then(|()| driver()))
    }

    /// Gives something back: errors have nobody to go to, and the next call meets them again.
    pub(super) fn give_back(&self, driver: impl FnOnce() -> Result<(), DriverError>) {
        // SAFETY: the context is retained as long as this value lives.
        if unsafe { result::ctx::set_current(self.context) }.is_ok() {
            let _ = driver();
        }
    }

    /// Remembers a kernel that was queued.
    pub(super) fn queued(&self, kernel: &'static str) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = kernel;
    }

    fn last(&self) -> String {
        (*self.last.lock().unwrap_or_else(PoisonError::into_inner)).to_owned()
    }

    /// What an error means for the caller, and whether the context outlives it (CUDA driver API reference, `CUresult`).
    pub(super) fn error(&self, error: &DriverError, call: &str) -> Error {
        let reason = name(error);
        let lose = |what: String| self.lost.get_or_init(|| what).clone();
        match error.0 {
            Code::CUDA_ERROR_OUT_OF_MEMORY => self.out_of_memory(0),
            Code::CUDA_ERROR_ILLEGAL_ADDRESS
            | Code::CUDA_ERROR_LAUNCH_TIMEOUT
            | Code::CUDA_ERROR_ASSERT
            | Code::CUDA_ERROR_HARDWARE_STACK_ERROR
            | Code::CUDA_ERROR_ILLEGAL_INSTRUCTION
            | Code::CUDA_ERROR_MISALIGNED_ADDRESS
            | Code::CUDA_ERROR_INVALID_ADDRESS_SPACE
            | Code::CUDA_ERROR_INVALID_PC
            | Code::CUDA_ERROR_LAUNCH_FAILED => {
                let kernel = self.last();
                lose(format!("kernel {kernel}: {reason}"));
                Error::LaunchFailed { device: self.id, kernel, reason }
            }
            Code::CUDA_ERROR_DEINITIALIZED
            | Code::CUDA_ERROR_DEVICE_UNAVAILABLE
            | Code::CUDA_ERROR_NO_DEVICE
            | Code::CUDA_ERROR_INVALID_CONTEXT
            | Code::CUDA_ERROR_ECC_UNCORRECTABLE
            | Code::CUDA_ERROR_NVLINK_UNCORRECTABLE
            | Code::CUDA_ERROR_CONTEXT_IS_DESTROYED
            | Code::CUDA_ERROR_SYSTEM_NOT_READY
            | Code::CUDA_ERROR_UNKNOWN => Error::DeviceLost { device: self.id, reason: lose(reason) },
            _ => Error::LaunchFailed { device: self.id, kernel: call.to_owned(), reason },
        }
    }

    /// The driver has less than was asked for; 0 where it was the driver that asked.
    pub(super) fn out_of_memory(&self, requested: u64) -> Error {
        let free = result::mem_get_info().map_or(0, |(free, _)| free as u64);
        Error::OutOfMemory { device: self.id, requested, free }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: `open` retained it once, and nothing of it is left: all hold an `Arc` of this.
        let _ = unsafe { result::primary_ctx::release(self.device) };
    }
}

pub(super) fn refused(device: DeviceId, what: &str, error: &DriverError) -> Error {
    Error::Unsupported { device, what: format!("{what}: {}", name(error)) }
}

/// Starts the driver, where there is one. The device is named in errors.
pub(super) fn start(id: DeviceId) -> Result<(), Error> {
    // SAFETY: opens a library and closes it.
    if !unsafe { sys::is_culib_present() } {
        let what = "there is no CUDA driver (libcuda.so) on this machine".to_owned();
        return Err(Error::Unsupported { device: id, what });
    }
    result::init().map_err(|e| refused(id, "the driver does not start", &e))
}

pub(super) fn device(ordinal: u16) -> Result<sys::CUdevice, Error> {
    let id = DeviceId::Cuda(ordinal);
    start(id)?;
    result::device::get(i32::from(ordinal)).map_err(|e| refused(id, "there is no such device", &e))
}

fn driver_version() -> i32 {
    let mut version = 0;
    // SAFETY: it writes one number.
    let said = unsafe { sys::cuDriverGetVersion(&raw mut version) };
    said.result().map_or(0, |()| version)
}

/// An error's name.
fn name(error: &DriverError) -> String {
    error.error_name().map_or_else(|_| format!("{:?}", error.0), |name| name.to_string_lossy().into_owned())
}
