//! Compiles the driver and the kernels that it runs, with g++: once as it is, and once with sanitizers.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

/// Errors of memory and undefined behaviour end the process. Frames without pointers kept would shorten the reports' traces.
const SANITIZERS: [&str; 4] =
    ["-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"];

fn main() {
    for path in ["build.rs", "broken.cu", "../host", "../include", "../cuda"] {
        println!("cargo:rerun-if-changed={path}");
    }
    println!("cargo:rerun-if-env-changed=CXX");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("linux") {
        missing("STAND_IN", "it runs on Linux");
        missing("STAND_IN_NVRTC", "it runs on Linux");
        missing("SANITIZED", "they run on Linux");
        return;
    }
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let sanitized = {
        let folder = folder.clone();
        thread::spawn(move || sanitized(&folder.join("libaludel-stand-in-sanitized.so")))
    };
    // A machine without the compiler builds all the same; tests say what they skip.
    let library = folder.join("libaludel-stand-in.so");
    match compile(&["-O2"], &library) {
        Ok(()) => found("STAND_IN", &library),
        Err(Failed::Run(reason)) => missing("STAND_IN", &reason),
        Err(Failed::Compile(reason)) => panic!("the stand-in does not compile:\n{reason}"),
    }
    let nvrtc = folder.join("libaludel-stand-in-nvrtc.so");
    match compile_nvrtc(&nvrtc) {
        Ok(()) => found("STAND_IN_NVRTC", &nvrtc),
        Err(Failed::Run(reason)) => missing("STAND_IN_NVRTC", &reason),
        Err(Failed::Compile(reason)) => panic!("the stand-in for NVRTC does not compile:\n{reason}"),
    }
    match sanitized.join().expect("it does not panic") {
        Ok((library, runtime)) => {
            found("SANITIZED", &library);
            found("SANITIZER_RUNTIME", &runtime);
        }
        Err(reason) => missing("SANITIZED", &reason),
    }
}

fn found(what: &str, path: &Path) {
    println!("cargo:rustc-env=ALUDEL_{what}={}", path.display());
}

fn missing(what: &str, reason: &str) {
    println!("cargo:rustc-env=ALUDEL_{what}_MISSING={}", reason.replace('\n', " "));
}

/// Why there is no library.
enum Failed {
    Run(String),
    Compile(String),
}

fn compiler() -> Command {
    Command::new(env::var_os("CXX").unwrap_or_else(|| "g++".into()))
}

/// The stand-in for NVRTC, which calls this compiler when it runs.
fn compile_nvrtc(library: &Path) -> Result<(), Failed> {
    let include = fs::canonicalize("../include").expect("a folder of ours");
    let mut command = compiler();
    command.args(["-std=c++17", "-O1", "-fPIC", "-shared", "-Wall", "-Wextra"]);
    command.arg(format!("-DALUDEL_CXX={:?}", compiler().get_program()));
    command.arg(format!("-DALUDEL_INCLUDE={:?}", include));
    command.args(sources("../host/nvrtc")).arg("-o").arg(library);
    run(command)
}

fn compile(flags: &[&str], library: &Path) -> Result<(), Failed> {
    let mut command = compiler();
    // Under the driver's own name it is the loader's answer to whoever asks for the driver.
    command.args(["-std=c++17", "-g1", "-fPIC", "-shared", "-pthread", "-Wl,-soname,libcuda.so"]);
    command.args(["-U_FORTIFY_SOURCE", "-Wall", "-Wextra", "-Wno-unknown-pragmas"]);
    command.args(flags).arg("-o").arg(library);
    for folder in ["../host", "../host/driver"] {
        command.args(sources(folder));
    }
    command.args(["-x", "c++", "../cuda/kernels.cu", "broken.cu"]);
    run(command)
}

fn run(mut command: Command) -> Result<(), Failed> {
    let output = command.output().map_err(|error| Failed::Run(format!("g++ cannot be run: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    Err(Failed::Compile(String::from_utf8_lossy(&output.stderr).into_owned()))
}

/// The build with sanitizers, and AddressSanitizer's own library, which a process has to load before all others.
fn sanitized(library: &Path) -> Result<(PathBuf, PathBuf), String> {
    let runtime = runtime("libasan.so")?;
    self::runtime("libubsan.so")?;
    match compile(&SANITIZERS, library) {
        Ok(()) => Ok((library.to_owned(), runtime)),
        Err(Failed::Run(reason) | Failed::Compile(reason)) => Err(reason),
    }
}

/// Where the compiler has a library of its own.
fn runtime(name: &str) -> Result<PathBuf, String> {
    let output = compiler().arg(format!("-print-file-name={name}")).output();
    let output = output.map_err(|error| format!("g++ cannot be run: {error}"))?;
    let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
    // For what it does not have it answers with the name alone. Some have a text for the linker there, which says where the library is.
    match fs::read(&path) {
        Ok(bytes) if bytes.starts_with(b"\x7fELF") => Ok(path),
        Ok(bytes) => String::from_utf8_lossy(&bytes)
            .split_whitespace()
            .map(PathBuf::from)
            .find(|word| word.is_absolute() && word.is_file())
            .ok_or_else(|| format!("{} names no library", path.display())),
        Err(_) => Err(format!("g++ has no {name}")),
    }
}

/// The C++ files of a folder.
fn sources(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry of a folder").path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "cpp"));
    files.sort();
    files
}
