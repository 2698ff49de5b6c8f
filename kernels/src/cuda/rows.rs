//! Programs over rows.

use aludel_protocol::Challenge;

use super::interpreted::Interpreted;
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
    code: Interpreted,
}

impl Rows for Cuda {
    type Compiled = Compiled;

    fn compile(&self, program: &Program) -> Result<Compiled, Error> {
        Ok(Compiled { needs: Needs::of(program), code: self.interpreted(program)? })
    }

    fn run(
        &self,
        compiled: &Compiled,
        domain: Domain,
        matrices: [Option<&Matrix>; MATRICES],
        values: &[Challenge],
        onto: Option<Matrix>,
    ) -> Result<Matrix, Error> {
        let needs = &compiled.needs;
        let shapes = matrices.map(|matrix| matrix.map(|matrix| self.shape(matrix)));
        needs.check(self.id(), domain, shapes, values.len(), onto.as_ref().map(|m| self.shape(m)))?;
        let (height, width) = needs.result(domain);
        let has_onto = onto.is_some();
        let out = onto.map_or_else(|| self.matrix(height, width), Ok)?;
        self.run_interpreted(&compiled.code, domain, matrices, &values[..needs.values], (&out, has_onto))?;
        Ok(out)
    }
}
