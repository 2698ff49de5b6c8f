//! Programs over rows.

use aludel_protocol::Challenge;

use super::generated::Generated;
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
    code: Code,
}

/// As a kernel of its own, or as what the interpreting kernel reads.
#[derive(Debug)]
enum Code {
    Generated(Generated),
    Interpreted(Interpreted),
}

impl Rows for Cuda {
    type Compiled = Compiled;

    fn compile(&self, program: &Program) -> Result<Compiled, Error> {
        let code = match self.generate(program)? {
            Some(kernel) => Code::Generated(kernel),
            None => Code::Interpreted(self.interpreted(program)?),
        };
        Ok(Compiled { needs: Needs::of(program), code })
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
        let (values, to) = (&values[..needs.values], (&out, has_onto));
        match &compiled.code {
            Code::Generated(kernel) => self.run_generated(kernel, domain, matrices, values, to)?,
            Code::Interpreted(code) => self.run_interpreted(code, domain, matrices, values, to)?,
        }
        Ok(out)
    }
}
