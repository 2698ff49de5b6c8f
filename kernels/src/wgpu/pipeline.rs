//! Kernels, compiled once for a device.

use std::borrow::Cow;

use ::wgpu::util::{BufferInitDescriptor, DeviceExt};
use ::wgpu::{BindGroup, BindGroupLayout, BufferBindingType, BufferUsages, ComputePipeline, ShaderStages};

use super::launch::{bind, guarded, to_bytes};
use super::source;
use super::transfer::to_word;
use crate::error::Error;
use crate::id::DeviceId;

/// A kernel by its name in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kernel {
    NttApart,
    NttLast,
    InverseApart,
    InverseBegin,
    InverseLast,
    ExtendApart,
    ExtendWhole,
    PermuteRows16,
    PermuteRows24,
    SmallestWitness,
    Fold2,
    Fold4,
    Fold8,
    ColumnSums,
    RunningSums,
    Selectors,
    ReverseRows,
    GatherColumns,
    InterpretRows,
    InvertRows,
    AbsorbRows,
    CompressNodes,
    GatherWords,
    OpeningsInverses,
    OpeningsDots1,
    OpeningsDots2,
    OpeningsTotals,
    OpeningsLeft1,
    OpeningsLeft2,
    OpeningsCodeword1,
    OpeningsCodeword2,
    LimitsCopy,
    LimitsLow,
    LimitsHigh,
    LimitsWide,
    LimitsBase,
    LimitsQuintic,
}

use Kernel::{
    AbsorbRows, ColumnSums, CompressNodes, ExtendApart, ExtendWhole, Fold2, Fold4, Fold8, GatherColumns,
    GatherWords, InterpretRows, InverseApart, InverseBegin, InverseLast, InvertRows, LimitsBase, LimitsCopy,
    LimitsHigh, LimitsLow, LimitsQuintic, LimitsWide, NttApart, NttLast, OpeningsCodeword1,
    OpeningsCodeword2, OpeningsDots1, OpeningsDots2, OpeningsInverses, OpeningsLeft1, OpeningsLeft2,
    OpeningsTotals, PermuteRows16, PermuteRows24, ReverseRows, RunningSums, Selectors, SmallestWitness,
};

const KERNELS: [Kernel; 37] = [
    NttApart,
    NttLast,
    InverseApart,
    InverseBegin,
    InverseLast,
    ExtendApart,
    ExtendWhole,
    PermuteRows16,
    PermuteRows24,
    SmallestWitness,
    Fold2,
    Fold4,
    Fold8,
    ColumnSums,
    RunningSums,
    Selectors,
    ReverseRows,
    GatherColumns,
    InterpretRows,
    InvertRows,
    AbsorbRows,
    CompressNodes,
    GatherWords,
    OpeningsInverses,
    OpeningsDots1,
    OpeningsDots2,
    OpeningsTotals,
    OpeningsLeft1,
    OpeningsLeft2,
    OpeningsCodeword1,
    OpeningsCodeword2,
    LimitsCopy,
    LimitsLow,
    LimitsHigh,
    LimitsWide,
    LimitsBase,
    LimitsQuintic,
];

/// What a kernel is given.
pub(super) struct Interface {
    /// Of each buffer, whether it is written.
    pub writes: &'static [bool],
    pub parameter_bytes: u32,
    /// What its text leaves open.
    pub overrides: &'static [(&'static str, f64)],
}

impl Kernel {
    pub const fn name(self) -> &'static str {
        match self {
            NttApart | NttLast | InverseApart | InverseLast => "ntt_pass",
            InverseBegin => "ntt_begin",
            ExtendApart | ExtendWhole => "ntt_extend",
            PermuteRows16 => "permute_rows_16",
            PermuteRows24 => "permute_rows_24",
            SmallestWitness => "smallest_witness",
            Fold2 | Fold4 | Fold8 => "fold",
            ColumnSums => "column_sums",
            RunningSums => "running_sums",
            Selectors => "selectors",
            ReverseRows => "reverse_rows",
            GatherColumns => "gather_columns",
            InterpretRows => "interpret_rows",
            InvertRows => "invert_rows",
            AbsorbRows => "absorb_rows",
            CompressNodes => "compress_nodes",
            GatherWords => "gather_words",
            OpeningsInverses => "openings_inverses",
            OpeningsDots1 | OpeningsDots2 => "openings_dots",
            OpeningsTotals => "openings_totals",
            OpeningsLeft1 | OpeningsLeft2 => "openings_left",
            OpeningsCodeword1 | OpeningsCodeword2 => "openings_codeword",
            LimitsCopy => "limits_copy",
            LimitsLow => "limits_low",
            LimitsHigh => "limits_high",
            LimitsWide => "limits_wide",
            LimitsBase => "limits_base",
            LimitsQuintic => "limits_quintic",
        }
    }

    const fn interface(self) -> Interface {
        let (writes, parameter_bytes): (&[bool], u32) = match self {
            NttApart | NttLast | InverseApart | InverseLast => (&[true], 20),
            InverseBegin => (&[true, false], 20),
            ExtendApart | ExtendWhole => (&[true, false, false], 48),
            PermuteRows16 | PermuteRows24 => (&[true], 4),
            SmallestWitness => (&[false, true], 24),
            Fold2 | Fold4 | Fold8 => (&[false, false, true, false], 20),
            ColumnSums => (&[true, true], 20),
            RunningSums => (&[true, true, false], 20),
            Selectors => (&[true], 28),
            ReverseRows => (&[false, true], 20),
            GatherColumns => (&[false, false, true], 36),
            InterpretRows | InvertRows => (&[false, false, true], 20),
            AbsorbRows => (&[false, true, true], 32),
            CompressNodes => (&[false, false, true], 16),
            GatherWords => (&[false, false, true], 40),
            OpeningsInverses => (&[true], 36),
            OpeningsDots1 | OpeningsDots2 => (&[false, false, false, true], 28),
            OpeningsTotals => (&[false, true], 8),
            OpeningsLeft1 | OpeningsLeft2 => (&[false, false, true], 36),
            OpeningsCodeword1 | OpeningsCodeword2 => (&[false, false, false, true], 20),
            LimitsCopy => (&[false, true], 12),
            LimitsLow | LimitsHigh | LimitsWide | LimitsBase | LimitsQuintic => (&[true], 12),
        };
        Interface { writes, parameter_bytes, overrides: self.overrides() }
    }

    const fn overrides(self) -> &'static [(&'static str, f64)] {
        match self {
            NttApart => &[("APART", 1.0), ("INVERSE", 0.0)],
            NttLast => &[("APART", 0.0), ("INVERSE", 0.0)],
            InverseApart | InverseBegin => &[("APART", 1.0), ("INVERSE", 1.0)],
            InverseLast => &[("APART", 0.0), ("INVERSE", 1.0)],
            ExtendApart => &[("APART", 1.0)],
            ExtendWhole => &[("APART", 0.0)],
            Fold2 => &[("LOG_ARITY", 1.0)],
            Fold4 => &[("LOG_ARITY", 2.0)],
            Fold8 => &[("LOG_ARITY", 3.0)],
            OpeningsDots1 | OpeningsLeft1 | OpeningsCodeword1 => &[("POINTS", 1.0)],
            OpeningsDots2 | OpeningsLeft2 | OpeningsCodeword2 => &[("POINTS", 2.0)],
            _ => &[],
        }
    }

    fn source(self, wide_words: bool) -> String {
        let poseidon2 = include_str!("../../wgsl/poseidon2.wgsl");
        let extension = include_str!("../../wgsl/extension.wgsl");
        let files: &[&str] = match self {
            NttApart | NttLast | InverseApart | InverseBegin | InverseLast | ExtendApart | ExtendWhole => {
                &[include_str!("../../wgsl/ntt.wgsl")]
            }
            PermuteRows16 | PermuteRows24 => &[poseidon2, include_str!("../../wgsl/permute.wgsl")],
            SmallestWitness => &[poseidon2, include_str!("../../wgsl/grinding.wgsl")],
            ColumnSums | RunningSums => &[include_str!("../../wgsl/running_sums.wgsl")],
            Selectors | ReverseRows => &[include_str!("../../wgsl/quotients.wgsl")],
            Fold2 | Fold4 | Fold8 => &[extension, include_str!("../../wgsl/fold.wgsl")],
            GatherColumns => &[include_str!("../../wgsl/gather_columns.wgsl")],
            InterpretRows | InvertRows => &[extension, include_str!("../../wgsl/rows.wgsl")],
            AbsorbRows | CompressNodes => &[poseidon2, include_str!("../../wgsl/merkle_tree.wgsl")],
            GatherWords => &[include_str!("../../wgsl/gather.wgsl")],
            OpeningsInverses => &[extension, include_str!("../../wgsl/openings_inverses.wgsl")],
            OpeningsDots1 | OpeningsDots2 => &[include_str!("../../wgsl/openings_dots.wgsl")],
            OpeningsTotals => &[include_str!("../../wgsl/openings_totals.wgsl")],
            OpeningsLeft1 | OpeningsLeft2 => &[extension, include_str!("../../wgsl/openings_left.wgsl")],
            OpeningsCodeword1 | OpeningsCodeword2 => {
                &[extension, include_str!("../../wgsl/openings_codeword.wgsl")]
            }
            LimitsCopy | LimitsLow | LimitsHigh | LimitsWide | LimitsBase | LimitsQuintic => {
                &[extension, include_str!("../../wgsl/limits.wgsl")]
            }
        };
        source::module(wide_words, files)
    }
}

/// All kernels of a device, and the tables that they share.
pub(super) struct Pipelines {
    pub wide_words: bool,
    /// Bind group 1 of every kernel.
    pub constants: BindGroup,
    /// In the order of [`KERNELS`].
    compiled: [ComputePipeline; KERNELS.len()],
}

impl Pipelines {
    /// Compiles.
    pub fn new(
        id: DeviceId,
        device: &::wgpu::Device,
        queue: &::wgpu::Queue,
        wide_words: bool,
    ) -> Result<Self, Error> {
        let failed = |kernel: &str, reason: String| Error::LaunchFailed {
            device: id,
            kernel: kernel.to_owned(),
            reason,
        };
        let told = |kernel: &str, error: Option<::wgpu::Error>| {
            error.map_or(Ok(()), |error| Err(failed(kernel, error.to_string())))
        };
        let shared = bind_layout(device, &[false, false]);
        let (constants, error) = guarded(device, || tables(device, &shared));
        told("constants", error)?;
        queue.submit([]);
        let mut compiled = Vec::new();
        for kernel in KERNELS {
            let source = kernel.source(wide_words);
            let make = || compile(device, &shared, kernel.name(), source, &kernel.interface());
            let (pipeline, error) = guarded(device, make);
            told(kernel.name(), error)?;
            compiled.push(pipeline);
        }
        let compiled = compiled.try_into().map_err(|_| failed("all", "one is missing".to_owned()))?;
        Ok(Self { wide_words, constants, compiled })
    }

    pub const fn of(&self, kernel: Kernel) -> &ComputePipeline {
        &self.compiled[kernel as usize]
    }
}

/// A layout of storage buffers that are written or not.
pub(super) fn bind_layout(device: &::wgpu::Device, buffers: &[bool]) -> BindGroupLayout {
    let entry = |(binding, writes): (u32, &bool)| ::wgpu::BindGroupLayoutEntry {
        binding,
        visibility: ShaderStages::COMPUTE,
        ty: ::wgpu::BindingType::Buffer {
            ty: BufferBindingType::Storage { read_only: !writes },
            has_dynamic_offset: false,
            min_binding_size: None,
        },
        count: None,
    };
    let entries: Vec<_> = (0..).zip(buffers).map(entry).collect();
    device.create_bind_group_layout(&::wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries })
}

/// Constants of the permutations and roots of unity.
fn tables(device: &::wgpu::Device, layout: &BindGroupLayout) -> BindGroup {
    let buffers = [source::poseidon2(), source::roots()].map(|table| {
        let contents = to_bytes(table.into_iter().map(to_word));
        let usage = BufferUsages::STORAGE;
        device.create_buffer_init(&BufferInitDescriptor { label: None, contents: &contents, usage })
    });
    bind(device, layout, &buffers.each_ref())
}

/// A kernel whose buffers are in group 0 and constants in group 1.
pub(super) fn compile(
    device: &::wgpu::Device,
    shared: &BindGroupLayout,
    name: &str,
    source: String,
    interface: &Interface,
) -> ComputePipeline {
    let module = device.create_shader_module(::wgpu::ShaderModuleDescriptor {
        label: Some(name),
        source: ::wgpu::ShaderSource::Wgsl(Cow::Owned(source)),
    });
    let layout = device.create_pipeline_layout(&::wgpu::PipelineLayoutDescriptor {
        label: Some(name),
        bind_group_layouts: &[Some(&bind_layout(device, interface.writes)), Some(shared)],
        immediate_size: interface.parameter_bytes,
    });
    device.create_compute_pipeline(&::wgpu::ComputePipelineDescriptor {
        label: Some(name),
        layout: Some(&layout),
        module: &module,
        entry_point: Some(name),
        compilation_options: ::wgpu::PipelineCompilationOptions {
            constants: interface.overrides,
            // Kernels read of a workgroup's memory what they wrote.
            zero_initialize_workgroup_memory: false,
        },
        cache: None,
    })
}
