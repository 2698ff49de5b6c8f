//! The text of kernels: files of `kernels/wgsl/` after constants that Plonky3 gives, and the tables that they read.

use aludel_protocol::{Challenge, F};
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing, PrimeField32, TwoAdicField};
use p3_koala_bear::{
    GenericPoseidon2LinearLayersKoalaBear as Layers, KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL,
    KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL, KOALABEAR_POSEIDON2_RC_16_INTERNAL,
    KOALABEAR_POSEIDON2_RC_24_EXTERNAL_FINAL, KOALABEAR_POSEIDON2_RC_24_EXTERNAL_INITIAL,
    KOALABEAR_POSEIDON2_RC_24_INTERNAL,
};
use p3_poseidon2::GenericPoseidon2LinearLayers;

use super::transfer::to_word;
use crate::fold::DEGREE;
use crate::seam::MAX_LOG_HEIGHT;

/// A table of powers is two: of the base, and of its `2^LOG_STEP`-th power.
pub(super) const LOG_STEP: usize = 12;

/// Stages of a transform that a thread does at a time in its registers, at most.
pub(super) const LOG_RADIX: usize = 4;

/// A module: what all kernels share, and then some files.
pub(super) fn module(wide_words: bool, files: &[&str]) -> String {
    let products = match wide_words {
        true => include_str!("../../wgsl/field_u64.wgsl"),
        false => include_str!("../../wgsl/field_u32.wgsl"),
    };
    [&constants(), products, include_str!("../../wgsl/field.wgsl")]
        .into_iter()
        .chain(files.iter().copied())
        .collect::<Vec<_>>()
        .join("\n")
}

/// Constants of the field, roots of unity of order 16, and where constants of the permutations lie in their table.
fn constants() -> String {
    let (p, one) = (F::ORDER_U32, to_word(F::ONE));
    // Newton's iteration doubles the right bits, of which any odd number has three.
    let inverse = (0..4).fold(p, |x, _| x.wrapping_mul(2u32.wrapping_sub(p.wrapping_mul(x))));
    let partial = [KOALABEAR_POSEIDON2_RC_16_INTERNAL.len(), KOALABEAR_POSEIDON2_RC_24_INTERNAL.len()];
    let root = F::two_adic_generator(LOG_RADIX);
    let units = units("UNITS", root) + &units("INVERSE_UNITS", root.inverse());
    format!(
        "{units}{}const P: u32 = {p}u;\nconst MU: u32 = {inverse}u;\nconst ONE: u32 = {one}u;\nconst AT_16: u32 = 0u;\nconst AT_24: u32 = {}u;\n\
         const PARTIAL_16: u32 = {}u;\nconst PARTIAL_24: u32 = {}u;\n",
        frobenius(),
        poseidon2_16().len() / 4,
        partial[0],
        partial[1]
    )
}

/// The first eight powers of a root, in two vectors.
fn units(name: &str, root: F) -> String {
    let powers = root.powers().take(8).map(|power| format!("{}u", to_word(power))).collect::<Vec<_>>();
    let vector = |half: &str, of: &[String]| {
        format!("const {name}_{half}: vec4<u32> = vec4<u32>({});\n", of.join(", "))
    };
    vector("LOW", &powers[..4]) + &vector("HIGH", &powers[4..])
}

/// Images of the powers of `X` under the Frobenius and its square.
fn frobenius() -> String {
    let mut text = String::new();
    for i in 1..DEGREE {
        let mut image = Challenge::from_basis_coefficients_fn(|j| F::from_bool(i == j));
        for twice in [1, 2] {
            image = image.exp_u64(F::ORDER_U32.into());
            let words = image.as_basis_coefficients_slice().iter().map(|x| format!("{}u", to_word(*x)));
            let words = words.collect::<Vec<_>>().join(", ");
            text += &format!("const FROBENIUS_{twice}_OF_{i}: array<u32, 5> = array<u32, 5>({words});\n");
        }
    }
    text
}

/// Constants of both permutations, as `poseidon2.wgsl` reads them.
pub(super) fn poseidon2() -> Vec<F> {
    let wide = poseidon2_table(
        &KOALABEAR_POSEIDON2_RC_24_EXTERNAL_INITIAL,
        &KOALABEAR_POSEIDON2_RC_24_EXTERNAL_FINAL,
        &KOALABEAR_POSEIDON2_RC_24_INTERNAL,
    );
    poseidon2_16().into_iter().chain(wide).collect()
}

fn poseidon2_16() -> Vec<F> {
    poseidon2_table(
        &KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL,
        &KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL,
        &KOALABEAR_POSEIDON2_RC_16_INTERNAL,
    )
}

fn poseidon2_table<const N: usize>(initial: &[[F; N]; 4], last: &[[F; N]; 4], inner: &[F]) -> Vec<F>
where
    Layers: GenericPoseidon2LinearLayers<N>,
{
    let full = initial.iter().chain(last).flatten().copied();
    let partial = inner.iter().flat_map(|x| [*x, F::ZERO, F::ZERO, F::ZERO]);
    full.chain(diagonal::<N>()).chain(partial).collect()
}

/// The inner matrix is all ones and a diagonal, which its images of unit vectors show.
fn diagonal<const N: usize>() -> [F; N]
where
    Layers: GenericPoseidon2LinearLayers<N>,
{
    core::array::from_fn(|i| {
        let mut unit = [F::ZERO; N];
        unit[i] = F::ONE;
        Layers::internal_linear_layer(&mut unit);
        unit[i] - F::ONE
    })
}

/// Powers of the generator of the largest subgroup.
pub(super) fn roots() -> Vec<F> {
    powers(F::two_adic_generator(MAX_LOG_HEIGHT), F::ONE)
}

/// `factor base^i` and then `base^(2^LOG_STEP i)`, for `i` below `2^LOG_STEP`.
pub(super) fn powers(base: F, factor: F) -> Vec<F> {
    let first = base.shifted_powers(factor).take(1 << LOG_STEP);
    first.chain(base.exp_power_of_2(LOG_STEP).powers().take(1 << LOG_STEP)).collect()
}

/// `1 / 2^log`.
pub(super) fn inverse_height(log: usize) -> F {
    F::from_u64(1 << log).inverse()
}
