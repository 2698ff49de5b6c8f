//! What is known of devices before anything is measured: `hw-profiles/`.

use serde::{Deserialize, Serialize};

/// The files, which the binary carries.
const FILES: [(&str, &str); 8] = [
    ("h200", include_str!("../../../hw-profiles/h200.toml")),
    ("h100", include_str!("../../../hw-profiles/h100.toml")),
    ("a100", include_str!("../../../hw-profiles/a100.toml")),
    ("rtx-4090", include_str!("../../../hw-profiles/rtx-4090.toml")),
    ("rtx-5090", include_str!("../../../hw-profiles/rtx-5090.toml")),
    ("l40s", include_str!("../../../hw-profiles/l40s.toml")),
    ("vulkan", include_str!("../../../hw-profiles/vulkan.toml")),
    ("cpu", include_str!("../../../hw-profiles/cpu.toml")),
];

/// What a device does at most in a second. What is not known is left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rates {
    /// Bytes that are copied within its memory, read and written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub copy_bytes: Option<f64>,
    /// Low words of products of 32 bits, each with a sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multiply_low: Option<f64>,
    /// High words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multiply_high: Option<f64>,
    /// Whole products.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub multiply_wide: Option<f64>,
    /// Fused multiply-adds of 64-bit floating-point numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fma_64: Option<f64>,
}

impl Rates {
    /// Whether anything is known.
    pub const fn is_empty(&self) -> bool {
        self.copy_bytes.is_none()
            && self.multiply_low.is_none()
            && self.multiply_high.is_none()
            && self.multiply_wide.is_none()
            && self.fma_64.is_none()
    }

    /// Seconds of one product of the field before its reduction: a whole product of words.
    pub fn product_seconds(&self) -> Option<f64> {
        Some(1.0 / self.multiply_wide?)
    }

    /// Seconds of a reduction: a low word and a high word.
    pub fn reduction_seconds(&self) -> Option<f64> {
        Some(1.0 / self.multiply_low? + 1.0 / self.multiply_high?)
    }
}

/// A model of device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Its name.
    pub model: String,
    /// Words that follow one another in the name that a driver gives; any one of these.
    pub names: Vec<String>,
    /// Whether its rates were measured by `aludel bench limits`.
    pub measured: bool,
    /// Where its rates are from.
    pub sources: Vec<String>,
    /// Bytes of memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<u64>,
    /// What it does at most.
    pub rates: Rates,
}

/// Why a text is no profile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// It does not read as one.
    #[error("no profile of a device: {0}; hw-profiles/ has examples")]
    Text(String),
    /// A rate that nothing has.
    #[error("{0}: rates are positive numbers a second; leave out what is not known")]
    Rate(&'static str),
}

impl Profile {
    /// From the text of a file.
    ///
    /// # Errors
    /// [`ProfileError`] where it is none, or a rate is not above zero.
    pub fn parse(text: &str) -> Result<Self, ProfileError> {
        let profile: Self = toml::from_str(text).map_err(|e| ProfileError::Text(e.to_string()))?;
        let Rates { copy_bytes, multiply_low, multiply_high, multiply_wide, fma_64 } = profile.rates;
        let rates = [
            ("copy_bytes", copy_bytes),
            ("multiply_low", multiply_low),
            ("multiply_high", multiply_high),
            ("multiply_wide", multiply_wide),
            ("fma_64", fma_64),
        ];
        match rates.iter().find(|(_, rate)| rate.is_some_and(|rate| !rate.is_finite() || rate <= 0.0)) {
            Some((name, _)) => Err(ProfileError::Rate(name)),
            None => Ok(profile),
        }
    }

    /// Whether a driver's name is of this model: words of one of its names follow one another there.
    fn is_named(&self, device: &str) -> bool {
        let words = words(device);
        let is_in = |name: &String| {
            let name = self::words(name);
            !name.is_empty() && words.windows(name.len()).any(|some| some == name)
        };
        self.names.iter().any(is_in)
    }
}

fn words(name: &str) -> Vec<String> {
    let is_inside = |c: char| c.is_ascii_alphanumeric();
    name.split(|c| !is_inside(c)).filter(|word| !word.is_empty()).map(str::to_ascii_lowercase).collect()
}

/// All that the binary carries, by name of the file.
///
/// # Errors
/// [`ProfileError`]: a file is damaged.
pub fn carried() -> Result<Vec<(&'static str, Profile)>, ProfileError> {
    FILES.iter().map(|(file, text)| Ok((*file, Profile::parse(text)?))).collect()
}

/// The profile of a device, by the name that its driver gives. A processor has its own, even where a driver shows it as a GPU; any other
/// device that no profile names has the one of generic GPUs.
///
/// # Errors
/// [`ProfileError`]: a file is damaged.
pub fn of_device(name: &str, is_processor: bool) -> Result<Profile, ProfileError> {
    let mut all = carried()?;
    let named = all.iter().position(|(_, profile)| !is_processor && profile.is_named(name));
    let other = if is_processor { "cpu" } else { "vulkan" };
    let place = named.or_else(|| all.iter().position(|(file, _)| *file == other)).unwrap_or(0);
    Ok(all.swap_remove(place).1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_is_there_and_says_whether_it_was_measured() {
        let all = carried().expect("profiles");
        let models: Vec<_> = all.iter().map(|(file, _)| *file).collect();
        let list = ["h200", "h100", "a100", "rtx-4090", "rtx-5090", "l40s", "vulkan", "cpu"];
        assert_eq!(models, list);
        for (file, profile) in all {
            assert!(!profile.sources.is_empty() && !profile.measured, "{file}: no run measured it");
            assert_eq!(profile.rates.is_empty(), ["vulkan", "cpu"].contains(&file), "{file}");
            assert_eq!(profile.names.is_empty(), profile.rates.is_empty(), "{file}");
        }
    }

    #[test]
    fn names_of_drivers_find_their_model() {
        for (name, model) in [
            ("NVIDIA H200", "NVIDIA H200"),
            ("NVIDIA H200 NVL", "NVIDIA H200"),
            ("NVIDIA H100 80GB HBM3", "NVIDIA H100 (SXM)"),
            ("NVIDIA A100-SXM4-80GB", "NVIDIA A100 80GB (SXM)"),
            ("NVIDIA GeForce RTX 4090", "NVIDIA GeForce RTX 4090"),
            ("NVIDIA GeForce RTX 5090, NVIDIA 570.00", "NVIDIA GeForce RTX 5090"),
            ("NVIDIA L40S", "NVIDIA L40S"),
            // Others, whose names contain one of these.
            ("NVIDIA GH200 480GB", "generic Vulkan"),
            ("NVIDIA H100 NVL", "generic Vulkan"),
            ("NVIDIA L40", "generic Vulkan"),
            ("AMD Radeon RX 7900 XTX", "generic Vulkan"),
            ("", "generic Vulkan"),
        ] {
            assert_eq!(of_device(name, false).expect("profiles").model, model, "{name}");
        }
        assert_eq!(of_device("llvmpipe (LLVM 15)", true).expect("profiles").model, "CPU");
        assert_eq!(of_device("NVIDIA H200", true).expect("profiles").model, "CPU");
    }

    #[test]
    fn what_is_no_profile_is_refused() {
        let text = |rate: &str| {
            format!("model = \"m\"\nnames = []\nmeasured = true\nsources = []\n[rates]\n{rate}\n")
        };
        assert!(Profile::parse(&text("copy_bytes = 1e12")).is_ok_and(|p| p.measured));
        for rate in ["copy_bytes = 0.0", "multiply_low = -1.0", "fma_64 = inf", "multiply_wide = nan"] {
            let name = rate.split(' ').next().expect("a word");
            match Profile::parse(&text(rate)) {
                Err(ProfileError::Rate(found)) => assert_eq!(found, name),
                other => panic!("{other:?}"),
            }
        }
        for rate in ["copy_bites = 1.0", "copy_bytes = \"fast\"", "["] {
            assert!(matches!(Profile::parse(&text(rate)), Err(ProfileError::Text(_))), "{rate}");
        }
        assert!(Profile::parse("").is_err());
    }
}
