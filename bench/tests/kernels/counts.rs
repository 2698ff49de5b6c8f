//! Products that the kernels' own headers do, counted while they run on the processor.

use std::path::Path;
use std::process::Command;

use aludel_bench::kernels::count::{
    CANDIDATE_PRODUCTS, INVERSE_PRODUCTS, QUINTIC_PRODUCTS, QUINTIC_REDUCTIONS, SELECTOR_PRODUCTS,
    distance_products, fold_products, instruction_products, permutation_products, reduced_products,
    values_products,
};
use aludel_kernels::rows::Uniforms;
use aludel_kernels::rows::program::{Instruction, Operand, Weight};

/// What g++ makes of the headers says, by names: products and reductions. `None` where there is no g++, unless all tests are asked for.
fn counted() -> Option<Vec<(String, [u64; 2])>> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kernels/counts.cpp");
    let program = tempfile::tempdir().expect("a folder");
    let program = program.path().join("counts");
    let compiler = std::env::var_os("CXX").unwrap_or_else(|| "g++".into());
    let mut command = Command::new(compiler);
    command.args(["-std=c++17", "-O1", "-Wno-unknown-pragmas", "-o"]).arg(&program).arg(source);
    let output = match command.output() {
        Ok(output) => output,
        Err(why) if std::env::var_os("ALUDEL_TEST_ALL").is_none_or(|all| all != "1") => {
            println!("skipped: no g++: {why}");
            return None;
        }
        Err(why) => panic!("ALUDEL_TEST_ALL is set, and there is no g++: {why}"),
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said = Command::new(&program).output().expect("it runs").stdout;
    let said = String::from_utf8(said).expect("text");
    let parsed = |line: &str| {
        let (name, counts) = line.split_once(' ').expect("words");
        let counts = counts.split(' ').map(|count| count.parse().expect("a number"));
        (name.to_owned(), counts.collect::<Vec<_>>().try_into().expect("two counts"))
    };
    Some(said.lines().map(parsed).collect())
}

#[test]
fn products_are_those_of_the_headers() {
    let Some(counted) = counted() else { return };
    let said = [
        ("permute16", [permutation_products(16); 2]),
        ("permute24", [permutation_products(24); 2]),
        ("quintic", [QUINTIC_PRODUCTS, QUINTIC_REDUCTIONS]),
        ("base", [1; 2]),
        ("fold8", fold_products(3)),
        ("candidate", CANDIDATE_PRODUCTS),
        // Eight points, and what they share: two products for what vanishes, 37 for an inverse.
        ("selectors", [8 * SELECTOR_PRODUCTS + 2 + 37; 2]),
    ];
    let said: Vec<_> = said
        .into_iter()
        .chain(of_openings())
        .chain(of_programs())
        .map(|(name, counts)| (name.to_owned(), counts))
        .collect();
    assert_eq!(counted, said);
}

/// What the first threads of openings' kernels do.
fn of_openings() -> Vec<(&'static str, [u64; 2])> {
    // Eight rows: seven products make that of all, which is inverted, and seven pairs take it apart again.
    let of_eight = |is_weight| {
        let (shared, quintic) = (INVERSE_PRODUCTS, [QUINTIC_PRODUCTS, QUINTIC_REDUCTIONS]);
        [0, 1].map(|i| 8 * distance_products(is_weight)[i] + shared[i] - 3 * quintic[i])
    };
    // Without distances: 32 rows of four columns at two points, of which a lane reduces 40 sums; and four rows of three columns.
    let [distance, weight] = [false, true].map(distance_products);
    let dots = 32 * (values_products(2, 4)[0] - 2 * weight[0]);
    let reduced = [0, 1].map(|i| 4 * (reduced_products(2, 3)[i] - 2 * distance[i]));
    vec![
        ("inverse", INVERSE_PRODUCTS),
        ("distances", of_eight(false)),
        ("weights", of_eight(true)),
        ("dots", [dots, 40]),
        ("reduced", reduced),
    ]
}

/// Instructions, by what a program's text calls for them.
fn of_programs() -> Vec<(&'static str, [u64; 2])> {
    let value = Uniforms::default().challenge(0);
    let (base, extension) = (Weight::Base(value), Weight::Extension(value));
    [
        ("mul", Instruction::Mul(0, Operand::Register(0), Operand::Uniform(value))),
        ("begin_wide", Instruction::Begin(value)),
        ("plus_wide", Instruction::AddProduct(0, value)),
        ("begin", Instruction::Start(0, value)),
        ("plus", Instruction::AddTerm(0, 0, Weight::One)),
        ("plus_base", Instruction::AddTerm(0, 0, base)),
        ("plus_five", Instruction::AddTerm(0, 0, extension)),
        ("plus_5", Instruction::AddFive(0, 0, Weight::One)),
        ("plus_5_base", Instruction::AddFive(0, 0, base)),
        ("plus_5_five", Instruction::AddFive(0, 0, extension)),
        ("product", Instruction::Product(0, 0, 0)),
        ("scaled", Instruction::Scaled(0, 0, 0)),
    ]
    .map(|(name, instruction)| (name, instruction_products(&instruction)))
    .to_vec()
}
