//! Makes the messages from `proto/`, with a compiler in Rust: nothing has to be installed.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use prost::Message;

fn main() -> Result<(), Box<dyn Error>> {
    let proto = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../proto");
    println!("cargo::rerun-if-changed={}", proto.display());
    let folder = proto.join("aludel/prover/v1");
    let mut files =
        fs::read_dir(&folder)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "proto"));
    // The order of a folder is anything.
    files.sort();
    let mut descriptors = protox::compile(files, [&proto])?;
    tonic_prost_build::configure().build_transport(false).compile_fds(descriptors.clone())?;
    // Comments and places in files are no part of the wire.
    descriptors.file.iter_mut().for_each(|file| file.source_code_info = None);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("descriptors.binpb"), descriptors.encode_to_vec())?;
    Ok(())
}
