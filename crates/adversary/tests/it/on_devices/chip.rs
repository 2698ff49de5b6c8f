//! What of a chip a proof on a device needs: its programs, and columns that do not change.

use aludel_kernels::rows::{Lowering, Program};
use aludel_protocol::{Challenge, F};
use aludel_verifier::layout::ChipLayout;
use aludel_verifier::machine::Symbolic;
use p3_air::symbolic::AirLayout;
use p3_air::{Air, BaseAir};
use p3_batch_stark::symbolic::{
    get_constraint_layout, get_log_num_quotient_chunks_for_domain, get_symbolic_constraints,
};
use p3_dft::Radix2DitParallel;
use p3_field::coset::TwoAdicMultiplicativeCoset;
use p3_field::{Field, PrimeCharacteristicRing};
use p3_fri::build_periodic_lde_table_two_adic;
use p3_lookup::{LogUpGadget, Lookups};
use p3_matrix::Matrix;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::RowMajorMatrix;

/// Registers beyond which columns are loaded again.
const REGISTERS: usize = 256;

/// A chip, ready for proofs.
pub struct Chip {
    /// Its sizes.
    pub layout: ChipLayout,
    /// Its preprocessed columns.
    pub fixed: Option<RowMajorMatrix<F>>,
    /// Columns that repeat.
    periodic: Vec<Vec<F>>,
    /// Its lookups.
    pub lookups: Lookups<F>,
    /// Their fractions, where it has any.
    pub fractions: Option<Program>,
    /// Its constraints over what vanishes on its rows.
    pub quotient: Program,
    /// How many constraints these are.
    pub constraints: usize,
}

impl Chip {
    /// From an AIR of `2^log_height` rows, with its lookups as the key has them.
    pub fn new<A: Air<Symbolic> + BaseAir<F>>(air: &A, log_height: usize, lookups: &Lookups<F>) -> Self {
        let gadget = LogUpGadget::new();
        let layout = AirLayout::from_air::<F>(air);
        let (base, extension) = get_symbolic_constraints::<F, Challenge, _, _>(air, layout, lookups, &gadget);
        let order = get_constraint_layout::<F, Challenge, _, _>(air, layout, lookups, &gadget);
        let (graph, quotient) = Lowering::quotient(&base, &extension, &order);
        let quotient = Program::new(&graph, &[quotient], REGISTERS);
        let fractions = (!lookups.is_empty()).then(|| {
            let (graph, fractions) = Lowering::fractions(lookups);
            Program::new(&graph, &fractions, REGISTERS)
        });
        let rows = coset(F::ONE, log_height);
        let log_chunks = get_log_num_quotient_chunks_for_domain::<F, Challenge, _, _>(
            air, layout, rows, lookups, 0, &gadget,
        );
        Self {
            layout: ChipLayout {
                log_height,
                width: layout.main_width,
                next: !air.main_next_row_columns().is_empty(),
                fixed_width: layout.preprocessed_width,
                fixed_next: !air.preprocessed_next_row_columns().is_empty(),
                chunks: 1 << log_chunks,
                lookups: lookups.len(),
            },
            fixed: air.preprocessed_trace(),
            periodic: air.periodic_columns().into_owned(),
            lookups: lookups.clone(),
            fractions,
            quotient,
            constraints: order.total_constraints(),
        }
    }

    /// Base-2 logarithm of its quotient's points a row.
    pub const fn log_chunks(&self) -> usize {
        self.layout.chunks.ilog2() as usize
    }

    /// The columns that repeat where the quotient is computed: a period of them, bit-reversed.
    pub fn periodic(&self) -> Option<RowMajorMatrix<F>> {
        let (rows, points) = (self.layout.log_height, self.layout.log_height + self.log_chunks());
        let (rows, points) = (coset(F::ONE, rows), coset(F::GENERATOR, points));
        let dft = Radix2DitParallel::default();
        let table = build_periodic_lde_table_two_adic(&dft, &self.periodic, &rows, &points);
        let row = |i: usize| (0..table.width()).map(move |j| (i, j));
        let values = (0..table.height()).flat_map(row).map(|(i, j)| *table.get(i, j)).collect();
        let natural = || RowMajorMatrix::new(values, table.width());
        (!table.is_empty()).then(|| natural().bit_reverse_rows().to_row_major_matrix())
    }
}

fn coset(shift: F, log_size: usize) -> TwoAdicMultiplicativeCoset<F> {
    TwoAdicMultiplicativeCoset::new(shift, log_size).expect("heights stay below the two-adicity")
}
