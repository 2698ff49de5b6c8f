//! Modules of the driver: kernels, and memory with names.

use std::ffi::CString;
use std::sync::Arc;

use cudarc::driver::{result, sys};

use super::driver::Context;
use crate::error::Error;

/// Kernels on a device.
#[derive(Debug)]
pub(super) struct Module {
    context: Arc<Context>,
    module: sys::CUmodule,
}

// SAFETY: the driver's functions on modules are thread-safe.
unsafe impl Send for Module {}
// SAFETY: as above.
unsafe impl Sync for Module {}

impl Module {
    /// Loads an image, which is kept for as long as the module is.
    pub(super) fn load(context: &Arc<Context>, image: &[u8]) -> Result<Self, Error> {
        // SAFETY: a fat binary, and machine code, say their own length; any other image ends with a zero.
        let module =
            context.run("module load", || unsafe { result::module::load_data(image.as_ptr().cast()) })?;
        Ok(Self { context: Arc::clone(context), module })
    }

    /// Whether it was loaded in this context.
    pub(super) fn is_of(&self, context: &Arc<Context>) -> bool {
        Arc::ptr_eq(&self.context, context)
    }

    pub(super) fn function(&self, name: &str) -> Result<sys::CUfunction, Error> {
        let c_name = CString::new(name).unwrap_or_default();
        // SAFETY: the module is loaded.
        self.context.run(name, || unsafe { result::module::get_function(self.module, c_name) })
    }

    /// Bytes of local memory that a thread of a function takes.
    pub(super) fn local_bytes(&self, function: sys::CUfunction) -> Result<usize, Error> {
        const LOCAL_BYTES: sys::CUfunction_attribute =
            sys::CUfunction_attribute::CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES;
        // SAFETY: the function is of this module, which is loaded.
        let attribute = || unsafe { result::function::get_function_attribute(function, LOCAL_BYTES) };
        let bytes = self.context.run("local memory of a kernel", attribute)?;
        Ok(usize::try_from(bytes).unwrap_or(0))
    }

    /// Writes the whole of a symbol.
    pub(super) fn write(&self, name: &str, words: &[u32]) -> Result<(), Error> {
        let c_name = CString::new(name).unwrap_or_default();
        // SAFETY: the module is loaded.
        let symbol = || unsafe { result::module::get_global(self.module, c_name) };
        let (pointer, bytes) = self.context.run(name, symbol)?;
        if bytes != size_of_val(words) {
            let what =
                format!("a kernel image whose {name} has {bytes} bytes instead of {}", size_of_val(words));
            return Err(Error::Unsupported { device: self.context.id, what });
        }
        // SAFETY: the lengths were compared.
        self.context.run(name, || unsafe { result::memcpy_htod_sync(pointer, words) })
    }
}

impl Drop for Module {
    fn drop(&mut self) {
        self.context.give_back(|| {
            // Kernels may still be queued, or run.
            let done = result::ctx::synchronize();
            // SAFETY: loaded once, and unloaded once; none of its kernels runs, unless the context is broken.
            done.and(unsafe { result::module::unload(self.module) })
        });
    }
}
