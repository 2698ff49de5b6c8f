//! The columns of lookups and what they sum up to.

use aludel_kernels::Error;
use aludel_kernels::rows::{Domain, Given};
use aludel_protocol::Challenge;

use super::{Columns, Stages, Task};

/// By chip, the running sum and the fractions, as Plonky3's permutation trace has them, and the terminal; nothing for a chip without lookups.
type Sums<M> = (Vec<Option<M>>, Vec<Option<Challenge>>);

/// Makes them from the rows of the traces.
pub fn sums<D: Stages>(
    device: &D,
    task: &Task<'_>,
    main: &Columns<D>,
    fixed: &Columns<D>,
    challenges: &[Vec<Challenge>],
) -> Result<Sums<D::Matrix>, Error> {
    let of_chip = |number: usize| {
        let chip = &task.chips[number];
        let Some(program) = &chip.fractions else { return Ok((None, None)) };
        let given = Given {
            public_values: &task.public_values[number],
            challenges: &challenges[number],
            terminal: None,
            weights: &[],
        };
        let values = program.uniforms().values(&given).expect("fractions read no weights and no terminal");
        let domain = Domain::Natural { log_height: chip.layout.log_height };
        let matrices = [main.rows[number].as_ref(), fixed.rows[number].as_ref(), None, None, None];
        let fractions = device.run(&device.compile(program)?, domain, matrices, &values, None)?;
        let (columns, terminal) = device.running_sums(fractions)?;
        Ok((Some(columns), Some(terminal)))
    };
    (0..task.chips.len()).map(of_chip).collect()
}
