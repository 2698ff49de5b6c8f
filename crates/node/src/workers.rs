//! Memory of workers: what the settings give each, and what a task takes of it.

use aludel_circuits::Shape;
use aludel_scheduler::machine::StaticEstimates;

use crate::config::{self, Bytes, Config};
use crate::exit::Failure;
use crate::memory;

/// The workers that the settings ask for.
#[derive(Clone, Copy, Debug)]
pub struct Workers {
    /// How many.
    pub count: u64,
    /// Bytes that a task of each may take.
    pub each: u64,
    /// Bytes that the largest task of a shard of `shape` takes, folding included.
    pub needed: u64,
    /// Shards are of at most this shape, but for batches that alone need a larger one.
    shape: Shape,
    /// Bytes that are free.
    available: u64,
}

/// What is wrong, and what to do about it.
type Wrong = (String, &'static str);

impl Workers {
    /// Reads the settings, and what is free now.
    ///
    /// # Errors
    /// A setting is none of its sort.
    pub fn of(config: &Config) -> Result<Self, Failure> {
        Self::with(config, memory::available_bytes())
    }

    fn with(config: &Config, available: u64) -> Result<Self, Failure> {
        let count: u64 = config.get::<u16>(config::WORKERS)?.into();
        let Bytes(said) = config.get(config::WORKER_MEMORY)?;
        let each = if said == 0 { available / 4 * 3 / count.max(1) } else { said };
        let shape: Shape = config.get(config::LARGEST_SHAPE)?;
        let StaticEstimates { prove, lift, join, root, .. } = StaticEstimates::default();
        let prove = prove.get(usize::from(shape.number())).or(prove.last()).copied().unwrap_or(0);
        let needed = prove.max(lift).max(join).max(root);
        Ok(Self { count, each, needed, shape, available })
    }

    /// Why tasks of the largest shape would wait for ever.
    pub fn too_few_or_too_small(&self) -> Option<Wrong> {
        let Self { count, each, needed, shape, .. } = self;
        if *count == 0 {
            return Some(("no worker is to be started".into(), "set workers to 1 or more"));
        }
        let how = || format!("a worker has {each} bytes, and a task of shape {shape} takes {needed}");
        let remedy = "set fewer workers, a smaller largest_shape or a larger worker_memory, or free memory";
        (each < needed).then(|| (how(), remedy))
    }

    /// Why workers may run out of memory.
    pub fn more_than_there_is(&self) -> Option<Wrong> {
        let Self { count, each, available, .. } = self;
        let how = || format!("{count} workers may take {each} bytes each, and {available} are free");
        (each.saturating_mul(*count) > *available).then(|| (how(), "set a smaller worker_memory, or 0"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workers(settings: &[(config::Setting, &str)], available: u64) -> Workers {
        let flags: Vec<_> =
            settings.iter().map(|(setting, text)| (*setting, Some((*text).to_owned()))).collect();
        Workers::with(&Config::load(None, &flags).expect("reads"), available).expect("are settings")
    }

    #[test]
    fn what_a_worker_has_is_compared_with_what_the_largest_shape_takes() {
        let four = [(config::WORKERS, "4"), (config::WORKER_MEMORY, "0"), (config::LARGEST_SHAPE, "large")];
        let roomy = workers(&four, 16_000_000_000);
        assert_eq!((roomy.each, roomy.needed), (3_000_000_000, 1_750_000_000));
        assert!(roomy.too_few_or_too_small().is_none() && roomy.more_than_there_is().is_none());
        let tight = workers(&four, 9_000_000_000);
        let (how, _) = tight.too_few_or_too_small().expect("too small");
        assert!(how.contains("1687500000") && how.contains("shape large takes 1750000000"), "{how}");
        let huge = [(config::LARGEST_SHAPE, "huge"), (config::WORKER_MEMORY, "2GB"), (config::WORKERS, "2")];
        let huge = workers(&huge, 3_000_000_000);
        assert!(huge.too_few_or_too_small().expect("too small").0.contains("3000000000"));
        let (how, _) = huge.more_than_there_is().expect("too much");
        assert!(how.contains("2 workers may take 2000000000"), "{how}");
        let none = workers(&[(config::WORKERS, "0")], 16_000_000_000);
        assert!(none.too_few_or_too_small().expect("none").0.contains("no worker"));
    }
}
