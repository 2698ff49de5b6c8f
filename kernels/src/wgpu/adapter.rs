//! What adapters there are, and how one is opened.

use core::future::Future;
use core::pin::pin;
use core::task::{Context, Poll, Waker};
use std::sync::{Arc, OnceLock};

use ::wgpu::{Backends, Features, Instance, InstanceDescriptor, Limits};

use super::Wgpu;
use super::pipeline::Pipelines;
use crate::error::Error;
use crate::id::DeviceId;
use crate::memory::Budget;

/// Vulkan alone, until machines with Metal or DirectX 12 run the tests: then their features in the workspace's manifest and their names here.
const BACKENDS: Backends = Backends::VULKAN;

/// Threads of a workgroup and bytes of its memory that the kernels need: every adapter that meets WebGPU's own limits has them.
const WORKGROUP_THREADS: u32 = 256;
const WORKGROUP_BYTES: u32 = 16384;

/// What a kernel sees of a buffer at least: the tables of a transform.
const LEAST_BINDING_BYTES: usize = 1 << 15;

/// What it takes to mark the time between commands.
const TIME: Features = Features::TIMESTAMP_QUERY.union(Features::TIMESTAMP_QUERY_INSIDE_ENCODERS);

/// Instructions of a program over rows beyond which it is not compiled: Mesa's lavapipe takes some 0.2 s for 86 and 6 s for 248.
const MOST_COMPILED: usize = 128;

/// Storage buffers of a kernel: four of its own and two that all have.
const STORAGE_BUFFERS: u32 = 6;

/// Bytes of parameters of a kernel.
const IMMEDIATE_BYTES: u32 = 64;

/// An adapter of this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adapter {
    /// By its place in the driver's list.
    pub id: DeviceId,
    /// What the driver calls it.
    pub name: String,
    /// The driver.
    pub driver: String,
    /// Whether it is the processor in disguise.
    pub is_processor: bool,
}

/// How an adapter is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Bytes of its memory that matrices and trees may take.
    pub limit: u64,
    /// Multiply by 16-bit halves even where the adapter has 64-bit integers.
    pub narrow_words: bool,
    /// See no more bytes of a buffer at once, even where the adapter would let a kernel see more. 32 KiB are always seen, and a power of two.
    pub binding_bytes: usize,
    /// Tell time by the host's clock even where the adapter has one.
    pub wall_clock: bool,
    /// Interpret programs over rows of more instructions than these. Others become kernels of their own.
    pub most_compiled: usize,
}

impl Options {
    /// All that the adapter has, `limit` bytes of memory excepted.
    pub const fn new(limit: u64) -> Self {
        Self {
            limit,
            narrow_words: false,
            binding_bytes: usize::MAX,
            wall_clock: false,
            most_compiled: MOST_COMPILED,
        }
    }
}

/// The adapters of this machine: none where there is no driver.
pub fn adapters() -> Vec<Adapter> {
    let described = |(number, adapter): (usize, ::wgpu::Adapter)| {
        let info = adapter.get_info();
        Some(Adapter {
            id: DeviceId::Wgpu(u16::try_from(number).ok()?),
            name: info.name,
            driver: format!("{} {}", info.driver, info.driver_info),
            is_processor: info.device_type == ::wgpu::DeviceType::Cpu,
        })
    };
    found().into_iter().enumerate().filter_map(described).collect()
}

fn found() -> Vec<::wgpu::Adapter> {
    // An instance without a backend would panic.
    if !Instance::enabled_backend_features().intersects(BACKENDS) {
        return Vec::new();
    }
    let description =
        InstanceDescriptor { backends: BACKENDS, ..InstanceDescriptor::new_without_display_handle() };
    now(Instance::new(description).enumerate_adapters(BACKENDS)).unwrap_or_default()
}

/// What a future already holds: outside browsers wgpu's are ready when they are made.
pub(super) fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

impl Wgpu {
    /// Opens adapter `number` and compiles the kernels.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where there is no such adapter, or it lacks what the kernels need; [`Error::LaunchFailed`] where its driver does not
    /// compile them.
    pub fn open(number: u16, options: Options) -> Result<Self, Error> {
        let id = DeviceId::Wgpu(number);
        let unsupported = |what: String| Error::Unsupported { device: id, what };
        let mut all = found();
        let count = all.len();
        if usize::from(number) >= count {
            return Err(unsupported(format!(
                "no such adapter: a Vulkan driver has to be installed, and it shows {count}"
            )));
        }
        let adapter = all.swap_remove(usize::from(number));
        let (features, limits) = (adapter.features(), adapter.limits());
        if let Some(what) = missing(features, &limits) {
            return Err(unsupported(what));
        }
        let wide_words = features.contains(Features::SHADER_INT64) && !options.narrow_words;
        let marks_time = features.contains(TIME) && !options.wall_clock;
        let mut wanted = Features::IMMEDIATES;
        wanted.set(Features::SHADER_INT64, wide_words);
        wanted.set(TIME, marks_time);
        let (device, queue) = now(adapter.request_device(&description(wanted, &limits)))
            .ok_or_else(|| unsupported("the driver opens it later, not now".to_owned()))?
            .map_err(|error| unsupported(error.to_string()))?;
        let lost = watch(&device);
        let pipelines = Pipelines::new(id, &device, &queue, wide_words)?;
        Ok(Self {
            id,
            device,
            queue,
            budget: Budget::new(id, options.limit),
            binding_bytes: binding_bytes(&limits, options.binding_bytes),
            groups_per_dimension: limits.max_compute_workgroups_per_dimension,
            most_compiled: options.most_compiled,
            pipelines,
            marks_time,
            lost,
        })
    }
}

/// What an adapter lacks.
fn missing(features: Features, limits: &Limits) -> Option<String> {
    if !features.contains(Features::IMMEDIATES) {
        return Some("immediate data (push constants) are missing".to_owned());
    }
    let too_small = [
        ("threads of a workgroup", limits.max_compute_invocations_per_workgroup, WORKGROUP_THREADS),
        ("width of a workgroup", limits.max_compute_workgroup_size_x, WORKGROUP_THREADS),
        ("bytes of a workgroup", limits.max_compute_workgroup_storage_size, WORKGROUP_BYTES),
        ("bytes of immediate data", limits.max_immediate_size, IMMEDIATE_BYTES),
        ("storage buffers of a kernel", limits.max_storage_buffers_per_shader_stage, STORAGE_BUFFERS),
    ];
    let (what, has, needs) = too_small.into_iter().find(|(_, has, needs)| has < needs)?;
    Some(format!("{what}: {has}, and the kernels need {needs}"))
}

fn description(required_features: Features, limits: &Limits) -> ::wgpu::DeviceDescriptor<'static> {
    ::wgpu::DeviceDescriptor {
        label: Some("aludel"),
        required_features,
        required_limits: limits.clone(),
        memory_hints: ::wgpu::MemoryHints::MemoryUsage,
        ..Default::default()
    }
}

/// The most bytes of a buffer that a kernel sees: a power of two, so that columns of such heights fill it, and below `2^32`, so that 32-bit
/// indices reach all of it.
fn binding_bytes(limits: &Limits, most: usize) -> usize {
    let bytes = limits.max_storage_buffer_binding_size.min(limits.max_buffer_size).min(1 << 31);
    let bytes = usize::try_from(bytes).unwrap_or(1 << 30).min(most).max(LEAST_BINDING_BYTES);
    1 << bytes.ilog2()
}

/// Keeps the reason when the device is lost, and when an error reaches nobody.
fn watch(device: &::wgpu::Device) -> Arc<OnceLock<String>> {
    let lost = Arc::new(OnceLock::new());
    let (by_driver, by_error) = (Arc::clone(&lost), Arc::clone(&lost));
    device.set_device_lost_callback(move |reason, message| {
        let _ = by_driver.set(format!("{reason:?}: {message}"));
    });
    device.on_uncaptured_error(Arc::new(move |error: ::wgpu::Error| {
        let _ = by_error.set(error.to_string());
    }));
    lost
}
