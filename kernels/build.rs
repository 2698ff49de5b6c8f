//! Compiles the kernels to a fat binary where there is a compiler for them, and says so where there is none.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the image holds where nothing was compiled. The stand-in, which has the kernels itself, takes it; a driver refuses it.
const MARKER: &[u8] = b"aludel kernels: no image\0";

/// Architectures with machine code: A100, RTX 3090, L4 and RTX 4090, H100 and H200, B200, RTX 5090.
const ARCHITECTURES: [&str; 6] = ["80", "86", "89", "90", "100", "120"];

fn main() {
    for path in ["build.rs", "include", "cuda"] {
        println!("cargo:rerun-if-changed={path}");
    }
    println!("cargo:rerun-if-env-changed=NVCC");
    let image = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("kernels.fatbin");
    let named = env::var_os("NVCC").filter(|path| !path.is_empty());
    let nvcc = named.clone().unwrap_or_else(|| "nvcc".into());
    match compile(Path::new(&nvcc), &image) {
        Ok(()) => {}
        // Who names a compiler wants its image.
        Err(reason) if named.is_some() => panic!("NVCC: {reason}"),
        Err(reason) => {
            // No compiler is no news; one that does not do it is.
            if Command::new(&nvcc).arg("--version").output().is_ok() {
                println!("cargo:warning=no kernels for CUDA in this build: {}", reason.replace('\n', " "));
            }
            fs::write(&image, MARKER).expect("cargo's folder can be written");
        }
    }
}

fn compile(nvcc: &Path, image: &Path) -> Result<(), String> {
    let mut command = Command::new(nvcc);
    command.args(["-std=c++17", "-O3", "-fatbin", "cuda/kernels.cu", "-o"]).arg(image);
    for sm in ARCHITECTURES {
        command.arg("-gencode").arg(format!("arch=compute_{sm},code=sm_{sm}"));
    }
    // For those before and after: compiled by the driver.
    command.args(["-gencode", "arch=compute_75,code=compute_75"]);
    let output = command.output().map_err(|error| format!("{} cannot be run: {error}", nvcc.display()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}
