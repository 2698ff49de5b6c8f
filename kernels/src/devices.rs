//! What devices this machine has, what they can do and how they are, and why one is of no use.

use std::thread;

use crate::cuda::{self, Cuda};
use crate::error::Error;
use crate::health::{Health, Monitor};
use crate::id::DeviceId;
use crate::seam::{Clock, Timer};
use crate::wgpu::{self, Options, Wgpu};

/// A device of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// By what name it is asked for.
    pub id: DeviceId,
    /// What its driver calls it.
    pub name: String,
    /// Bytes of memory, where the driver tells.
    pub memory: Option<u64>,
    /// Whether its kernels are executed by the processor.
    pub is_processor: bool,
    /// What kernels have of it, where the driver tells.
    pub limits: Option<Capabilities>,
    /// How it was before it was opened here, where somebody knows.
    pub health: Option<Health>,
    /// Why it cannot be used, if it cannot.
    pub refused: Option<Error>,
}

/// What kernels have of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Capabilities {
    /// A CUDA device's.
    Cuda(cuda::Capabilities),
    /// An adapter's.
    Wgpu {
        /// The most bytes that a kernel sees of one buffer.
        binding_bytes: usize,
        /// Whether kernels use 64-bit integers.
        wide_words: bool,
        /// Whose time its timer tells.
        clock: Clock,
    },
}

/// The devices of this machine, and for each driver that has none the reason. Opens each of them once.
pub fn devices() -> (Vec<Found>, Vec<Error>) {
    let mut reasons = Vec::new();
    let mut found = vec![processor()];
    match cuda::count() {
        Ok(count) => {
            let monitor = Monitor::open().map_err(|reason| reasons.push(reason)).ok();
            found.extend((0..count).map(|number| of_cuda(number, monitor.as_ref())));
        }
        Err(reason) => reasons.push(reason),
    }
    let adapters = wgpu::adapters();
    if adapters.is_empty() {
        reasons.extend(Wgpu::open(0, Options::new(0)).err());
    }
    found.extend(adapters.into_iter().map(of_wgpu));
    (found, reasons)
}

impl Found {
    fn new(id: DeviceId, name: String) -> Self {
        Self { id, name, memory: None, is_processor: false, limits: None, health: None, refused: None }
    }
}

fn processor() -> Found {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    Found { is_processor: true, ..Found::new(DeviceId::Cpu, format!("{threads} threads")) }
}

fn of_cuda(number: u16, monitor: Option<&Monitor>) -> Found {
    let id = DeviceId::Cuda(number);
    let found = match cuda::describe(number) {
        Ok(device) => Found {
            memory: Some(device.memory),
            limits: Some(Capabilities::Cuda(device.limits)),
            health: monitor.and_then(|monitor| monitor.health(&device.bus)),
            ..Found::new(id, device.name)
        },
        Err(_) => Found::new(id, "unknown".to_owned()),
    };
    // Last, for it takes of the memory whose use is told.
    Found { refused: Cuda::open(number, 0).err(), ..found }
}

fn of_wgpu(adapter: wgpu::Adapter) -> Found {
    let wgpu::Adapter { id, name, driver, is_processor } = adapter;
    let number = if let DeviceId::Wgpu(number) = id { number } else { u16::MAX };
    let found = Found { is_processor, ..Found::new(id, format!("{name}, {driver}")) };
    match Wgpu::open(number, Options::new(0)) {
        Ok(device) => Found { limits: Some(of_opened(&device)), ..found },
        Err(why) => Found { refused: Some(why), ..found },
    }
}

fn of_opened(device: &Wgpu) -> Capabilities {
    Capabilities::Wgpu {
        binding_bytes: device.binding_bytes(),
        wide_words: device.has_wide_words(),
        clock: device.clock(),
    }
}
