//! Programs over rows as kernels of their own.

use core::fmt::Write as _;
use std::collections::BTreeSet;

use ::wgpu::ComputePipeline;

use super::pieces::WORD;
use super::pipeline::{Interface, bind_layout, compile};
use super::transfer::to_word;
use super::{Wgpu, source};
use crate::error::Error;
use crate::fold::DEGREE;
use crate::rows::Program;
use crate::rows::encoding::Input;
use crate::rows::graph::Column;
use crate::rows::lower::MATRICES;
use crate::rows::needs::Needs;
use crate::rows::program::Instruction;
use crate::rows::text::{Language, Text};

const LANGUAGE: Language = Language {
    registers: ["var @: u32;", "var @: Extension;", "var @: Extension;", "var @: u32;"],
    inverse: "extension_inverse",
    word: to_word,
    has_loose_sums: false,
};

/// A kernel of a program.
pub(super) struct Generated {
    pub pipeline: ComputePipeline,
    pub text: Text,
}

/// Where the columns of each matrix begin among the slots: at the row, and at its successor.
type Places = [[usize; 2]; MATRICES];

/// The columns that a program reads, with their slots, and how many slots there are.
fn inputs(program: &Program, needs: &Needs) -> (Vec<Input>, Places, usize) {
    let mut columns = BTreeSet::new();
    for instruction in &program.code {
        let (column, count) = match instruction {
            Instruction::Load(_, column) => (column, 1),
            Instruction::LoadFive(_, column) => (column, DEGREE as u32),
            _ => continue,
        };
        columns.extend((0..count).map(|i| Column { column: column.column + i, ..*column }));
    }
    let mut slots = 0;
    let mut places = Places::default();
    for (matrix, places) in places.iter_mut().enumerate() {
        for (next, place) in [false, true].into_iter().zip(places) {
            *place = slots;
            if columns.iter().any(|column| usize::from(column.matrix) == matrix && column.next == next) {
                slots += needs.columns[matrix];
            }
        }
    }
    let slot = |column: &Column| {
        let first = places[usize::from(column.matrix)][usize::from(column.next)];
        u32::try_from(first).unwrap_or(u32::MAX).saturating_add(column.column)
    };
    let inputs = columns.iter().map(|column| Input { column: *column, slot: slot(column) }).collect();
    (inputs, places, slots)
}

/// All of the kernel after what it calls.
fn kernel(text: &Text, places: &Places) -> String {
    let mut kernel = String::new();
    for (matrix, [here, next]) in places.iter().enumerate() {
        let _ = write!(
            kernel,
            "fn at{matrix}(number: u32, first: u32) -> u32 {{\n    return slot(first + number);\n}}\n\
             fn five_at{matrix}(number: u32, first: u32) -> Extension {{\n    return five_slots(first + number);\n}}\n\
             const here{matrix}: u32 = {here}u;\nconst next{matrix}: u32 = {next}u;\n",
        );
    }
    kernel += "@compute @workgroup_size(64)\nfn program(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {\n    \
               own_row = (group.y * groups.x + group.x) * 64u + lane;\n    if own_row >= job.rows {\n        return;\n    }\n";
    kernel + &text.body + "}\n"
}

/// Turns of loops that an instruction takes at most, and an inversion besides. Mesa's lavapipe leaves the loops of a thread after 65,535 turns in all, and says nothing.
const PRODUCT_TURNS: usize = 42;
const INVERSION_TURNS: usize = 170;
const MOST_TURNS: usize = 60_000;

/// What a program's kernel is made of.
pub(super) struct Source {
    pub text: Text,
    /// The columns that are to lie in its slots.
    pub inputs: Vec<Input>,
    places: Places,
    /// The first slot of outputs, and the number of slots.
    outputs: usize,
    pub slots: usize,
}

impl Source {
    /// `None` where it is too long, or a binding does not hold what it reads.
    pub(super) fn of(
        program: &Program,
        needs: &Needs,
        most_compiled: usize,
        binding_bytes: usize,
    ) -> Option<Self> {
        let inversions = program.code.iter().filter(|step| matches!(step, Instruction::Inverse(..))).count();
        let turns = PRODUCT_TURNS * program.code.len() + INVERSION_TURNS * inversions;
        if program.code.len() > most_compiled || turns > MOST_TURNS {
            return None;
        }
        let text = Text::new(program, &LANGUAGE);
        let (inputs, places, outputs) = inputs(program, needs);
        let slots = outputs.saturating_add(DEGREE * needs.outputs);
        let fits = slots.max(text.words()) <= binding_bytes / WORD;
        fits.then_some(Self { text, inputs, places, outputs, slots })
    }
}

impl Wgpu {
    /// A program as a kernel, with the columns that are to lie in its slots and the number of slots, those of outputs last. `None` where it is too long, a binding does not hold what it
    /// reads, or naga refuses the text. A driver that does not compile it loses the device.
    ///
    /// # Errors
    /// Any of the device.
    pub(super) fn generate(
        &self,
        program: &Program,
        needs: &Needs,
    ) -> Result<Option<(Generated, Vec<Input>, usize)>, Error> {
        let Some(source) = Source::of(program, needs, self.most_compiled, self.binding_bytes) else {
            return Ok(None);
        };
        let Source { text, inputs, places, outputs, slots } = source;
        let kernel = format!("const OUTPUTS: u32 = {outputs}u;\n{}", kernel(&text, &places));
        let files =
            [include_str!("../../wgsl/extension.wgsl"), include_str!("../../wgsl/program.wgsl"), &kernel];
        let source = source::module(self.has_wide_words(), &files);
        let interface = Interface { writes: &[false, true], parameter_bytes: 8, overrides: &[] };
        let make = || {
            let shared = bind_layout(&self.device, &[false, false]);
            compile(&self.device, &shared, "program", source, &interface)
        };
        match self.checked("program", 0, make) {
            Ok(pipeline) => Ok(Some((Generated { pipeline, text }, inputs, slots))),
            Err(Error::LaunchFailed { .. }) => Ok(None),
            Err(other) => Err(other),
        }
    }
}
