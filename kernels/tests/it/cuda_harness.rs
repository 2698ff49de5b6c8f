//! The harness itself: kernels with a fault are caught, and their mended twins pass. The headers' arithmetic, one operation at a time.
#![expect(unsafe_code, reason = "kernels are launched by name, as the crate itself does")]

use std::ffi::{CString, c_void};

use aludel_kernels::seam::MAX_LOG_HEIGHT;
use aludel_protocol::field::MODULUS;
use aludel_protocol::{Challenge, F, fe};
use aludel_stand_in::StandIn;
use cudarc::driver::{DriverError, result, sys};
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, TwoAdicField};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

use crate::cuda::stand_in;

/// The bytes that a build without a compiler for the GPU loads.
const MARKER: &[u8] = b"aludel kernels: no image\0";

/// Launches a kernel on buffers that hold `inputs` and an output, and its last argument, a count. The output, or the driver's error.
pub fn run(
    kernel: &str,
    grid: u32,
    threads: u32,
    inputs: &[&[u32]],
    words: usize,
    count: Option<u32>,
) -> Result<Vec<u32>, DriverError> {
    result::init()?;
    // SAFETY: the harness's own driver; all that is taken is given back at the end.
    unsafe {
        let device = result::device::get(0)?;
        result::ctx::set_current(result::primary_ctx::retain(device)?)?;
        let module = result::module::load_data(MARKER.as_ptr().cast())?;
        let mut pointers = Vec::new();
        let mut launch = || {
            let function = result::module::get_function(module, CString::new(kernel).expect("a name"))?;
            for input in inputs {
                pointers.push(result::malloc_sync(size_of_val(*input))?);
                result::memcpy_htod_sync(pointers[pointers.len() - 1], input)?;
            }
            let output = result::malloc_sync(4 * words)?;
            pointers.push(output);
            let mut count = count;
            let mut params: Vec<*mut c_void> =
                pointers.iter_mut().map(|pointer| std::ptr::from_mut(pointer).cast()).collect();
            params.extend(count.as_mut().map(|count| std::ptr::from_mut(count).cast()));
            let (grid, block) = ((grid, 1, 1), (threads, 1, 1));
            result::launch_kernel(function, grid, block, 0, result::stream::null(), &mut params)?;
            let mut found = vec![0; words];
            result::memcpy_dtoh_sync(&mut found, output)?;
            Ok(found)
        };
        let found = launch();
        give_back(device, module, &pointers)?;
        found
    }
}

/// Gives back what a launch took, on a device that may be lost.
///
/// # Safety
/// The driver gave all of these, and nobody uses them any more.
unsafe fn give_back(
    device: sys::CUdevice,
    module: sys::CUmodule,
    pointers: &[sys::CUdeviceptr],
) -> Result<(), DriverError> {
    // SAFETY: the caller's promise. A lost device says that it is lost, and takes them all the same.
    unsafe {
        for pointer in pointers {
            let _lost = result::free_sync(*pointer);
        }
        let _lost = result::module::unload(module);
        result::primary_ctx::release(device)
    }
}

/// What a kernel copies out of memory that was given back before it was launched.
pub fn from_freed_memory() -> Result<Vec<u32>, DriverError> {
    result::init()?;
    // SAFETY: the harness's own driver, whose memory is the host's: at worst the kernel reads what another has there.
    unsafe {
        let device = result::device::get(0)?;
        result::ctx::set_current(result::primary_ctx::retain(device)?)?;
        let module = result::module::load_data(MARKER.as_ptr().cast())?;
        let function = result::module::get_function(module, c"copies".to_owned())?;
        let (mut input, mut output) = (result::malloc_sync(256)?, result::malloc_sync(256)?);
        result::free_sync(input)?;
        let mut params = [&mut input, &mut output].map(|pointer| std::ptr::from_mut(pointer).cast());
        result::launch_kernel(function, (1, 1, 1), (64, 1, 1), 0, result::stream::null(), &mut params)?;
        let mut found = vec![0; 64];
        result::memcpy_dtoh_sync(&mut found, output)?;
        give_back(device, module, &[output])?;
        Ok(found)
    }
}

/// A kernel's results under some seeds, on a block of 64 threads.
fn under_seeds(stand_in: &StandIn, kernel: &str, grid: u32) -> Vec<Vec<u32>> {
    let under = |seed| {
        stand_in.seed(seed);
        run(kernel, grid, 64, &[], 64, None).expect("a launch")
    };
    (1..4).map(under).collect()
}

/// What the harness has to say of a kernel that it refuses.
fn complaint(stand_in: &StandIn, kernel: &str, count: Option<u32>) -> (sys::CUresult, String) {
    let error = run(kernel, 1, 64, &[], 64, count).expect_err("a fault");
    (error.0, stand_in.complaint())
}

#[test]
fn a_missing_barrier_is_seen() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let expected: Vec<u32> = (0..64).map(|i| i + (i + 1) % 64).collect();
    assert_eq!(under_seeds(stand_in, "neighbours", 1), vec![expected.clone(); 3]);
    for found in under_seeds(stand_in, "neighbours_without_barrier", 1) {
        assert_ne!(found, expected);
    }
}

#[test]
fn a_barrier_that_not_all_reach_is_an_error_and_no_hang() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    for (kernel, said) in
        [("barrier_for_half", "threads ended while others wait at"), ("barriers_apart", "threads wait at")]
    {
        let (code, found) = complaint(stand_in, kernel, None);
        assert_eq!(code, sys::CUresult::CUDA_ERROR_LAUNCH_FAILED);
        assert!(found.starts_with(said) && found.contains("broken.cu:"), "{found}");
    }
    assert_eq!(under_seeds(stand_in, "neighbours", 1).len(), 3, "it goes on");
}

#[test]
fn a_write_out_of_bounds_is_seen() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let expected: Vec<u32> = (0..64).collect();
    assert_eq!(run("within_bounds", 3, 64, &[], 64, Some(64)).expect("a launch"), expected);
    let error = run("one_beyond", 3, 64, &[], 64, Some(64)).expect_err("a fault");
    assert_eq!(error.0, sys::CUresult::CUDA_ERROR_ILLEGAL_ADDRESS);
    assert_eq!(stand_in.complaint(), "device memory was written outside of its bounds");
    let (code, found) = complaint(stand_in, "shared_beyond", None);
    assert_eq!(code, sys::CUresult::CUDA_ERROR_LAUNCH_FAILED);
    assert_eq!(found, "shared memory was written outside of its bounds");
}

#[test]
fn what_nobody_wrote_differs_from_seed_to_seed() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let found = under_seeds(stand_in, "adds_to_garbage", 1);
    assert!(found[0] != found[1] && found[1] != found[2]);
    stand_in.seed(1);
    assert_eq!(under_seeds(stand_in, "adds_to_garbage", 1), found, "a seed says all");
}

#[test]
fn blocks_that_race_differ_from_seed_to_seed() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let found = under_seeds(stand_in, "blocks_race", 1000);
    assert!(
        found[0] != found[1] && found[1] != found[2],
        "{:?}",
        found.iter().map(|f| f[0]).collect::<Vec<_>>()
    );
}

/// A kernel on one stream and a copy of its result on another, which waits for it or does not.
fn on_two_streams(wait: bool) -> Result<Vec<u32>, DriverError> {
    result::init()?;
    // SAFETY: the harness's own driver; the driver gave every handle, and all are given back.
    unsafe {
        let device = result::device::get(0)?;
        result::ctx::set_current(result::primary_ctx::retain(device)?)?;
        let module = result::module::load_data(MARKER.as_ptr().cast())?;
        let function = result::module::get_function(module, c"neighbours".to_owned())?;
        let [one, two] = [(); 2].map(|()| result::stream::create(result::stream::StreamKind::NonBlocking));
        let (one, two, mut output) = (one?, two?, result::malloc_sync(256)?);
        let mut params = [std::ptr::from_mut(&mut output).cast()];
        result::launch_kernel(function, (1, 1, 1), (64, 1, 1), 0, one, &mut params)?;
        if wait {
            let event = result::event::create(sys::CUevent_flags::CU_EVENT_DISABLE_TIMING)?;
            result::event::record(event, one)?;
            result::stream::wait_event(two, event, sys::CUevent_wait_flags::CU_EVENT_WAIT_DEFAULT)?;
            result::event::destroy(event)?;
        }
        let mut found = vec![0; 64];
        result::memcpy_dtoh_async(&mut found, output, two)?;
        result::stream::synchronize(two)?;
        result::stream::destroy(one)?;
        result::stream::destroy(two)?;
        give_back(device, module, &[output])?;
        Ok(found)
    }
}

#[test]
fn a_stream_that_does_not_wait_is_seen() {
    let Some((stand_in, _turn)) = stand_in() else { return };
    let expected: Vec<u32> = (0..64).map(|i| i + (i + 1) % 64).collect();
    let wrong = |wait| {
        let under = |seed: &u64| {
            stand_in.seed(*seed);
            on_two_streams(wait).expect("a launch") != expected
        };
        (0..20).filter(under).count()
    };
    assert_eq!(wrong(true), 0);
    assert!(wrong(false) > 5, "{}", wrong(false));
}

/// Where a sum, a difference or a product wraps, as stored and as meant, and some from a seed.
fn edges() -> Vec<F> {
    let mut edges: Vec<F> = [
        0,
        1,
        2,
        3,
        MODULUS - 1,
        MODULUS - 2,
        MODULUS / 2,
        MODULUS / 2 + 1,
        0xffff,
        0x1_0000,
        1 << 24,
        1 << 30,
    ]
    .map(fe)
    .to_vec();
    edges.extend(F::two_adic_generator(MAX_LOG_HEIGHT).powers().take(3));
    // Stored as 1, as p - 1, and as 2^31 - 2^24.
    let monty = F::from_u64(1 << 32);
    edges.extend([monty.inverse(), -monty.inverse(), fe(1 << 24).inverse()]);
    let mut rng = ChaCha12Rng::seed_from_u64(5);
    edges.extend((0..14).map(|_| fe(rng.random_range(0..MODULUS))));
    edges
}

/// Words as they are stored.
fn words(elements: &[F]) -> Vec<u32> {
    // SAFETY: `MontyField31` is `repr(transparent)` over `u32`.
    unsafe { std::slice::from_raw_parts(elements.as_ptr().cast::<u32>(), elements.len()) }.to_vec()
}

#[test]
fn the_field_is_plonky3s() {
    let Some((_, _turn)) = stand_in() else { return };
    let edges = edges();
    let pairs = || edges.iter().flat_map(|a| edges.iter().map(move |b| (*a, *b)));
    let [a, b] = [pairs().map(|p| p.0).collect(), pairs().map(|p| p.1).collect::<Vec<_>>()];
    let inverse = |x: F| x.try_inverse().unwrap_or(F::ZERO);
    let expected: Vec<F> = pairs().flat_map(|(a, b)| [a + b, a - b, a * b, -a, inverse(a)]).collect();
    let grid = a.len().div_ceil(64) as u32;
    let found =
        run("field_operations", grid, 64, &[&words(&a), &words(&b)], expected.len(), Some(a.len() as u32));
    assert!(found.expect("a launch") == words(&expected));
}

/// The element that a word stands for, below the modulus or not.
fn of_word(word: u32) -> F {
    F::from_u32(word) * F::from_u64(1 << 32).inverse()
}

/// What is not reduced is a right operand whatever it is.
#[test]
fn words_that_are_not_reduced_are_right_operands() {
    let Some((_, _turn)) = stand_in() else { return };
    let edges = edges();
    let any = [0, 1, MODULUS - 1, MODULUS, MODULUS + 1, 1 << 31, 2 * MODULUS - 1, 2 * MODULUS, u32::MAX];
    let (mut w, mut b, mut c) = (Vec::new(), Vec::new(), Vec::new());
    for (word, (x, y)) in any.iter().flat_map(|word| {
        edges.iter().flat_map(|x| edges.iter().map(move |y| (x, y))).map(move |pair| (*word, pair))
    }) {
        w.push(word);
        b.push(*x);
        c.push(*y);
    }
    let triples = w.iter().zip(&b).zip(&c).map(|((w, b), c)| (of_word(*w), *b, *c));
    let expected: Vec<F> =
        triples.flat_map(|(w, b, c)| [w * b, c + w * b, c - w * b, (b + c) * b, (b - c) * b]).collect();
    let (grid, count) = (w.len().div_ceil(64) as u32, Some(w.len() as u32));
    let found = run("loose_operations", grid, 64, &[&w, &words(&b), &words(&c)], expected.len(), count);
    assert!(found.expect("a launch") == words(&expected));
}

/// Sums of 24 words below twice the modulus, also the greatest.
#[test]
fn sums_of_words_that_are_not_reduced_are_right() {
    let Some((_, _turn)) = stand_in() else { return };
    let mut rng = ChaCha12Rng::seed_from_u64(7);
    let extremes = [0, 1, MODULUS - 1, MODULUS, 2 * MODULUS - 1];
    let mut states: Vec<[u32; 24]> = extremes.iter().map(|word| [*word; 24]).collect();
    // As many of the greatest as fill a word or are one short of it, and any others.
    states.extend((0..24).map(|n| std::array::from_fn(|i| if i < n { 2 * MODULUS - 1 } else { 0 })));
    states.extend((0..2000).map(|_| std::array::from_fn(|_| rng.random_range(0..2 * MODULUS))));
    let expected: Vec<F> = states.iter().map(|state| state.iter().map(|word| of_word(*word)).sum()).collect();
    let (grid, count) = (states.len().div_ceil(64) as u32, Some(states.len() as u32));
    let found = run("loose_totals", grid, 64, &[states.as_flattened()], expected.len(), count);
    assert!(found.expect("a launch") == words(&expected));
}

#[test]
fn the_quintic_extension_is_plonky3s() {
    let Some((_, _turn)) = stand_in() else { return };
    let mut rng = ChaCha12Rng::seed_from_u64(6);
    let edges = edges();
    let mut element = || Challenge::from_basis_coefficients_fn(|_| edges[rng.random_range(0..edges.len())]);
    let mut pairs: Vec<[Challenge; 2]> = (0..500).map(|_| [element(), element()]).collect();
    // Every product of two powers of X.
    let power =
        |i: usize| Challenge::from_basis_coefficients_fn(|j| if i == j { F::NEG_ONE } else { F::ZERO });
    pairs.extend((0..25).map(|i| [power(i / 5), power(i % 5)]));
    pairs.push([Challenge::ZERO; 2]);
    let flat = |elements: &mut dyn Iterator<Item = Challenge>| {
        words(&elements.flat_map(|x| x.as_basis_coefficients_slice().to_vec()).collect::<Vec<F>>())
    };
    let [a, b] = [0, 1].map(|i| flat(&mut pairs.iter().map(|pair| pair[i])));
    let inverse = |x: Challenge| x.try_inverse().unwrap_or(Challenge::ZERO);
    let expected = flat(&mut pairs.iter().flat_map(|[a, b]| [*a + *b, *a - *b, *a * *b, inverse(*a)]));
    let (grid, count) = (pairs.len().div_ceil(64) as u32, Some(pairs.len() as u32));
    let found = run("quintic_operations", grid, 64, &[&a, &b], expected.len(), count).expect("a launch");
    assert!(found == expected);
}
