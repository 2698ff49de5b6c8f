//! The real binary on real files.

mod bench;
mod demo;
mod devices;
#[path = "../../../service/tests/drive/mod.rs"]
mod drive;
mod ends;
mod execute;
mod inputs;
mod keys;
mod liar;
mod load;
mod params;
mod path;
mod public;
mod serve;
mod serving;
mod settings;
mod world;
