//! What a run of a program must be given.

use super::domain::Domain;
use super::lower::MATRICES;
use super::program::{Instruction, Program};
use crate::error::Error;
use crate::fold::DEGREE;
use crate::id::DeviceId;
use crate::seam::MAX_LOG_HEIGHT;

/// The columns and values that a program reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Needs {
    /// Columns of each matrix; zero where it is not read.
    pub columns: [usize; MATRICES],
    /// Uniform values.
    pub values: usize,
    /// Values of the extension that it stores for a row.
    pub outputs: usize,
}

/// Height and width.
type Shape = (usize, usize);

impl Needs {
    /// Those of a program.
    pub fn of(program: &Program) -> Self {
        let mut columns = [0; MATRICES];
        for instruction in &program.code {
            let (column, count) = match instruction {
                Instruction::Load(_, column) => (column, 1),
                Instruction::LoadFive(_, column) => (column, DEGREE),
                _ => continue,
            };
            let most = &mut columns[usize::from(column.matrix)];
            *most = (*most).max(column.column as usize + count);
        }
        Self { columns, values: program.uniforms.len(), outputs: program.outputs }
    }

    /// Height and width of the result.
    pub const fn result(&self, domain: Domain) -> Shape {
        (1 << domain.log_height(), DEGREE * self.outputs)
    }

    /// That a run is given what it needs.
    ///
    /// # Errors
    /// [`Error::Unsupported`] where it is not.
    pub fn check(
        &self,
        device: DeviceId,
        domain: Domain,
        matrices: [Option<Shape>; MATRICES],
        values: usize,
        onto: Option<Shape>,
    ) -> Result<(), Error> {
        let unsupported = |what: String| Err(Error::Unsupported { device, what });
        let log_step = match domain {
            Domain::Natural { .. } => 0,
            Domain::BitReversed { log_step, .. } => log_step,
        };
        if domain.log_height() > MAX_LOG_HEIGHT || log_step > domain.log_height() {
            return unsupported(format!("a program on {domain:?}: at most 2^{MAX_LOG_HEIGHT} rows"));
        }
        for (number, (shape, columns)) in matrices.iter().zip(self.columns).enumerate() {
            let fits = shape.is_some_and(|(height, width)| height.is_power_of_two() && width >= columns);
            if columns > 0 && !fits {
                return unsupported(format!(
                    "a program that reads {columns} columns of matrix {number}, which has {shape:?} rows and columns"
                ));
            }
        }
        if values < self.values {
            return unsupported(format!("{values} values for a program that has {}", self.values));
        }
        match onto.filter(|shape| *shape != self.result(domain)) {
            Some(shape) => unsupported(format!("{:?} added to {shape:?}", self.result(domain))),
            None => Ok(()),
        }
    }
}
