//! `aludel params`: what this build's proofs rest on.

use std::fmt::Write;

use aludel_circuits::{Chip, Shape};
use aludel_protocol::Digest;
use aludel_protocol::codec::Kind as File;
use aludel_protocol::params::{
    ACCOUNT_BITS, PAYLOAD, PROTOCOL_VERSION, SLOT_BITS, XMSS_BASE, XMSS_CHAINS, XMSS_DEPTH, XMSS_STEPS,
    XMSS_TARGET_SUM, config_digest,
};
use aludel_recursion::manifest;
use aludel_verifier::keys::FoldedKey;
use aludel_verifier::layout::ChipLayout;
use aludel_verifier::parameters::{FOLDED_PARAMETERS, PARAMETERS, Parameters, ROOT_PARAMETERS};
use aludel_verifier::{Key, KeySet, Role, Security, ShardKey, security};
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
    let folded = Role::folded().map(folded).collect::<Result<Vec<_>, _>>()?;
    let set = KeySet::pinned().or_fail(Kind::Bug, "keys")?.root();
    if args.json {
        let mut all = constants();
        all["shapes"] = shapes.iter().map(Described::json).collect();
        all["folded"] = folded.iter().map(Described::json).collect();
        all["key_set"] = set.to_string().into();
        all["checked"] = args.check.into();
        return render::print(&all, true);
    }
    let mut text = render::text(&constants());
    shapes.iter().chain(&folded).for_each(|described| described.write(&mut text));
    text.push_str(&format!("\nset of keys of lifts and joins: {set}\n"));
    text.push_str(if args.check { "\nkeys: derived from the code and equal to the manifest\n" } else { "" });
    Place::Stream.write(text.as_bytes())
}

/// Derives every key from the code and compares it with the manifest.
fn check() -> Result<(), Failure> {
    let pinned = aludel_verifier::manifest::all().or_fail(Kind::Bug, "keys")?;
    let derived = manifest::derive().or_fail(Kind::Bug, "keys")?;
    match derived.iter().find(|key| !pinned.contains(key)) {
        None if derived.len() == pinned.len() => Ok(()),
        other => {
            let role = other.map_or("one more", |key| &key.role);
            let reason = format!("key {role:?} is not as in the manifest: this build is not a release");
            Err(Failure::new(Kind::Bug, reason))
        }
    }
}

fn constants() -> Value {
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
        "fri": fri(&PARAMETERS),
        "fri_of_lifts_and_joins": fri(&FOLDED_PARAMETERS),
        "fri_of_roots": fri(&ROOT_PARAMETERS),
    })
}

fn fri(p: &Parameters) -> Value {
    json!({
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
    })
}

/// A machine with its key's facts.
struct Described {
    role: Role,
    key: Digest,
    sizes: Vec<Size>,
    security: Security,
}

fn shape(shape: Shape) -> Result<Described, Failure> {
    described(ShardKey::pinned(shape).or_fail(Kind::Bug, "keys")?)
}

fn folded(role: Role) -> Result<Described, Failure> {
    described(FoldedKey::pinned(role).or_fail(Kind::Bug, "keys")?)
}

fn described<A: Chip>(key: &Key<A>) -> Result<Described, Failure> {
    let role = key.role();
    let size = |(chip, c): (&A, &ChipLayout)| Size {
        name: chip.name(),
        columns: c.width,
        preprocessed: c.fixed_width,
        auxiliary: c.auxiliary(),
        log_height: c.log_height,
        cells: c.cells(),
    };
    let sizes = key.chips().iter().zip(key.layout().chips()).map(size).collect();
    Ok(Described { role, key: key.digest(), sizes, security: security(role).or_fail(Kind::Bug, "keys")? })
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
        let sizes = &self.sizes;
        let mut shown = json!({
            "role": self.role.name(),
            "key": self.key,
            "cells": sizes.iter().map(|s| s.cells).sum::<usize>(),
            "chips": sizes.iter().map(chip).collect::<Vec<_>>(),
            "proven_bits": self.security.proven_bits,
            "proven_bits_limited_by": self.security.binding,
            "rounds": self.security.rounds.iter().map(|r| json!({ "name": r.name, "bits": r.bits })).collect::<Vec<_>>(),
            "unique_decoding_bits": self.security.unique_decoding_bits,
            "conjectured_bits": self.security.conjectured_bits,
        });
        if let Some(shape) = self.role.shape() {
            shown["shape"] = shape.name().into();
            shown["transfers"] = shape.transfers().into();
        }
        shown
    }

    fn write(&self, out: &mut String) {
        self.try_write(out).unwrap_or_else(|_| unreachable!("a string takes everything"));
    }

    fn try_write(&self, out: &mut String) -> std::fmt::Result {
        let Self { role, key, sizes, security: s } = self;
        let holds =
            role.shape().map(|shape| format!("{} transfers, ", shape.transfers())).unwrap_or_default();
        writeln!(out, "\n{role}: {holds}key {key}")?;
        writeln!(
            out,
            "bits: {:.1} proven (limited by {}), {:.1} by unique decoding, {:.1} conjectured",
            s.proven_bits, s.binding, s.unique_decoding_bits, s.conjectured_bits
        )?;
        let rounds = s.rounds.iter().map(|r| format!("{} {:.1}", r.name, r.bits));
        writeln!(out, "by round: {}", rounds.collect::<Vec<_>>().join(", "))?;
        writeln!(out, "  chip         columns  preprocessed  auxiliary  log height       cells")?;
        for Size { name, columns, preprocessed, auxiliary, log_height, cells } in sizes {
            writeln!(
                out,
                "  {name:<12} {columns:>7}  {preprocessed:>12}  {auxiliary:>9}  {log_height:>10}  {cells:>10}"
            )?;
        }
        Ok(())
    }
}
