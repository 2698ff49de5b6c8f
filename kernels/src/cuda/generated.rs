//! Programs over rows as kernels of their own: their text, compiled when it is first needed.

use aludel_protocol::{Challenge, F};
use sha2::{Digest, Sha256};

use super::launch::Arg;
use super::module::Module;
use super::{Cuda, Launch, Matrix, word, words};
use crate::error::Error;
use crate::rows::lower::MATRICES;
use crate::rows::needs::Needs;
use crate::rows::text::{Language, Text};
use crate::rows::{Domain, Program};

/// Instructions beyond which a program is not compiled: the compiler takes more than proportionally longer.
const MOST_INSTRUCTIONS: usize = 6_000;
/// Bytes that a kernel's parameters have, since CUDA 12.1.
const MOST_PARAMETER_BYTES: usize = 32_764;
/// Bytes that they have with any driver, and the driver's version from which on they may have more.
const MOST_PARAMETER_BYTES_BEFORE: (usize, i32) = (4_096, 12_010);
/// Bytes of local memory of a thread beyond which a kernel is not used. The driver takes as much for each thread that the device can hold, beside the budget: 66 MiB for the 132
/// multiprocessors of an H100 with 2,048 threads each, which is what the interpreter's slots may take.
const MOST_LOCAL_BYTES: usize = 256;

const LANGUAGE: Language = Language {
    registers: ["Fe @;", "Fe5 @;", "Wide5 @;", "Wide @;"],
    inverse: "inverse",
    word,
    has_loose_sums: true,
};

/// A kernel of a program.
#[derive(Debug)]
pub(super) struct Generated {
    source: Source,
    function: cudarc::driver::sys::CUfunction,
    module: Module,
    #[expect(dead_code, reason = "the driver may read it as long as the module is loaded")]
    image: Vec<u8>,
}

// SAFETY: a function is a handle of a module, which may be used on any thread.
unsafe impl Send for Generated {}
// SAFETY: as above.
unsafe impl Sync for Generated {}

/// The whole text of a program's kernel.
#[derive(Debug)]
pub(super) struct Source {
    statements: Text,
    needs: Needs,
    /// The kernel's name, by its statements.
    pub name: String,
    /// All of it.
    pub text: String,
}

impl Source {
    /// `None` where it is too long.
    pub(super) fn of(program: &Program) -> Option<Self> {
        if program.code.len() > MOST_INSTRUCTIONS {
            return None;
        }
        let (statements, needs) = (Text::new(program, &LANGUAGE), Needs::of(program));
        let (name, text) = written(&statements, &needs);
        let source = Self { statements, needs, name, text };
        (source.parameter_bytes() <= MOST_PARAMETER_BYTES).then_some(source)
    }

    /// Bytes of the kernel's parameters, no fewer than they have: matrices with their heights, values, and what comes last.
    fn parameter_bytes(&self) -> usize {
        let matrices = self.needs.columns.iter().filter(|columns| **columns > 0).count();
        16 * matrices + size_of::<F>() * self.statements.words() + 32
    }

    /// Whether drivers of a version take so many parameters.
    fn fits(&self, version: i32) -> bool {
        let (most, since) = MOST_PARAMETER_BYTES_BEFORE;
        version >= since || self.parameter_bytes() <= most
    }
}

/// Name and text of a kernel.
fn written(text: &Text, needs: &Needs) -> (String, String) {
    let digest = Sha256::digest(&text.body);
    let name = digest[..8].iter().fold("rows_".to_owned(), |name, byte| name + &format!("{byte:02x}"));
    let mut source = String::from("#include \"rows.h\"\n\nusing namespace aludel;\n\n");
    let words = text.words();
    if words > 0 {
        source += &format!(
            "struct Values {{\n    Fe at[{words}];\n}};\n#define value(i) values.at[i]\n\
             #define five_value(i) (Fe5{{{{values.at[i], values.at[i + 1], values.at[i + 2], values.at[i + 3], values.at[i + 4]}}}})\n"
        );
    }
    let read = || (0..MATRICES).filter(|i| needs.columns[*i] > 0);
    for i in read() {
        source += &format!(
            "#define at{i}(number, row) column_at(row, number, stride{i})\n\
             #define five_at{i}(number, row) five_columns_at(row, number, stride{i})\n"
        );
    }
    source += "#define store(output, x) to_output(out, output, domain.log_height, row, has_onto, x)\n\n";
    source += &format!("extern \"C\" __global__ void __launch_bounds__(128)\n    {name}(");
    read().for_each(|i| source += &format!("const Fe* __restrict__ matrix{i}, uint32_t log_rows{i}, "));
    if words > 0 {
        source += "const Values values, ";
    }
    source += "Fe* out, Domain domain, uint32_t has_onto) {\n    uint32_t row = thread_index();\n    if (row >= 1u << domain.log_height) return;\n    uint32_t next = domain.next(row);\n";
    for i in read() {
        source += &format!(
            "    const Fe *here{i} = matrix{i} + domain.place(row, log_rows{i}), *next{i} = matrix{i} + domain.place(next, log_rows{i});\n    \
             uint32_t stride{i} = 4u << log_rows{i};\n    (void)here{i}, (void)next{i};\n"
        );
    }
    source += &text.body;
    source += &format!("}}\nKERNEL({name})\n");
    (name, source)
}

impl Cuda {
    /// A program as a kernel. `None` where there is no compiler, the program is too long for it, or its kernel is nothing for this device or its driver.
    ///
    /// # Errors
    /// Any of the device.
    pub(super) fn generate(&self, program: &Program) -> Result<Option<Generated>, Error> {
        let Some(compiler) = &self.compiler else { return Ok(None) };
        let context = &self.stream.context;
        let source = Source::of(program).filter(|source| source.fits(context.version));
        let Some(source) = source else { return Ok(None) };
        let compiled = compiler.compile(&source.name, &source.text, context.compute_capability());
        let Ok(image) = compiled else { return Ok(None) };
        // Code may be loaded as late as its function is asked for.
        let loaded = Module::load(context, &image).and_then(|module| {
            let function = module.function(&source.name)?;
            Ok((module.local_bytes(function)?, function, module))
        });
        match loaded {
            Ok((local_bytes, ..)) if local_bytes > MOST_LOCAL_BYTES => Ok(None),
            Ok((_, function, module)) => Ok(Some(Generated { source, function, module, image })),
            // Of a newer toolkit than the driver is, or too large for what is left.
            Err(Error::LaunchFailed { .. } | Error::OutOfMemory { .. }) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// Queues a kernel on matrices that were checked.
    pub(super) fn run_generated(
        &self,
        kernel: &Generated,
        domain: Domain,
        matrices: [Option<&Matrix>; MATRICES],
        values: &[Challenge],
        (out, has_onto): (&Matrix, bool),
    ) -> Result<(), Error> {
        if !kernel.module.is_of(&self.stream.context) {
            return Err(
                self.unsupported("a program that was compiled on another device, or by another opening")
            );
        }
        let values: Vec<F> = kernel.source.statements.values(values);
        let log = |number: usize| number as u32;
        let domain_words = match domain {
            Domain::Natural { log_height } => [log(log_height), 0, 0],
            Domain::BitReversed { log_height, log_step } => [log(log_height), log(log_step), 1],
        };
        let mut args = Vec::new();
        for (matrix, columns) in matrices.iter().zip(kernel.source.needs.columns) {
            if let Some(matrix) = matrix.filter(|_| columns > 0) {
                args.extend([Arg::At(&matrix.buffer, 0), Arg::Word(matrix.height.trailing_zeros())]);
            }
        }
        if !values.is_empty() {
            args.push(Arg::Words(words(&values)));
        }
        args.extend([Arg::At(&out.buffer, 0), Arg::Words(&domain_words), Arg::Word(u32::from(has_onto))]);
        let launch: Launch = self.per_item("rows", out.height)?;
        // SAFETY: the module is of this context; the arguments are those of the text's kernel, in its order; `Needs::check` has seen that the matrices have the columns.
        unsafe { self.stream.launch(kernel.function, launch, &args) }
    }
}
