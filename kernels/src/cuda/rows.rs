//! Programs over rows.

use aludel_protocol::Challenge;

use super::generated::Generated;
use super::{Cuda, Matrix};
use crate::error::Error;
use crate::rows::lower::MATRICES;
use crate::rows::needs::Needs;
use crate::rows::{Domain, Program};
use crate::seam::{Device, Rows};

/// A program on a device.
#[derive(Debug)]
pub struct Compiled {
    needs: Needs,
    kernel: Generated,
}

impl Rows for Cuda {
    type Compiled = Compiled;

    fn compile(&self, program: &Program) -> Result<Compiled, Error> {
        let needs = Needs::of(program);
        match self.generate(program)? {
            Some(kernel) => Ok(Compiled { needs, kernel }),
            None => Err(self.unsupported("a program")),
        }
    }

    fn run(
        &self,
        compiled: &Compiled,
        domain: Domain,
        matrices: [Option<&Matrix>; MATRICES],
        values: &[Challenge],
        onto: Option<Matrix>,
    ) -> Result<Matrix, Error> {
        let shapes = matrices.map(|matrix| matrix.map(|matrix| self.shape(matrix)));
        let needs = &compiled.needs;
        needs.check(self.id(), domain, shapes, values.len(), onto.as_ref().map(|m| self.shape(m)))?;
        let has_onto = onto.is_some();
        let (height, width) = needs.result(domain);
        let out = onto.map_or_else(|| self.matrix(height, width), Ok)?;
        self.run_generated(&compiled.kernel, domain, matrices, values, (&out, has_onto))?;
        Ok(out)
    }
}
