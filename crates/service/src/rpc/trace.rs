//! The number by which a call is found in the log.

use std::fmt;

use tonic::Request;
use tonic::codegen::http::HeaderMap;

/// 32 hexadecimal digits: of the client's `traceparent` where it sends a valid one, else random.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace(String);

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Trace {
    /// A random one.
    pub fn random() -> Self {
        Self(format!("{:032x}", rand::random::<u128>().max(1)))
    }

    /// Its bytes.
    pub fn bytes(&self) -> [u8; 16] {
        u128::from_str_radix(&self.0, 16).unwrap_or(0).to_be_bytes()
    }

    /// Of a call that begins.
    pub fn begin(headers: &HeaderMap) -> Self {
        let parent = headers.get("traceparent").and_then(|value| value.to_str().ok());
        parent.and_then(parse).unwrap_or_else(Self::random)
    }

    /// Of a call that was begun.
    pub fn of<T>(request: &Request<T>) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or_else(Self::random)
    }
}

/// The trace id of a `traceparent` (W3C Trace Context, level 1, section 3.2): version, trace id, parent id, flags; later versions may append more.
fn parse(parent: &str) -> Option<Trace> {
    let mut parts = parent.split('-');
    let mut digits = |count: usize| {
        let part = parts.next()?;
        let is_hex = part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        (is_hex && part.len() == count).then_some(part)
    };
    let (version, trace, parent, _flags) = (digits(2)?, digits(32)?, digits(16)?, digits(2)?);
    let is_null = |part: &str| part.bytes().all(|byte| byte == b'0');
    let is_valid = version != "ff" && !is_null(trace) && !is_null(parent);
    let is_ended = version != "00" || parts.next().is_none();
    (is_valid && is_ended).then(|| Trace(trace.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn valid_parents_are_taken_and_no_others() {
        // The example of section 3.2.3 of the recommendation.
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        let good = format!("00-{id}-00f067aa0ba902b7-01");
        assert_eq!(parse(&good), Some(Trace(id.into())));
        assert_eq!(parse(&format!("cc-{id}-00f067aa0ba902b7-01-more")), Some(Trace(id.into())));
        let bad = [
            String::new(),
            format!("{good}-more"),
            good.to_uppercase(),
            good.replacen("00-", "ff-", 1),
            good.replacen("00-", "0-", 1),
            good.replace(id, &"0".repeat(32)),
            good.replace("00f067aa0ba902b7", &"0".repeat(16)),
            good.replace("-01", ""),
            good[1..].into(),
            good.replace("4bf9", "4bg9"),
        ];
        for parent in bad {
            assert_eq!(parse(&parent), None, "{parent}");
        }
    }

    #[test]
    fn random_ones_differ() {
        let [a, b] = [Trace::random(), Trace::random()];
        assert_ne!(a, b);
        assert_eq!(a.to_string().len(), 32);
    }
}
