//! The details of a status that is not OK: an [`ErrorDetail`] in a `google.rpc.Status`, as every gRPC library reads it.

use prost::Message;

use crate::prover_v1::ErrorDetail;

/// How the detail is named within the status.
pub const TYPE_URL: &str = "type.googleapis.com/aludel.prover.v1.ErrorDetail";

/// `google.rpc.Status`, which is a message of its own on the wire.
#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<prost_types::Any>,
}

/// The bytes of a status' details. `code` is the gRPC code's number.
pub fn encode(code: i32, message: &str, detail: &ErrorDetail) -> Vec<u8> {
    let any = prost_types::Any { type_url: TYPE_URL.into(), value: detail.encode_to_vec() };
    RpcStatus { code, message: message.into(), details: vec![any] }.encode_to_vec()
}

/// The detail in the bytes of a status' details; `None` where there is none that can be read.
pub fn decode(details: &[u8]) -> Option<ErrorDetail> {
    let status = RpcStatus::decode(details).ok()?;
    let own = status.details.iter().find(|any| any.type_url == TYPE_URL)?;
    ErrorDetail::decode(own.value.as_slice()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_read_back_and_other_bytes_are_none() {
        let detail = ErrorDetail { number: 7, remedy: "wait".into(), ..ErrorDetail::default() };
        let bytes = encode(8, "no", &detail);
        assert_eq!(decode(&bytes), Some(detail.clone()));
        // The fields of google.rpc.Status: 1 is an integer, 2 a text, 3 a message.
        assert_eq!(bytes[..5], [0x08, 8, 0x12, 2, b'n']);
        assert_eq!(decode(&[]), None);
        assert_eq!(decode(&bytes[..bytes.len() - 1]), None);
        let other = prost_types::Any { type_url: "type.googleapis.com/other".into(), value: Vec::new() };
        let other = RpcStatus { code: 8, message: String::new(), details: vec![other] };
        assert_eq!(decode(&other.encode_to_vec()), None);
    }
}
