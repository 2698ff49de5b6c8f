//! The kernels as loaded on a device, with the constants that they take from Plonky3.

use std::collections::HashMap;
use std::sync::Arc;

use aludel_protocol::F;
use cudarc::driver::{result, sys::CUfunction};
use p3_field::{Field, PrimeCharacteristicRing, TwoAdicField};
use p3_koala_bear::{
    GenericPoseidon2LinearLayersKoalaBear, KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL,
    KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL, KOALABEAR_POSEIDON2_RC_16_INTERNAL,
    KOALABEAR_POSEIDON2_RC_24_EXTERNAL_FINAL, KOALABEAR_POSEIDON2_RC_24_EXTERNAL_INITIAL,
    KOALABEAR_POSEIDON2_RC_24_INTERNAL,
};
use p3_poseidon2::GenericPoseidon2LinearLayers;

use super::driver::Context;
use super::launch::{Arg, Launch};
use super::module::Module;
use super::stream::Stream;
use super::words;
use crate::error::Error;
use crate::seam::MAX_LOG_HEIGHT;

/// What `build.rs` made, aligned as the driver reads it.
#[repr(align(64))]
struct Aligned<T: ?Sized>(T);

static IMAGE: &Aligned<[u8]> = &Aligned(*include_bytes!(concat!(env!("OUT_DIR"), "/kernels.fatbin")));

/// Base-2 logarithm of the length of each of the two tables from which a power is put together.
pub(super) const LOG_TABLE: usize = 12;

const KERNELS: [&str; 32] = [
    "rows_to_columns",
    "columns_to_rows",
    "permute_16",
    "permute_24",
    "smallest_witness",
    "fold",
    "column_sums",
    "running_sums",
    "selectors",
    "reverse_rows",
    "interpret_rows",
    "merkle_leaves",
    "merkle_layer",
    "merkle_open_rows",
    "merkle_open_path",
    "ntt_pass",
    "lde_gather",
    "lde_inverse",
    "lde_middle",
    "openings_inverses",
    "openings_dots_1",
    "openings_dots_2",
    "openings_totals",
    "openings_reduced_1",
    "openings_reduced_2",
    "limits_copy",
    "limits_low",
    "limits_high",
    "limits_wide",
    "limits_double",
    "limits_base",
    "limits_quintic",
];

/// Kernels by name.
#[derive(Debug)]
pub(super) struct Image {
    functions: HashMap<&'static str, CUfunction>,
    #[expect(dead_code, reason = "unloaded when the image is dropped")]
    module: Module,
}

// SAFETY: functions are handles of a module, which may be used on any thread.
unsafe impl Send for Image {}
// SAFETY: as above.
unsafe impl Sync for Image {}

impl Image {
    /// Loads the kernels and writes their constants.
    pub(super) fn load(context: &Arc<Context>) -> Result<Self, Error> {
        let module = Module::load(context, &IMAGE.0).map_err(|error| match error {
            Error::LaunchFailed { device, reason, .. } => Error::Unsupported {
                device,
                what: format!(
                    "this build has no kernels for it ({reason}); build with nvcc in the path or in NVCC"
                ),
            },
            other => other,
        })?;
        module.write(
            "ntt_roots",
            words(&power_tables(F::two_adic_generator(MAX_LOG_HEIGHT), 1 << MAX_LOG_HEIGHT)),
        )?;
        module.write("ntt_units", words(&units()))?;
        module.write("poseidon2_16", words(&poseidon2_16()))?;
        module.write("poseidon2_24", words(&poseidon2_24()))?;
        // Copies of memory that is not pinned may be on their way when they return, and queues do not wait for the one that they are on.
        context.run("constants", result::ctx::synchronize)?;
        let functions = KERNELS.iter().map(|name| Ok((*name, module.function(name)?)));
        let functions = functions.collect::<Result<_, Error>>()?;
        Ok(Self { functions, module })
    }

    /// Queues a kernel.
    ///
    /// # Safety
    /// As of [`Stream::launch`].
    pub(super) unsafe fn launch(
        &self,
        stream: &Stream,
        launch: Launch,
        args: &[Arg<'_>],
    ) -> Result<(), Error> {
        match self.functions.get(launch.kernel) {
            // SAFETY: the caller's promise.
            Some(function) => unsafe { stream.launch(*function, launch, args) },
            None => Err(Error::Unsupported {
                device: stream.context.id,
                what: format!("kernel {}", launch.kernel),
            }),
        }
    }
}

/// The powers `base^i` with `i` below `2^LOG_TABLE`, then those with multiples of it, as many as powers below `count` need.
pub(super) fn power_tables(base: F, count: usize) -> Vec<F> {
    let low = base.powers().take(count.min(1 << LOG_TABLE));
    let high = base.exp_power_of_2(LOG_TABLE).powers().take(count.div_ceil(1 << LOG_TABLE));
    low.chain(high).collect()
}

/// Words of these tables.
pub(super) const fn power_words(count: usize) -> usize {
    let low = 1 << LOG_TABLE;
    (if count < low { count } else { low }) + count.div_ceil(low)
}

/// Powers of a root of order 16, and of its inverse, eight of each.
fn units() -> Vec<F> {
    let unit = F::two_adic_generator(4);
    [unit, unit.inverse()].into_iter().flat_map(|unit| unit.powers().take(8)).collect()
}

fn poseidon2_16() -> Vec<F> {
    let outer =
        KOALABEAR_POSEIDON2_RC_16_EXTERNAL_INITIAL.iter().chain(&KOALABEAR_POSEIDON2_RC_16_EXTERNAL_FINAL);
    let outer = outer.flatten().copied();
    outer.chain(KOALABEAR_POSEIDON2_RC_16_INTERNAL).chain(diagonal::<16>()).collect()
}

fn poseidon2_24() -> Vec<F> {
    let outer =
        KOALABEAR_POSEIDON2_RC_24_EXTERNAL_INITIAL.iter().chain(&KOALABEAR_POSEIDON2_RC_24_EXTERNAL_FINAL);
    let outer = outer.flatten().copied();
    outer.chain(KOALABEAR_POSEIDON2_RC_24_INTERNAL).chain(diagonal::<24>()).collect()
}

/// The inner matrix is all ones and a diagonal: column `i` of it is the image of the `i`-th unit vector.
fn diagonal<const WIDTH: usize>() -> [F; WIDTH]
where
    GenericPoseidon2LinearLayersKoalaBear: GenericPoseidon2LinearLayers<WIDTH>,
{
    core::array::from_fn(|i| {
        let mut unit = [F::ZERO; WIDTH];
        unit[i] = F::ONE;
        GenericPoseidon2LinearLayersKoalaBear::internal_linear_layer(&mut unit);
        unit[i] - F::ONE
    })
}
