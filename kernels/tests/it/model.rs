//! What models of devices count, beside what devices do.

use std::collections::BTreeSet;
use std::sync::Arc;

use aludel_kernels::cache::Cache;
use aludel_kernels::cpu::Cpu;
use aludel_kernels::cuda::Cuda;
use aludel_kernels::rows::lower::MATRICES;
use aludel_kernels::rows::{Domain, Program};
use aludel_kernels::wgpu::Options;
use aludel_kernels::{
    Claims, Device, DeviceId, Error, Fold, Grinding, MerkleTree, Model, Modelled, Ntt, Openings, Poseidon2,
    Quotients, Rows, RunningSums, Usage,
};
use aludel_protocol::grinding::Puzzle;
use aludel_protocol::{Challenge, F};
use p3_field::{Field, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;

use crate::{cuda, cuda_generated, rows, suite, wgpu};

/// Calls of every family, each of which is a stage.
pub trait Calls:
    Ntt + Poseidon2 + MerkleTree + Fold + Grinding + RunningSums + Quotients + Openings + Rows
{
}

impl<D> Calls for D where
    D: Ntt + Poseidon2 + MerkleTree + Fold + Grinding + RunningSums + Quotients + Openings + Rows
{
}

/// What was in use at the end of each stage, and at most in it.
type Stages = Vec<(&'static str, u64, u64)>;

struct Meter<'d, D> {
    device: &'d D,
    stages: Stages,
}

impl<D: Device> Meter<'_, D> {
    fn stage(&mut self, name: &'static str) {
        let Usage { used, peak, .. } = self.device.budget().reset_peak();
        self.stages.push((name, used, peak));
    }
}

fn zeros(height: usize, width: usize) -> RowMajorMatrix<F> {
    RowMajorMatrix::new(F::zero_vec(height * width), width)
}

/// Stages up to the first that fails, and why it did.
fn stages<D: Calls>(device: &D, log_height: usize, programs: &[Program]) -> (Stages, Option<Error>) {
    device.budget().reset_peak();
    let mut meter = Meter { device, stages: Vec::new() };
    let error = calls(device, log_height, programs, &mut meter).err();
    (meter.stages, error)
}

fn calls<D: Calls>(
    device: &D,
    log_height: usize,
    programs: &[Program],
    meter: &mut Meter<'_, D>,
) -> Result<(), Error> {
    let height = 1 << log_height;
    let upload = |width| device.upload(&zeros(height, width));
    let [narrow, wide] = [upload(7)?, upload(24)?];
    meter.stage("upload");
    device.download(&wide)?;
    meter.stage("download");
    let wide = device.permute(device.inverse_ntt(device.ntt(wide)?)?)?;
    meter.stage("in place");
    let mut extended = Vec::new();
    for (matrix, added_bits, shift) in
        [(&narrow, 1, F::GENERATOR), (&wide, 1, F::GENERATOR), (&narrow, 2, F::TWO)]
    {
        extended.push(device.coset_lde(matrix, added_bits, shift)?);
        meter.stage("an extension");
    }
    let (_, tree) = device.commit(extended, 3)?;
    meter.stage("tree");
    device.open(&tree, &[0, height - 1, height / 2, 0])?;
    device.open(&tree, &vec![1; 300])?;
    meter.stage("rows and paths");
    let (sums, _) = device.running_sums(narrow)?;
    meter.stage("running sums");
    programs_over_rows(device, log_height, programs, meter)?;
    let selectors = device.selectors(log_height, 1)?;
    let parts = device.chunks(&selectors, 1)?;
    meter.stage("selectors and parts");
    drop((selectors, parts, sums, wide));
    opened(device, &tree, meter)
}

fn programs_over_rows<D: Calls>(
    device: &D,
    log_height: usize,
    programs: &[Program],
    meter: &mut Meter<'_, D>,
) -> Result<(), Error> {
    let matrices: [_; MATRICES] =
        core::array::from_fn(|i| device.upload(&zeros(1 << log_height, rows::WIDTHS[i])));
    let [a, b, c, d, e] = matrices;
    let matrices = [a?, b?, c?, d?, e?];
    let matrices = core::array::from_fn(|i| Some(&matrices[i]));
    meter.stage("matrices of programs");
    for program in programs {
        let compiled = device.compile(program)?;
        meter.stage("a program");
        let values = vec![Challenge::TWO; program.uniforms().len()];
        let domain = Domain::Natural { log_height };
        let found = device.run(&compiled, domain, matrices, &values, None)?;
        meter.stage("its run");
        let domain = Domain::BitReversed { log_height: log_height - 1, log_step: 1 };
        device.run(&compiled, domain, matrices, &values, None)?;
        device.run(&compiled, Domain::Natural { log_height }, matrices, &values, Some(found))?;
        meter.stage("other runs");
    }
    Ok(())
}

fn opened<D: Calls>(device: &D, tree: &D::Tree, meter: &mut Meter<'_, D>) -> Result<(), Error> {
    let matrices = device.matrices(tree);
    let points: Vec<Challenge> = (1..=5).map(suite::challenge).collect();
    let lists = [points[..2].to_vec(), points.clone(), points[1..2].to_vec()];
    let values = device.values_at(&matrices, &lists, 1)?;
    meter.stage("values");
    let mut claims = Vec::new();
    for ((matrix, points), values) in matrices.iter().zip(&lists).zip(&values).take(2) {
        claims.push(Claims { matrix: *matrix, points, values });
    }
    let codeword = device.reduced(&claims, points[0], 2)?;
    meter.stage("a codeword at five points");
    let joined = device.reduced(&claims[..0], points[0], 0).err();
    assert!(matches!(joined, Some(Error::Unsupported { .. })), "{joined:?}");
    let folded = device.fold(&codeword, points[0], None, 1)?;
    meter.stage("fold");
    let again = device.fold(&folded, points[0], None, 0)?;
    let joined = device.fold(&folded, points[0], Some(&again), 0)?;
    meter.stage("fold that joins");
    drop((codeword, folded, again, joined));
    let puzzle = Puzzle::new([F::ONE; 16], 3, 5, 4);
    device.smallest_witness(&puzzle.expect("fitting"), 0..1 << 16)?;
    meter.stage("witness");
    Ok(())
}

/// That a device's model counts what the device does, stage by stage and to the byte, and refuses what it refuses, in so many sixteenths of what it takes.
pub fn agrees<D: Calls + Modelled>(open: impl Fn(u64) -> D, log_height: usize, sixteenths: &[u64]) {
    let programs = rows::some_programs();
    let enough = 1 << 30;
    let device = open(enough);
    let (expected, error) = stages(&device, log_height, &programs);
    assert_eq!(error, None, "{}", device.id());
    let model = device.model(enough);
    assert_eq!(stages(&model, log_height, &programs), (expected.clone(), None), "2^{log_height}");
    assert_eq!((device.usage().used, model.usage().used), (0, 0));
    let most = expected.iter().map(|(_, _, peak)| *peak).max().expect("stages");
    let mut ends = BTreeSet::new();
    for part in sixteenths {
        let device = open(most * part / 16);
        let model = device.model(device.usage().limit);
        let [found, modelled] =
            [stages(&device, log_height, &programs), stages(&model, log_height, &programs)];
        assert_eq!(modelled.0, found.0, "2^{log_height} in {part}/16 of {most}");
        // The device's takes what a call needs one by one, and the model at once.
        let is_short = [&found.1, &modelled.1].map(|error| matches!(error, Some(Error::OutOfMemory { .. })));
        assert!(is_short[0] == is_short[1], "{part}/16 of {most}: {:?} and {:?}", found.1, modelled.1);
        assert_eq!((device.usage().used, model.usage().used), (0, 0));
        ends.insert(found.0.len());
    }
    println!(
        "{}, 2^{log_height}: {most} bytes; ends after {ends:?} of {} stages",
        device.id(),
        expected.len()
    );
    assert!(ends.len() > 1, "{ends:?}");
}

const SIXTEENTHS: [u64; 12] = [2, 3, 4, 6, 8, 9, 10, 11, 12, 13, 14, 15];

#[test]
fn of_the_processor() {
    agrees(Cpu::new, 3, &SIXTEENTHS);
    agrees(Cpu::new, 9, &SIXTEENTHS);
}

#[test]
fn of_cuda() {
    let Some((stand_in, _turn)) = cuda::stand_in() else { return };
    stand_in.devices(1, 1 << 30);
    let open = |limit| Cuda::open(0, limit).expect("a device of the stand-in");
    agrees(open, 3, &SIXTEENTHS);
    agrees(open, 13, &SIXTEENTHS);
    let compiler = cuda_generated::compiler(Cache::none());
    agrees(|limit| open(limit).with_compiler(Arc::clone(&compiler)), 5, &[5, 15]);
    assert_eq!(compiler.last_refusal(), None);
}

/// Of no adapter, but a model has any.
#[test]
fn bindings_that_hold_no_sponge_are_refused() {
    for (binding_bytes, fits) in [(1 << 6, false), (1 << 7, true)] {
        let model = Model::wgpu(DeviceId::Cpu, 1 << 30, binding_bytes, 0);
        let main = model.upload(&zeros(4, 2)).expect("it fits");
        let found = model.commit(vec![main], 0).map(|_| ());
        assert!(if fits { found.is_ok() } else { matches!(found, Err(Error::Unsupported { .. })) });
        assert_eq!(model.usage().used, 0);
    }
}

#[test]
fn of_wgpu() {
    for (options, log_height) in [
        (Options::new(0), 4),
        (Options { most_compiled: 0, ..Options::new(0) }, 13),
        (Options { binding_bytes: 1 << 17, ..Options::new(0) }, 13),
    ] {
        let Some(_) = wgpu::device(options) else { return };
        let open = |limit| wgpu::device(Options { limit, ..options }).expect("as before");
        agrees(open, log_height, &[3, 9, 14, 15]);
    }
}
