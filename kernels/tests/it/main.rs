//! One suite, run by every device.

mod cpu;
mod suite;
mod wgpu;
