//! What devices this machine has, and why one is of no use.

use std::thread;

use crate::cuda::{self, Cuda};
use crate::error::Error;
use crate::id::DeviceId;
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
    /// Why it cannot be used, if it cannot.
    pub refused: Option<Error>,
}

/// The devices of this machine, and for each driver that has none the reason. Opens each of them once.
pub fn devices() -> (Vec<Found>, Vec<Error>) {
    let mut reasons = Vec::new();
    let mut found = vec![processor()];
    match cuda::count() {
        Ok(count) => found.extend((0..count).map(of_cuda)),
        Err(reason) => reasons.push(reason),
    }
    let adapters = wgpu::adapters();
    if adapters.is_empty() {
        reasons.extend(Wgpu::open(0, Options::new(0)).err());
    }
    found.extend(adapters.into_iter().map(of_wgpu));
    (found, reasons)
}

fn processor() -> Found {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let name = format!("{threads} threads");
    Found { id: DeviceId::Cpu, name, memory: None, is_processor: true, refused: None }
}

fn of_cuda(number: u16) -> Found {
    let id = DeviceId::Cuda(number);
    let (name, memory) =
        cuda::describe(number).map_or_else(|_| ("unknown".to_owned(), None), |(n, m)| (n, Some(m)));
    let refused = Cuda::open(number, 0).err();
    Found { id, name, memory, is_processor: false, refused }
}

fn of_wgpu(adapter: wgpu::Adapter) -> Found {
    let wgpu::Adapter { id, name, driver, is_processor } = adapter;
    let number = if let DeviceId::Wgpu(number) = id { number } else { u16::MAX };
    let refused = Wgpu::open(number, Options::new(0)).err();
    Found { id, name: format!("{name}, {driver}"), memory: None, is_processor, refused }
}
