//! Time by stage, from the spans that Plonky3 and this workspace open.
//!
//! A [`Profile`] is a `tracing` layer: it adds up, for each span name, how often it was entered and for how long,
//! on whatever thread. Spans nest, so a parent's time includes its children's on the same thread; *own* time does
//! not. Sums over threads can exceed the wall time.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::Subscriber;
use tracing::span::Id;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// Time spent in the spans of one name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stage {
    /// How often a span of this name was entered.
    pub entered: u64,
    /// Time inside, children included.
    pub total: Duration,
    /// Time inside, children excluded.
    pub own: Duration,
}

/// Adds up time by span name. Clones share the account.
#[derive(Clone, Debug, Default)]
pub struct Profile(Arc<Mutex<BTreeMap<&'static str, Stage>>>);

/// When a span was entered, and how long its children ran.
struct Entered {
    at: Instant,
    children: Duration,
}

impl Profile {
    /// An empty account.
    pub fn new() -> Self {
        Self::default()
    }

    /// The stages so far, most own time first.
    pub fn stages(&self) -> Vec<(&'static str, Stage)> {
        let account = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut stages: Vec<_> = account.iter().map(|(name, stage)| (*name, *stage)).collect();
        stages.sort_by_key(|(name, stage)| (core::cmp::Reverse(stage.own), *name));
        stages
    }

    fn add(&self, name: &'static str, total: Duration, own: Duration) {
        let mut account = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let stage = account.entry(name).or_default();
        stage.entered += 1;
        stage.total += total;
        stage.own += own;
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:>10} {:>10} {:>8}  stage", "own ms", "total ms", "entered")?;
        self.stages().into_iter().try_for_each(|(name, s)| {
            let (own, total) = (s.own.as_secs_f64() * 1e3, s.total.as_secs_f64() * 1e3);
            writeln!(f, "{own:>10.1} {total:>10.1} {:>8}  {name}", s.entered)
        })
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Profile {
    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            span.extensions_mut().replace(Entered { at: Instant::now(), children: Duration::ZERO });
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        let Some(span) = context.span(id) else { return };
        let Some(entered) = span.extensions_mut().remove::<Entered>() else { return };
        let total = entered.at.elapsed();
        self.add(span.name(), total, total.saturating_sub(entered.children));
        if let Some(parent) = span.parent()
            && let Some(parent) = parent.extensions_mut().get_mut::<Entered>()
        {
            parent.children += total;
        }
    }
}

#[cfg(test)]
mod tests {
    use tracing::{info_span, subscriber};
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;

    #[test]
    fn a_parents_own_time_excludes_its_children() {
        let profile = Profile::new();
        let subscriber = tracing_subscriber::registry().with(profile.clone());
        subscriber::with_default(subscriber, || {
            let _parent = info_span!("parent").entered();
            for _ in 0..2 {
                let _child = info_span!("child").entered();
                std::thread::sleep(Duration::from_millis(5));
            }
        });
        let stages: BTreeMap<_, _> = profile.stages().into_iter().collect();
        assert_eq!((stages["child"].entered, stages["parent"].entered), (2, 1));
        assert!(stages["child"].total >= Duration::from_millis(10));
        assert!(stages["parent"].total >= stages["child"].total);
        assert!(stages["parent"].own < Duration::from_millis(10));
    }
}
