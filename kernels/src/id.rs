//! Names of devices.

use core::fmt;
use core::str::FromStr;

/// A device of this machine: `cpu`, `cuda:0`, `wgpu:1`. A number is the driver's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeviceId {
    /// The processor: the reference.
    Cpu,
    /// A device of the CUDA driver.
    Cuda(u16),
    /// An adapter of wgpu.
    Wgpu(u16),
}

/// What is no name of a device.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no device: write cpu, cuda:N or wgpu:N; `aludel devices` lists them")]
pub struct NoDevice(String);

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(n) => write!(f, "cuda:{n}"),
            Self::Wgpu(n) => write!(f, "wgpu:{n}"),
        }
    }
}

impl FromStr for DeviceId {
    type Err = NoDevice;

    fn from_str(name: &str) -> Result<Self, NoDevice> {
        let none = || NoDevice(name.to_owned());
        // A number has one spelling.
        let number =
            |digits: &str| digits.parse().ok().filter(|n: &u16| n.to_string() == digits).ok_or_else(none);
        match name.split_once(':') {
            None if name == "cpu" => Ok(Self::Cpu),
            Some(("cuda", digits)) => number(digits).map(Self::Cuda),
            Some(("wgpu", digits)) => number(digits).map(Self::Wgpu),
            _ => Err(none()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written() {
        for id in [DeviceId::Cpu, DeviceId::Cuda(0), DeviceId::Wgpu(12)] {
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        for name in
            ["", "gpu", "cpu:0", "cuda", "cuda:", "cuda:-1", "cuda:00", "cuda:+1", "wgpu:65536", "CPU"]
        {
            assert_eq!(name.parse::<DeviceId>(), Err(NoDevice(name.to_owned())));
        }
    }
}
