//! Compiles the driver and the kernels that it runs, with g++.

use std::env;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    for path in ["build.rs", "broken.cu", "../host", "../include", "../cuda"] {
        println!("cargo:rerun-if-changed={path}");
    }
    println!("cargo:rerun-if-env-changed=CXX");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("linux") {
        println!("cargo:rustc-env=ALUDEL_STAND_IN_MISSING=it runs on Linux");
        return;
    }
    let library = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("libaludel-stand-in.so");
    let compiler = env::var_os("CXX").unwrap_or_else(|| "g++".into());
    let mut command = Command::new(compiler);
    // Under the driver's own name it is the loader's answer to whoever asks for the driver.
    command.args(["-std=c++17", "-O2", "-g1", "-fPIC", "-shared", "-pthread", "-Wl,-soname,libcuda.so"]);
    command.args(["-U_FORTIFY_SOURCE", "-Wall", "-Wextra", "-Wno-unknown-pragmas", "-o"]).arg(&library);
    command.args([
        "../host/block.cpp",
        "../host/machine.cpp",
        "../host/queue.cpp",
        "../host/control.cpp",
        "../host/driver.cpp",
    ]);
    command.args(["-x", "c++", "../cuda/kernels.cu", "broken.cu"]);
    // A machine without the compiler builds all the same; tests say what they skip.
    match command.output() {
        Err(error) => println!("cargo:rustc-env=ALUDEL_STAND_IN_MISSING=g++ cannot be run: {error}"),
        Ok(output) if output.status.success() => {
            println!("cargo:rustc-env=ALUDEL_STAND_IN={}", library.display());
        }
        Ok(output) => panic!("the stand-in does not compile:\n{}", String::from_utf8_lossy(&output.stderr)),
    }
}
