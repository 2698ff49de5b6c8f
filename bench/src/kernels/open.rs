//! A device by its name, for measuring: what a command asks for, and all that a run says of it.

use std::fs;
use std::sync::Arc;

use aludel_kernels::cache::Cache;
use aludel_kernels::cpu::Cpu;
use aludel_kernels::cuda::{self, Cuda};
use aludel_kernels::wgpu::{self, Options, Wgpu};
use aludel_kernels::{DeviceId, Error};

use super::case::defaults;
use super::folder::FolderError;
use super::limits::{Limit, Sizes, limits, rates};
use super::measure::{Measurement, Plan, WrongKernel, kernels};
use super::profile::{Profile, ProfileError, of_device};
use super::run::{Host, MeasuredBy, MeasuredDevice, Row, Run, SCHEMA};
use super::{Measured, machine};

/// What to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Families of kernels.
    Kernels,
    /// What the device can do at most.
    Limits,
}

impl Kind {
    /// Its name, which is also that of its file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kernels => "kernels",
            Self::Limits => "limits",
        }
    }
}

/// A bench as it is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// What.
    pub kind: Kind,
    /// Where.
    pub device: DeviceId,
    /// Bytes that the device may use; without it what it has, or half of the host's memory.
    pub memory: Option<u64>,
    /// Parts of names of rows; all where there are none.
    pub only: Vec<String>,
    /// How.
    pub plan: Plan,
    /// Whether limits are measured with kernels even where floors do not need them.
    pub with_limits: bool,
    /// In place of the profile that the device's name finds.
    pub profile: Option<Profile>,
    /// As it is to be told.
    pub command_line: Vec<String>,
}

/// What was measured.
#[derive(Clone, Debug)]
pub struct Runs {
    /// What was asked for.
    pub asked: Run,
    /// Limits that were measured before kernels.
    pub limits: Option<Run>,
}

/// Why there is no run.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// The device cannot be opened.
    #[error(transparent)]
    Device(#[from] Error),
    /// It computes wrongly.
    #[error(transparent)]
    Wrong(#[from] WrongKernel),
    /// Its profile is none.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// Raw output.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// No row has such a name.
    #[error("no row has one of these in its name: {0}; `aludel bench --help` lists them")]
    Nothing(String),
}

/// What is told while it runs.
#[derive(Clone, Copy, Debug)]
pub enum Told<'a> {
    /// So many rows are to come.
    Rows(usize),
    /// One of them is here.
    Row(&'a Row),
}

/// Opens the device and measures.
///
/// # Errors
/// [`BenchError`]. A device that is lost on the way is no error: the run says so.
pub fn bench(request: &Request, told: &mut dyn FnMut(Told<'_>)) -> Result<Runs, BenchError> {
    match request.device {
        DeviceId::Cpu => {
            let device = Cpu::new(request.memory.unwrap_or_else(half_of_memory));
            let name = machine::host().processor;
            let programs = &|| "instructions, some rows at a time".to_owned();
            on(&device, Opened { name: &name, is_processor: true, programs }, request, told)
        }
        DeviceId::Cuda(number) => {
            // A little is left for the driver and for what it loads.
            let cuda::Description { name, memory, .. } = cuda::describe(number)?;
            let limit = request.memory.unwrap_or(memory / 16 * 15);
            let device = Cuda::open(number, limit)?;
            // Where there is none, programs are interpreted.
            let compiler = cuda::Compiler::open(None, Cache::none()).map(Arc::new);
            let device = match &compiler {
                Ok(compiler) => device.with_compiler(Arc::clone(compiler)),
                Err(_) => device,
            };
            let programs = &|| match &compiler {
                Ok(compiler) => compiled(compiler, device.interpreted_programs()),
                Err(_) => "interpreted, for there is no NVRTC".to_owned(),
            };
            on(&device, Opened { name: &name, is_processor: false, programs }, request, told)
        }
        DeviceId::Wgpu(number) => {
            let adapter = wgpu::adapters().into_iter().find(|adapter| adapter.id == request.device);
            let name = adapter.as_ref().map_or("", |adapter| adapter.name.as_str());
            let is_processor = adapter.as_ref().is_some_and(|adapter| adapter.is_processor);
            let limit = request.memory.unwrap_or_else(half_of_memory);
            let device = Wgpu::open(number, Options::new(limit))?;
            let programs =
                &|| format!("WGSL up to {} instructions, interpreted beyond", device.most_compiled());
            on(&device, Opened { name, is_processor, programs }, request, told)
        }
    }
}

/// What a compiler did: which it is, and how many programs it did not serve, because it refused them or the device had no use for what came out.
fn compiled(compiler: &cuda::Compiler, interpreted: u64) -> String {
    let why = compiler.last_refusal().map_or_else(String::new, |why| format!(": {why}"));
    match interpreted {
        0 => compiler.description(),
        count => format!("{}, but {count} programs interpreted{why}", compiler.description()),
    }
}

/// An open device, for the record.
#[derive(Clone, Copy)]
pub struct Opened<'a> {
    /// Its driver's name for it.
    pub name: &'a str,
    /// Whether its kernels are executed by the processor.
    pub is_processor: bool,
    /// What made programs over rows into something that it runs: asked when all have run.
    pub programs: &'a dyn Fn() -> String,
}

/// Half of what the host has free now, or a gigabyte where it does not say.
fn half_of_memory() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.map_or(1 << 30, |kib| kib * 512)
}

/// Measures on an open device.
///
/// # Errors
/// As of [`bench()`].
pub fn on<D: Measured>(
    device: &D,
    Opened { name, is_processor, programs }: Opened<'_>,
    request: &Request,
    told: &mut dyn FnMut(Told<'_>),
) -> Result<Runs, BenchError> {
    let profile = request.profile.clone().map_or_else(|| of_device(name, is_processor), Ok)?;
    let limit_bytes = device.usage().limit;
    let about = MeasuredDevice {
        id: device.id().to_string(),
        name: name.to_owned(),
        limit_bytes,
        clock: device.clock().to_string(),
        programs: String::new(),
    };
    let sizes = Sizes::new(is_processor, limit_bytes);
    let stored = |kind: Kind, begun: Begun, by: MeasuredBy, done: Measurement| {
        stored(request, MeasuredDevice { programs: programs(), ..about.clone() }, kind, begun, by, done)
    };
    match request.kind {
        Kind::Limits => {
            let (chosen, begun) = (chosen(&request.only)?, Begun::now());
            told(Told::Rows(chosen.len()));
            let tell = |row: &Row| told(Told::Row(row));
            let done = limits(device, &chosen, sizes, request.plan, &profile.rates, tell);
            Ok(Runs { asked: stored(Kind::Limits, begun, as_known(profile), done), limits: None })
        }
        Kind::Kernels => {
            let cases = defaults(is_processor, limit_bytes, &request.only);
            if cases.is_empty() {
                return Err(BenchError::Nothing(request.only.join(", ")));
            }
            let measures = request.with_limits || profile.rates.is_empty();
            let count = if measures { Limit::ALL.len() } else { 0 };
            told(Told::Rows(cases.len() + count));
            let begun = Begun::now();
            let found = measures.then(|| {
                limits(device, &Limit::ALL, sizes, request.plan, &profile.rates, |r| told(Told::Row(r)))
            });
            let by = by(&profile, found.as_ref(), request.plan);
            let limits = found.map(|done| stored(Kind::Limits, begun, as_known(profile), done));
            let begun = Begun::now();
            let done = kernels(device, &cases, request.plan, &by.rates, |row| told(Told::Row(row)))?;
            Ok(Runs { asked: stored(Kind::Kernels, begun, by, done), limits })
        }
    }
}

/// What a run says of its beginning.
struct Begun {
    date: String,
    host: Host,
}

impl Begun {
    fn now() -> Self {
        Self { date: machine::date(), host: machine::host() }
    }
}

fn stored(
    request: &Request,
    device: MeasuredDevice,
    kind: Kind,
    begun: Begun,
    profile: MeasuredBy,
    done: Measurement,
) -> Run {
    Run {
        schema: SCHEMA,
        kind: kind.name().to_owned(),
        date: begun.date,
        command_line: request.command_line.clone(),
        device,
        profile,
        host: begun.host,
        versions: machine::versions(),
        repeat: request.plan.repeat.max(1),
        seed: request.plan.seed,
        ended: done.ended,
        rows: done.rows,
    }
}

fn chosen(only: &[String]) -> Result<Vec<Limit>, BenchError> {
    let wanted =
        |limit: &Limit| only.is_empty() || only.iter().any(|part| limit.name().contains(part.as_str()));
    let chosen: Vec<_> = Limit::ALL.into_iter().filter(wanted).collect();
    if chosen.is_empty() { Err(BenchError::Nothing(only.join(", "))) } else { Ok(chosen) }
}

fn as_known(profile: Profile) -> MeasuredBy {
    let Profile { model, measured, sources, rates, .. } = profile;
    MeasuredBy { model, measured, sources, rates }
}

/// The profile's rates, or where it has none those that the run has found. What a device failed at is not among them.
fn by(profile: &Profile, found: Option<&Measurement>, plan: Plan) -> MeasuredBy {
    let found = found.filter(|_| profile.rates.is_empty()).map(|found| rates(&found.rows));
    let Some(rates) = found else { return as_known(profile.clone()) };
    let source = format!("measured by this run before its rows: the median of {} repetitions", plan.repeat);
    let sources = [source].into_iter().chain(profile.sources.iter().cloned()).collect();
    MeasuredBy { model: profile.model.clone(), measured: !rates.is_empty(), sources, rates }
}
