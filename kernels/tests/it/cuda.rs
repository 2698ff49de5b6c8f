//! CUDA devices, on the stand-in driver. Each test is a process of its own under nextest; in one process they take turns.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use aludel_kernels::cache::Cache;
use aludel_kernels::cuda::{Compiler, Cuda};
use aludel_kernels::{Claims, Clock, Device, DeviceId, Error, MerkleTree, Ntt, Openings, Poseidon2, Timer};
use aludel_protocol::{Challenge, F};
use aludel_stand_in::StandIn;
use p3_field::Field;
use p3_matrix::dense::RowMajorMatrix;

use crate::{model, rows, suite};

/// The stand-in, for one test at a time, with the seed of the environment variable `ALUDEL_TEST_SEED`, or 1. `None`, with the reason printed, where it could not be built: the environment variable
/// `ALUDEL_TEST_ALL=1` makes that a failure.
pub fn stand_in() -> Option<(&'static StandIn, MutexGuard<'static, ()>)> {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    match StandIn::open() {
        Ok(stand_in) => {
            stand_in.no_fault();
            stand_in
                .seed(std::env::var("ALUDEL_TEST_SEED").map_or(1, |seed| seed.parse().expect("a number")));
            stand_in.devices(2, 64 << 20);
            Some((stand_in, turn))
        }
        Err(missing) if std::env::var_os("ALUDEL_TEST_ALL").is_some_and(|all| all == "1") => {
            panic!("{missing}")
        }
        Err(missing) => {
            println!("skipped: {missing}");
            None
        }
    }
}

pub fn open(ordinal: u16) -> Cuda {
    Cuda::open(ordinal, u64::MAX).expect("a device of the stand-in")
}

/// That nothing is left on any device.
pub fn nothing_is_left(stand_in: &StandIn) {
    assert_eq!((stand_in.bytes(), stand_in.handles()), (0, 0), "bytes and handles of the driver are left");
}

#[test]
fn the_suite() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    for seed in [1, 2] {
        println!("seed {seed}");
        stand_in.seed(seed);
        suite::all(&open(0));
        suite::times(&open(0));
        nothing_is_left(stand_in);
    }
}

/// Extensions whose passes the suite does not need: the inverse alone takes two, or none of it fits the middle, or powers of the shift take
/// both tables.
#[test]
fn extensions_of_many_passes() {
    extensions(&[(0, 13), (1, 12), (6, 9), (13, 1)]);
}

#[test]
fn an_extension_to_2_to_the_21() {
    extensions(&[(11, 10)]);
}

/// Many tiles, of which the suite has few.
#[test]
fn running_sums_of_many_tiles() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    suite::running_sums(&open(0), &[(17, 5), (18, 6)]);
    nothing_is_left(stand_in);
}

/// Of heights, in bits, by factors, in bits.
fn extensions(sizes: &[(usize, usize)]) {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let (cpu, device) = (aludel_kernels::cpu::Cpu::new(u64::MAX), open(0));
    for (log_height, added) in sizes {
        let rows = suite::matrix(1 << log_height, 2, 1);
        let found = device.coset_lde(&device.upload(&rows).expect("it fits"), *added, F::GENERATOR);
        let expected = cpu.coset_lde(&cpu.upload(&rows).expect("it fits"), *added, F::GENERATOR);
        let found = device.download(&found.expect("an extension")).expect("it comes back");
        let expected = cpu.download(&expected.expect("an extension")).expect("here");
        assert!(found == expected, "2^{log_height} by 2^{added}");
    }
    drop(device);
    nothing_is_left(stand_in);
}

/// Rows that are taken in several parts, and a lower matrix that is in the first alone; memory that does not grow with their number.
#[test]
fn openings_of_many_rows() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let rows = [suite::matrix(1 << 20, 1, 1), suite::matrix(1 << 10, 3, 2)];
    let points = [vec![suite::challenge(1), suite::challenge(2)], vec![suite::challenge(2)]];
    let (cpu, device) = (aludel_kernels::cpu::Cpu::new(u64::MAX), open(0));
    let found = opened(&device, &rows, &points);
    assert!(found == opened(&cpu, &rows, &points));
    // The matrices, the codeword, and for half of the rows at a time what is made for each point.
    let bytes = 4 * ((1 << 20) * (1 + 5) + (1 << 19) * 10);
    let peak = device.usage().peak;
    assert!((bytes..bytes + (1 << 18)).contains(&peak), "{peak} of {bytes}");
    drop(device);
    nothing_is_left(stand_in);
}

/// The values of both matrices, and the codeword of the first one's.
fn opened<D: Openings>(
    device: &D,
    rows: &[RowMajorMatrix<F>; 2],
    points: &[Vec<Challenge>; 2],
) -> (Vec<Vec<Vec<Challenge>>>, RowMajorMatrix<F>) {
    let [one, other] = rows.each_ref().map(|rows| device.upload(rows).expect("it fits"));
    let values = device.values_at(&[&one, &other], points, 0).expect("values");
    drop(other);
    let claims = Claims { matrix: &one, points: &points[0], values: &values[0] };
    let codeword = device.reduced(&[claims], suite::challenge(3), 1).expect("a codeword");
    drop(one);
    (values, device.download(&codeword).expect("it comes back"))
}

/// A GPU's driver, and the machine's own compiler.
#[test]
fn programs_on_a_gpu() {
    if std::env::var_os("ALUDEL_TEST_GPU").is_none_or(|gpu| gpu != "1") {
        return println!("skipped: needs a GPU, and ALUDEL_TEST_GPU=1 with nextest");
    }
    let interpreting = Cuda::open(0, 8 << 30).expect("ALUDEL_TEST_GPU=1 says that there is a GPU");
    rows::random_constraints(&interpreting, 0..12);
    rows::random_lookups(&interpreting, 0..9);
    rows::tall_domains(&interpreting, 20);
    rows::large_programs(&interpreting, 10);
    model::agrees(|limit| Cuda::open(0, limit).expect("as before"), 13, &[9, 15]);
    let compiler = Compiler::open(None, Cache::none()).expect("ALUDEL_TEST_GPU=1 says that there is NVRTC");
    println!("{}", compiler.description());
    let device = interpreting.with_compiler(Arc::new(compiler));
    rows::random_constraints(&device, 0..12);
    rows::random_lookups(&device, 0..9);
    rows::onto_and_refusals(&device);
    rows::largest_sums(&device);
    rows::largest_linear_sums(&device);
    rows::fingerprints_of_zero(&device);
    rows::tall_domains(&device, 20);
}

/// The machine's own driver and GPU. Asked for by name, for in one process with the others it would take their driver's place.
#[test]
fn the_suite_on_a_gpu() {
    if std::env::var_os("ALUDEL_TEST_GPU").is_none_or(|gpu| gpu != "1") {
        return println!("skipped: needs a GPU, and ALUDEL_TEST_GPU=1 with nextest");
    }
    let device =
        Cuda::open(0, 8 << 30).expect("ALUDEL_TEST_GPU=1 says that there is a GPU, and a build with nvcc");
    println!("{}", device.name().expect("a name"));
    suite::all(&device);
    suite::running_sums(&device, &[(20, 5), (24, 6)]);
    suite::selectors(&device, &[(20, 2), (0, 20)]);
    suite::times(&device);
}

#[test]
fn programs_over_rows() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let device = open(0);
    rows::random_constraints(&device, 0..12);
    rows::random_lookups(&device, 0..9);
    rows::fingerprints_of_zero(&device);
    rows::onto_and_refusals(&device);
    drop(device);
    nothing_is_left(stand_in);
}

/// Memory for the slots of one block alone, which goes over all rows: at once, in launches of a few rounds, or of one each.
#[test]
fn programs_over_rows_in_little_memory() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    for (limit, most_steps) in [(1 << 20, usize::MAX), (1 << 20, 1 << 18), (4 << 20, 1)] {
        let device = Cuda::open(0, limit).expect("a device of the stand-in").with_most_steps(most_steps);
        rows::tall_domains(&device, 12);
        let [wide, many] = rows::too_large_programs(&device);
        assert!(matches!(wide, Err(Error::OutOfMemory { .. })), "{wide:?}");
        assert_eq!(many, Ok(()));
    }
    nothing_is_left(stand_in);
}

#[test]
fn large_programs_over_rows() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    rows::large_programs(&open(0), 7);
    nothing_is_left(stand_in);
}

#[test]
fn a_budget_that_is_too_small_is_said() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    suite::budgets(&Cuda::open(1, 1 << 19).expect("a device of the stand-in"));
    nothing_is_left(stand_in);
}

#[test]
fn a_driver_that_has_less_than_the_budget_is_believed() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    stand_in.devices(1, 1 << 20);
    let device = open(0);
    let others = open(0);
    let values = device.upload(&suite::matrix(1 << 10, 4, 1)).expect("it fits");
    // Another opening of the device, with a budget of its own, leaves half a MiB less a little.
    let held =
        others.coset_lde(&others.upload(&suite::matrix(1 << 10, 4, 1)).expect("it fits"), 5, F::GENERATOR);
    let used = device.usage().used;
    match device.coset_lde(&values, 5, F::GENERATOR).map(|_| ()) {
        Err(Error::OutOfMemory { device: DeviceId::Cuda(0), requested, free }) => {
            assert_eq!((requested, device.usage().used), (512 << 10, used));
            assert!(free < requested);
        }
        other => panic!("{other:?}"),
    }
    drop(held);
    device.coset_lde(&values, 5, F::GENERATOR).expect("now it fits");
    drop(values);
    drop((device, others));
    nothing_is_left(stand_in);
}

#[test]
fn matrices_come_and_go_in_parts_where_memory_is_short() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    for spare_rows in [2, 7, 80] {
        let (height, width) = (100, 3);
        let limit = (height + spare_rows) * width * 4;
        let device = Cuda::open(0, limit as u64).expect("a device of the stand-in");
        let rows = suite::matrix(height, width, 1);
        let matrix = device.upload(&rows).expect("it fits");
        assert!(device.download(&matrix).expect("it comes back") == rows, "{spare_rows}");
    }
    nothing_is_left(stand_in);
}

#[test]
fn a_matrix_stays_on_its_device() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let (one, two) = (open(0), open(1));
    assert_ne!(one.name(), two.name());
    let matrix = one.upload(&suite::matrix(8, 16, 1)).expect("it fits");
    assert!(matches!(two.download(&matrix), Err(Error::Unsupported { .. })));
    assert!(matches!(two.permute(matrix), Err(Error::Unsupported { .. })));
    drop((one, two));
    nothing_is_left(stand_in);
}

#[test]
fn devices_and_queues_work_at_once() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let devices = [open(0), open(1)];
    thread::scope(|scope| {
        for device in &devices {
            for seed in 0..2 {
                let queue = device.queue().expect("another queue");
                scope.spawn(move || {
                    let rows = suite::matrix(1 << 11, 3, seed);
                    let first = device.upload(&rows).expect("it fits");
                    let second = queue.coset_lde(&first, 1, F::GENERATOR).expect("an extension");
                    let cpu = aludel_kernels::cpu::Cpu::new(u64::MAX);
                    let expected = cpu.coset_lde(&cpu.upload(&rows).expect("it fits"), 1, F::GENERATOR);
                    let expected = cpu.download(&expected.expect("an extension")).expect("here");
                    assert!(queue.download(&second).expect("it comes back") == expected);
                });
            }
        }
    });
    drop(devices);
    nothing_is_left(stand_in);
}

/// A matrix made on one queue, changed on another and read on the first, which frees it then.
#[test]
fn queues_wait_for_each_other() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let rows = suite::matrix(64, 16, 1);
    let cpu = aludel_kernels::cpu::Cpu::new(u64::MAX);
    let expected = cpu.permute(cpu.upload(&rows).expect("it fits")).expect("a permutation");
    let expected = cpu.download(&expected).expect("here");
    for seed in 0..20 {
        stand_in.seed(seed);
        let first = open(0);
        let second = first.queue().expect("another queue");
        let states = second.permute(first.upload(&rows).expect("it fits")).expect("a permutation");
        assert!(first.download(&states).expect("it comes back") == expected, "seed {seed}");
        let cap = |queue: &Cuda, matrix| queue.commit(vec![matrix], 0).map(|(cap, _)| cap);
        let one = cap(&second, states).expect("a tree");
        let own = cap(&first, first.upload(&expected).expect("it fits")).expect("a tree");
        assert_eq!(one, own, "seed {seed}");
    }
    nothing_is_left(stand_in);
}

/// What the queue did before is not counted, nor what others do for whom it does not wait. The stand-in does by chance other work
/// meanwhile, so that the least time under some seeds is what counts.
#[test]
fn a_queues_own_work_is_timed_and_nothing_else() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let rows = suite::matrix(1 << 12, 16, 1);
    let (mut own, mut none) = (Duration::MAX, Duration::MAX);
    for seed in 0..8 {
        stand_in.seed(seed);
        let device = open(0);
        assert_eq!(device.clock(), Clock::Device);
        let other = device.queue().expect("another queue");
        let [here, before, there] =
            [&device, &device, &other].map(|queue| queue.upload(&rows).expect("it fits"));
        other.synchronize().expect("it came");
        let (_, time) = device.timed(|| device.permute(here)).expect("a permutation");
        own = own.min(time);
        let before = device.permute(before).expect("a permutation");
        let (_, time) = device.timed(|| other.permute(there)).expect("a permutation");
        none = none.min(time);
        drop(before);
    }
    println!("{own:?}, without {none:?}");
    assert!(own > Duration::from_millis(1) && none < own / 4, "{own:?}, without {none:?}");
    nothing_is_left(stand_in);
}
