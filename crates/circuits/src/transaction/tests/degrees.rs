//! The degrees and the number of auxiliary columns that the proof system will see.

use aludel_protocol::F;
use p3_air::symbolic::AirLayout;
use p3_lookup::logup::LogUpGadget;
use p3_lookup::{InteractionSymbolicBuilder, Lookups};

use crate::chip::Chip;
use crate::machine::MachineChip;
use crate::transaction::Transaction;

#[test]
fn degrees_are_at_most_three() {
    let air = MachineChip::Transaction(Transaction { log_height: 4 });
    let layout = AirLayout::from_air::<F>(&air);
    let symbolic = InteractionSymbolicBuilder::<F>::from_air(&air, layout);
    let constraints = symbolic.base_constraints();
    let worst = constraints.iter().map(|c| c.degree_multiple_with_transition(1)).max();
    assert_eq!(worst, Some(3));
    let messages = symbolic.global_interactions().len();
    let gadget = LogUpGadget::new();
    let packed = Lookups::<F>::from_air::<F, _>(&air)
        .pack_same_bus_with_degree(3, |l| gadget.constraint_degree_with_transition(l, 1));
    let degree = packed.iter().map(|l| gadget.constraint_degree_with_transition(l, 1)).max();
    assert_eq!(degree, Some(3));
    assert_eq!((air.width(), constraints.len(), messages, packed.len()), (369, 487, 89, 49));
}
