//! Time, by marks among the device's commands where the adapter has them, by the host's clock where it has not.

use core::time::Duration;
use std::time::Instant;

use ::wgpu::{Buffer, BufferUsages, QuerySet, QuerySetDescriptor, QueryType};

use super::Wgpu;
use crate::error::Error;
use crate::seam::{Clock, Timer};

/// Bytes of two times.
const BYTES: usize = 2 * size_of::<u64>();

/// Two times: before the work and after it. They and their way to the host, 48 bytes, stand outside the budget.
struct Marks {
    times: QuerySet,
    /// Where the device writes them, and where the host sees them.
    buffers: [Buffer; 2],
}

impl Marks {
    fn new(device: &Wgpu) -> Result<Self, Error> {
        let descriptor = QuerySetDescriptor { label: Some("time"), ty: QueryType::Timestamp, count: 2 };
        let times = device.checked("timestamps", 0, || device.device.create_query_set(&descriptor))?;
        let of_device = BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC;
        let of_host = BufferUsages::COPY_DST | BufferUsages::MAP_READ;
        let buffers = [device.allocate(BYTES as u64, of_device)?, device.allocate(BYTES as u64, of_host)?];
        Ok(Self { times, buffers })
    }

    fn start(&self, device: &Wgpu) -> Result<(), Error> {
        device.launch(|commands| commands.mark(&self.times, 0))
    }

    /// The time since `start`.
    fn end(&self, device: &Wgpu) -> Result<Duration, Error> {
        let [through, to] = &self.buffers;
        device.launch(|commands| {
            commands.mark(&self.times, 1);
            commands.times(&self.times, [through, to]);
        })?;
        let period = f64::from(device.queue.get_timestamp_period());
        device.seen(to, BYTES, |bytes| elapsed(bytes, period))?.ok_or_else(|| Error::LaunchFailed {
            device: device.id,
            kernel: "timestamp".to_owned(),
            reason: "the device's clock went backwards".to_owned(),
        })
    }
}

/// Time from the first of two to the second. They are counted in periods of so many nanoseconds.
fn elapsed(bytes: &[u8], period: f64) -> Option<Duration> {
    let [start, end] = bytes.as_chunks::<8>().0 else { return None };
    let periods = u64::from_le_bytes(*end).checked_sub(u64::from_le_bytes(*start))?;
    Duration::try_from_secs_f64(periods as f64 * period * 1e-9).ok()
}

/// By the device's clock where the adapter can mark the time between commands. As every call waits for what it launched, what the host does
/// between calls counts too.
impl Timer for Wgpu {
    fn clock(&self) -> Clock {
        if self.marks_time { Clock::Device } else { Clock::Wall }
    }

    fn timed<T>(&self, work: impl FnOnce() -> Result<T, Error>) -> Result<(T, Duration), Error> {
        if !self.marks_time {
            let start = Instant::now();
            let done = work()?;
            return Ok((done, start.elapsed()));
        }
        let marks = Marks::new(self)?;
        marks.start(self)?;
        let done = work()?;
        Ok((done, marks.end(self)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_counted_in_periods() {
        let bytes = |start: u64, end: u64| [start.to_le_bytes(), end.to_le_bytes()].concat();
        assert_eq!(elapsed(&bytes(1000, 3000), 2.5), Some(Duration::from_micros(5)));
        assert_eq!(elapsed(&bytes(u64::MAX - 1, u64::MAX), 1.0), Some(Duration::from_nanos(1)));
        assert_eq!(elapsed(&bytes(7, 7), 1.0), Some(Duration::ZERO));
        assert_eq!(elapsed(&bytes(3000, 1000), 1.0), None);
        assert_eq!(elapsed(&[0; 8], 1.0), None);
    }
}
