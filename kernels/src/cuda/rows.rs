//! Programs over rows: as kernels of their own where there is a compiler, interpreted elsewhere.

use core::sync::atomic::Ordering;

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
    kernel: Kernel,
}

#[derive(Debug)]
enum Kernel {
    Generated(Box<Generated>),
    Interpreted(Interpreted),
}

impl Compiled {
    /// Whether it is interpreted, and no kernel of its own.
    pub const fn is_interpreted(&self) -> bool {
        matches!(self.kernel, Kernel::Interpreted(_))
    }
}

impl Rows for Cuda {
    type Compiled = Compiled;

    fn compile(&self, program: &Program) -> Result<Compiled, Error> {
        let kernel = match self.generate(program)? {
            Some(kernel) => Kernel::Generated(Box::new(kernel)),
            None => {
                let interpreted = self.interpreted(program)?;
                self.interpreted.fetch_add(1, Ordering::Relaxed);
                Kernel::Interpreted(interpreted)
            }
        };
        Ok(Compiled { needs: Needs::of(program), kernel })
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
        let values = &values[..needs.values];
        match &compiled.kernel {
            Kernel::Generated(kernel) => {
                self.run_generated(kernel, domain, matrices, values, (&out, has_onto))?;
            }
            Kernel::Interpreted(code) => {
                self.run_interpreted(code, domain, matrices, values, (&out, has_onto))?;
            }
        }
        Ok(out)
    }
}
