//! Programs over rows (`aludel_kernels::rows`) against Plonky3's quotients, for every chip of the machine.

use std::time::{Duration, Instant};

use aludel_adversary::prover::{Forgeable, Inputs, columns};
use aludel_circuits::{Chip, MachineChip, Shape};
use aludel_kernels::cache::Cache;
use aludel_kernels::cpu::Cpu;
use aludel_kernels::cuda::Compiler;
use aludel_kernels::rows::{Domain, Given, Lowering, Program};
use aludel_kernels::{Device, Rows, RunningSums};
use aludel_protocol::field::MODULUS;
use aludel_protocol::{Challenge, F, fe};
use aludel_verifier::keys::ShardKey;
use p3_air::symbolic::AirLayout;
use p3_batch_stark::symbolic::{get_constraint_layout, get_symbolic_constraints};
use p3_commit::PolynomialSpace;
use p3_field::coset::TwoAdicMultiplicativeCoset;
use p3_field::{BasedVectorSpace, PrimeCharacteristicRing};
use p3_lookup::{LogUpGadget, LookupProtocol, Lookups};
use p3_matrix::Matrix as _;
use p3_matrix::bitrev::BitReversibleMatrix;
use p3_matrix::dense::RowMajorMatrix;

/// Base-2 logarithm of a trace's rows: of columns of anything, so the height of the shape does not matter.
const LOG_ROWS: usize = 4;
/// Base-2 logarithm of the points a row.
const LOG_STEP: usize = 1;
/// Operations beyond which a quotient is cut.
const MOST_OPERATIONS: usize = 2560;
/// Registers beyond which columns are loaded again.
const REGISTERS: usize = 256;

/// Numbers that anybody can make again (the multiplier is Knuth's).
struct Numbers(u64);

impl Numbers {
    fn element(&mut self) -> F {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        fe((self.0 >> 33) as u32 % MODULUS)
    }

    fn challenge(&mut self) -> Challenge {
        Challenge::from_basis_coefficients_fn(|_| self.element())
    }

    fn matrix(&mut self, height: usize, width: usize) -> RowMajorMatrix<F> {
        RowMajorMatrix::new((0..height * width).map(|_| self.element()).collect(), width)
    }
}

/// Time of Plonky3's quotient and of ours.
fn compare(chip: &MachineChip, lookups: &Lookups<F>, key: &ShardKey, log_rows: usize) -> [Duration; 2] {
    let mut numbers = Numbers(7);
    let layout = AirLayout::from_air::<F>(chip);
    let height = 1 << (log_rows + LOG_STEP);
    let main = numbers.matrix(height, layout.main_width);
    let fixed = (layout.preprocessed_width > 0).then(|| numbers.matrix(height, layout.preprocessed_width));
    let auxiliary = (!lookups.is_empty()).then(|| numbers.matrix(height, 5 * (lookups.len() + 1)));
    let public_values: Vec<F> = (0..layout.num_public_values).map(|_| numbers.element()).collect();
    let challenges: Vec<_> = (0..2 * lookups.len()).map(|_| numbers.challenge()).collect();
    let terminal = auxiliary.is_some().then(|| numbers.challenge());
    let alpha = numbers.challenge();
    let rows = TwoAdicMultiplicativeCoset::new(F::ONE, log_rows).expect("few rows");
    let points = rows.create_disjoint_domain(height);
    let inputs = Inputs {
        rows,
        points,
        main: columns(&main),
        fixed: fixed.as_ref().map(columns),
        auxiliary: auxiliary.as_ref().map(columns),
        config: key.config(),
        public_values: &public_values,
        lookups,
        terminal,
        challenges: &challenges,
        alpha,
    };
    let start = Instant::now();
    let expected = chip.quotient(&inputs);
    let theirs = start.elapsed();

    let gadget = LogUpGadget::new();
    let (base, extension) = get_symbolic_constraints::<F, Challenge, _, _>(chip, layout, lookups, &gadget);
    let order = get_constraint_layout::<F, Challenge, _, _>(chip, layout, lookups, &gadget);
    let (graph, quotient) = Lowering::quotient(&base, &extension, &order);
    let program = Program::new(&graph, &[quotient], REGISTERS);
    let mut weights: Vec<Challenge> = alpha.powers().take(order.total_constraints()).collect();
    weights.reverse();
    let given = Given { public_values: &public_values, challenges: &challenges, terminal, weights: &weights };
    let values = program.uniforms().values(&given).expect("all is given");
    let selectors = rows.selectors_on_coset(points);
    let selectors = (0..height).flat_map(|i| {
        let s = &selectors;
        [s.is_first_row[i], s.is_last_row[i], s.is_transition[i], s.inv_vanishing[i]]
    });
    let selectors = RowMajorMatrix::new(selectors.collect(), 4).bit_reverse_rows().to_row_major_matrix();
    let domain = Domain::BitReversed { log_height: log_rows + LOG_STEP, log_step: LOG_STEP };
    let matrices = [Some(&main), fixed.as_ref(), auxiliary.as_ref(), Some(&selectors), None];
    let cpu = Cpu::new(u64::MAX);
    let compiled = cpu.compile(&program).expect("it compiles");
    let there = matrices.map(|rows| rows.map(|rows| cpu.upload(rows).expect("it fits")));
    let there = there.each_ref().map(Option::as_ref);
    let start = Instant::now();
    let found = cpu.run(&compiled, domain, there, &values, None).expect("it runs");
    let ours = start.elapsed();

    let found = cpu.download(&found).expect("it comes back");
    let found = found.bit_reverse_rows().to_row_major_matrix();
    for (point, expected) in expected.iter().enumerate() {
        let coefficients: &[F] = expected.as_basis_coefficients_slice();
        assert_eq!(found.row_slice(point).expect("a point")[..], *coefficients, "{} at {point}", chip.name());
    }
    println!(
        "{:12} {:4} constraints, {:5} nodes, {:5} instructions, {:3} + {:2} x 5 registers, {:4} uniform values; {:.1} ms, {:.1} of Plonky3's",
        chip.name(),
        order.total_constraints(),
        graph.len(),
        program.code().len(),
        program.registers()[0],
        program.registers()[1],
        values.len(),
        ours.as_secs_f64() * 1e3,
        theirs.as_secs_f64() * 1e3,
    );
    [theirs, ours]
}

/// Time of Plonky3's permutation columns and of ours.
fn compare_fractions(chip: &MachineChip, lookups: &Lookups<F>, log_rows: usize) -> [Duration; 2] {
    let mut numbers = Numbers(7);
    let layout = AirLayout::from_air::<F>(chip);
    let height = 1 << log_rows;
    let main = numbers.matrix(height, layout.main_width);
    let fixed = (layout.preprocessed_width > 0).then(|| numbers.matrix(height, layout.preprocessed_width));
    let public_values: Vec<F> = (0..layout.num_public_values).map(|_| numbers.element()).collect();
    let challenges: Vec<_> = (0..2 * lookups.len()).map(|_| numbers.challenge()).collect();
    let start = Instant::now();
    let (expected, terminal) = LogUpGadget::new().generate_permutation::<F, Challenge>(
        &main,
        &fixed,
        &public_values,
        lookups,
        &challenges,
    );
    let theirs = start.elapsed();

    let (graph, outputs) = Lowering::fractions(lookups);
    let program = Program::new(&graph, &outputs, REGISTERS);
    let given =
        Given { public_values: &public_values, challenges: &challenges, terminal: None, weights: &[] };
    let values = program.uniforms().values(&given).expect("all is given");
    let selectors =
        (0..height).flat_map(|i| [i == 0, i == height - 1, i != height - 1, false].map(F::from_bool));
    let selectors = RowMajorMatrix::new(selectors.collect(), 4);
    let matrices = [Some(&main), fixed.as_ref(), None, Some(&selectors), None];
    let cpu = Cpu::new(u64::MAX);
    let compiled = cpu.compile(&program).expect("it compiles");
    let there = matrices.map(|rows| rows.map(|rows| cpu.upload(rows).expect("it fits")));
    let there = there.each_ref().map(Option::as_ref);
    let domain = Domain::Natural { log_height: log_rows };
    let start = Instant::now();
    let found = cpu.run(&compiled, domain, there, &values, None).expect("it runs");
    let (found, sum) = cpu.running_sums(found).expect("it runs");
    let ours = start.elapsed();

    assert_eq!(terminal.expect("lookups").0, sum, "{}", chip.name());
    let found = cpu.download(&found).expect("it comes back");
    let expected: Vec<F> =
        expected.values.iter().flat_map(|x| x.as_basis_coefficients_slice()).copied().collect();
    assert!(expected == found.values, "{}", chip.name());
    println!(
        "{:12} {:2} lookups, {:5} nodes, {:5} instructions, {:3} + {:2} x 5 registers; {:.1} ms, {:.1} of Plonky3's",
        chip.name(),
        lookups.len(),
        graph.len(),
        program.code().len(),
        program.registers()[0],
        program.registers()[1],
        ours.as_secs_f64() * 1e3,
        theirs.as_secs_f64() * 1e3,
    );
    [theirs, ours]
}

/// Machine code of the quotients of every chip, in parts, and of the fractions of its lookups, by the NVRTC that `ALUDEL_NVRTC` names, into the folder that `ALUDEL_CUBINS` names: for figures of kernels without a
/// GPU.
#[test]
fn kernels_of_every_chip_compile() {
    let Some(path) = std::env::var_os("ALUDEL_NVRTC") else {
        println!("skipped: ALUDEL_NVRTC names no library");
        return;
    };
    let compiler = Compiler::open(Some(path.as_ref()), Cache::none()).expect("it is there");
    println!("{}", compiler.description());
    let key = ShardKey::pinned(Shape::Tiny).expect("pinned");
    for (chip, lookups) in key.chips().iter().zip(&key.common().lookups) {
        let layout = AirLayout::from_air::<F>(chip);
        let gadget = LogUpGadget::new();
        let (base, extension) =
            get_symbolic_constraints::<F, Challenge, _, _>(chip, layout, lookups, &gadget);
        let order = get_constraint_layout::<F, Challenge, _, _>(chip, layout, lookups, &gadget);
        let (graph, parts) = Lowering::quotient_parts(&base, &extension, &order, MOST_OPERATIONS);
        let mut programs: Vec<_> = parts
            .iter()
            .enumerate()
            .map(|(i, part)| (format!("{}-{i}", chip.name()), Program::new(&graph, &[*part], REGISTERS)))
            .collect();
        if !lookups.is_empty() {
            let (graph, outputs) = Lowering::fractions(lookups);
            programs.push((format!("{}-lookups", chip.name()), Program::new(&graph, &outputs, REGISTERS)));
        }
        for (name, program) in programs {
            let start = Instant::now();
            let code = compiler.machine_code(&program, [9, 0]).expect("it compiles").expect("not too long");
            let (count, seconds) = (program.code().len(), start.elapsed().as_secs_f64());
            println!("{name:24} {count:5} instructions, {:7} bytes, {seconds:.1} s", code.len());
            if let Some(folder) = std::env::var_os("ALUDEL_CUBINS") {
                let path = std::path::Path::new(&folder).join(name).with_extension("cubin");
                std::fs::write(path, code).expect("the folder can be written");
            }
        }
    }
}

/// With `ALUDEL_LOG_ROWS=14` its output says what each chip takes.
#[test]
fn programs_give_the_quotients_of_every_chip() {
    let log_rows = std::env::var("ALUDEL_LOG_ROWS").ok().and_then(|n| n.parse().ok()).unwrap_or(LOG_ROWS);
    let key = ShardKey::pinned(Shape::Tiny).expect("pinned");
    let chips = key.chips().iter().zip(&key.common().lookups);
    let times: Vec<_> = chips.map(|(chip, lookups)| compare(chip, lookups, key, log_rows)).collect();
    assert_eq!(times.len(), MachineChip::all(Shape::Tiny).len());
    let sum = |i: usize| times.iter().map(|times| times[i]).sum::<Duration>().as_secs_f64();
    println!("all: {:.3} s, {:.3} of Plonky3's", sum(1), sum(0));
}

/// As above, of the fractions of lookups and their running sums.
#[test]
fn programs_give_the_fractions_of_every_chip() {
    let log_rows = std::env::var("ALUDEL_LOG_ROWS").ok().and_then(|n| n.parse().ok()).unwrap_or(LOG_ROWS);
    let key = ShardKey::pinned(Shape::Tiny).expect("pinned");
    let chips = key.chips().iter().zip(&key.common().lookups).filter(|(_, lookups)| !lookups.is_empty());
    let times: Vec<_> = chips.map(|(chip, lookups)| compare_fractions(chip, lookups, log_rows)).collect();
    assert!(times.len() > 1);
    let sum = |i: usize| times.iter().map(|times| times[i]).sum::<Duration>().as_secs_f64();
    println!("all: {:.3} s, {:.3} of Plonky3's", sum(1), sum(0));
}
