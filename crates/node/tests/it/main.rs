//! The real binary on real files.

mod bench;
mod demo;
mod devices;
mod ends;
mod execute;
mod inputs;
mod keys;
mod liar;
mod params;
mod path;
mod public;
mod serve;
mod serving;
mod world;
