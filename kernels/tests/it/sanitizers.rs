//! The same kernels and launches on the stand-in that is built with AddressSanitizer and UndefinedBehaviorSanitizer. Each test starts this
//! program anew, for the first of them wants to be loaded before all else.

use std::env;
use std::process::Command;

use aludel_stand_in::sanitized;

use crate::cuda::stand_in;
use crate::cuda_harness::{from_freed_memory, run};

/// Names the kernel that a process was started for.
const KERNEL: &str = "ALUDEL_TEST_KERNEL";

/// The kernels with faults, whose lines the reports name.
const SOURCE: &str = include_str!("../../stand-in/broken.cu");

/// A process with sanitizers for some tests of this program. `None`, with the reason printed, where they could not be built: the
/// environment variable `ALUDEL_TEST_ALL=1` makes that a failure.
fn process(tests: &[&str]) -> Option<Command> {
    match sanitized(env::current_exe().expect("this program has a path")) {
        Ok(mut command) => {
            command.args(tests).args(["--exact", "--nocapture", "--test-threads=1"]);
            Some(command)
        }
        Err(missing) if env::var_os("ALUDEL_TEST_ALL").is_some_and(|all| all == "1") => panic!("{missing}"),
        Err(missing) => {
            println!("skipped: {missing}");
            None
        }
    }
}

/// Whether it ended well, and all that it said.
fn end(mut process: Command) -> (bool, String) {
    let output = process.output().expect("this program can be started");
    let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.success(), said.concat())
}

/// That these tests pass, and nothing is reported.
fn pass(tests: &[&str], seed: u64) {
    let Some(mut process) = process(tests) else { return };
    process.env("ALUDEL_TEST_SEED", seed.to_string());
    let (well, said) = end(process);
    println!("seed {seed}:\n{said}");
    assert!(said.contains(&format!("{} passed", tests.len())), "all of {tests:?} pass");
    // Who looks for leaks stops the process as a debugger does, which not all containers allow.
    let untraced = said.contains("LeakSanitizer has encountered a fatal error");
    if untraced {
        println!("leaks of the host's memory were not looked for: this process may not be traced");
    }
    assert!(well || untraced);
    for bad in ["skipped", "AddressSanitizer", "Sanitizer: detected", "ASan", "runtime error"] {
        assert!(!said.contains(bad), "{bad}");
    }
}

#[test]
fn the_suite() {
    pass(&["cuda::the_suite"], 1);
}

#[test]
fn extensions_of_many_passes() {
    pass(&["cuda::extensions_of_many_passes"], 2);
}

#[test]
fn programs_over_rows() {
    pass(&["cuda::large_programs_over_rows", "cuda::programs_over_rows"], 3);
    pass(&["cuda::programs_over_rows_in_little_memory"], 4);
}

#[test]
fn devices_and_queues() {
    for seed in [1, 2, 3] {
        pass(
            &[
                "cuda::a_matrix_stays_on_its_device",
                "cuda::devices_and_queues_work_at_once",
                "cuda::matrices_come_and_go_in_parts_where_memory_is_short",
                "cuda::queues_wait_for_each_other",
                "cuda_peer::a_matrix_may_be_dropped_while_it_is_copied",
                "cuda_peer::both_directions_at_once",
            ],
            seed,
        );
    }
}

/// The driver's and the launches' ways out, too.
#[test]
fn calls_that_fail() {
    pass(&["cuda_faults::a_lost_device_stays_lost", "cuda_faults::every_call_may_fail"], 1);
}

/// What the plain stand-in sees, this one sees: threads that are given up in the middle of a kernel, kernels that wait for each other.
#[test]
fn the_harness() {
    let tests = [
        "a_missing_barrier_is_seen",
        "a_barrier_that_not_all_reach_is_an_error_and_no_hang",
        "what_nobody_wrote_differs_from_seed_to_seed",
        "blocks_that_race_differ_from_seed_to_seed",
        "a_stream_that_does_not_wait_is_seen",
        "the_field_is_plonky3s",
        "the_quintic_extension_is_plonky3s",
    ];
    let tests = tests.map(|test| format!("cuda_harness::{test}"));
    pass(&tests.each_ref().map(String::as_str), 1);
}

/// Runs a kernel of 64 threads that has one fault. Whether the stand-in says nothing.
fn launch(kernel: &str) -> bool {
    let words: Vec<u32> = (0..64).collect();
    match kernel {
        "copies" => from_freed_memory().is_ok(),
        "one_beyond" => run(kernel, 3, 64, &[], 64, Some(64)).is_ok(),
        "reads_one_beyond" | "reads_one_before" | "reads_misaligned" => {
            run(kernel, 1, 64, &[&words], 64, None).is_ok()
        }
        _ => run(kernel, 1, 64, &[], 64, None).is_ok(),
    }
}

/// In a process that was started for a kernel, its launch; in others nothing.
#[test]
fn the_kernel_that_was_asked_for() {
    let Ok(kernel) = env::var(KERNEL) else { return };
    let Some((_, _turn)) = stand_in() else { return };
    launch(&kernel);
}

/// What the sanitizers report of a kernel, at a line of its own.
fn report(kernel: &str) -> Option<String> {
    let mut process = process(&["sanitizers::the_kernel_that_was_asked_for"])?;
    process.env(KERNEL, kernel);
    let (well, said) = end(process);
    assert!(!well, "{kernel}: nothing was reported\n{said}");
    let line =
        said.split_once("broken.cu:").map(|(_, rest)| rest.split(|c: char| !c.is_ascii_digit()).next());
    let line: usize = line.flatten().and_then(|line| line.parse().ok()).unwrap_or_else(|| panic!("{said}"));
    assert!(lines(kernel).contains(&line), "{kernel}: line {line} is not among {:?}\n{said}", lines(kernel));
    assert!(said.contains(&format!("in {kernel}")), "{kernel}: the trace lacks it\n{said}");
    Some(said)
}

/// From a kernel's first line to its registration, counted from 1.
fn lines(kernel: &str) -> std::ops::Range<usize> {
    let line = |text: String| SOURCE.lines().position(|line| line.contains(&text)).expect("a kernel") + 1;
    line(format!(" {kernel}("))..line(format!("KERNEL({kernel})"))
}

/// That the report of each kernel holds these words, and that the plain stand-in says nothing of it, or, where `seen`, something.
fn named(kernels: &[(&str, &[&str])], seen: bool) {
    let Some((_, _turn)) = stand_in() else { return };
    for (kernel, words) in kernels {
        assert_eq!(launch(kernel), !seen, "{kernel}, on the plain stand-in");
        let Some(said) = report(kernel) else { return };
        for words in *words {
            assert!(said.contains(words), "{kernel}: {words:?} is not in\n{said}");
        }
    }
}

#[test]
fn reads_out_of_bounds_are_named() {
    let poison = "AddressSanitizer: use-after-poison";
    named(
        &[
            ("reads_one_beyond", &[poison, "READ of size 4", "byte 256 of 256 bytes of device memory"]),
            ("reads_one_before", &[poison, "READ of size 4", "byte -4 of 256 bytes of device memory"]),
            ("reads_shared_beyond", &[poison, "READ of size 4", "byte 256 of 256 bytes of shared memory"]),
            ("reads_dynamic_beyond", &[poison, "READ of size 4", " of 0 bytes of shared memory"]),
            ("reads_module_beyond", &["AddressSanitizer: global-buffer-overflow", "broken_table"]),
            ("reads_own_beyond", &["AddressSanitizer: stack-buffer-overflow", "'own'"]),
            ("reads_own_beyond_after_barrier", &["AddressSanitizer: stack-buffer-overflow", "'own'"]),
        ],
        false,
    );
}

#[test]
fn writes_out_of_bounds_are_named_when_they_happen() {
    let poison = "AddressSanitizer: use-after-poison";
    let device = "thread (0, 0, 0) of block (1, 0, 0)";
    let shared = "thread (63, 0, 0) of block (0, 0, 0)";
    named(
        &[
            ("one_beyond", &[poison, "WRITE of size 4", device, "byte 256 of 256 bytes of device memory"]),
            ("shared_beyond", &[poison, "WRITE of size 4", shared, "byte 256 of 256 bytes of shared memory"]),
        ],
        true,
    );
}

#[test]
fn memory_that_was_given_back_is_named() {
    let told = ["AddressSanitizer: heap-use-after-free", "READ of size 4", "freed by thread", "cuMemFree_v2"];
    named(&[("copies", &told)], false);
}

#[test]
fn undefined_arithmetic_is_named() {
    named(
        &[
            (
                "shifts_too_far",
                &["runtime error: shift exponent 32 is too large", "thread (32, 0, 0) of block (0, 0, 0)"],
            ),
            ("overflows", &["runtime error: signed integer overflow: "]),
            (
                "indexes_module_beyond",
                &["runtime error: index 63 out of bounds for type 'unsigned int [63]'"],
            ),
        ],
        false,
    );
}

#[test]
fn misaligned_accesses_are_named() {
    named(
        &[
            ("reads_misaligned", &["runtime error: load of misaligned address", "'const uint32_t'"]),
            ("writes_misaligned", &["runtime error: store to misaligned address", "'uint32_t'"]),
        ],
        false,
    );
}
