//! `aludel params`: what this build's proofs rest on.

use std::fmt::Write;

use aludel_circuits::{Chip, MachineChip, Shape};
use aludel_protocol::codec::Kind as File;
use aludel_protocol::params::{
    ACCOUNT_BITS, PAYLOAD, PROTOCOL_VERSION, SLOT_BITS, XMSS_BASE, XMSS_CHAINS, XMSS_DEPTH, XMSS_STEPS,
    XMSS_TARGET_SUM, config_digest,
};
use aludel_verifier::manifest;
use aludel_verifier::parameters::PARAMETERS;
use aludel_verifier::{Security, ShardKey, security};
use serde_json::{Value, json};

use crate::cli::Params;
use crate::exit::{Failure, Kind, OrFail};
use crate::files::Place;
use crate::render;

/// Runs the command.
pub fn run(args: &Params) -> Result<(), Failure> {
    if args.check {
        check()?;
    }
    let shapes = Shape::ALL.map(shape).into_iter().collect::<Result<Vec<_>, _>>()?;
    if args.json {
        let mut all = constants();
        all["shapes"] = shapes.iter().map(Described::json).collect();
        all["checked"] = args.check.into();
        return render::print(&all, true);
    }
    let mut text = render::text(&constants());
    shapes.iter().for_each(|shape| shape.write(&mut text));
    text.push_str(if args.check { "\nkeys: derived from the chips and equal to the manifest\n" } else { "" });
    Place::Stream.write(text.as_bytes())
}

/// Derives every key from the code and compares it with the manifest.
fn check() -> Result<(), Failure> {
    for derived in manifest::derive().or_fail(Kind::Bug, "keys")? {
        let shape: Shape = derived.shape.parse().or_fail(Kind::Bug, "keys")?;
        if manifest::pinned(shape).or_fail(Kind::Bug, "keys")? != derived {
            let reason = format!(
                "the key of shape {shape} is not the one in the manifest: this build is not a release"
            );
            return Err(Failure::new(Kind::Bug, reason));
        }
    }
    Ok(())
}

fn constants() -> Value {
    let p = PARAMETERS;
    json!({
        "protocol_version": PROTOCOL_VERSION,
        "config": config_digest(),
        "proof_format": File::ShardProof.version(),
        "ledger": { "account_bits": ACCOUNT_BITS, "slot_bits": SLOT_BITS, "cell_elements": PAYLOAD },
        "xmss": {
            "chains": XMSS_CHAINS,
            "base": XMSS_BASE,
            "target_sum": XMSS_TARGET_SUM,
            "steps": XMSS_STEPS,
            "depth": XMSS_DEPTH,
        },
        "fri": {
            "log_blowup": p.log_blowup,
            "queries": p.queries,
            "log_final_poly_len": p.log_final_poly_len,
            "max_log_arity": p.max_log_arity,
            "cap_height": p.cap_height,
            "lookup_pow_bits": p.lookup_pow_bits,
            "ood_pow_bits": p.ood_pow_bits,
            "batch_pow_bits": p.batch_pow_bits,
            "commit_pow_bits": p.commit_pow_bits,
            "query_pow_bits": p.query_pow_bits,
        },
    })
}

/// A shape with its key's facts.
struct Described {
    shape: Shape,
    key: &'static ShardKey,
    security: Security,
}

fn shape(shape: Shape) -> Result<Described, Failure> {
    let key = ShardKey::pinned(shape).or_fail(Kind::Bug, "keys")?;
    Ok(Described { shape, key, security: security(shape).or_fail(Kind::Bug, "keys")? })
}

/// Size of a chip: columns main, preprocessed and auxiliary, height, cells.
struct Size {
    name: &'static str,
    columns: usize,
    preprocessed: usize,
    auxiliary: usize,
    log_height: usize,
    cells: usize,
}

impl Described {
    fn sizes(&self) -> Vec<Size> {
        let chips = MachineChip::all(self.shape);
        let size = |(chip, c): (&MachineChip, &aludel_verifier::layout::ChipLayout)| Size {
            name: chip.name(),
            columns: c.width,
            preprocessed: c.fixed_width,
            auxiliary: c.auxiliary(),
            log_height: c.log_height,
            cells: c.cells(),
        };
        chips.iter().zip(self.key.layout().chips()).map(size).collect()
    }

    fn json(&self) -> Value {
        let chip = |s: &Size| {
            json!({
                "chip": s.name,
                "columns": s.columns,
                "preprocessed": s.preprocessed,
                "auxiliary": s.auxiliary,
                "log_height": s.log_height,
                "cells": s.cells,
            })
        };
        let sizes = self.sizes();
        json!({
            "shape": self.shape.name(),
            "transfers": self.shape.transfers(),
            "key": self.key.digest(),
            "cells": sizes.iter().map(|s| s.cells).sum::<usize>(),
            "chips": sizes.iter().map(chip).collect::<Vec<_>>(),
            "proven_bits": self.security.proven_bits,
            "proven_bits_limited_by": self.security.binding,
            "rounds": self.security.rounds.iter().map(|r| json!({ "name": r.name, "bits": r.bits })).collect::<Vec<_>>(),
            "unique_decoding_bits": self.security.unique_decoding_bits,
            "conjectured_bits": self.security.conjectured_bits,
        })
    }

    fn write(&self, out: &mut String) {
        self.try_write(out).unwrap_or_else(|_| unreachable!("a string takes everything"));
    }

    fn try_write(&self, out: &mut String) -> std::fmt::Result {
        let Self { shape, key, security: s } = self;
        writeln!(out, "\nshape {shape}: {} transfers, key {}", shape.transfers(), key.digest())?;
        writeln!(
            out,
            "bits: {:.1} proven (limited by {}), {:.1} by unique decoding, {:.1} conjectured",
            s.proven_bits, s.binding, s.unique_decoding_bits, s.conjectured_bits
        )?;
        let rounds = s.rounds.iter().map(|r| format!("{} {:.1}", r.name, r.bits));
        writeln!(out, "by round: {}", rounds.collect::<Vec<_>>().join(", "))?;
        writeln!(out, "  chip         columns  preprocessed  auxiliary  log height       cells")?;
        for Size { name, columns, preprocessed, auxiliary, log_height, cells } in self.sizes() {
            writeln!(
                out,
                "  {name:<12} {columns:>7}  {preprocessed:>12}  {auxiliary:>9}  {log_height:>10}  {cells:>10}"
            )?;
        }
        Ok(())
    }
}
