//! One suite, run by every device.

mod cpu;
mod cuda;
mod cuda_harness;
mod suite;
mod wgpu;
