//! What a proof takes of a device's memory, stage by stage, and what a model of the device says of it.

use aludel_adversary::honest::SHARD;
use aludel_circuits::{Chip as _, Shape};
use aludel_kernels::{Device, DeviceId, Error, Model, Modelled, Usage};
use aludel_protocol::F;
use aludel_verifier::config::Proof;
use aludel_verifier::keys::ShardKey;
use p3_field::PrimeCharacteristicRing;
use p3_matrix::dense::RowMajorMatrix;

use super::{Chip, Stages, Task, prove_by_stages};

/// Bytes of the smallest devices: 4 GiB.
const SMALLEST: u64 = 4 << 30;

/// A stage with the bytes that are in use at its end, and at most in it.
pub type Stage = (&'static str, u64, u64);

/// A proof, and the stages that ended.
pub fn measured<D: Stages>(device: &D, task: &Task<'_>) -> (Result<Proof, Error>, Vec<Stage>) {
    device.budget().reset_peak();
    let mut stages = Vec::new();
    let proof = prove_by_stages(device, task, &mut |stage| {
        let Usage { used, peak, .. } = device.budget().reset_peak();
        stages.push((stage, used, peak));
    });
    (proof, stages)
}

/// That a model of the device says of this proof what was seen.
pub fn agrees<D: Modelled>(device: &D, task: &Task<'_>, seen: &[Stage]) {
    let model = device.model(device.usage().limit);
    let (proof, stages) = measured(&model, task);
    proof.expect("it fits");
    assert_eq!(stages, seen, "{}", device.id());
    assert_eq!(model.usage().used, 0);
}

/// Chips of a shape, and a task of theirs whose traces are empty.
fn of_shape<T>(shape: Shape, of: impl FnOnce(&Task<'_>) -> T) -> T {
    let key = ShardKey::pinned(shape).expect("pinned");
    let chips = key.chips().iter().zip(&key.common().lookups);
    let chips: Vec<Chip> = chips.map(|(chip, lookups)| Chip::new(chip, chip.log_height(), lookups)).collect();
    // Pages that nobody touches take no memory.
    let empty = |chip: &Chip| {
        let (height, width) = (1 << chip.layout.log_height, chip.layout.width);
        RowMajorMatrix::new(F::zero_vec(height * width), width)
    };
    let traces: Vec<_> = chips.iter().map(empty).collect();
    of(&Task {
        chips: &chips,
        parameters: key.layout().parameters(),
        key: key.digest(),
        traces: &traces,
        public_values: &key.public_values(&SHARD.statement),
    })
}

/// The largest shape fits in the smallest device that is of use. Its output is the table of `docs/decisions/0009-constraints-on-devices.md`.
#[test]
fn shapes_fit_in_devices() {
    let gib = |bytes: u64| bytes as f64 / f64::from(1 << 30);
    let devices = [
        Model::cuda(DeviceId::Cuda(0), SMALLEST, true),
        Model::wgpu(DeviceId::Wgpu(0), SMALLEST, 1 << 31, 128),
    ];
    for shape in [Shape::Tiny, Shape::Medium, Shape::Huge] {
        of_shape(shape, |task| {
            let traces: usize = task.traces.iter().map(|trace| trace.values.len()).sum();
            for model in &devices {
                let (proof, stages) = measured(model, task);
                proof.expect("it fits");
                assert_eq!(model.usage().used, 0, "memory that nobody gave back");
                println!("{shape:?}, {}: traces of {:.3} GiB", model.id(), gib(4 * traces as u64));
                for (stage, used, peak) in stages {
                    println!("  {stage:30} {:.3} GiB at its end, {:.3} at most", gib(used), gib(peak));
                }
            }
        });
    }
}
