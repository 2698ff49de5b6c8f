//! Columns and degrees of the two chips that are most of the machine's cells.

use aludel_protocol::{Challenge, F};
use p3_air::{AirLayout, BaseAir};
use p3_lookup::{InteractionSymbolicBuilder, LogUpGadget, Lookups};

use crate::chain::Chain;
use crate::chip::Chip;
use crate::machine::MachineChip;
use crate::poseidon2::{WIDTH16, WIDTH24};
use crate::shape::CHAIN_LANES;
use crate::signature::Signature;

/// The degree that the blowup of 2 allows.
const MAX_DEGREE: usize = 3;

/// Messages, and the auxiliary columns that carry them, beside the accumulator. Checks every degree.
fn messages(chip: &MachineChip) -> (usize, usize) {
    type Symbolic = InteractionSymbolicBuilder<F, Challenge>;
    let symbolic = Symbolic::from_air(chip, AirLayout::from_air(chip));
    let degrees = symbolic.base_constraints().into_iter().map(|c| c.degree_multiple());
    assert_eq!(degrees.max(), Some(MAX_DEGREE), "{}", chip.name());
    let lookups = Lookups::<F>::from_air::<Challenge, _>(chip);
    let packed = lookups.clone().pack_same_bus(&LogUpGadget::new(), MAX_DEGREE);
    (lookups.len(), packed.len())
}

#[test]
fn chain_has_17_columns_a_lane_beside_its_permutation() {
    let chip = MachineChip::Chain(Chain { log_height: 9 });
    assert_eq!(BaseAir::width(&chip), CHAIN_LANES * (17 + WIDTH16));
    assert_eq!(messages(&chip), (5, 3));
}

#[test]
fn signature_has_43_columns_beside_its_permutation() {
    let chip = MachineChip::Signature(Signature { log_height: 10 });
    assert_eq!((BaseAir::width(&chip), chip.fixed_width()), (43 + WIDTH24, 7));
    assert_eq!(messages(&chip), (5, 3));
}
