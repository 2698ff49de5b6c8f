//! Launches kernels, waits for them, and turns what wgpu reports into errors.

use core::time::Duration;
use std::panic::{AssertUnwindSafe, catch_unwind};

use ::wgpu::{Buffer, CommandEncoder, ComputePipeline, ErrorFilter, PollType, QuerySet};

use super::Wgpu;
use super::adapter::now;
use super::pieces::WORD;
use super::pipeline::Kernel;
use crate::error::Error;

/// How long a launch may take before the device counts as lost.
const PATIENCE: Duration = Duration::from_secs(300);

/// Commands that are launched together.
pub(super) struct Commands<'a> {
    device: &'a Wgpu,
    encoder: CommandEncoder,
    /// What is said to have failed, if something does.
    kernel: &'static str,
}

impl Commands<'_> {
    /// A kernel over buffers, in the order of its bindings.
    pub fn kernel(&mut self, kernel: Kernel, buffers: &[&Buffer], parameters: &[u32], workgroups: usize) {
        self.kernel = kernel.name();
        self.pipeline(self.device.pipelines.of(kernel), buffers, parameters, workgroups);
    }

    /// The same of a pipeline.
    pub fn pipeline(
        &mut self,
        pipeline: &ComputePipeline,
        buffers: &[&Buffer],
        parameters: &[u32],
        workgroups: usize,
    ) {
        let Wgpu { device, pipelines, groups_per_dimension, .. } = self.device;
        let [x, y] = grid(workgroups, *groups_per_dimension);
        let bound = bind(device, &pipeline.get_bind_group_layout(0), buffers);
        let mut pass = self.encoder.begin_compute_pass(&::wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(pipeline);
        pass.set_bind_group(0, &bound, &[]);
        pass.set_bind_group(1, &pipelines.constants, &[]);
        pass.set_immediates(0, &to_bytes(parameters.iter().copied()));
        pass.dispatch_workgroups(x, y, 1);
    }

    /// Marks the time when the commands before are done.
    pub fn mark(&mut self, times: &QuerySet, index: u32) {
        self.kernel = "timestamp";
        self.encoder.write_timestamp(times, index);
    }

    /// Writes times to a buffer, and from there to another, which the host can see.
    pub fn times(&mut self, times: &QuerySet, [through, to]: [&Buffer; 2]) {
        self.kernel = "timestamp";
        self.encoder.resolve_query_set(times, 0..times.count(), through, 0);
        self.encoder.copy_buffer_to_buffer(through, 0, to, 0, to.size());
    }

    /// Copies words from one buffer to another.
    pub fn copy(&mut self, from: (&Buffer, usize), to: (&Buffer, usize), words: usize) {
        self.kernel = "copy";
        let bytes = |words: usize| (words * WORD) as u64;
        self.encoder.copy_buffer_to_buffer(from.0, bytes(from.1), to.0, bytes(to.1), bytes(words));
    }
}

/// Buffers as the bindings of a group, in their order.
pub(super) fn bind(
    device: &::wgpu::Device,
    layout: &::wgpu::BindGroupLayout,
    buffers: &[&Buffer],
) -> ::wgpu::BindGroup {
    let mut entries = Vec::new();
    for (binding, buffer) in (0..).zip(buffers) {
        entries.push(::wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() });
    }
    device.create_bind_group(&::wgpu::BindGroupDescriptor { label: None, layout, entries: &entries })
}

/// Words as they lie on a device.
pub(super) fn to_bytes(words: impl Iterator<Item = u32>) -> Vec<u8> {
    words.flat_map(u32::to_le_bytes).collect()
}

/// At least `workgroups` in two dimensions of at most `limit`. Kernels number them along `x` first and leave out those past the end.
fn grid(workgroups: usize, limit: u32) -> [u32; 2] {
    let limit = limit as usize;
    let y = workgroups.div_ceil(limit);
    [workgroups.div_ceil(y.max(1)), y].map(|n| u32::try_from(n).unwrap_or(u32::MAX))
}

impl Wgpu {
    /// An error when the device is lost.
    pub(super) fn alive(&self) -> Result<(), Error> {
        if self.lost.get().is_none() {
            self.poll(PollType::Poll, String::new);
        }
        match self.lost.get() {
            Some(reason) => Err(Error::DeviceLost { device: self.id, reason: reason.clone() }),
            None => Ok(()),
        }
    }

    /// Records commands, launches them and waits for their end.
    pub(super) fn launch(&self, record: impl FnOnce(&mut Commands<'_>)) -> Result<(), Error> {
        self.alive()?;
        let ((submission, kernel), failed) = guarded(&self.device, || {
            let encoder = self.device.create_command_encoder(&::wgpu::CommandEncoderDescriptor::default());
            let mut commands = Commands { device: self, encoder, kernel: "none" };
            record(&mut commands);
            (self.queue.submit([commands.encoder.finish()]), commands.kernel)
        });
        self.alive()?;
        // What failed was not submitted, and has no end to wait for.
        self.wait(failed.is_none().then_some(submission))?;
        failed.map_or(Ok(()), |error| Err(self.failure(kernel, 0, &error)))
    }

    /// Waits for a submission, or for all of them.
    pub(super) fn wait(&self, submission_index: Option<::wgpu::SubmissionIndex>) -> Result<(), Error> {
        let how = PollType::Wait { submission_index, timeout: Some(PATIENCE) };
        self.poll(how, || format!("no answer in {} s: ", PATIENCE.as_secs()));
        self.alive()
    }

    /// Asks the driver what is done. Where it fails the device is lost, if nobody has said so yet.
    fn poll(&self, how: PollType, when: impl FnOnce() -> String) {
        if let Err(reason) = told(|| self.device.poll(how)) {
            let _ = self.lost.set(when() + &reason);
        }
    }

    /// Does something that asks the driver for `bytes`.
    pub(super) fn checked<T>(
        &self,
        what: &'static str,
        bytes: u64,
        ask: impl FnOnce() -> T,
    ) -> Result<T, Error> {
        self.alive()?;
        let (given, failed) = guarded(&self.device, ask);
        self.alive()?;
        failed.map_or(Ok(given), |error| Err(self.failure(what, bytes, &error)))
    }

    /// The device's word for an error of wgpu.
    pub(super) fn failure(&self, what: &str, requested: u64, error: &::wgpu::Error) -> Error {
        let usage = self.budget.usage();
        match error {
            ::wgpu::Error::OutOfMemory { .. } => {
                Error::OutOfMemory { device: self.id, requested, free: usage.free() }
            }
            error => {
                Error::LaunchFailed { device: self.id, kernel: what.to_owned(), reason: error.to_string() }
            }
        }
    }
}

/// What wgpu says when it is asked for the state of a device: it panics where the driver answers that the device is lost.
pub(super) fn told<T, E: core::fmt::Display>(ask: impl FnOnce() -> Result<T, E>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(ask)) {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err("the driver lost it".to_owned()),
    }
}

/// What wgpu gives, and the error that it tells.
pub(super) fn guarded<T>(device: &::wgpu::Device, ask: impl FnOnce() -> T) -> (T, Option<::wgpu::Error>) {
    let scopes = [ErrorFilter::Internal, ErrorFilter::Validation, ErrorFilter::OutOfMemory]
        .map(|filter| device.push_error_scope(filter));
    let given = ask();
    // Scopes end in the reverse order of their beginnings.
    let caught: Vec<_> = scopes.into_iter().rev().filter_map(|scope| now(scope.pop()).flatten()).collect();
    (given, caught.into_iter().next())
}
