//! What every device must do, byte for byte as the processor does it.

use aludel_kernels::cpu::Cpu;
use aludel_kernels::{
    Claims, Device, Error, Fold, Grinding, MerkleTree, Ntt, Openings, Peer, Poseidon2, Quotients,
    RunningSums, Timer,
};
use aludel_protocol::field::MODULUS;
use aludel_protocol::grinding::Puzzle;
use aludel_protocol::hash::perm16;
use aludel_protocol::{Challenge, F, fe};
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, PrimeField32, TwoAdicField};
use p3_matrix::dense::RowMajorMatrix;
use p3_symmetric::Permutation;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use std::time::{Duration, Instant};

/// The field's edges: where a sum or a product wraps, and where the halves of a word do.
const EDGES: [u32; 10] =
    [0, 1, 2, MODULUS - 1, MODULUS - 2, MODULUS / 2, MODULUS / 2 + 1, 0xffff, 0x1_0000, (1 << 24) - 1];

/// A random matrix, a quarter of whose elements are edges.
pub fn matrix(height: usize, width: usize, seed: u64) -> RowMajorMatrix<F> {
    let mut rng = ChaCha12Rng::seed_from_u64(seed);
    let mut element = || match rng.random_range(0..4) {
        0 => fe(EDGES[rng.random_range(0..EDGES.len())]),
        _ => fe(rng.random_range(0..MODULUS)),
    };
    RowMajorMatrix::new((0..height * width).map(|_| element()).collect(), width)
}

/// Every family, and that nothing stays behind.
pub fn all<D: Ntt + Poseidon2 + MerkleTree + Fold + Grinding + RunningSums + Quotients + Openings>(
    device: &D,
) {
    matrices_come_back(device);
    permutations(device);
    transforms(device);
    extensions(device);
    trees(device);
    witnesses(device);
    folds(device);
    running_sums(device, &[(0, 5), (1, 6), (4, 5), (9, 11), (12, 7), (13, 5), (14, 6)]);
    selectors(
        device,
        &[(0, 0), (0, 1), (0, 4), (1, 0), (1, 3), (2, 1), (3, 0), (3, 2), (9, 0), (8, 4), (12, 1)],
    );
    chunks(device);
    openings(device);
    codewords(device);
    openings_refused(device);
    refusals(device);
    refused_sums(device);
    assert_eq!(device.usage().used, 0, "{}: memory stays in use", device.id());
    assert!(device.usage().peak > 0, "{}: nothing was counted", device.id());
}

/// Runs an operation on the device and on the processor.
fn both<D: Device>(
    device: &D,
    rows: &RowMajorMatrix<F>,
    here: impl FnOnce(&D, D::Matrix) -> Result<D::Matrix, Error>,
    there: impl FnOnce(&Cpu, <Cpu as Device>::Matrix) -> Result<<Cpu as Device>::Matrix, Error>,
) -> [RowMajorMatrix<F>; 2] {
    let cpu = Cpu::new(u64::MAX);
    let found = here(device, device.upload(rows).expect("it fits")).expect("the device can");
    let expected = there(&cpu, cpu.upload(rows).expect("it fits")).expect("the processor can");
    assert_eq!(device.shape(&found), cpu.shape(&expected));
    [device.download(&found).expect("it comes back"), cpu.download(&expected).expect("it is here")]
}

fn matrices_come_back<D: Device>(device: &D) {
    for (height, width) in [(1, 1), (1, 7), (2, 1), (64, 33), (256, 8), (3, 5)] {
        let rows = matrix(height, width, 1);
        let there = device.upload(&rows).expect("it fits");
        assert_eq!(device.shape(&there), (height, width));
        assert_eq!(device.download(&there).expect("it comes back"), rows, "{height} by {width}");
    }
}

fn permutations<D: Poseidon2>(device: &D) {
    for (height, width) in [(1, 16), (257, 16), (1, 24), (130, 24)] {
        let [found, expected] = both(device, &matrix(height, width, 2), D::permute, Cpu::permute);
        assert!(found == expected, "{}: {height} states of {width}", device.id());
    }
}

/// Every height that a test can afford, at widths around those of warps and tiles.
fn transforms<D: Ntt>(device: &D) {
    for log in 0..=13 {
        for width in if log < 8 { &[1, 3, 33][..] } else { &[1, 5][..] } {
            let rows = matrix(1 << log, *width, 3 + log);
            let [found, expected] = both(device, &rows, D::ntt, Cpu::ntt);
            assert!(found == expected, "{}: 2^{log} by {width}", device.id());
            let [found, expected] = both(device, &rows, D::inverse_ntt, Cpu::inverse_ntt);
            assert!(found == expected, "{}: inverse, 2^{log} by {width}", device.id());
        }
    }
}

fn extensions<D: Ntt>(device: &D) {
    for (log, width, added) in
        [(0, 1, 0), (0, 2, 1), (1, 3, 1), (4, 17, 2), (7, 5, 4), (10, 3, 1), (11, 2, 1), (12, 1, 2)]
    {
        for shift in [F::GENERATOR, F::ONE, fe(MODULUS - 1)] {
            let rows = matrix(1 << log, width, 5);
            let here = |device: &D, m| device.coset_lde(&m, added, shift);
            let [found, expected] = both(device, &rows, here, |cpu, m| cpu.coset_lde(&m, added, shift));
            assert!(found == expected, "{}: 2^{log} by {width}, by 2^{added}", device.id());
        }
    }
}

/// Heights and widths of the matrices of trees, and the height of the cap.
const TREES: &[(&[(usize, usize)], usize)] = &[
    (&[(1, 1)], 0),
    (&[(2, 16)], 0),
    (&[(8, 17)], 2),
    (&[(8, 3)], 4),
    (&[(256, 40)], 4),
    (&[(64, 1), (64, 15), (64, 16)], 0),
    (&[(512, 5), (16, 9), (128, 33), (512, 1), (16, 2)], 3),
    (&[(4, 16), (128, 16), (1, 3)], 0),
    (&[(32, 8), (2, 5)], 4),
];

fn trees<D: MerkleTree>(device: &D) {
    let cpu = Cpu::new(u64::MAX);
    for (sizes, cap_height) in TREES {
        let rows: Vec<_> = sizes.iter().map(|(height, width)| matrix(*height, *width, 7)).collect();
        let here = rows.iter().map(|m| device.upload(m)).collect::<Result<_, _>>().expect("they fit");
        let there = rows.iter().map(|m| cpu.upload(m)).collect::<Result<_, _>>().expect("they fit");
        let (found, own) = device.commit(here, *cap_height).expect("a tree");
        let (expected, reference) = cpu.commit(there, *cap_height).expect("a tree");
        assert_eq!(found, expected, "{}: {sizes:?}", device.id());
        let height = sizes.iter().map(|(height, _)| *height).max().expect("a matrix");
        let indices: Vec<usize> = (0..height).step_by(height.div_ceil(40)).chain([height - 1, 0]).collect();
        let expected = cpu.open(&reference, &indices).expect("openings");
        assert_eq!(device.open(&own, &indices).expect("openings"), expected, "{}: {sizes:?}", device.id());
    }
}

/// Against one candidate after the other, by Plonky3's permutation.
fn witnesses<D: Grinding>(device: &D) {
    let passes = |puzzle: &Puzzle, witness: u32| {
        let mut state = *puzzle.state();
        state[puzzle.place()] = fe(witness);
        perm16().permute_mut(&mut state);
        state[puzzle.sampled()].as_canonical_u32() & puzzle.mask() == 0
    };
    let mut found_some = [0, 0];
    let mut later = 0;
    // The first, one in a later part, none; part of the field; its end; nothing.
    for (seed, bits, place, sampled, range) in [
        (1, 0, 0, 7, 3..9),
        (2, 5, 7, 7, 0..4096),
        (3, 11, 3, 0, 0..MODULUS),
        (4, 11, 15, 15, 5000..MODULUS),
        (5, 13, 0, 7, 17..60_000),
        (6, 30, 2, 7, 100..5000),
        (7, 4, 5, 9, MODULUS - 70..u32::MAX),
        (8, 0, 5, 9, 7..7),
    ] {
        let state = matrix(1, 16, seed).values.try_into().expect("16 elements");
        let puzzle = Puzzle::new(state, place, sampled, bits).expect("within the state");
        let expected = range.clone().take_while(|i| *i < MODULUS).find(|i| passes(&puzzle, *i)).map(fe);
        let found = device.smallest_witness(&puzzle, range.clone()).expect("the device can");
        assert_eq!(found, expected, "{}: {bits} bits of {range:?}", device.id());
        found_some[usize::from(found.is_some())] += 1;
        let first_part = puzzle.parts(range).next().map_or(0, |part| part.end);
        later += usize::from(found.is_some_and(|found| found.as_canonical_u32() >= first_part));
    }
    assert!(
        found_some[0] >= 2 && found_some[1] >= 4 && later >= 1,
        "{found_some:?}, {later} in a later part"
    );
}

/// Rows of every length to rows of every length, with and without another codeword.
fn folds<D: Fold>(device: &D) {
    for (log_height, log_arity, log_next, has_joined) in [
        (0, 1, 0, false),
        (0, 3, 0, true),
        (1, 2, 1, true),
        (4, 1, 3, true),
        (5, 3, 0, false),
        (7, 2, 2, true),
        (9, 3, 3, true),
        (11, 1, 2, true),
    ] {
        let codeword = matrix(1 << log_height, 5 << log_arity, 11);
        let other = has_joined.then(|| matrix(1 << (log_height - log_next), 5 << log_next, 12));
        let challenge = Challenge::from_basis_coefficients_slice(&matrix(1, 5, 13).values).expect("five");
        let here = |device: &D, m| {
            let other = other.as_ref().map(|rows| device.upload(rows)).transpose()?;
            device.fold(&m, challenge, other.as_ref(), log_next)
        };
        let there = |cpu: &Cpu, m| {
            let other = other.as_ref().map(|rows| cpu.upload(rows)).transpose()?;
            cpu.fold(&m, challenge, other.as_ref(), log_next)
        };
        let [found, expected] = both(device, &codeword, here, there);
        assert!(found == expected, "{}: 2^{log_height} rows of 2^{log_arity}", device.id());
    }
}

/// Of `2^log_height` rows: less than a tile, one, and several.
pub fn running_sums<D: RunningSums>(device: &D, sizes: &[(usize, usize)]) {
    for (log_height, width) in sizes {
        let mut totals = [None; 2];
        let [here, there] = &mut totals;
        let rows = matrix(1 << log_height, *width, 21);
        let [found, expected] = both(
            device,
            &rows,
            |device: &D, m| device.running_sums(m).map(|(m, total)| (*here = Some(total), m).1),
            |cpu, m| cpu.running_sums(m).map(|(m, total)| (*there = Some(total), m).1),
        );
        assert!(found == expected, "{}: 2^{log_height} rows of {width}", device.id());
        assert!(totals[0].is_some() && totals[0] == totals[1], "{}: {totals:?}", device.id());
    }
}

/// Of traces of `2^log_rows`, on `2^log_step` times as many points.
pub fn selectors<D: Quotients>(device: &D, sizes: &[(usize, usize)]) {
    let cpu = Cpu::new(u64::MAX);
    for (log_rows, log_step) in sizes {
        let found = device.selectors(*log_rows, *log_step).expect("the device can");
        let expected = cpu.selectors(*log_rows, *log_step).expect("the processor can");
        assert_eq!(device.shape(&found), (1 << (log_rows + log_step), 4));
        let found = device.download(&found).expect("it comes back");
        assert!(
            found == cpu.download(&expected).expect("it is here"),
            "{}: 2^{log_rows}, by 2^{log_step}",
            device.id()
        );
    }
}

fn chunks<D: Quotients>(device: &D) {
    let cpu = Cpu::new(u64::MAX);
    for (log, width, log_chunks) in
        [(0, 1, 0), (1, 5, 0), (1, 2, 1), (3, 5, 3), (6, 5, 1), (9, 3, 0), (12, 5, 1), (13, 5, 2), (14, 3, 1)]
    {
        let rows = matrix(1 << log, width, 22);
        let values = device.upload(&rows).expect("it fits");
        let found = device.chunks(&values, log_chunks).expect("the device can");
        assert!(device.download(&values).expect("it comes back") == rows, "values stay as they are");
        let expected =
            cpu.chunks(&cpu.upload(&rows).expect("it fits"), log_chunks).expect("the processor can");
        assert_eq!((found.len(), expected.len()), (1 << log_chunks, 1 << log_chunks));
        for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
            assert_eq!(device.shape(found), (1 << (log - log_chunks), width));
            let found = device.download(found).expect("it comes back");
            let expected = cpu.download(expected).expect("it is here");
            assert!(found == expected, "{}: 2^{log} rows of {width}, part {i}", device.id());
        }
    }
}

/// As [`refusals`], of what is summed and split.
fn refused_sums<D: RunningSums + Quotients>(device: &D) {
    let refused =
        |found: Option<Error>| assert!(matches!(found, Some(Error::Unsupported { .. })), "{found:?}");
    let upload = |height, width| device.upload(&matrix(height, width, 9)).expect("it fits");
    for (height, width) in [(4, 4), (3, 5), (0, 0)] {
        refused(device.running_sums(upload(height, width)).err());
    }
    for (height, log_chunks) in [(3, 0), (4, 3), (4, usize::MAX), (0, 0)] {
        refused(device.chunks(&upload(height, height.min(1)), log_chunks).err());
    }
    for (log_rows, log_step) in [(25, 0), (24, 1), (0, 25), (1, usize::MAX), (usize::MAX, usize::MAX)] {
        refused(device.selectors(log_rows, log_step).err());
    }
}

/// An element of the extension.
pub fn challenge(seed: u64) -> Challenge {
    Challenge::from_basis_coefficients_slice(&matrix(1, 5, seed).values).expect("five")
}

/// Base-2 logarithms of the heights, and widths, of matrices that are opened at once, the bits that were added to their coefficients, and points by the seeds
/// of each matrix; zero is at zero.
type Opened = (&'static [(usize, usize)], usize, &'static [&'static [u64]]);

/// Heights of one point and of tiles that are not full; widths around those of groups of columns; points that some share and some have twice.
const OPENED: &[Opened] = &[
    (&[(0, 1)], 0, &[&[1]]),
    (&[(3, 1)], 3, &[&[1, 2]]),
    (&[(12, 5), (3, 33), (7, 5)], 1, &[&[1, 2], &[1, 3], &[4, 1]]),
    (&[(6, 300)], 0, &[&[1, 2]]),
    (&[(11, 1), (11, 1), (2, 65)], 0, &[&[1], &[2, 1, 3], &[]]),
    (&[(9, 33), (5, 64), (2, 2)], 2, &[&[1, 1], &[5, 0, 1, 6, 0], &[7]]),
    (&[(4, 1), (6, 31), (5, 32)], 1, &[&[0], &[2], &[0, 2]]),
];

fn openings<D: Openings>(device: &D) {
    let cpu = Cpu::new(u64::MAX);
    let point = |seed: &u64| if *seed == 0 { Challenge::ZERO } else { challenge(*seed) };
    for (shapes, added_bits, seeds) in OPENED {
        let rows: Vec<_> = (40..).zip(*shapes).map(|(i, (log, width))| matrix(1 << log, *width, i)).collect();
        let points: Vec<Vec<_>> = seeds.iter().map(|seeds| seeds.iter().map(point).collect()).collect();
        let here = rows.iter().map(|m| device.upload(m)).collect::<Result<Vec<_>, _>>().expect("they fit");
        let there = rows.iter().map(|m| cpu.upload(m)).collect::<Result<Vec<_>, _>>().expect("they fit");
        let found = device.values_at(&here.iter().collect::<Vec<_>>(), &points, *added_bits);
        let expected = cpu.values_at(&there.iter().collect::<Vec<_>>(), &points, *added_bits);
        assert!(found.expect("values") == expected.expect("values"), "{}: {shapes:?}", device.id());
    }
}

/// Base-2 logarithms of the height and of the elements of a row; widths of matrices, and points by their seeds.
type Codeword = (usize, usize, &'static [usize], &'static [&'static [u64]]);

const CODEWORDS: &[Codeword] = &[
    (0, 0, &[1], &[&[1]]),
    (1, 1, &[2], &[&[1, 2]]),
    (3, 2, &[5, 1, 300], &[&[1, 2], &[1], &[2, 1]]),
    (6, 0, &[1, 4], &[&[], &[]]),
    (8, 3, &[33, 2, 7], &[&[1, 2], &[], &[3, 1, 3]]),
    (12, 1, &[3, 5], &[&[1, 2], &[1, 2]]),
    (10, 3, &[16], &[&[0, 4, 5, 6, 7]]),
];

fn codewords<D: Openings>(device: &D) {
    for (log, log_arity, widths, seeds) in CODEWORDS {
        let rows: Vec<_> = (60..).zip(*widths).map(|(i, width)| matrix(1 << log, *width, i)).collect();
        let point = |seed: &u64| if *seed == 0 { Challenge::ZERO } else { challenge(*seed) };
        let points: Vec<Vec<_>> = seeds.iter().map(|seeds| seeds.iter().map(point).collect()).collect();
        let claimed =
            |seed: &u64, width: usize| (0..width).map(|c| challenge(100 * seed + c as u64)).collect();
        let values: Vec<Vec<Vec<_>>> = seeds
            .iter()
            .zip(*widths)
            .map(|(s, width)| s.iter().map(|s| claimed(s, *width)).collect())
            .collect();
        let found = reduced(device, &rows, &points, &values, *log_arity);
        let expected = reduced(&Cpu::new(u64::MAX), &rows, &points, &values, *log_arity);
        assert!(found.values.iter().any(|x| *x != F::ZERO) || points.iter().all(Vec::is_empty));
        assert!(found == expected, "{}: 2^{log} by {widths:?}", device.id());
    }
}

/// A codeword of claims, brought to the host.
fn reduced<D: Openings>(
    device: &D,
    rows: &[RowMajorMatrix<F>],
    points: &[Vec<Challenge>],
    values: &[Vec<Vec<Challenge>>],
    log_arity: usize,
) -> RowMajorMatrix<F> {
    let matrices: Vec<_> = rows.iter().map(|m| device.upload(m).expect("it fits")).collect();
    let all = matrices.iter().zip(points).zip(values);
    let claims: Vec<_> = all.map(|((matrix, points), values)| Claims { matrix, points, values }).collect();
    let codeword = device.reduced(&claims, challenge(9), log_arity).expect("a codeword");
    device.download(&codeword).expect("it comes back")
}

/// A matrix, points, and values there.
type Claimed<'a, M> = (&'a M, &'a [Challenge], &'a [Vec<Challenge>]);

/// Why there is no codeword of these.
fn refusal<D: Openings>(device: &D, claims: &[Claimed<'_, D::Matrix>], log_arity: usize) -> Option<Error> {
    let claims = claims.iter().map(|(matrix, points, values)| Claims { matrix: *matrix, points, values });
    device.reduced(&claims.collect::<Vec<_>>(), challenge(1), log_arity).err()
}

/// Openings that are of no sense, and points on cosets, of the extension's and of the polynomials'.
fn openings_refused<D: Openings>(device: &D) {
    let upload = |height, width| device.upload(&matrix(height, width, 9)).expect("it fits");
    let refused = |what: Option<Error>| assert!(matches!(what, Some(Error::Unsupported { .. })), "{what:?}");
    let (one, three, four) = (upload(1, 2), upload(3, 2), upload(4, 2));
    let (z, on) = (challenge(1), Challenge::from(F::GENERATOR));
    let on_larger = on * F::two_adic_generator(2);
    refused(device.values_at(&[&four], &[], 1).err());
    refused(device.values_at(&[&four], &[vec![z], vec![z]], 1).err());
    refused(device.values_at(&[&three], &[vec![z]], 0).err());
    refused(device.values_at(&[&one], &[vec![z]], 1).err());
    refused(device.values_at(&[&four], &[vec![z]], usize::MAX).err());
    refused(device.values_at(&[&four, &one], &[vec![z], vec![z, on]], 0).err());
    refused(device.values_at(&[&four], &[vec![z, on_larger]], 1).err());
    assert!(device.values_at(&[&one], &[vec![on_larger]], 0).is_ok(), "beside the coset");
    assert_eq!(device.values_at(&[], &[], 1), Ok(vec![]));
    let values = [vec![z, z]];
    let reduced = |claims: &[Claimed<'_, D::Matrix>], log_arity| refusal(device, claims, log_arity);
    refused(reduced(&[], 0));
    refused(reduced(&[(&three, &[z], &values)], 0));
    refused(reduced(&[(&four, &[z], &values), (&one, &[z], &values)], 0));
    refused(reduced(&[(&four, &[z, z], &values)], 0));
    refused(reduced(&[(&four, &[z], &[vec![z]])], 0));
    refused(reduced(&[(&four, &[z], &values)], 3));
    refused(reduced(&[(&four, &[on], &values)], 0));
    refused(reduced(&[(&four, &[on_larger], &values)], 0));
    assert!(reduced(&[(&four, &[z], &values)], 2).is_none());
}

/// What no device can do is said, and costs nothing.
fn refusals<D: Ntt + Poseidon2 + MerkleTree + Fold>(device: &D) {
    let upload = |height, width| device.upload(&matrix(height, width, 9)).expect("it fits");
    let refused = |found: Result<D::Matrix, Error>| assert!(matches!(found, Err(Error::Unsupported { .. })));
    refused(device.ntt(upload(3, 2)));
    refused(device.inverse_ntt(upload(12, 1)));
    refused(device.coset_lde(&upload(3, 2), 1, F::GENERATOR));
    refused(device.coset_lde(&upload(4, 2), 1, F::ZERO));
    refused(device.coset_lde(&upload(4, 2), 23, F::GENERATOR));
    refused(device.coset_lde(&upload(4, 2), usize::MAX, F::GENERATOR));
    refused(device.permute(upload(4, 17)));
    for (height, width, log_next) in
        [(4, 5, 0), (4, 80, 0), (4, 11, 0), (3, 10, 0), (4, 10, 3), (4, 10, usize::MAX)]
    {
        refused(device.fold(&upload(height, width), Challenge::TWO, None, log_next));
    }
    refused(device.fold(&upload(4, 10), Challenge::TWO, Some(&upload(4, 10)), 1));
    assert!(matches!(device.commit(Vec::new(), 0), Err(Error::Unsupported { .. })));
    assert!(matches!(device.commit(vec![upload(4, 1), upload(3, 1)], 0), Err(Error::Unsupported { .. })));
    let (_, tree) = device.commit(vec![upload(4, 1)], 0).expect("a tree");
    assert!(matches!(device.open(&tree, &[4]), Err(Error::Unsupported { .. })));
}

/// A device whose budget is `limit` bytes and too small for the work says so, keeps nothing, and then does what fits.
pub fn budgets<D: Ntt + MerkleTree>(device: &D) {
    let limit = device.usage().limit;
    let rows = matrix(1 << 10, 4, 11);
    let values = device.upload(&rows).expect("it fits");
    let used = device.usage().used;
    assert!(used >= 1 << 14 && limit >= used);
    let bits = (limit / used).ilog2() as usize + 1;
    match device.coset_lde(&values, bits, F::GENERATOR).map(|_| ()) {
        Err(Error::OutOfMemory { device: at, requested, free }) => {
            assert_eq!((at, free), (device.id(), limit - used));
            assert!(requested > free);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(device.usage().used, used, "what was taken came back");
    let tree = device.commit(vec![values], 0).map(|(cap, _)| cap);
    assert!(tree.is_ok(), "{tree:?}");
    assert_eq!(device.usage().used, 0);
}

/// Work takes its time, and no more than passes; nothing takes none of it.
pub fn times<D: Timer + Poseidon2>(device: &D) {
    let mut states = device.upload(&matrix(1 << 12, 16, 19)).expect("it fits");
    let before = Instant::now();
    let (mut own, mut none) = (Duration::MAX, Duration::MAX);
    for _ in 0..5 {
        let (permuted, time) = device.timed(|| device.permute(states)).expect("a permutation");
        (states, own) = (permuted, own.min(time));
        none = none.min(device.timed(|| Ok(())).expect("nothing").1);
    }
    let (wall, clock) = (before.elapsed(), device.clock());
    println!("{}, {clock:?}: {own:?}, nothing {none:?}, wall {wall:?}", device.id());
    assert!(own * 5 <= wall && none < own / 2, "{own:?}, nothing {none:?}, wall {wall:?}");
    let failure = Error::Unsupported { device: device.id(), what: "this".to_owned() };
    assert_eq!(device.timed(|| Err::<(), _>(failure.clone())), Err(failure));
    drop(states);
    assert_eq!(device.usage().used, 0);
}

/// A matrix of one device on another.
pub fn copies<S: Device, D: Peer<S>>(source: &S, target: &D) {
    for (height, width) in [(1, 1), (64, 16), (3, 5)] {
        let rows = matrix(height, width, 23);
        let there = source.upload(&rows).expect("it fits");
        let here = target.copy_from(source, &there).expect("it fits");
        drop(there);
        assert_eq!(target.shape(&here), (height, width));
        let found = target.download(&here).expect("it comes back");
        assert!(found == rows, "{} to {}: {height} by {width}", source.id(), target.id());
    }
    assert_eq!((source.usage().used, target.usage().used), (0, 0));
}
