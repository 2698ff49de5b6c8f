//! A program's instructions as words, for kernels that interpret them. Not for those that are made of its text.
//!
//! A row has words of memory, its *slots*: one for a register of the field, five that follow one another for one of the extension. Columns are either loaded to slots by
//! instructions, or lie in slots of their own before the program begins, in which case there are no loads.

use std::collections::BTreeMap;

use super::graph::Column;
use super::program::{Instruction, Operand, Program, Weight};
use super::uniform::Uniform;
use crate::fold::DEGREE;

/// Words of an instruction: what it does, the slot that it writes, and two operands, which are slots or the numbers of uniform values.
pub(crate) const WORDS: usize = 4;

// What an instruction does, as `cuda/rows.cu` and `wgsl/rows.wgsl` have it: one of these, and flags.
/// `a`.
const COPY: u32 = 0;
/// `a + b`.
const ADD: u32 = 1;
/// `a - b`.
const SUB: u32 = 2;
/// `a b`.
const MUL: u32 = 3;
/// `1 / a`, in the extension.
const INVERSE: u32 = 4;
/// Column `a` of matrix `b`.
const LOAD: u32 = 5;
/// The column is that of the row's successor.
const NEXT: u32 = 1 << 3;
/// The result is of the extension, and `a` is, or the column is the first of five.
const FIVE: u32 = 1 << 4;
/// `b` is of the extension.
const B_FIVE: u32 = 1 << 5;
/// `a` is a uniform value.
const A_UNIFORM: u32 = 1 << 6;
/// `b` is.
const B_UNIFORM: u32 = 1 << 7;
/// The result is added to what the slot holds.
const ADDED: u32 = 1 << 8;
/// It goes to the output of this number in place of a slot.
const OUTPUT: u32 = 1 << 9;

/// How a program comes by its columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Columns {
    /// By instructions.
    Loaded,
    /// They lie in slots.
    Gathered,
}

/// A column, and the slot in which it is to lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Input {
    pub column: Column,
    pub slot: u32,
}

/// A program as words.
#[derive(Clone, Debug)]
pub(crate) struct Encoding {
    pub code: Vec<[u32; WORDS]>,
    /// Slots of a row.
    pub slots: usize,
    /// The columns that lie in slots: by matrix and column.
    pub inputs: Vec<Input>,
    /// Which instructions invert.
    pub inversions: Vec<usize>,
}

impl Encoding {
    /// Of a program.
    ///
    /// # Errors
    /// Why there is none: slots are more than words can number, or a register is read that nothing was written to.
    pub fn new(program: &Program, columns: Columns) -> Result<Self, String> {
        let mut encoder = Encoder::new(program, columns);
        let mut code = Vec::with_capacity(program.code.len());
        for instruction in &program.code {
            code.extend(encoder.step(instruction)?);
        }
        let mut inputs: Vec<Input> = encoder
            .inputs
            .into_iter()
            .flat_map(|((column, five), slot)| {
                let count = if five { DEGREE as u32 } else { 1 };
                (0..count).map(move |i| Input {
                    column: Column { column: column.column + i, ..column },
                    slot: slot + i,
                })
            })
            .collect();
        inputs.sort_by_key(|input| input.column);
        let inverts = |i: &usize| code[*i][0] == INVERSE | FIVE;
        let inversions = (0..code.len()).filter(inverts).collect();
        Ok(Self { code, slots: encoder.slots as usize, inputs, inversions })
    }
}

/// A register of one kind.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// The slot that is its own, given when something is first computed to it.
    own: Option<u32>,
    /// Where its value lies now: there, or in a column's slot.
    now: Option<u32>,
}

struct Encoder {
    columns: Columns,
    base: Vec<Place>,
    fives: Vec<Place>,
    inputs: BTreeMap<(Column, bool), u32>,
    /// Where sums of the field are made, one at a time.
    sum: Option<u32>,
    slots: u32,
}

impl Encoder {
    fn new(program: &Program, columns: Columns) -> Self {
        let [base, fives] = [program.registers, program.fives].map(|count| vec![Place::default(); count]);
        Self { columns, base, fives, inputs: BTreeMap::new(), sum: None, slots: 0 }
    }

    /// The words of an instruction; none of a load where columns lie in slots.
    fn step(&mut self, instruction: &Instruction<u32>) -> Result<Option<[u32; WORDS]>, String> {
        let words = match *instruction {
            Instruction::Load(to, column) => return self.load(to, column, false),
            Instruction::LoadFive(to, column) => return self.load(to, column, true),
            Instruction::Add(to, a, b) => self.binary(ADD, to, a, b)?,
            Instruction::Sub(to, a, b) => self.binary(SUB, to, a, b)?,
            Instruction::Mul(to, a, b) => self.binary(MUL, to, a, b)?,
            Instruction::Begin(constant) => [COPY | A_UNIFORM, self.sum()?, number(constant), 0],
            Instruction::AddProduct(a, by) => {
                [MUL | B_UNIFORM | ADDED, self.sum()?, self.read(a, false)?, number(by)]
            }
            Instruction::End(to) => {
                let sum = self.sum()?;
                [COPY, self.written(to, false)?, sum, 0]
            }
            Instruction::Start(to, constant) => {
                [COPY | FIVE | A_UNIFORM, self.written(to, true)?, number(constant), 0]
            }
            Instruction::AddTerm(to, a, weight) => {
                let (to, a) = (self.begun(to)?, self.read(a, false)?);
                match weight {
                    Weight::One => [COPY | ADDED, to, a, 0],
                    Weight::Base(c) => [MUL | B_UNIFORM | ADDED, to, a, number(c)],
                    Weight::Extension(c) => [MUL | FIVE | A_UNIFORM | ADDED, to, number(c), a],
                }
            }
            Instruction::AddFive(to, a, weight) => {
                let (to, a) = (self.begun(to)?, self.read(a, true)?);
                match weight {
                    Weight::One => [COPY | FIVE | ADDED, to, a, 0],
                    Weight::Base(c) => [MUL | FIVE | B_UNIFORM | ADDED, to, a, number(c)],
                    Weight::Extension(c) => [MUL | FIVE | B_FIVE | B_UNIFORM | ADDED, to, a, number(c)],
                }
            }
            Instruction::Product(to, a, b) => {
                let (a, b) = (self.read(a, true)?, self.read(b, true)?);
                [MUL | FIVE | B_FIVE, self.written(to, true)?, a, b]
            }
            Instruction::Scaled(to, a, b) => {
                let (a, b) = (self.read(a, true)?, self.read(b, false)?);
                [MUL | FIVE, self.written(to, true)?, a, b]
            }
            Instruction::Inverse(to, a) => {
                let a = self.read(a, true)?;
                [INVERSE | FIVE, self.written(to, true)?, a, 0]
            }
            Instruction::Store(a, output) => {
                let output = u32::try_from(output).map_err(|_| TOO_MANY.to_owned())?;
                [COPY | FIVE | OUTPUT, output, self.read(a, true)?, 0]
            }
        };
        Ok(Some(words))
    }

    fn load(&mut self, to: u32, column: Column, five: bool) -> Result<Option<[u32; WORDS]>, String> {
        if self.columns == Columns::Loaded {
            let flags = if five { FIVE } else { 0 } | if column.next { NEXT } else { 0 };
            let to = self.written(to, five)?;
            return Ok(Some([LOAD | flags, to, column.column, u32::from(column.matrix)]));
        }
        let slot = match self.inputs.get(&(column, five)) {
            Some(slot) => *slot,
            None => {
                let slot = self.fresh(five)?;
                self.inputs.insert((column, five), slot);
                slot
            }
        };
        self.place(to, five)?.now = Some(slot);
        Ok(None)
    }

    fn binary(
        &mut self,
        operation: u32,
        to: u32,
        a: Operand<u32>,
        b: Operand<u32>,
    ) -> Result<[u32; WORDS], String> {
        let mut kind = operation;
        let mut at = |operand, flag| match operand {
            Operand::Register(register) => self.read(register, false),
            Operand::Uniform(value) => {
                kind |= flag;
                Ok(number(value))
            }
        };
        let (a, b) = (at(a, A_UNIFORM)?, at(b, B_UNIFORM)?);
        Ok([kind, self.written(to, false)?, a, b])
    }

    /// The slot of the field's sum.
    fn sum(&mut self) -> Result<u32, String> {
        if self.sum.is_none() {
            self.sum = Some(self.fresh(false)?);
        }
        self.sum.ok_or_else(|| TOO_MANY.to_owned())
    }

    /// The slot of a sum.
    fn begun(&mut self, to: u32) -> Result<u32, String> {
        let place = *self.place(to, true)?;
        let own = place.now.filter(|_| place.now == place.own);
        own.ok_or_else(|| "a program that adds to a sum before it begins".to_owned())
    }

    fn place(&mut self, register: u32, five: bool) -> Result<&mut Place, String> {
        let places = if five { &mut self.fives } else { &mut self.base };
        places.get_mut(register as usize).ok_or_else(|| format!("a program that has no register {register}"))
    }

    fn read(&mut self, register: u32, five: bool) -> Result<u32, String> {
        let unwritten = || format!("a program that reads register {register} before it is written");
        self.place(register, five)?.now.ok_or_else(unwritten)
    }

    /// The slot of a register that is written.
    fn written(&mut self, register: u32, five: bool) -> Result<u32, String> {
        let own = match self.place(register, five)?.own {
            Some(own) => own,
            None => self.fresh(five)?,
        };
        *self.place(register, five)? = Place { own: Some(own), now: Some(own) };
        Ok(own)
    }

    fn fresh(&mut self, five: bool) -> Result<u32, String> {
        let slot = self.slots;
        let count = if five { DEGREE as u32 } else { 1 };
        self.slots = slot.checked_add(count).ok_or_else(|| TOO_MANY.to_owned())?;
        Ok(slot)
    }
}

const TOO_MANY: &str = "a program of more values at once than 32 bits can number";

fn number(value: Uniform) -> u32 {
    // Numbers of uniform values are 32 bits.
    value.index() as u32
}

#[cfg(test)]
mod tests {
    use super::super::graph::Graph;
    use super::*;

    const COLUMN: Column = Column { matrix: 1, column: 7, next: true };

    fn encoded(code: Vec<Instruction<u32>>, columns: Columns) -> Result<Encoding, String> {
        let program = Program { code, registers: 2, fives: 1, ..Program::new(&Graph::default(), &[], 0) };
        Encoding::new(&program, columns)
    }

    #[test]
    fn columns_that_lie_in_slots_are_read_there_until_their_register_is_written() {
        let [a, b] = [0, 1].map(Operand::Register);
        let code = vec![
            Instruction::Load(0, COLUMN),
            Instruction::Mul(1, a, a),
            Instruction::Sub(0, a, b),
            Instruction::Load(1, COLUMN),
            Instruction::Add(1, a, b),
            Instruction::LoadFive(0, COLUMN),
            Instruction::Store(0, 3),
        ];
        let gathered = encoded(code.clone(), Columns::Gathered).expect("a program");
        // The column in slot 0; registers 1 and 0 in 1 and 2; five columns from slot 3.
        let expected = [[MUL, 1, 0, 0], [SUB, 2, 0, 1], [ADD, 1, 2, 0], [COPY | FIVE | OUTPUT, 3, 3, 0]];
        assert_eq!((&gathered.code[..], gathered.slots), (&expected[..], 8));
        let of = |column, slot| Input { column: Column { column, ..COLUMN }, slot };
        assert_eq!(gathered.inputs, [of(7, 0), of(7, 3), of(8, 4), of(9, 5), of(10, 6), of(11, 7)]);
        let loaded = encoded(code, Columns::Loaded).expect("a program");
        assert_eq!((loaded.code.len(), loaded.slots, loaded.inputs.len()), (7, 7, 0));
        assert_eq!(loaded.code[0], [LOAD | NEXT, 0, 7, 1]);
    }

    #[test]
    fn sums_of_the_field_have_a_slot_of_their_own() {
        let by = Uniform::MINUS_ONE;
        let sum =
            |to| [Instruction::Begin(Uniform::ONE), Instruction::AddProduct(0, by), Instruction::End(to)];
        let code = [vec![Instruction::Load(0, COLUMN)], sum(0).into(), sum(1).into()].concat();
        let encoded = encoded(code, Columns::Gathered).expect("a program");
        // The column in slot 0, sums in 1, registers 0 and 1 in 2 and 3.
        let of =
            |from, to| [[COPY | A_UNIFORM, 1, 1, 0], [MUL | B_UNIFORM | ADDED, 1, from, 2], [COPY, to, 1, 0]];
        assert_eq!((encoded.code, encoded.slots), ([of(0, 2), of(2, 3)].concat(), 4));
    }

    #[test]
    fn programs_that_are_none_are_refused() {
        let read = Operand::Register(0);
        for (code, why) in [
            (vec![Instruction::Add(0, read, read)], "before it is written"),
            (vec![Instruction::Load(2, COLUMN)], "no register 2"),
            (vec![Instruction::Store(1, 0)], "no register 1"),
            (
                vec![Instruction::Begin(Uniform::ZERO), Instruction::AddProduct(1, Uniform::ONE)],
                "before it is written",
            ),
            (
                vec![Instruction::LoadFive(0, COLUMN), Instruction::AddFive(0, 0, Weight::One)],
                "before it begins",
            ),
        ] {
            let refused = encoded(code, Columns::Gathered).expect_err("none");
            assert!(refused.contains(why), "{refused}");
        }
    }
}
