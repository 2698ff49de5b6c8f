//! A CUDA driver without a GPU: a library that has the driver's name and functions, and runs our kernels on the processor.
//!
//! Serves tests alone. [`StandIn::open`] loads it before anyone loads the driver; from then on it *is* the driver of this process.
//! What it does and what it catches is written in `docs/decisions/0008-kernels.md`.
#![expect(unsafe_code, reason = "it calls functions of a library that it loads")]

use std::ffi::{CStr, c_char, c_int};
use std::path::Path;
use std::sync::OnceLock;

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};

mod sanitizers;

pub use sanitizers::{NoSanitizers, sanitized};

/// Why there is no stand-in.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the stand-in for the CUDA driver is missing ({0}): build on Linux with g++ installed")]
pub struct Missing(String);

/// Calls that can be made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Kind {
    /// Every call but those that give something back.
    Any = 0,
    /// Taking memory.
    Allocate = 1,
    /// Launching a kernel.
    Launch = 2,
    /// Copying, and filling.
    Copy = 3,
    /// Waiting.
    Synchronize = 4,
    /// Loading a module, and finding names in it.
    Load = 5,
    /// Copying between devices: it is the source that fails.
    Peer = 6,
}

/// How a call fails, by the driver's own numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Fault {
    /// `CUDA_ERROR_OUT_OF_MEMORY`.
    OutOfMemory = 2,
    /// `CUDA_ERROR_ECC_UNCORRECTABLE`: the device is lost.
    DeviceLost = 214,
    /// `CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES`: this launch is refused, the device is well.
    Resources = 701,
    /// `CUDA_ERROR_LAUNCH_FAILED`: a kernel ended badly, and its context with it.
    LaunchFailed = 719,
}

/// The stand-in of this process.
#[derive(Debug)]
pub struct StandIn {
    library: Library,
}

impl StandIn {
    /// Loads it, with two devices of 64 MiB to begin with.
    ///
    /// # Errors
    /// [`Missing`] where it could not be built.
    pub fn open() -> Result<&'static Self, Missing> {
        static OPEN: OnceLock<Result<StandIn, Missing>> = OnceLock::new();
        OPEN.get_or_init(Self::load).as_ref().map_err(Clone::clone)
    }

    /// Path of a library with NVRTC's functions, which gives texts to g++: the stand-in loads what comes out.
    ///
    /// # Errors
    /// [`Missing`] where it could not be built.
    pub fn nvrtc() -> Result<&'static Path, Missing> {
        option_env!("ALUDEL_STAND_IN_NVRTC").map(Path::new).ok_or_else(|| {
            Missing(option_env!("ALUDEL_STAND_IN_NVRTC_MISSING").unwrap_or("not built").to_owned())
        })
    }

    fn load() -> Result<Self, Missing> {
        let path = sanitizers::library().map_err(|why| Missing(why.to_owned()))?;
        // SAFETY: our own library, whose initialisers fill tables.
        let library = unsafe { Library::open(Some(path), RTLD_NOW | RTLD_GLOBAL) };
        let stand_in = Self { library: library.map_err(|error| Missing(error.to_string()))? };
        stand_in.devices(2, 64 << 20);
        Ok(stand_in)
    }

    /// A function of the library.
    ///
    /// # Safety
    /// `T` is the function's type.
    unsafe fn function<T: Copy>(&self, name: &str) -> T {
        // SAFETY: the caller's promise; the library is never closed.
        *unsafe { self.library.get::<T>(name.as_bytes()) }.unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// So many devices, with so many bytes each.
    ///
    /// # Panics
    /// Where a device is in use.
    pub fn devices(&self, count: u16, bytes: u64) {
        // SAFETY: as `control.cpp` declares it.
        let done = unsafe {
            self.function::<unsafe extern "C" fn(c_int, u64) -> c_int>("aludel_stand_in_devices")(
                count.into(),
                bytes,
            )
        };
        assert_eq!(done, 0, "devices change while none is in use");
    }

    /// Nobody gets a context of the last device: its mode is prohibited, or another process has it for itself. Until devices change.
    pub fn keep_to_others(&self, prohibited: bool) {
        let mode = if prohibited { 2 } else { 3 };
        // SAFETY: as `control.cpp` declares it.
        unsafe { self.function::<unsafe extern "C" fn(c_int)>("aludel_stand_in_compute_mode")(mode) }
    }

    /// The version of CUDA that the driver has, as it says it: 12080 for 12.8, which it is to begin with. For devices that are opened from now on, until devices change.
    pub fn version(&self, version: i32) {
        // SAFETY: as `control.cpp` declares it.
        unsafe { self.function::<unsafe extern "C" fn(c_int)>("aludel_stand_in_version")(version) }
    }

    /// Bytes of local memory that a thread of any kernel takes, as the driver says: none to begin with. Until devices change.
    pub fn local_bytes(&self, bytes: i32) {
        // SAFETY: as `control.cpp` declares it.
        unsafe { self.function::<unsafe extern "C" fn(c_int)>("aludel_stand_in_local_bytes")(bytes) }
    }

    /// Seed of the order of threads, and of what fresh memory holds.
    pub fn seed(&self, seed: u64) {
        // SAFETY: as `control.cpp` declares it.
        unsafe { self.function::<unsafe extern "C" fn(u64)>("aludel_stand_in_seed")(seed) }
    }

    /// The call of this kind that comes after `after` others of it fails. One order at a time.
    pub fn fail(&self, kind: Kind, after: i64, fault: Fault) {
        self.order(kind, after, fault as c_int);
    }

    /// Takes the order back. Whether it still waited for its call.
    pub fn no_fault(&self) -> bool {
        // SAFETY: as `control.cpp` declares it.
        let waited =
            unsafe { self.function::<unsafe extern "C" fn() -> c_int>("aludel_stand_in_pending")() } > 0;
        self.order(Kind::Any, 0, 0);
        waited
    }

    fn order(&self, kind: Kind, after: i64, code: c_int) {
        // SAFETY: as `control.cpp` declares it.
        unsafe {
            self.function::<unsafe extern "C" fn(c_int, i64, c_int)>("aludel_stand_in_fail")(
                kind as c_int,
                after,
                code,
            );
        }
    }

    /// Bytes in use on all devices, with those that were not freed before their context ended.
    pub fn bytes(&self) -> i64 {
        // SAFETY: as `control.cpp` declares it.
        unsafe { self.function::<unsafe extern "C" fn() -> i64>("aludel_stand_in_bytes")() }
    }

    /// Streams, events, modules and references to contexts.
    pub fn handles(&self) -> i64 {
        // SAFETY: as `control.cpp` declares it.
        unsafe { self.function::<unsafe extern "C" fn() -> i64>("aludel_stand_in_handles")() }
    }

    /// What was wrong with the last kernel with which something was.
    pub fn complaint(&self) -> String {
        let mut text = [0 as c_char; 1024];
        // SAFETY: as `control.cpp` declares it; it writes a text that ends within the length.
        unsafe {
            self.function::<unsafe extern "C" fn(*mut c_char, usize)>("aludel_stand_in_complaint")(
                text.as_mut_ptr(),
                text.len(),
            );
            CStr::from_ptr(text.as_ptr()).to_string_lossy().into_owned()
        }
    }
}
