//! Programs over rows against the expressions themselves, evaluated one by one.

use std::cell::RefCell;
use std::collections::HashMap;

use aludel_kernels::cpu::Cpu;
use aludel_kernels::rows::lower::MATRICES;
use aludel_kernels::rows::program::{Instruction, Operand};
use aludel_kernels::rows::{Domain, Given, Lowering, Program};
use aludel_kernels::{Device, Error, Rows};
use aludel_protocol::{Challenge, F, fe};
use p3_air::symbolic::{
    BaseEntry, BaseLeaf, ConstraintLayout, ExtEntry, ExtLeaf, SymbolicExpr, SymbolicExpression,
    SymbolicExpressionExt, SymbolicVariable, SymbolicVariableExt,
};
use p3_field::{BasedVectorSpace, Field, PrimeCharacteristicRing};
use p3_lookup::{Kind, LogUpGadget, Lookup, LookupProtocol};
use p3_matrix::Matrix as _;
use p3_matrix::dense::RowMajorMatrix;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

use crate::suite;

type Base = SymbolicExpression<F>;
type Extension = SymbolicExpressionExt<F, Challenge>;

type Permutation = RowMajorMatrix<Challenge>;

/// Columns of main, preprocessed, lookups (five each), selectors and periodic; public values and challenges.
pub const WIDTHS: [usize; MATRICES] = [6, 3, 15, 4, 2];
const PUBLIC: usize = 3;
const CHALLENGES: usize = 4;

fn base_leaf(rng: &mut ChaCha12Rng) -> Base {
    let offset = rng.random_range(0..2);
    let mut index = |width: usize| rng.random_range(0..width);
    let variable = |entry, index| SymbolicVariable::new(entry, index).into();
    match index(12) {
        0..4 => variable(BaseEntry::Main { offset }, index(WIDTHS[0])),
        4..6 => variable(BaseEntry::Preprocessed { offset }, index(WIDTHS[1])),
        6 => variable(BaseEntry::Periodic, index(WIDTHS[4])),
        7 => variable(BaseEntry::Public, index(PUBLIC)),
        8 => Base::Leaf(BaseLeaf::IsFirstRow),
        9 => Base::Leaf(BaseLeaf::IsLastRow),
        10 => Base::Leaf(BaseLeaf::IsTransition),
        _ => Base::from([F::ZERO, F::ONE, F::NEG_ONE, F::TWO, fe(12345)][index(5)]),
    }
}

fn extension_leaf(rng: &mut ChaCha12Rng, base: &[Base]) -> Extension {
    let variable =
        |entry, index| Extension::Leaf(ExtLeaf::ExtVariable(SymbolicVariableExt::new(entry, index)));
    match rng.random_range(0..8) {
        0..2 => Extension::Leaf(ExtLeaf::Base(base[rng.random_range(0..base.len())].clone())),
        2..4 => {
            let entry = ExtEntry::Permutation { offset: rng.random_range(0..2) };
            variable(entry, rng.random_range(0..WIDTHS[2] / 5))
        }
        4..6 => variable(ExtEntry::Challenge, rng.random_range(0..CHALLENGES)),
        6 => variable(ExtEntry::PermutationValue, 0),
        _ => {
            let constants = [
                Challenge::ONE,
                Challenge::ZERO,
                Challenge::from_basis_coefficients_fn(|i| fe(i as u32 + 7)),
            ];
            Extension::Leaf(ExtLeaf::ExtConstant(constants[rng.random_range(0..3)]))
        }
    }
}

/// A pool of expressions over others of the pool, so that they share parts.
fn grow<E: Clone>(
    rng: &mut ChaCha12Rng,
    size: usize,
    leaf: impl Fn(&mut ChaCha12Rng) -> E,
    ops: [fn(E, E) -> E; 4],
) -> Vec<E> {
    let mut pool: Vec<E> = (0..8).map(|_| leaf(rng)).collect();
    while pool.len() < size {
        let fresh = leaf(rng);
        let [a, b] = core::array::from_fn(|_| {
            let i = rng.random_range(0..pool.len() + 2);
            pool.get(i).cloned().unwrap_or_else(|| fresh.clone())
        });
        pool.push(ops[rng.random_range(0..4)](a, b));
    }
    pool
}

/// What expressions stand for in one row.
struct Row<'a> {
    /// By address: expressions share parts.
    known: RefCell<HashMap<*const Base, F>>,
    matrices: [&'a RowMajorMatrix<F>; MATRICES],
    rows: [[usize; 2]; MATRICES],
    given: Given<'a>,
}

impl Row<'_> {
    fn column(&self, matrix: usize, offset: usize, column: usize) -> F {
        self.matrices[matrix].get(self.rows[matrix][offset], column).expect("a column")
    }

    fn base(&self, x: &Base) -> F {
        let address = core::ptr::from_ref(x);
        let known = self.known.borrow().get(&address).copied();
        known.unwrap_or_else(|| {
            let value = self.base_once(x);
            self.known.borrow_mut().insert(address, value);
            value
        })
    }

    fn base_once(&self, x: &Base) -> F {
        match x {
            SymbolicExpr::Leaf(leaf) => match leaf {
                BaseLeaf::IsFirstRow => self.column(3, 0, 0),
                BaseLeaf::IsLastRow => self.column(3, 0, 1),
                BaseLeaf::IsTransition => self.column(3, 0, 2),
                BaseLeaf::Constant(c) => *c,
                BaseLeaf::Variable(v) => match v.entry {
                    BaseEntry::Main { offset } => self.column(0, offset, v.index),
                    BaseEntry::Preprocessed { offset } => self.column(1, offset, v.index),
                    BaseEntry::Periodic => self.column(4, 0, v.index),
                    BaseEntry::Public => self.given.public_values[v.index],
                },
            },
            SymbolicExpr::Add { x, y, .. } => self.base(x) + self.base(y),
            SymbolicExpr::Sub { x, y, .. } => self.base(x) - self.base(y),
            SymbolicExpr::Neg { x, .. } => -self.base(x),
            SymbolicExpr::Mul { x, y, .. } => self.base(x) * self.base(y),
        }
    }

    fn extension(&self, x: &Extension) -> Challenge {
        match x {
            SymbolicExpr::Leaf(ExtLeaf::Base(x)) => self.base(x).into(),
            SymbolicExpr::Leaf(ExtLeaf::ExtConstant(c)) => *c,
            SymbolicExpr::Leaf(ExtLeaf::ExtVariable(v)) => match v.entry {
                ExtEntry::Permutation { offset } => {
                    Challenge::from_basis_coefficients_fn(|i| self.column(2, offset, 5 * v.index + i))
                }
                ExtEntry::Challenge => self.given.challenges[v.index],
                ExtEntry::PermutationValue => self.given.terminal.expect("a terminal"),
            },
            SymbolicExpr::Add { x, y, .. } => self.extension(x) + self.extension(y),
            SymbolicExpr::Sub { x, y, .. } => self.extension(x) - self.extension(y),
            SymbolicExpr::Neg { x, .. } => -self.extension(x),
            SymbolicExpr::Mul { x, y, .. } => self.extension(x) * self.extension(y),
        }
    }
}

fn challenge(rng: &mut ChaCha12Rng) -> Challenge {
    Challenge::from_basis_coefficients_fn(|_| fe(rng.random_range(0..aludel_protocol::field::MODULUS)))
}

/// Of rows and their successors in turns.
fn main_column(i: usize) -> Base {
    SymbolicVariable::new(BaseEntry::Main { offset: i / 6 % 2 }, i % 6).into()
}

/// Constraints with what weighs them.
struct Constraints {
    base: Vec<Base>,
    extension: Vec<Extension>,
    layout: ConstraintLayout,
}

impl Constraints {
    fn random(rng: &mut ChaCha12Rng, size: usize) -> Self {
        let base = grow(rng, size, base_leaf, [|a, b| a + b, |a, b| a - b, |a, b| a * b, |a: Base, _| -a]);
        let extension = grow(
            rng,
            size,
            |rng| extension_leaf(rng, &base),
            [|a, b| a + b, |a, b| a - b, |a, b| a * b, |a: Extension, _| -a],
        );
        let mut some = |n: usize| (0..n).filter(|_| rng.random_range(0..3) > 0).collect::<Vec<_>>();
        let base: Vec<_> = some(size).into_iter().map(|i| base[i].clone()).collect();
        let extension: Vec<_> = some(size).into_iter().map(|i| extension[i].clone()).collect();
        // As an AIR emits them: in turns.
        let (mut base_indices, mut ext_indices) = (Vec::new(), Vec::new());
        for i in 0..base.len() + extension.len() {
            let to_base =
                base_indices.len() < base.len() && (i % 2 == 0 || ext_indices.len() == extension.len());
            if to_base { base_indices.push(i) } else { ext_indices.push(i) }
        }
        Self { base, extension, layout: ConstraintLayout { base_indices, ext_indices } }
    }

    /// Linear parts: layers, each a sum of all and products by constants, with a new column in each, as a permutation's that has few cubes; sums of products; and what cancels.
    fn linear(rng: &mut ChaCha12Rng, width: usize, layers: usize, terms: usize) -> Self {
        let any = |rng: &mut ChaCha12Rng| {
            let random = fe(rng.random_range(0..aludel_protocol::field::MODULUS));
            [F::ZERO, F::ONE, F::NEG_ONE, F::TWO, random, random, random][rng.random_range(0..7)]
        };
        let mut state: Vec<Base> = (0..width).map(main_column).collect();
        let mut base = Vec::new();
        for layer in 0..layers {
            let column = main_column(width + layer);
            base.push((state[0].clone() + any(rng)).cube() - column.clone());
            state[0] = column;
            let sum: Base = state.iter().cloned().sum();
            for x in &mut state {
                *x = x.clone() * any(rng) + sum.clone();
            }
        }
        // What comes out goes into products, and into sums of the extension as it is.
        base.extend(state.windows(2).map(|pair| pair[0].clone() * pair[1].clone()));
        base.extend(state.iter().map(|x| x.clone() - main_column(1)));
        let factor = |i: usize| main_column(i) * main_column(i / 12 + 1);
        let factors: Vec<F> = (0..terms).map(|_| any(rng)).collect();
        let sum = |order: &mut dyn Iterator<Item = usize>| {
            order.map(|i| factor(i) * factors[i]).fold(Base::ZERO, |sum, term| sum + term)
        };
        let [one, other] = [sum(&mut (0..terms)), sum(&mut (0..terms).rev())];
        // Nothing is left, or a constant.
        let nothing = one.clone() * F::TWO - other - one.clone();
        base.push(one * state[0].clone());
        base.push(nothing.clone() * state[0].clone());
        base.push((nothing.clone() + fe(7)) * main_column(2));
        base.push(nothing.clone() + fe(3));
        let challenge =
            Extension::Leaf(ExtLeaf::ExtVariable(SymbolicVariableExt::new(ExtEntry::Challenge, 1)));
        let of = |x: &Base| Extension::Leaf(ExtLeaf::Base(x.clone()));
        let lookups = lookups_columns(2);
        let extension = vec![
            of(&state[width - 1]) * challenge.clone() + lookups[0].clone(),
            (lookups[0].clone() + challenge.clone()) * of(&nothing),
            (lookups[0].clone() * lookups[1].clone()) * of(&(nothing + F::ONE)),
        ];
        let (bases, all) = (base.len(), base.len() + extension.len());
        let layout =
            ConstraintLayout { base_indices: (0..bases).collect(), ext_indices: (bases..all).collect() };
        Self { base, extension, layout }
    }

    /// Their quotient as one program.
    fn program(&self, most: usize) -> Program {
        let (graph, quotient) = Lowering::quotient(&self.base, &self.extension, &self.layout);
        Program::new(&graph, &[quotient], most)
    }

    fn expected(&self, row: &Row<'_>) -> Challenge {
        let weights = row.given.weights;
        let base = self.base.iter().zip(&self.layout.base_indices).map(|(x, i)| weights[*i] * row.base(x));
        let extension =
            self.extension.iter().zip(&self.layout.ext_indices).map(|(x, i)| weights[*i] * row.extension(x));
        base.chain(extension).sum::<Challenge>() * row.column(3, 0, 3)
    }
}

fn reversed(index: usize, bits: usize) -> usize {
    (0..bits).fold(0, |sum, bit| sum | ((index >> bit) & 1) << (bits - 1 - bit))
}

/// Compiles a program and runs it, onto nothing.
fn run<D: Rows>(
    device: &D,
    program: &Program,
    domain: Domain,
    matrices: [Option<&RowMajorMatrix<F>>; MATRICES],
    values: &[Challenge],
) -> RowMajorMatrix<F> {
    let compiled = device.compile(program).expect("it compiles");
    let there = matrices.map(|rows| rows.map(|rows| device.upload(rows).expect("it fits")));
    let there = there.each_ref().map(Option::as_ref);
    let found = device.run(&compiled, domain, there, values, None).expect("it runs");
    device.download(&found).expect("it comes back")
}

fn check<D: Rows>(
    device: &D,
    seed: u64,
    constraints: &Constraints,
    log_heights: [usize; 2],
    log_step: Option<usize>,
    most: usize,
) {
    let mut rng = ChaCha12Rng::seed_from_u64(seed);
    let [log_height, log_period] = log_heights;
    // Of the first matrices more rows are there than are read, and one repeats.
    let heights = [log_height + 1, log_height, log_height, log_height, log_period];
    let heights = if log_step.is_some() {
        heights
    } else {
        [log_height, heights[1], heights[2], heights[3], log_period]
    };
    let matrices: [_; MATRICES] =
        core::array::from_fn(|i| suite::matrix(1 << heights[i], WIDTHS[i], seed * 10 + i as u64));
    let public_values: Vec<F> = (0..PUBLIC as u32).map(|i| fe(i * 77 + 1)).collect();
    let challenges: Vec<_> = (0..CHALLENGES).map(|_| challenge(&mut rng)).collect();
    let weights: Vec<_> = (0..constraints.layout.total_constraints()).map(|_| challenge(&mut rng)).collect();
    let terminal = Some(challenge(&mut rng));
    let given = Given { public_values: &public_values, challenges: &challenges, terminal, weights: &weights };

    let (graph, quotient) =
        Lowering::quotient(&constraints.base, &constraints.extension, &constraints.layout);
    let program = Program::new(&graph, &[quotient], most);
    let values = program.uniforms().values(&given).expect("all is given");
    let domain = match log_step {
        None => Domain::Natural { log_height },
        Some(log_step) => Domain::BitReversed { log_height, log_step },
    };
    let found = run(device, &program, domain, core::array::from_fn(|i| Some(&matrices[i])), &values);
    for at in 0..1 << log_height {
        // Of a point, in the order of points, where it lies in a matrix.
        let point = if log_step.is_some() { reversed(at, log_height) } else { at };
        let lies = |point: usize, bits: usize| {
            let bits = bits.min(log_height);
            let point = point % (1 << bits);
            if log_step.is_some() { reversed(point, bits) } else { point }
        };
        let next = point + (1 << log_step.unwrap_or(0));
        let rows = heights.map(|bits| [lies(point, bits), lies(next, bits)]);
        let known = RefCell::default();
        let row = Row { known, matrices: core::array::from_fn(|i| &matrices[i]), rows, given };
        let expected = constraints.expected(&row);
        let coefficients: &[F] = expected.as_basis_coefficients_slice();
        let found = &found.row_slice(at).expect("a row")[..];
        assert_eq!(found, coefficients, "{}: seed {seed}, row {at}", device.id());
    }
}

/// Random constraints give what their expressions say.
pub fn random_constraints<D: Rows>(device: &D, seeds: core::ops::Range<u64>) {
    for seed in seeds {
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        let constraints = Constraints::random(&mut rng, 12 + seed as usize);
        check(device, seed, &constraints, [5, 2], None, 1000);
        check(device, seed, &constraints, [6, 3], Some(1), 1000);
        check(device, seed, &constraints, [2, 1], Some(2), 4);
        check(device, seed, &constraints, [0, 0], None, 4);
        let [width, layers] = [rng.random_range(1..14), rng.random_range(1..9)];
        let constraints = Constraints::linear(&mut rng, width, layers, 12 * (1 + seed as usize % 12));
        check(device, seed, &constraints, [4, 1], Some(1), [6, 1000][seed as usize % 2]);
    }
}

#[test]
fn random_constraints_on_the_processor() {
    random_constraints(&Cpu::new(u64::MAX), 0..40);
}

/// How many instructions there are of a kind.
fn count(program: &Program, is_one: impl Fn(&Instruction<u32>) -> bool) -> usize {
    program.code().iter().filter(|instruction| is_one(instruction)).count()
}

fn is_product(instruction: &Instruction<u32>) -> bool {
    matches!(instruction, Instruction::AddProduct(..))
}

fn is_scaled(instruction: &Instruction<u32>) -> bool {
    use Operand::Uniform;
    matches!(instruction, Instruction::Mul(_, Uniform(_), _) | Instruction::Mul(_, _, Uniform(_)))
}

/// Layers of products by constants become sums, of which there are few: one of the columns and of the sums before it a layer, and one an element at the end. Layers of additions stay.
#[test]
fn linear_layers_become_sums_where_they_take_less() {
    const WIDTH: usize = 12;
    const LAYERS: usize = 12;
    let layers = |scale: &dyn Fn(usize, Base) -> Base| {
        let mut state: Vec<Base> = (0..WIDTH).map(main_column).collect();
        let mut base = Vec::new();
        for layer in 0..LAYERS {
            base.push(state[0].cube());
            let column = SymbolicVariable::new(BaseEntry::Main { offset: 0 }, 12 + layer);
            let others: Base = state[1..].iter().cloned().sum();
            let sum = others.clone() + Base::from(column);
            state = state.into_iter().enumerate().map(|(i, x)| scale(i, x) + sum.clone()).collect();
            state[0] = others - Base::from(column);
        }
        base.extend(state.iter().map(Base::cube));
        let layout = ConstraintLayout { base_indices: (0..base.len()).collect(), ext_indices: Vec::new() };
        Constraints { base, extension: Vec::new(), layout }.program(1000)
    };
    let scaled = layers(&|i, x| x * F::from_usize(i + 11));
    let products = count(&scaled, is_product);
    // Of a layer's sum the columns and the sums before it; of each result as many.
    let most = (0..LAYERS).map(|layer| WIDTH + layer + 3).sum::<usize>() + WIDTH * (LAYERS + 1);
    assert!(products > 0 && products <= most, "{products} products, at most {most}");
    // The first element of a layer differs from its sum by twice the column.
    assert!(count(&scaled, is_scaled) <= LAYERS, "{:?}", scaled.code());
    let sums = count(&scaled, |instruction| matches!(instruction, Instruction::End(_)));
    assert!(sums <= 2 * LAYERS + WIDTH, "{sums} sums");
    // A layer of few additions for an element, between cubes.
    let mut state: Vec<Base> = (0..WIDTH).map(main_column).collect();
    for _ in 0..3 {
        let sum: Base = state.iter().cloned().sum();
        state = state.into_iter().map(|x| (x.clone() + x + sum.clone()).cube()).collect();
    }
    let layout = ConstraintLayout { base_indices: (0..WIDTH).collect(), ext_indices: Vec::new() };
    let added = Constraints { base: state, extension: Vec::new(), layout }.program(1000);
    assert_eq!(count(&added, is_product), 0);
    assert_eq!(count(&added, is_scaled), 0);
}

/// Neither time nor size grows with the square of the depth, whatever nodes are used: by the next alone, or by those after it too.
#[test]
fn deep_linear_graphs_stay_as_large_as_they_are() {
    let deep = |uses: usize| {
        let mut last: Vec<Base> = (0..uses).map(main_column).collect();
        for i in 0..20_000 {
            let sum: Base = last.iter().enumerate().map(|(k, x)| x.clone() * F::from_usize(i + 2 + k)).sum();
            last.rotate_left(1);
            last[uses - 1] = sum + SymbolicVariable::new(BaseEntry::Main { offset: 0 }, i + 6);
        }
        let constraint = vec![last.pop().expect("one").square()];
        let layout = ConstraintLayout { base_indices: vec![0], ext_indices: Vec::new() };
        let constraints = Constraints { base: constraint, extension: Vec::new(), layout };
        let program = constraints.program(64);
        // Parts are dropped one within the other, which takes a deep stack.
        let dropping =
            std::thread::Builder::new().stack_size(1 << 29).spawn(move || drop((constraints, last)));
        dropping.expect("a thread").join().expect("no panic");
        program
    };
    for uses in [1, 2, 3, 5] {
        let program = deep(uses);
        let most = 20_000 * (3 * uses + 3);
        assert!(program.code().len() < most, "{uses} uses: {} instructions", program.code().len());
        let is_term = |instruction: &Instruction<u32>| !matches!(instruction, Instruction::Begin(_));
        let sums = program.code().split(|instruction| !is_term(instruction));
        let longest = sums.map(|sum| sum.iter().filter(|step| is_product(step)).count()).max();
        let least = if uses == 1 { 32 } else { 0 };
        assert!(
            longest.is_some_and(|terms| terms >= least && terms <= 200),
            "{uses} uses: {longest:?} terms"
        );
    }
}

/// A quotient in parts is the whole, and no part is much longer than was asked for.
#[test]
fn parts_of_quotients_add_up() {
    let cpu = Cpu::new(u64::MAX);
    let matrices: [_; MATRICES] =
        core::array::from_fn(|i| cpu.upload(&suite::matrix(16, WIDTHS[i], i as u64)).expect("it fits"));
    let matrices = core::array::from_fn(|i| Some(&matrices[i]));
    let domain = Domain::BitReversed { log_height: 4, log_step: 1 };
    for seed in 0..8 {
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        let constraints = Constraints::random(&mut rng, 60);
        let count = constraints.layout.total_constraints();
        let [weights, challenges] =
            [count, CHALLENGES].map(|count| (0..count).map(|_| challenge(&mut rng)).collect::<Vec<_>>());
        let terminal = Some(challenge(&mut rng));
        let public_values = [F::TWO; PUBLIC];
        let given =
            Given { public_values: &public_values, challenges: &challenges, terminal, weights: &weights };
        let run = |most: usize| {
            let (base, extension) = (&constraints.base, &constraints.extension);
            let (graph, parts) = Lowering::quotient_parts(base, extension, &constraints.layout, most);
            let mut sum = None;
            let mut longest = 0;
            for part in &parts {
                let program = Program::new(&graph, &[*part], 1000);
                longest = longest.max(program.code().len());
                let values = program.uniforms().values(&given).expect("all is given");
                let compiled = cpu.compile(&program).expect("it compiles");
                sum = Some(cpu.run(&compiled, domain, matrices, &values, sum).expect("it runs"));
            }
            let sum = cpu.download(&sum.expect("a part")).expect("it is here");
            (sum, parts.len(), longest)
        };
        let (whole, one, length) = run(usize::MAX);
        assert_eq!(one, 1);
        // One constraint may need more than so few operations.
        for most in [1, length / 8, length / 2] {
            let (sum, parts, longest) = run(most);
            assert!(sum == whole, "seed {seed}, {most} operations");
            assert!(parts > 1 && parts <= count && longest < length, "{parts} parts, {longest} of {length}");
            println!("seed {seed}: {length} instructions by {most}: {parts} parts, at most {longest}");
        }
    }
}

/// Additive and exclusive lookups with tuples of `width` elements.
fn lookups(rng: &mut ChaCha12Rng, count: usize) -> Vec<Lookup<F>> {
    let column =
        |index: usize| Base::from(SymbolicVariable::new(BaseEntry::Main { offset: index / 6 }, index % 6));
    let mut lookups = Vec::new();
    for number in 0..count {
        let (tuples, width) = (rng.random_range(1..4), rng.random_range(1..4));
        // Messages know no periodic columns.
        let mut leaf = || match base_leaf(rng) {
            Base::Leaf(BaseLeaf::Variable(v)) if matches!(v.entry, BaseEntry::Periodic) => Base::from(F::TWO),
            leaf => leaf,
        };
        let mut expression = || leaf() * column(number % 12) + leaf();
        // At most one flag: the last columns are 0 or 1, and not both 1.
        let exclusive = number % 2 == 1 && tuples <= 2;
        lookups.push(Lookup {
            kind: Kind::Local,
            elements: (0..tuples).map(|_| (0..width).map(|_| expression()).collect()).collect(),
            multiplicities: (0..tuples).map(|_| expression()).collect(),
            count_weight: 1,
            column: number,
            flags: exclusive.then(|| (0..tuples).map(|i| column(4 + i)).collect()),
        });
    }
    lookups
}

/// What Plonky3 makes of a trace, and what the program does.
fn permutations<D: Rows>(device: &D, seed: u64, log_height: usize) -> [Permutation; 2] {
    let mut rng = ChaCha12Rng::seed_from_u64(seed);
    let height = 1 << log_height;
    // More than eight are not inverted together.
    let lookups = lookups(&mut rng, [1, 9, 2, 4, 17, 3][seed as usize % 6]);
    let mut main = suite::matrix(height, WIDTHS[0], seed);
    main.values.chunks_mut(WIDTHS[0]).for_each(|row| {
        let flag = rng.random_range(0..3);
        row[4..].copy_from_slice(&[F::from_bool(flag == 1), F::from_bool(flag == 2)]);
    });
    let preprocessed = suite::matrix(height, WIDTHS[1], seed + 1);
    let periodic = suite::matrix(1, WIDTHS[4], 0);
    let public_values: Vec<F> = (0..PUBLIC as u32).map(|i| fe(i * 77 + 1)).collect();
    let challenges: Vec<_> = (0..2 * lookups.len()).map(|_| challenge(&mut rng)).collect();
    let (expected, terminal) = LogUpGadget::new().generate_permutation::<F, Challenge>(
        &main,
        &Some(preprocessed.clone()),
        &public_values,
        &lookups,
        &challenges,
    );

    let (graph, outputs) = Lowering::fractions(&lookups);
    let program = Program::new(&graph, &outputs, 16);
    let given =
        Given { public_values: &public_values, challenges: &challenges, terminal: None, weights: &[] };
    let values = program.uniforms().values(&given).expect("all is given");
    let selectors =
        (0..height).flat_map(|i| [i == 0, i == height - 1, i != height - 1, false].map(F::from_bool));
    let selectors = RowMajorMatrix::new(selectors.collect(), WIDTHS[3]);
    let matrices = [Some(&main), Some(&preprocessed), None, Some(&selectors), Some(&periodic)];
    let found = run(device, &program, Domain::Natural { log_height }, matrices, &values);
    let found: Vec<Challenge> = found
        .values
        .chunks_exact(5)
        .map(|value| Challenge::from_basis_coefficients_fn(|i| value[i]))
        .collect();
    // Sums of the rows before, then the fractions of the row.
    let mut sum = Challenge::ZERO;
    let mut columns = Vec::new();
    for row in found.chunks_exact(lookups.len() + 1) {
        let (total, fractions) = row.split_first().expect("a sum");
        columns.extend([&[sum], fractions].concat());
        sum += *total;
    }
    assert_eq!(terminal.expect("lookups").0, sum, "seed {seed}");
    [expected, RowMajorMatrix::new(columns, lookups.len() + 1)]
}

/// Fractions of random lookups are those of Plonky3.
pub fn random_lookups<D: Rows>(device: &D, seeds: core::ops::Range<u64>) {
    for seed in seeds {
        let [expected, found] = permutations(device, seed, [6, 0, 3][seed as usize % 3]);
        assert_eq!(expected, found, "{}: seed {seed}", device.id());
    }
}

#[test]
fn random_lookups_on_the_processor() {
    random_lookups(&Cpu::new(u64::MAX), 0..42);
}

/// Lookups of one message of one column each.
fn single_lookups(count: usize) -> Vec<Lookup<F>> {
    let of = |column: usize| Lookup {
        kind: Kind::Local,
        elements: vec![vec![SymbolicVariable::new(BaseEntry::Main { offset: 0 }, column % 6).into()]],
        multiplicities: vec![Base::ONE],
        count_weight: 1,
        column,
        flags: None,
    };
    (0..count).map(of).collect()
}

/// Where a fingerprint is zero, the fractions that are inverted with its own are, and no others.
pub fn fingerprints_of_zero<D: Rows>(device: &D) {
    const ROWS: usize = 64;
    let mut rng = ChaCha12Rng::seed_from_u64(3);
    let lookups = single_lookups(9);
    let main = suite::matrix(ROWS, WIDTHS[0], 1);
    let mut challenges: Vec<_> = (0..18).map(|_| challenge(&mut rng)).collect();
    // Of the third lookup in row 41.
    challenges[4] = main.values[41 * WIDTHS[0] + 2].into();
    let (graph, outputs) = Lowering::fractions(&lookups);
    let program = Program::new(&graph, &outputs, 64);
    let given = Given { public_values: &[], challenges: &challenges, terminal: None, weights: &[] };
    let values = program.uniforms().values(&given).expect("all is given");
    let matrices = [Some(&main), None, None, None, None];
    let found = run(device, &program, Domain::Natural { log_height: 6 }, matrices, &values);
    for (row, found) in found.values.chunks_exact(50).enumerate() {
        let of = |i: usize| challenges[2 * i] - main.values[row * WIDTHS[0] + i % 6];
        let fingerprints: Vec<Challenge> = (0..9).map(of).collect();
        let inverses = |part: &[Challenge]| -> Vec<Challenge> {
            let inverses: Option<_> = part.iter().map(|fingerprint| fingerprint.try_inverse()).collect();
            inverses.unwrap_or_else(|| vec![Challenge::ZERO; part.len()])
        };
        let (first, second) = fingerprints.split_at(5);
        let fractions = [inverses(first), inverses(second)].concat();
        assert!(row != 41 || (fractions[0].is_zero() && !fractions[8].is_zero()));
        let sum = fractions.iter().copied().sum::<Challenge>();
        let expected: Vec<F> = [&[sum], &fractions[..]]
            .concat()
            .iter()
            .flat_map(|x| -> &[F] { x.as_basis_coefficients_slice() })
            .copied()
            .collect();
        assert_eq!(found, expected, "{}: row {row}", device.id());
    }
}

#[test]
fn fingerprints_of_zero_on_the_processor() {
    fingerprints_of_zero(&Cpu::new(u64::MAX));
}

/// Runs add to what is there; what is missing or does not fit is refused, and costs nothing.
pub fn onto_and_refusals<D: Rows>(device: &D) {
    let mut rng = ChaCha12Rng::seed_from_u64(5);
    // So many that every column is read.
    let constraints = Constraints::random(&mut rng, 300);
    let (graph, quotient) =
        Lowering::quotient(&constraints.base, &constraints.extension, &constraints.layout);
    let program = Program::new(&graph, &[quotient], 1000);
    let [public_values, challenges, weights] = [PUBLIC, CHALLENGES, constraints.layout.total_constraints()]
        .map(|count| (0..count).map(|_| challenge(&mut rng)).collect::<Vec<_>>());
    let public_values: Vec<F> = public_values.iter().map(|x| x.as_basis_coefficients_slice()[1]).collect();
    let terminal = Some(weights[0]);
    let given = Given { public_values: &public_values, challenges: &challenges, terminal, weights: &weights };
    let values = program.uniforms().values(&given).expect("all is given");
    let compiled = device.compile(&program).expect("it compiles");
    let upload = |height, width| device.upload(&suite::matrix(height, width, 7)).expect("it fits");
    let matrices: [_; MATRICES] = core::array::from_fn(|i| upload(16, WIDTHS[i]));
    let all = || core::array::from_fn(|i| Some(&matrices[i]));
    let domain = Domain::BitReversed { log_height: 4, log_step: 1 };
    let before = device.usage().used;

    let alone = device.run(&compiled, domain, all(), &values, None).expect("it runs");
    let sum = device.run(&compiled, domain, all(), &values, Some(upload(16, 5))).expect("it runs");
    let [alone, sum] = [alone, sum].map(|matrix| device.download(&matrix).expect("it comes back").values);
    let onto = suite::matrix(16, 5, 7).values;
    assert!(sum.iter().zip(alone.iter().zip(onto)).all(|(sum, (a, b))| *sum == *a + b), "{}", device.id());

    let refused = |found: Result<D::Matrix, Error>| assert!(matches!(found, Err(Error::Unsupported { .. })));
    refused(device.run(&compiled, domain, all(), &values[1..], None));
    refused(device.run(&compiled, domain, all(), &values, Some(upload(16, 10))));
    refused(device.run(&compiled, domain, all(), &values, Some(upload(8, 5))));
    for i in 0..MATRICES {
        for other in [None, Some(upload(16, WIDTHS[i] - 1)), Some(upload(3, WIDTHS[i]))] {
            let mut matrices: [_; MATRICES] = all();
            matrices[i] = other.as_ref();
            refused(device.run(&compiled, domain, matrices, &values, None));
        }
    }
    for (log_height, log_step) in [(25, 1), (4, 5)] {
        refused(device.run(&compiled, Domain::BitReversed { log_height, log_step }, all(), &values, None));
    }
    assert_eq!(device.usage().used, before, "{}", device.id());
}

/// A program of one device on another, with matrices of that one.
pub fn refused_elsewhere<D: Rows>(device: &D, other: &D) {
    let column = |index| Base::from(SymbolicVariable::new(BaseEntry::Main { offset: 0 }, index));
    let layout = ConstraintLayout { base_indices: vec![0], ext_indices: Vec::new() };
    let base = [column(0) * column(1)];
    let (graph, quotient) = Lowering::quotient(&base, &[], &layout);
    let program = Program::new(&graph, &[quotient], 16);
    let given = Given { public_values: &[], challenges: &[], terminal: None, weights: &[Challenge::TWO] };
    let values = program.uniforms().values(&given).expect("all is given");
    let compiled = device.compile(&program).expect("it compiles");
    let on = |device: &D| {
        let [main, selectors] =
            [2, 4].map(|width| device.upload(&suite::matrix(4, width, 1)).expect("it fits"));
        let matrices = [Some(&main), None, None, Some(&selectors), None];
        device.run(&compiled, Domain::Natural { log_height: 2 }, matrices, &values, None).map(|_| ())
    };
    on(device).expect("its own");
    assert!(matches!(on(other), Err(Error::Unsupported { .. })));
}

#[test]
fn onto_and_refusals_on_the_processor() {
    onto_and_refusals(&Cpu::new(u64::MAX));
}

#[test]
fn columns_are_loaded_again_where_registers_are_few() {
    let columns: Vec<Base> =
        (0..12).map(|i| SymbolicVariable::new(BaseEntry::Main { offset: i / 6 }, i % 6).into()).collect();
    let sum = columns.iter().cloned().fold(Base::from(F::ONE), |sum, column| sum + column);
    let product = columns.iter().cloned().fold(Base::from(F::TWO), |product, column| product * column);
    let layout = ConstraintLayout { base_indices: vec![0, 1], ext_indices: Vec::new() };
    let constraints = Constraints { base: vec![sum, product], extension: Vec::new(), layout };
    let (graph, quotient) =
        Lowering::quotient(&constraints.base, &constraints.extension, &constraints.layout);
    let registers = [4, 100].map(|most| Program::new(&graph, &[quotient], most).registers()[0]);
    assert!(registers[0] <= 5 && registers[1] >= 12, "{registers:?}");
    check(&Cpu::new(u64::MAX), 1, &constraints, [4, 1], Some(1), 4);
}

/// Columns of lookups, half of them of the next row.
fn lookups_columns(count: usize) -> Vec<Extension> {
    let of = |i| SymbolicVariableExt::new(ExtEntry::Permutation { offset: i % 2 }, i / 2);
    (0..count).map(|i| Extension::Leaf(ExtLeaf::ExtVariable(of(i)))).collect()
}

/// Constraints that are all of the extension.
fn of_the_extension(extension: Vec<Extension>) -> Constraints {
    let layout = ConstraintLayout { base_indices: Vec::new(), ext_indices: (0..extension.len()).collect() };
    Constraints { base: Vec::new(), extension, layout }
}

/// The registers of the extension that they take.
fn fives(constraints: &Constraints, most: usize) -> usize {
    let (graph, quotient) =
        Lowering::quotient(&constraints.base, &constraints.extension, &constraints.layout);
    Program::new(&graph, &[quotient], most).registers()[1]
}

/// As lookups do it: a constraint of each column, and sums of all.
#[test]
fn a_sum_of_columns_keeps_none_of_them() {
    let constraints = |count| {
        let columns = lookups_columns(count);
        let mut constraints: Vec<_> = columns.iter().map(|column| column.clone() * column.clone()).collect();
        for row in [BaseLeaf::IsFirstRow, BaseLeaf::IsLastRow] {
            let row = Extension::Leaf(ExtLeaf::Base(Base::Leaf(row)));
            constraints.push(columns.iter().cloned().sum::<Extension>() * row);
        }
        // In the total themselves.
        constraints.extend([columns.iter().cloned().sum(), constraints[0].clone() + columns[1].clone()]);
        of_the_extension(constraints)
    };
    let found = fives(&constraints(20), 1000);
    assert!(found <= 4, "{found} values of the extension at once");
    for most in [5, 1000] {
        check(&Cpu::new(u64::MAX), 1, &constraints(6), [4, 1], Some(1), most);
    }
}

#[test]
fn columns_of_the_extension_are_loaded_again_where_registers_are_few() {
    let constraints = |count| {
        let columns = lookups_columns(count);
        let product = |order: &mut dyn Iterator<Item = &Extension>| order.cloned().product::<Extension>();
        of_the_extension(vec![product(&mut columns.iter()), product(&mut columns.iter().rev())])
    };
    let found = [20, 1000].map(|most| fives(&constraints(20), most));
    assert!(found[0] <= 5 && found[1] >= 20, "{found:?}");
    check(&Cpu::new(u64::MAX), 1, &constraints(6), [4, 1], Some(1), 20);
}

/// However many lookups there are: of eight that are inverted together a denominator each, and a product.
#[test]
fn fractions_keep_as_many_values_as_are_inverted_at_once() {
    let found = [8, 40].map(|count| {
        let lookups = single_lookups(count);
        let (graph, outputs) = Lowering::fractions(&lookups);
        Program::new(&graph, &outputs, 1000).registers()[1]
    });
    assert!(found[1] <= found[0] + 2 && found[1] <= 20, "{found:?} values of the extension at once");
}

/// A program of as many weights as constraints, which are words that a run is given.
pub fn of_weights(constraints: usize) -> Program {
    let column = |index| Base::from(SymbolicVariable::new(BaseEntry::Main { offset: 0 }, index));
    let layout = ConstraintLayout { base_indices: (0..constraints).collect(), ext_indices: Vec::new() };
    let base: Vec<Base> =
        (0..constraints).map(|i| column(i % 6) * (column((i + 1) % 6) + F::from_usize(i))).collect();
    let (graph, quotient) = Lowering::quotient(&base, &[], &layout);
    Program::new(&graph, &[quotient], 64)
}

/// Runs a program on random matrices of these heights, in bits.
fn on_random<D: Rows>(
    device: &D,
    program: &Program,
    domain: Domain,
    log_heights: [usize; MATRICES],
    weights: usize,
) -> RowMajorMatrix<F> {
    let mut rng = ChaCha12Rng::seed_from_u64(7);
    let [public_values, challenges, weights] = [PUBLIC, CHALLENGES, weights]
        .map(|count| (0..count).map(|_| challenge(&mut rng)).collect::<Vec<_>>());
    let public_values: Vec<F> = public_values.iter().map(|x| x.as_basis_coefficients_slice()[1]).collect();
    let terminal = Some(challenges[0]);
    let given = Given { public_values: &public_values, challenges: &challenges, terminal, weights: &weights };
    let values = program.uniforms().values(&given).expect("all is given");
    let matrices: [_; MATRICES] =
        core::array::from_fn(|i| suite::matrix(1 << log_heights[i], WIDTHS[i], 31 + i as u64));
    run(device, program, domain, core::array::from_fn(|i| Some(&matrices[i])), &values)
}

/// Sums of the largest words that devices know, of terms of all sorts in any order: times a value of the extension or of the field, or as they are.
pub fn largest_sums<D: Rows>(device: &D) {
    // The word of an element is that of it times 2^32.
    let largest = F::NEG_ONE * F::from_u64(1 << 32).inverse();
    let five = Challenge::from_basis_coefficients_fn(|_| largest);
    let matrices = WIDTHS.map(|width| RowMajorMatrix::new(vec![largest; 4 * width], width));
    let column = |i: usize| {
        let column = SymbolicVariable::new(BaseEntry::Main { offset: i / 6 % 2 }, i % 6);
        Extension::Leaf(ExtLeaf::Base(column.into()))
    };
    let variable = |entry, i| Extension::Leaf(ExtLeaf::ExtVariable(SymbolicVariableExt::new(entry, i)));
    let columns = |i: usize| variable(ExtEntry::Permutation { offset: i / 3 % 2 }, i % 3);
    let mut rng = ChaCha12Rng::seed_from_u64(3);
    for number in 0..8 {
        let mut term = |i: usize| {
            // First sums of products alone.
            let kind = if number < 2 { 3 * number } else { rng.random_range(0..6) };
            let term = if kind < 3 { column(i) } else { columns(i) };
            match kind % 3 {
                0 if kind == 0 => term * variable(ExtEntry::Challenge, i % CHALLENGES),
                0 => {
                    term * Extension::Leaf(ExtLeaf::ExtConstant(Challenge::from(largest - F::from_usize(i))))
                }
                1 => term,
                _ if kind == 2 => term * Extension::Leaf(ExtLeaf::ExtConstant(Challenge::from(largest))),
                _ => term * variable(ExtEntry::Challenge, i % CHALLENGES),
            }
        };
        let sum = (1..12).fold(term(0), |sum, i| sum + term(i));
        // A factor of the extension, so that the sum has an end of its own.
        let constraint = [sum * columns(0)];
        let layout = ConstraintLayout { base_indices: Vec::new(), ext_indices: vec![0] };
        let (graph, quotient) = Lowering::quotient(&[], &constraint, &layout);
        let program = Program::new(&graph, &[quotient], 64);
        let given = Given {
            public_values: &[],
            challenges: &[five; CHALLENGES],
            terminal: Some(five),
            weights: &[five],
        };
        let values = program.uniforms().values(&given).expect("all is given");
        let given = core::array::from_fn(|i| Some(&matrices[i]));
        let domain = Domain::Natural { log_height: 2 };
        let expected = run(&Cpu::new(u64::MAX), &program, domain, given, &values);
        assert_eq!(run(device, &program, domain, given, &values), expected, "{}: {number}", device.id());
    }
}

/// Sums in the field of the largest words that devices know, and of such that lie below: products by known values whose words are the largest, or any, so that what they are together below is as large as it
/// may be after any number of them.
pub fn largest_linear_sums<D: Rows>(device: &D) {
    let largest = F::NEG_ONE * F::from_u64(1 << 32).inverse();
    let matrices = WIDTHS.map(|width| RowMajorMatrix::new(vec![largest; 4 * width], width));
    let mut rng = ChaCha12Rng::seed_from_u64(3);
    let fixed = |i: usize| SymbolicVariable::new(BaseEntry::Preprocessed { offset: i / 3 % 2 }, i % 3).into();
    for number in 0..12 {
        let factor = |rng: &mut ChaCha12Rng| match rng.random_range(0..3) {
            _ if number < 4 => largest,
            0 => largest,
            1 => F::NEG_ONE,
            _ => fe(rng.random_range(0..aludel_protocol::field::MODULUS)),
        };
        // Of every length up to all columns, with a constant and without one.
        let columns = (0..12).map(main_column).chain((0..6).map(fixed)).take(4 + number * 14 / 11);
        let terms: Vec<Base> = columns.map(|column: Base| column * factor(&mut rng)).collect();
        let constant = [F::ZERO, largest][number % 2];
        let sum = terms.into_iter().fold(Base::from(constant), |sum, term| sum + term);
        let layout = ConstraintLayout { base_indices: vec![0], ext_indices: Vec::new() };
        let (graph, quotient) = Lowering::quotient(&[sum.square()], &[], &layout);
        let program = Program::new(&graph, &[quotient], 64);
        assert!(count(&program, is_product) >= 4, "{:?}", program.code());
        let weights = [Challenge::from_basis_coefficients_fn(|_| largest)];
        let given = Given { public_values: &[], challenges: &[], terminal: None, weights: &weights };
        let values = program.uniforms().values(&given).expect("all is given");
        let given = core::array::from_fn(|i| Some(&matrices[i]));
        let domain = Domain::Natural { log_height: 2 };
        let expected = run(&Cpu::new(u64::MAX), &program, domain, given, &values);
        assert_eq!(run(device, &program, domain, given, &values), expected, "{}: {number}", device.id());
    }
}

/// A few of all sizes: of lookups, and of constraints.
pub fn some_programs() -> Vec<Program> {
    let mut rng = ChaCha12Rng::seed_from_u64(5);
    let (graph, outputs) = Lowering::fractions(&lookups(&mut rng, 2));
    let mut programs = vec![Program::new(&graph, &outputs, 16)];
    for size in [4, 60, 400] {
        let Constraints { base, extension, layout } = Constraints::random(&mut rng, size);
        let (graph, quotient) = Lowering::quotient(&base, &extension, &layout);
        programs.push(Program::new(&graph, &[quotient], 20));
    }
    programs.push(Constraints::linear(&mut rng, 9, 6, 60).program(20));
    programs
}

/// Some of it, for devices whose calls fail.
pub fn little<D: Rows>(device: &D) -> Result<(), Error> {
    let factor = |i| Base::from(SymbolicVariable::new(BaseEntry::Main { offset: i }, i));
    let layout = ConstraintLayout { base_indices: vec![0], ext_indices: Vec::new() };
    let constraint = [factor(0) * factor(1)];
    let (graph, quotient) = Lowering::quotient(&constraint, &[], &layout);
    let compiled = device.compile(&Program::new(&graph, &[quotient], 8))?;
    let [main, selectors] = [suite::matrix(4, 2, 1), suite::matrix(4, 4, 2)];
    let [main, selectors] = [device.upload(&main)?, device.upload(&selectors)?];
    let matrices = [Some(&main), None, None, Some(&selectors), None];
    let domain = Domain::Natural { log_height: 2 };
    let values = vec![Challenge::TWO; graph.uniforms().len()];
    let found = device.run(&compiled, domain, matrices, &values, None)?;
    let found = device.run(&compiled, domain, matrices, &values, Some(found))?;
    let found = device.download(&found)?.values;
    assert!(found.iter().any(|x| *x != F::ZERO));
    Ok(())
}

/// Domains of many rows, and matrices that are higher and lower, as on the processor.
pub fn tall_domains<D: Rows>(device: &D, log_height: usize) {
    let mut rng = ChaCha12Rng::seed_from_u64(11);
    let constraints = Constraints::random(&mut rng, 40);
    let (graph, quotient) =
        Lowering::quotient(&constraints.base, &constraints.extension, &constraints.layout);
    let program = Program::new(&graph, &[quotient], 20);
    let log_heights = [log_height, log_height - 3, log_height, log_height + 1, 2];
    for domain in [Domain::Natural { log_height }, Domain::BitReversed { log_height, log_step: 2 }] {
        let weights = constraints.layout.total_constraints();
        let of = |found: RowMajorMatrix<F>| found.values;
        let expected = of(on_random(&Cpu::new(u64::MAX), &program, domain, log_heights, weights));
        let found = of(on_random(device, &program, domain, log_heights, weights));
        assert!(found == expected, "{}: {domain:?}", device.id());
    }
    assert_eq!(device.usage().used, 0, "{}", device.id());
}

/// What no chip of ours is like: one product of 10,000 factors, values of which thousands are in use at once, thousands of constraints.
fn large(values: usize) -> [(&'static str, Program, usize); 3] {
    let column = |i: usize| Base::from(SymbolicVariable::new(BaseEntry::Main { offset: i / 6 % 2 }, i % 6));
    let of = |base: Vec<Base>| {
        let layout = ConstraintLayout { base_indices: (0..base.len()).collect(), ext_indices: Vec::new() };
        let (graph, quotient) = Lowering::quotient(&base, &[], &layout);
        let program = Program::new(&graph, &[quotient], 64);
        // Its parts are dropped one within the other, which takes a deep stack.
        let dropping = std::thread::Builder::new().stack_size(1 << 28).spawn(move || drop(base));
        dropping.expect("a thread").join().expect("no panic");
        (program, layout.total_constraints())
    };
    let deep = (0..10_000).fold(column(0), |product, i| product * column(i * 7) + F::from_usize(i));
    // All are made for the first sum, and used in the other order for the second.
    let values: Vec<Base> = (0..values).map(|i| column(i) * (column(i / 6) + F::from_usize(i + 2))).collect();
    let product = |mut values: Vec<&Base>, by: usize| {
        values.rotate_left(by);
        let sum = |sum: Base, pair: &[&Base]| sum + pair[0].clone() * pair[1].clone();
        values.chunks_exact(2).fold(column(1), sum)
    };
    let wide = [product(values.iter().collect(), 0), product(values.iter().rev().collect(), 1)];
    let many = (0..3_000).map(|i| column(i) * column(i / 12) - F::from_usize(i)).collect();
    [("deep", vec![deep]), ("wide", wide.into()), ("many", many)].map(|(name, constraints)| {
        let (program, weights) = of(constraints);
        (name, program, weights)
    })
}

/// Large programs, as on the processor.
pub fn large_programs<D: Rows>(device: &D, log_height: usize) {
    for (name, program, weights) in large(4_500) {
        let domain = Domain::BitReversed { log_height, log_step: 1 };
        let log_heights = [log_height; MATRICES];
        println!("{name}: {} instructions, {} registers", program.code().len(), program.registers()[0]);
        let expected = on_random(&Cpu::new(u64::MAX), &program, domain, log_heights, weights).values;
        let found = on_random(device, &program, domain, log_heights, weights).values;
        assert!(found == expected, "{}: {name}", device.id());
        assert!(expected.iter().any(|x| *x != F::ZERO), "{name}: nothing was computed");
    }
    assert_eq!(device.usage().used, 0, "{}", device.id());
}

/// What becomes of a program of more than 9,000 values at once, and of one of more than 6,000 uniform values. A failure costs nothing.
pub fn too_large_programs<D: Rows>(device: &D) -> [Result<(), Error>; 2] {
    let [_, (_, wide, _), (_, many, _)] = large(9_000);
    [wide, many].map(|program| {
        let matrix = device.upload(&suite::matrix(1, 6, 1)).expect("it fits");
        let matrices = core::array::from_fn(|_| Some(&matrix));
        let before = device.usage().used;
        let values = vec![Challenge::ONE; program.uniforms().len()];
        let found = device.compile(&program).and_then(|compiled| {
            device.run(&compiled, Domain::Natural { log_height: 0 }, matrices, &values, None).map(|_| ())
        });
        assert_eq!(device.usage().used, before, "{}", device.id());
        found
    })
}

#[test]
fn large_programs_are_as_large_as_they_say() {
    let [(_, deep, _), (_, wide, _), (_, many, weights)] = large(4_500);
    assert!(
        deep.code().len() > 20_000 && wide.registers()[0] > 4_096 && weights == 3_000,
        "{}",
        wide.registers()[0]
    );
    assert!(many.code().len() > 6_000 && many.uniforms().len() > 6_000);
}
