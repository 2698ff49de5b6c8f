//! What cannot be seen through the seam: the field's operations, and what becomes of a device that fails.

use aludel_protocol::field::MODULUS;
use aludel_protocol::{Challenge, F, fe};
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing};
use p3_matrix::dense::RowMajorMatrix;

use super::pipeline::{Interface, bind_layout, compile};
use super::*;
use crate::Ntt;

fn device(narrow_words: bool) -> Option<Wgpu> {
    match Wgpu::open(0, Options { narrow_words, ..Options::new(1 << 24) }) {
        Ok(device) => Some(device),
        Err(why) if std::env::var_os("ALUDEL_TEST_ALL").is_none_or(|v| v != "1") => {
            println!("skipped: {why}");
            None
        }
        Err(why) => panic!("ALUDEL_TEST_ALL is set: {why}"),
    }
}

/// Where a sum or a product wraps, and where the halves of a word do, as integers and as they are stored.
fn edges() -> Vec<F> {
    let radix = F::from_u64(1 << 32).inverse();
    let integers =
        [0, 1, 2, 3, MODULUS - 1, MODULUS - 2, MODULUS / 2, MODULUS / 2 + 1, 0xffff, 0x1_0000, 0x7eff_ffff];
    integers.into_iter().flat_map(|x| [fe(x), fe(x) * radix]).collect()
}

/// Operands of five elements, in pairs whose first elements are all pairs of edges.
fn operands() -> Vec<F> {
    let edges = edges();
    let n = edges.len();
    let operand = |first: usize, step: usize| (0..5).map(move |i| (first + i * step) % n);
    let pairs = (0..n * n).flat_map(|i| operand(i / n, i % 7).chain(operand(i % n, i / 7)));
    // Zero has no inverse.
    pairs.map(|i| edges[i]).chain([F::ZERO; 10]).collect()
}

/// What `field_test.wgsl` is to give for a pair.
fn expected(pair: &[F]) -> Vec<F> {
    let of = |c: &[F]| Challenge::from_basis_coefficients_fn(|i| c[i]);
    let (a, b) = (of(&pair[..5]), of(&pair[5..]));
    let (x, y) = (pair[0], pair[5]);
    let extension = [a + b, a - b, a * b];
    let extension = extension.iter().flat_map(|x| x.as_basis_coefficients_slice().to_vec());
    let inverse = x.try_inverse().unwrap_or(F::ZERO);
    let vectors = [x + y, x - y, (x + y) * y];
    let operations =
        extension.chain([x + y, x - y, x * y, -x, inverse, (x + y) * y, (x - y) * y]).chain(vectors);
    let inverse = a.try_inverse().unwrap_or(Challenge::ZERO);
    operations.chain(inverse.as_basis_coefficients_slice().to_vec()).collect()
}

/// Runs the test kernel.
fn computed(device: &Wgpu, operands: &[F]) -> Vec<F> {
    let pairs = operands.len() / 10;
    let from = device.pieces(1, operands.len()).expect("it fits");
    let to = device.pieces(1, operands.len() / 2 * 6).expect("it fits");
    device.write(&from, operands).expect("written");
    let files = [include_str!("../../wgsl/extension.wgsl"), include_str!("../../wgsl/field_test.wgsl")];
    let interface = Interface { writes: &[false, true], parameter_bytes: 4, overrides: &[] };
    let source = source::module(device.has_wide_words(), &files);
    let make = || {
        let shared = bind_layout(&device.device, &[false, false]);
        compile(&device.device, &shared, "field_test", source, &interface)
    };
    let pipeline = device.checked("field_test", 0, make).expect("it compiles");
    let buffers = [&from.buffers[0], &to.buffers[0]];
    let parameters = [u32::try_from(pairs).expect("few")];
    device
        .launch(|commands| commands.pipeline(&pipeline, &buffers, &parameters, pairs.div_ceil(64)))
        .expect("it runs");
    device.read(&to).expect("it comes back")
}

#[test]
fn the_field_is_plonky3s_with_either_words() {
    let operands = operands();
    for narrow in [false, true] {
        let Some(device) = device(narrow) else { return };
        let found = computed(&device, &operands);
        for (i, (pair, found)) in operands.chunks(10).zip(found.chunks(30)).enumerate() {
            assert_eq!(found, expected(pair), "pair {i}, {pair:?}, narrow: {narrow}");
        }
    }
}

#[test]
fn a_lost_device_stays_lost_and_says_so() {
    let Some(device) = device(false) else { return };
    let rows = RowMajorMatrix::new(vec![F::ONE; 64], 4);
    let matrix = device.upload(&rows).expect("it fits");
    device.device.destroy();
    for _ in 0..2 {
        let lost =
            |error: Option<Error>| assert!(matches!(error, Some(Error::DeviceLost { .. })), "{error:?}");
        lost(device.upload(&rows).err());
        lost(device.download(&matrix).err());
        lost(device.coset_lde(&matrix, 1, F::GENERATOR).err());
    }
    drop(matrix);
    assert_eq!(device.usage().used, 0);
}

/// A launch that the driver's layer refuses is told by that call, and the device goes on.
#[test]
fn a_launch_that_fails_is_said_and_harms_nothing_else() {
    let Some(device) = device(false) else { return };
    let rows = RowMajorMatrix::new(vec![F::TWO; 64], 4);
    let matrix = device.upload(&rows).expect("it fits");
    let buffer = &matrix.columns.buffers[0];
    match device.launch(|commands| commands.copy((buffer, 0), (buffer, 1 << 20), 1)) {
        Err(Error::LaunchFailed { kernel, .. }) => assert_eq!(kernel, "copy"),
        other => panic!("{other:?}"),
    }
    assert_eq!(device.download(&matrix).expect("as before"), rows);
}

/// The driver's own shortage, which the budget did not foresee. Lavapipe gives any amount, so the error is made here.
#[test]
fn memory_that_the_driver_does_not_have_is_said() {
    let Some(device) = device(false) else { return };
    let held = device.upload(&RowMajorMatrix::new(vec![F::ONE; 64], 4)).expect("it fits");
    let error = ::wgpu::Error::OutOfMemory { source: "none left".into() };
    let expected = Error::OutOfMemory { device: device.id(), requested: 7, free: (1 << 24) - 256 };
    assert_eq!(device.failure("allocation", 7, &error), expected);
    drop(held);
}

/// wgpu panics where the driver says that the device is lost.
#[test]
fn a_panic_of_wgpu_is_an_answer() {
    assert_eq!(super::launch::told(|| Ok::<_, String>(7)), Ok(7));
    assert_eq!(super::launch::told(|| Err::<(), _>("no")), Err("no".to_owned()));
    let lost = super::launch::told::<(), String>(|| panic!("as wgpu does"));
    assert_eq!(lost, Err("the driver lost it".to_owned()));
}
