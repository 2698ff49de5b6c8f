//! The text of a kernel from a program: statements that are the same in CUDA and in WGSL. What they call, each language defines.
//!
//! | call | gives |
//! |---|---|
//! | `at2(7u, here2)`, `at2(7u, next2)` | column 7 of matrix 2, at the row or its successor |
//! | `five_at2(5u, here2)` | columns 5 to 9 |
//! | `literal(9u)`, `value(3u)` | a constant, as the device stores it; a word of the uniform values |
//! | `five_literal(..)`, `five_value(3u)` | likewise, of five |
//! | `add`, `sub`, `mul` | in the field |
//! | `begin_wide(c)`, `plus_wide(w, r, c)`, `reduced_wide(w)` | a sum in the field, an element times a value added to it; what it is |
//! | `tightened_wide(w)` | where a language has loose sums: the sum corrected, after products whose values together would be too large |
//! | `begin(x)`, `plus(s, r)`, `plus_base(s, r, c)`, `plus_five(s, r, c)` | a sum, an element of the field added to it, once or times a value |
//! | `plus_5(s, x)`, `plus_5_base(s, x, c)`, `plus_5_five(s, x, c)`, `finish(s)` | an element of the extension added to it; what the sum is |
//! | `loosely_plus_five`, `loosely_plus_5_base`, `tightened(s)` | the same where a language has them: a product may be added next to all coefficients, else the sum is tightened |
//! | `product`, `scaled`, and the inverse by its name in the language | in the extension |
//! | `store(0u, x)` | to an output |

use std::collections::{HashMap, HashSet};

use aludel_protocol::field::MODULUS;
use aludel_protocol::{Challenge, F};
use p3_field::BasedVectorSpace;

use super::graph::Column;
use super::program::{Instruction, Operand, Program, Weight};
use super::uniform::Uniform;
use crate::fold::DEGREE;

/// A language of kernels.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Language {
    /// Declares a register: its name goes where `@` stands. Of the field, of the extension, of a sum there, of one in the field.
    pub registers: [&'static str; 4],
    /// The inverse in the extension.
    pub inverse: &'static str,
    /// A word as the device stores an element.
    pub word: fn(F) -> u32,
    /// Whether sums have room for a product more before they are corrected.
    pub has_loose_sums: bool,
}

/// A kernel's statements.
#[derive(Clone, Debug)]
pub(crate) struct Text {
    /// Declarations and statements, a line each.
    pub body: String,
    /// The uniform values that it reads, by their words: the value and how many of its coefficients, one or five.
    pub uniforms: Vec<(Uniform, usize)>,
}

impl Text {
    /// Of a program.
    pub fn new(program: &Program, language: &Language) -> Self {
        let mut writer = Writer {
            program,
            language,
            statements: String::new(),
            uniforms: Vec::new(),
            places: HashMap::new(),
            words: 0,
            loose: HashSet::new(),
            below: 0,
        };
        let sums = sums(&program.code);
        for (instruction, end) in program.code.iter().zip(sums) {
            writer.statement(instruction, end);
        }
        let mut body = String::new();
        let begins = |instruction: &Instruction<u32>| matches!(instruction, Instruction::Begin(_));
        let wides = usize::from(program.code.iter().any(begins));
        let used = [("r", program.registers), ("f", program.fives), ("s", program.fives), ("w", wides)];
        for ((name, count), declaration) in used.into_iter().zip(language.registers) {
            for number in 0..count {
                line(&mut body, &declaration.replace('@', &format!("{name}{number}")));
            }
        }
        body.push_str(&writer.statements);
        Self { body, uniforms: writer.uniforms }
    }

    /// How many words of uniform values there are.
    pub fn words(&self) -> usize {
        self.uniforms.iter().map(|(_, count)| count).sum()
    }

    /// The words, of a run's [values](super::Uniforms::values).
    pub fn values(&self, values: &[Challenge]) -> Vec<F> {
        let coefficients = |(uniform, count): &(Uniform, usize)| {
            let value: &[F] = values[uniform.index()].as_basis_coefficients_slice();
            value[..*count].to_vec()
        };
        self.uniforms.iter().flat_map(coefficients).collect()
    }
}

fn line(text: &mut String, statement: &str) {
    text.push_str("    ");
    text.push_str(statement);
    text.push('\n');
}

/// Of each instruction whether a sum has its last term there, or is begun and has none.
fn sums(code: &[Instruction<u32>]) -> Vec<bool> {
    let mut last: HashMap<u32, usize> = HashMap::new();
    let mut ends = vec![false; code.len()];
    for (i, instruction) in code.iter().enumerate() {
        match instruction {
            Instruction::Start(to, _) => {
                if let Some(end) = last.insert(*to, i) {
                    ends[end] = true;
                }
            }
            Instruction::AddTerm(to, ..) | Instruction::AddFive(to, ..) => {
                last.insert(*to, i);
            }
            _ => {}
        }
    }
    last.values().for_each(|end| ends[*end] = true);
    ends
}

struct Writer<'a> {
    program: &'a Program,
    language: &'a Language,
    statements: String,
    uniforms: Vec<(Uniform, usize)>,
    /// Where the words of a value begin, and of how many coefficients.
    places: HashMap<(Uniform, usize), usize>,
    words: usize,
    /// Sums that have to be corrected with their next term.
    loose: HashSet<u32>,
    /// What the field's sum is below, where a language has loose ones.
    below: u128,
}

/// What a corrected sum is below; one that is below twice as much can be corrected.
const TIGHT: u128 = (MODULUS as u128) << 32;

impl Writer<'_> {
    fn place(&mut self, uniform: Uniform, count: usize) -> usize {
        let (uniforms, words) = (&mut self.uniforms, &mut self.words);
        *self.places.entry((uniform, count)).or_insert_with(|| {
            uniforms.push((uniform, count));
            *words += count;
            *words - count
        })
    }

    fn value(&mut self, uniform: Uniform) -> String {
        match self.program.uniforms.known(uniform) {
            Some(constant) => {
                let coefficients: &[F] = constant.as_basis_coefficients_slice();
                format!("literal({}u)", (self.language.word)(coefficients[0]))
            }
            None => format!("value({}u)", self.place(uniform, 1)),
        }
    }

    fn five(&mut self, uniform: Uniform) -> String {
        match self.program.uniforms.known(uniform) {
            Some(constant) => {
                let coefficients: &[F] = constant.as_basis_coefficients_slice();
                let words: Vec<_> =
                    coefficients.iter().map(|c| format!("{}u", (self.language.word)(*c))).collect();
                format!("five_literal({})", words.join(", "))
            }
            None => format!("five_value({}u)", self.place(uniform, DEGREE)),
        }
    }

    fn operand(&mut self, operand: Operand<u32>) -> String {
        match operand {
            Operand::Register(register) => format!("r{register}"),
            Operand::Uniform(uniform) => self.value(uniform),
        }
    }

    /// What the call begins with that adds a product to all coefficients of a sum: every second one corrects it, and the last.
    fn by_product(&mut self, sum: u32, ends: bool) -> &'static str {
        let is_loose = self.loose.remove(&sum);
        if is_loose || ends || !self.language.has_loose_sums {
            return "";
        }
        self.loose.insert(sum);
        "loosely_"
    }

    /// Corrects a sum before something is added to it that is no product, or to one coefficient.
    fn tighten(&mut self, sum: u32) {
        if self.loose.remove(&sum) {
            line(&mut self.statements, &format!("s{sum} = tightened(s{sum});"));
        }
    }

    /// The largest that a device's word for a value may be.
    fn largest_word(&self, uniform: Uniform) -> u32 {
        let word = |constant: Challenge| (self.language.word)(constant.as_basis_coefficients_slice()[0]);
        self.program.uniforms.known(uniform).map_or(MODULUS - 1, word)
    }

    /// Corrects the field's sum where what is added next would make it too large, or it ends and is: what products of known values are together below is known.
    fn bound(&mut self, product: Option<Uniform>) {
        let more = product.map_or(0, |by| u128::from(self.largest_word(by)) * u128::from(MODULUS - 1));
        let most = if product.is_some() { 2 * TIGHT } else { TIGHT };
        if self.below + more > most && self.language.has_loose_sums {
            line(&mut self.statements, "w0 = tightened_wide(w0);");
            self.below = TIGHT;
        }
        self.below += more;
    }

    fn statement(&mut self, instruction: &Instruction<u32>, ends: bool) {
        let column = |five: &str, column: Column| {
            let row = if column.next { "next" } else { "here" };
            format!("{five}at{0}({1}u, {row}{0})", column.matrix, column.column)
        };
        let mut summed = None;
        let statement = match *instruction {
            Instruction::Load(to, from) => format!("r{to} = {};", column("", from)),
            Instruction::LoadFive(to, from) => format!("f{to} = {};", column("five_", from)),
            Instruction::Add(to, a, b) => format!("r{to} = add({}, {});", self.operand(a), self.operand(b)),
            Instruction::Sub(to, a, b) => format!("r{to} = sub({}, {});", self.operand(a), self.operand(b)),
            Instruction::Mul(to, a, b) => format!("r{to} = mul({}, {});", self.operand(a), self.operand(b)),
            Instruction::Begin(constant) => {
                self.below = (u128::from(self.largest_word(constant)) << 32) + 1;
                format!("w0 = begin_wide({});", self.value(constant))
            }
            Instruction::AddProduct(a, by) => {
                self.bound(Some(by));
                format!("w0 = plus_wide(w0, r{a}, {});", self.value(by))
            }
            Instruction::End(to) => {
                self.bound(None);
                format!("r{to} = reduced_wide(w0);")
            }
            Instruction::Start(to, constant) => {
                summed = Some(to);
                format!("s{to} = begin({});", self.five(constant))
            }
            Instruction::AddTerm(to, a, weight) => {
                summed = Some(to);
                match weight {
                    Weight::One => {
                        self.tighten(to);
                        format!("s{to} = plus(s{to}, r{a});")
                    }
                    Weight::Base(c) => {
                        self.tighten(to);
                        format!("s{to} = plus_base(s{to}, r{a}, {});", self.value(c))
                    }
                    Weight::Extension(c) => {
                        let loosely = self.by_product(to, ends);
                        format!("s{to} = {loosely}plus_five(s{to}, r{a}, {});", self.five(c))
                    }
                }
            }
            Instruction::AddFive(to, a, weight) => {
                summed = Some(to);
                match weight {
                    Weight::One => {
                        self.tighten(to);
                        format!("s{to} = plus_5(s{to}, f{a});")
                    }
                    Weight::Base(c) => {
                        let loosely = self.by_product(to, ends);
                        format!("s{to} = {loosely}plus_5_base(s{to}, f{a}, {});", self.value(c))
                    }
                    Weight::Extension(c) => {
                        self.tighten(to);
                        format!("s{to} = plus_5_five(s{to}, f{a}, {});", self.five(c))
                    }
                }
            }
            Instruction::Product(to, a, b) => format!("f{to} = product(f{a}, f{b});"),
            Instruction::Scaled(to, a, b) => format!("f{to} = scaled(f{a}, r{b});"),
            Instruction::Inverse(to, a) => format!("f{to} = {}(f{a});", self.language.inverse),
            Instruction::Store(a, output) => format!("store({output}u, f{a});"),
        };
        line(&mut self.statements, &statement);
        if let (Some(to), true) = (summed, ends) {
            line(&mut self.statements, &format!("f{to} = finish(s{to});"));
        }
    }
}
