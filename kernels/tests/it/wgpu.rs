//! The suite on the first adapter: on machines without a GPU that is Mesa's lavapipe, where it is installed.

use std::thread;

use aludel_kernels::cpu::Cpu;
use aludel_kernels::devices::{Capabilities, devices};
use aludel_kernels::wgpu::{Options, Wgpu, adapters};
use aludel_kernels::{Clock, Device, DeviceId, Error, MerkleTree, Ntt, Opening, Poseidon2, Timer};
use aludel_protocol::F;
use aludel_protocol::trees::Cap;
use p3_field::Field;
use p3_matrix::dense::RowMajorMatrix;

use crate::{rows, suite};

/// The first adapter, or nothing where there is none, unless all tests are asked for.
pub fn device(options: Options) -> Option<Wgpu> {
    match Wgpu::open(0, options) {
        Ok(device) => Some(device),
        Err(why) if std::env::var_os("ALUDEL_TEST_ALL").is_none_or(|v| v != "1") => {
            println!("skipped: {why}");
            None
        }
        Err(why) => panic!("ALUDEL_TEST_ALL is set: {why}"),
    }
}

const LIMIT: u64 = 1 << 26;

#[test]
fn the_suite_with_the_words_that_the_adapter_has() {
    let Some(device) = device(Options::new(LIMIT)) else { return };
    println!("{:?}, wide words: {}", adapters(), device.has_wide_words());
    suite::all(&device);
}

#[test]
fn the_suite_with_narrow_words() {
    let Some(device) = device(Options { narrow_words: true, ..Options::new(LIMIT) }) else { return };
    assert!(!device.has_wide_words());
    suite::all(&device);
}

/// Where the adapter has no clock, the host's is told.
#[test]
fn time_is_the_adapters_or_the_hosts() {
    let Some(device) = device(Options::new(LIMIT)) else { return };
    println!("{:?}", device.clock());
    suite::times(&device);
    let device = Wgpu::open(0, Options { wall_clock: true, ..Options::new(LIMIT) }).expect("as before");
    assert_eq!(device.clock(), Clock::Wall);
    suite::times(&device);
}

#[test]
fn matrices_go_to_other_devices_through_the_host() {
    let Some(device) = device(Options::new(LIMIT)) else { return };
    let other = Wgpu::open(0, Options::new(LIMIT)).expect("as before");
    suite::copies(&device, &other);
    suite::copies(&device, &Cpu::new(LIMIT));
    suite::copies(&Cpu::new(LIMIT), &device);
}

/// One column of the suite's tallest matrices is all that a kernel sees.
#[test]
fn the_suite_in_small_bindings() {
    let Some(device) = device(Options { binding_bytes: 1 << 16, ..Options::new(LIMIT) }) else { return };
    suite::all(&device);
    let rows = suite::matrix(1 << 15, 1, 1);
    let refused = device.upload(&rows).err();
    assert!(matches!(refused, Some(Error::Unsupported { .. })), "{refused:?}");
    assert_eq!(device.usage().used, 0);
}

/// Matrices whose columns, rows and nodes do not fit one binding of 64 KiB: permuted, and in a tree.
fn apart<D: Poseidon2 + MerkleTree>(device: &D) -> (RowMajorMatrix<F>, Cap, Vec<Opening>) {
    let upload = |(height, width)| device.upload(&suite::matrix(height, width, 13)).expect("it fits");
    let permuted = device.permute(upload((1 << 12, 24))).expect("it can");
    let permuted = device.download(&permuted).expect("it comes back");
    let matrices = [(1 << 12, 19), (1 << 13, 7), (1 << 12, 1), (2, 3), (1 << 13, 14)].map(upload);
    let (cap, tree) = device.commit(matrices.into(), 1).expect("a tree");
    let indices: Vec<usize> = (0..1 << 13).step_by(99).chain([(1 << 13) - 1]).collect();
    (permuted, cap, device.open(&tree, &indices).expect("openings"))
}

#[test]
fn rows_and_nodes_in_several_bindings_are_as_in_one() {
    let Some(device) = device(Options { binding_bytes: 1 << 16, ..Options::new(LIMIT) }) else { return };
    assert!(apart(&device) == apart(&Cpu::new(u64::MAX)));
    assert_eq!(device.usage().used, 0);
}

/// Heights and widths at which transforms take several passes over memory, of stages that fours make and that they do not; extensions by some bits.
const TALL: &[(usize, usize)] = &[(13, 3), (16, 2), (18, 2), (21, 1)];
const TALL_EXTENSIONS: &[(usize, usize, usize)] = &[(13, 5, 2), (16, 2, 2), (17, 1, 1), (20, 1, 0)];

fn extended<D: Ntt>(device: &D, extensions: &[(usize, usize, usize)]) -> Vec<RowMajorMatrix<F>> {
    let extended = |(log, width, added): &(usize, usize, usize)| {
        let values = device.upload(&suite::matrix(1 << log, *width, 17)).expect("it fits");
        device.download(&device.coset_lde(&values, *added, F::GENERATOR).expect("an extension"))
    };
    extensions.iter().map(|shape| extended(shape).expect("it comes back")).collect()
}

fn transformed<D: Ntt>(device: &D) -> Vec<[RowMajorMatrix<F>; 2]> {
    let transformed = |(log, width): &(usize, usize)| {
        let upload = || device.upload(&suite::matrix(1 << log, *width, 17)).expect("it fits");
        [device.ntt(upload()), device.inverse_ntt(upload())]
            .map(|m| device.download(&m.expect("a transform")).expect("it comes back"))
    };
    TALL.iter().map(transformed).collect()
}

#[test]
fn tall_transforms_are_the_processors() {
    let cpu = Cpu::new(u64::MAX);
    let expected = (transformed(&cpu), extended(&cpu, TALL_EXTENSIONS));
    for narrow_words in [false, true] {
        let Some(device) = device(Options { narrow_words, ..Options::new(LIMIT) }) else { return };
        let found = (transformed(&device), extended(&device, TALL_EXTENSIONS));
        assert!(found == expected, "narrow words: {narrow_words}");
    }
}

/// Columns of the extension are fewer to a binding than those of the values, so that passes begin in the middle of one.
#[test]
fn extensions_in_several_bindings_are_the_processors() {
    let Some(device) = device(Options { binding_bytes: 1 << 17, ..Options::new(LIMIT) }) else { return };
    let shapes = [(12, 9, 2), (13, 7, 1), (14, 5, 1), (13, 3, 2)];
    assert!(extended(&device, &shapes) == extended(&Cpu::new(u64::MAX), &shapes));
    assert_eq!(device.usage().used, 0);
}

/// Many tiles, and columns that lie in two bindings, or in one each.
#[test]
fn running_sums_and_selectors_are_the_processors() {
    for binding_bytes in [1 << 27, 1 << 21, 1 << 20] {
        let Some(device) = device(Options { binding_bytes, ..Options::new(LIMIT) }) else { return };
        suite::running_sums(&device, &[(17, 5), (18, 6)]);
        suite::selectors(&device, &[(17, 1), (2, 15)]);
    }
}

#[test]
fn programs_over_rows() {
    for narrow_words in [false, true] {
        let options = Options { narrow_words, most_compiled: 0, ..Options::new(LIMIT) };
        let Some(device) = device(options) else { return };
        rows::random_constraints(&device, 0..12);
        rows::random_lookups(&device, 0..9);
        rows::fingerprints_of_zero(&device);
        rows::largest_linear_sums(&device);
        rows::onto_and_refusals(&device);
        rows::tall_domains(&device, 13);
        assert_eq!(device.usage().used, 0);
    }
}

/// Few, for Mesa's compiler takes seconds for one.
#[test]
fn programs_over_rows_as_kernels_of_their_own() {
    let Some(device) = device(Options { most_compiled: 1000, ..Options::new(LIMIT) }) else { return };
    rows::random_constraints(&device, 0..1);
    rows::random_lookups(&device, 0..1);
    rows::little(&device).expect("it runs");
    assert_eq!(device.usage().used, 0);
}

/// Matrices and results lie in several buffers, and few rows go through the program at once.
#[test]
fn programs_over_rows_in_small_bindings() {
    let options = Options { binding_bytes: 1 << 15, most_compiled: 0, ..Options::new(LIMIT) };
    let Some(device) = device(options) else { return };
    rows::random_constraints(&device, 0..4);
    rows::random_lookups(&device, 0..4);
    rows::onto_and_refusals(&device);
    rows::tall_domains(&device, 12);
    assert_eq!(device.usage().used, 0);
}

/// Memory for the slots of some rows alone.
#[test]
fn programs_over_rows_in_little_memory() {
    let Some(device) = device(Options::new(1 << 20)) else { return };
    rows::tall_domains(&device, 12);
    let refused = rows::too_large_programs(&self::device(Options::new(1 << 18)).expect("as before"));
    assert!(refused.iter().all(|found| matches!(found, Err(Error::OutOfMemory { .. }))), "{refused:?}");
}

#[test]
fn large_programs_over_rows() {
    let Some(device) = device(Options::new(LIMIT)) else { return };
    rows::large_programs(&device, 6);
}

/// A program's code in parts, and few rows at a time. What no binding holds is refused.
#[test]
fn large_programs_over_rows_in_small_bindings() {
    let Some(device) = device(Options { binding_bytes: 1 << 18, ..Options::new(LIMIT) }) else { return };
    rows::large_programs(&device, 4);
    let Some(device) = self::device(Options { binding_bytes: 1 << 15, ..Options::new(LIMIT) }) else {
        return;
    };
    for refused in rows::too_large_programs(&device) {
        assert!(matches!(refused, Err(Error::Unsupported { .. })), "{refused:?}");
    }
}

#[test]
fn a_matrix_of_nothing_takes_nothing() {
    let Some(device) = device(Options::new(0)) else { return };
    let nothing = RowMajorMatrix::new(Vec::new(), 0);
    let uploaded = device.upload(&nothing).expect("it fits");
    assert_eq!(device.shape(&uploaded), (0, 0));
    assert_eq!(device.download(&uploaded).expect("it comes back"), nothing);
    let refused = device.coset_lde(&uploaded, 1, F::GENERATOR).err();
    assert!(matches!(refused, Some(Error::Unsupported { .. })), "{refused:?}");
    let refused = device.commit(vec![uploaded], 0).err();
    assert!(matches!(refused, Some(Error::Unsupported { .. })), "{refused:?}");
}

#[test]
fn a_budget_that_is_too_small_is_said() {
    let Some(device) = device(Options::new(1 << 19)) else { return };
    suite::budgets(&device);
}

#[test]
fn an_adapter_that_is_not_there_is_said() {
    let number = u16::MAX;
    let Err(error) = Wgpu::open(number, Options::new(LIMIT)) else {
        panic!("there are not so many adapters")
    };
    assert!(matches!(error, Error::Unsupported { device: DeviceId::Wgpu(u16::MAX), .. }), "{error}");
    assert!(error.to_string().contains("Vulkan"), "{error}");
}

#[test]
fn adapters_are_named_by_their_place() {
    let found = adapters();
    for (number, adapter) in found.iter().enumerate() {
        assert_eq!(adapter.id.to_string(), format!("wgpu:{number}"));
        assert!(!adapter.name.is_empty(), "{adapter:?}");
    }
    assert_eq!(found.is_empty(), device(Options::new(LIMIT)).is_none());
}

#[test]
fn adapters_are_listed_with_what_kernels_have_of_them() {
    let Some(device) = device(Options::new(0)) else { return };
    let found = devices().0.into_iter().find(|found| found.id == DeviceId::Wgpu(0)).expect("it is listed");
    let limits = Capabilities::Wgpu {
        binding_bytes: device.binding_bytes(),
        wide_words: device.has_wide_words(),
        clock: device.clock(),
    };
    assert_eq!((found.limits, found.refused), (Some(limits), None));
    assert!(device.binding_bytes() >= 1 << 15);
}

#[test]
fn two_devices_work_at_once() {
    if device(Options::new(LIMIT)).is_none() {
        return;
    }
    let work = |seed| {
        let device = device(Options::new(LIMIT)).expect("as before");
        let rows = suite::matrix(1 << 11, 3, seed);
        let mut values = device.upload(&rows).expect("it fits");
        for _ in 0..4 {
            let coefficients = device.inverse_ntt(values).expect("a transform");
            let reversed = device.download(&coefficients).expect("it comes back");
            let lde = device.coset_lde(&coefficients, 1, F::GENERATOR).expect("an extension");
            drop(lde);
            values = device.upload(&reversed).expect("it fits");
        }
        device.download(&values).expect("it comes back")
    };
    let alone = [work(1), work(2)];
    let [one, two] =
        thread::scope(|scope| [1, 2].map(|seed| scope.spawn(move || work(seed))).map(|t| t.join()));
    assert_eq!([one.expect("no panic"), two.expect("no panic")], alone);
}
