//! One suite, run by every device.

mod cpu;
mod cuda;
mod cuda_devices;
mod cuda_driver;
mod cuda_faults;
mod cuda_generated;
mod cuda_harness;
mod cuda_peer;
mod limits;
mod model;
mod rows;
mod sanitizers;
mod suite;
mod wgpu;
