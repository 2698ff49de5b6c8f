//! The real binary on real files.

mod bench;
mod demo;
mod devices;
mod execute;
mod inputs;
mod keys;
mod params;
mod path;
mod public;
mod serve;
mod settings;
mod world;
