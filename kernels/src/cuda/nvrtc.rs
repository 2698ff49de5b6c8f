//! NVIDIA's run-time compiler (NVRTC), where its library is found.

use core::ffi::{CStr, c_char, c_int, c_void};
use std::ffi::{CString, OsStr};
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use libloading::Library;
use sha2::{Digest, Sha256};

use super::generated::Source;
use crate::cache::Cache;
use crate::rows::Program;

/// Where the library is looked for when nobody says where it is: in the loader's folders, by its names since CUDA 11.
const NAMES: [&str; 4] = ["libnvrtc.so", "libnvrtc.so.13", "libnvrtc.so.12", "libnvrtc.so.11.2"];

/// What texts include. The compiler has no headers of the C library.
const HEADERS: [(&CStr, &str); 6] = [
    (c"rows.h", include_str!("../../include/rows.h")),
    (c"domain.h", include_str!("../../include/domain.h")),
    (c"quintic.h", include_str!("../../include/quintic.h")),
    (c"koala_bear.h", include_str!("../../include/koala_bear.h")),
    (c"device.h", include_str!("../../include/device.h")),
    (
        c"stdint.h",
        "#pragma once\ntypedef int int32_t;\ntypedef unsigned int uint32_t;\ntypedef unsigned long long uint64_t;\n",
    ),
];

/// Options besides the architecture.
const OPTIONS: [&CStr; 1] = [c"--std=c++17"];

/// NVRTC's result when all is well.
const SUCCESS: c_int = 0;

type Handle = *mut c_void;
type Create = unsafe extern "C" fn(
    *mut Handle,
    *const c_char,
    *const c_char,
    c_int,
    *const *const c_char,
    *const *const c_char,
) -> c_int;
type Compile = unsafe extern "C" fn(Handle, c_int, *const *const c_char) -> c_int;
type Size = unsafe extern "C" fn(Handle, *mut usize) -> c_int;
type Get = unsafe extern "C" fn(Handle, *mut c_char) -> c_int;
type Destroy = unsafe extern "C" fn(*mut Handle) -> c_int;
type Version = unsafe extern "C" fn(*mut c_int, *mut c_int) -> c_int;

/// The functions of the library that are used (NVRTC 13.0 documentation, section 2).
#[derive(Debug)]
struct Functions {
    create: Create,
    compile: Compile,
    log: Get,
    log_size: Size,
    cubin: Get,
    cubin_size: Size,
    destroy: Destroy,
}

/// Compiles texts, or finds what was compiled before.
#[derive(Debug)]
pub struct Compiler {
    functions: Functions,
    version: [c_int; 2],
    path: PathBuf,
    cache: Cache,
    compiled: AtomicU64,
    refusal: Mutex<Option<CompilerError>>,
    #[expect(dead_code, reason = "its functions are in use")]
    library: Library,
}

/// Why there is no compiler, or why it made nothing of a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CompilerError {
    /// There is no such library.
    #[error(
        "NVRTC (libnvrtc.so) cannot be loaded: {0}; kernels of programs are interpreted, which is slower. Install CUDA's nvrtc, or name the library"
    )]
    Missing(String),
    /// The compiler does not like it.
    #[error("NVRTC {0}.{1} did not compile a kernel: {2}")]
    Refused(i32, i32, String),
}

impl Compiler {
    /// The library at a path, or where the loader finds it.
    ///
    /// # Errors
    /// [`CompilerError::Missing`] where there is none.
    pub fn open(path: Option<&Path>, cache: Cache) -> Result<Self, CompilerError> {
        let named = path.map(Path::as_os_str).into_iter();
        let names: Vec<&OsStr> =
            if path.is_some() { named.collect() } else { NAMES.iter().map(OsStr::new).collect() };
        let mut reason = String::new();
        for name in names {
            // SAFETY: NVRTC's initialisers have no conditions.
            match unsafe { Library::new(name) } {
                Ok(library) => return Self::of(library, PathBuf::from(name), cache),
                Err(error) => reason = error.to_string(),
            }
        }
        Err(CompilerError::Missing(reason))
    }

    fn of(library: Library, path: PathBuf, cache: Cache) -> Result<Self, CompilerError> {
        let missing = |error: libloading::Error| CompilerError::Missing(error.to_string());
        // SAFETY: types are those of the documentation, unchanged since CUDA 11.
        unsafe {
            let functions = Functions {
                create: *library.get::<Create>(b"nvrtcCreateProgram").map_err(missing)?,
                compile: *library.get::<Compile>(b"nvrtcCompileProgram").map_err(missing)?,
                log: *library.get::<Get>(b"nvrtcGetProgramLog").map_err(missing)?,
                log_size: *library.get::<Size>(b"nvrtcGetProgramLogSize").map_err(missing)?,
                cubin: *library.get::<Get>(b"nvrtcGetCUBIN").map_err(missing)?,
                cubin_size: *library.get::<Size>(b"nvrtcGetCUBINSize").map_err(missing)?,
                destroy: *library.get::<Destroy>(b"nvrtcDestroyProgram").map_err(missing)?,
            };
            let version = *library.get::<Version>(b"nvrtcVersion").map_err(missing)?;
            let (mut major, mut minor) = (0, 0);
            version(&raw mut major, &raw mut minor);
            let (compiled, refusal) = Default::default();
            Ok(Self { functions, version: [major, minor], path, cache, compiled, refusal, library })
        }
    }

    /// The library's version, and the name by which it was loaded.
    pub fn description(&self) -> String {
        format!("NVRTC {}.{} ({})", self.version[0], self.version[1], self.path.display())
    }

    /// How many kernels it has compiled, rather than found in its cache.
    pub fn compiled(&self) -> u64 {
        self.compiled.load(Ordering::Relaxed)
    }

    /// The last text that it refused, if it refused one, and why: its program is interpreted.
    pub fn last_refusal(&self) -> Option<CompilerError> {
        self.refusal.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The machine code of a program's kernel for devices of a compute capability, major and minor; `None` where it is too long to be compiled.
    ///
    /// # Errors
    /// [`CompilerError::Refused`] where the compiler refuses it.
    pub fn machine_code(
        &self,
        program: &Program,
        capability: [u32; 2],
    ) -> Result<Option<Vec<u8>>, CompilerError> {
        Source::of(program).map(|source| self.compile(&source.name, &source.text, capability)).transpose()
    }

    /// The machine code of a text, for devices of a compute capability.
    ///
    /// # Errors
    /// [`CompilerError::Refused`] where the compiler refuses it.
    pub(super) fn compile(
        &self,
        name: &str,
        source: &str,
        capability: [u32; 2],
    ) -> Result<Vec<u8>, CompilerError> {
        let architecture = format!("--gpu-architecture=sm_{}{}", capability[0], capability[1]);
        let key = self.key(source, &architecture);
        if let Some(image) = self.cache.get(&key).filter(|image| is_machine_code(image)) {
            return Ok(image);
        }
        let image = self.build(name, source, &architecture).inspect_err(|error| {
            *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.clone());
        })?;
        self.compiled.fetch_add(1, Ordering::Relaxed);
        self.cache.put(&key, &image);
        Ok(image)
    }

    /// All that the machine code depends on, each part with its length.
    fn key(&self, source: &str, architecture: &str) -> [u8; 32] {
        let version = format!("{}.{}", self.version[0], self.version[1]);
        let headers = HEADERS.iter().flat_map(|(name, text)| [name.to_bytes(), text.as_bytes()]);
        let options = OPTIONS.iter().map(|option| option.to_bytes());
        let parts = [version.as_bytes(), architecture.as_bytes(), source.as_bytes()];
        let mut digest = Sha256::new();
        for part in parts.into_iter().chain(options).chain(headers) {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        digest.finalize().into()
    }

    fn build(&self, name: &str, source: &str, architecture: &str) -> Result<Vec<u8>, CompilerError> {
        let refused = |reason: String| CompilerError::Refused(self.version[0], self.version[1], reason);
        let text = |text: &str| CString::new(text).map_err(|error| refused(error.to_string()));
        let [name, source, architecture] = [text(name)?, text(source)?, text(architecture)?];
        let contents = HEADERS.iter().map(|(_, contents)| text(contents)).collect::<Result<Vec<_>, _>>()?;
        let contents: Vec<_> = contents.iter().map(|contents| contents.as_ptr()).collect();
        let names: Vec<_> = HEADERS.iter().map(|(name, _)| name.as_ptr()).collect();
        let options: Vec<_> =
            OPTIONS.iter().map(|option| option.as_ptr()).chain([architecture.as_ptr()]).collect();
        let count = |list: &[*const c_char]| list.len() as c_int;
        let mut program: Handle = ptr::null_mut();
        // SAFETY: texts live until the program is destroyed, and lists are as long as is said; the log and the image are written to memory of the length that was asked for.
        unsafe {
            let made = (self.functions.create)(
                &raw mut program,
                source.as_ptr(),
                name.as_ptr(),
                count(&names),
                contents.as_ptr(),
                names.as_ptr(),
            );
            if made != SUCCESS {
                return Err(refused(format!("no program (result {made})")));
            }
            let done = (self.functions.compile)(program, count(&options), options.as_ptr());
            let image = match done {
                SUCCESS => match bytes(program, self.functions.cubin_size, self.functions.cubin) {
                    image if is_machine_code(&image) => Ok(image),
                    _ => Err(refused("it gave no machine code".to_owned())),
                },
                _ => {
                    let log = bytes(program, self.functions.log_size, self.functions.log);
                    Err(refused(format!(
                        "result {done}: {}",
                        String::from_utf8_lossy(&log).trim_end_matches(['\0', '\n'])
                    )))
                }
            };
            (self.functions.destroy)(&raw mut program);
            image
        }
    }
}

/// Whether an image has the header by which the driver learns its length (ELF, 64 bits).
fn is_machine_code(image: &[u8]) -> bool {
    image.starts_with(b"\x7fELF") && image.len() >= 64
}

/// What the library writes, of the length that it says; nothing where it says an error.
///
/// # Safety
/// Both functions are of the same thing, and the program is theirs.
unsafe fn bytes(program: Handle, size: Size, get: Get) -> Vec<u8> {
    let mut length = 0;
    // SAFETY: the caller's promise.
    if unsafe { size(program, &raw mut length) } != SUCCESS {
        return Vec::new();
    }
    let mut out = vec![0; length];
    // SAFETY: as above; there is room for as much as was said.
    if unsafe { get(program, out.as_mut_ptr().cast()) } != SUCCESS {
        return Vec::new();
    }
    out
}
