//! Median and spread.

use core::time::Duration;

use serde::{Deserialize, Serialize};

/// Times of repetitions, in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Times {
    /// The middle one, or the mean of the two in the middle.
    pub median_s: f64,
    /// The shortest.
    pub min_s: f64,
    /// The longest.
    pub max_s: f64,
    /// From the first quartile to the third: half of them lie in a range of this length.
    pub quartiles_s: f64,
    /// All, in the order in which they were taken.
    pub samples_s: Vec<f64>,
}

impl Times {
    /// Of one repetition at least.
    pub fn of(samples: &[Duration]) -> Option<Self> {
        let samples_s: Vec<f64> = samples.iter().map(Duration::as_secs_f64).collect();
        let mut sorted = samples_s.clone();
        sorted.sort_by(f64::total_cmp);
        let (min_s, max_s) = (*sorted.first()?, *sorted.last()?);
        let [first, median_s, third] = [0.25, 0.5, 0.75].map(|part| quantile(&sorted, part));
        Some(Self { median_s, min_s, max_s, quartiles_s: third - first, samples_s })
    }
}

/// Of sorted values, between the two nearest in proportion (Hyndman and Fan 1996, definition 7).
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let place = part * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    below + (above - below) * place.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(seconds: &[u64]) -> Option<Times> {
        Times::of(&seconds.iter().map(|s| Duration::from_secs(*s)).collect::<Vec<_>>())
    }

    #[test]
    fn of_samples_whose_figures_are_known() {
        let times = of(&[5, 1, 4, 2, 3]).expect("samples");
        assert_eq!((times.median_s, times.min_s, times.max_s, times.quartiles_s), (3.0, 1.0, 5.0, 2.0));
        assert_eq!(times.samples_s, [5.0, 1.0, 4.0, 2.0, 3.0]);
        let even = of(&[10, 20, 40, 30]).expect("samples");
        assert_eq!((even.median_s, even.quartiles_s), (25.0, 15.0));
        let one = of(&[7]).expect("a sample");
        assert_eq!((one.median_s, one.quartiles_s), (7.0, 0.0));
        assert_eq!(of(&[]), None);
    }
}
