//! Artifacts, in pieces, from where the last try broke off.

use aludel_proto::prover_v1::GetArtifactRequest;
use sha2::{Digest as _, Sha256};

use crate::client::Client;
use crate::error::Error;

/// Bytes of an artifact at most; proofs have a few millions.
const MOST: u64 = 1 << 30;

impl Client {
    /// All bytes of an artifact, which are what its id says.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::Artifact`] when other bytes come.
    pub async fn fetch(&self, id: &str) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        let mut tries = self.retries.begin();
        loop {
            let before = bytes.len();
            let fetched = self.fetch_rest(id, &mut bytes).await;
            if bytes.len() > before {
                tries.succeeded();
            }
            match fetched {
                Ok(()) => break,
                Err(error) => tries.failed(error).await?,
            }
        }
        let found = hex::encode(Sha256::digest(&bytes));
        if found == id { Ok(bytes) } else { Err(Error::Artifact { expected: id.into(), found }) }
    }

    /// What is missing. What came stays when it breaks off.
    async fn fetch_rest(&self, id: &str, bytes: &mut Vec<u8>) -> Result<(), Error> {
        let request = GetArtifactRequest { id: id.into(), offset: bytes.len() as u64 };
        let mut stream = self.prover.clone().get_artifact(request).await?.into_inner();
        let size = stream.message().await?.ok_or(Error::Answer { what: "size" })?.size;
        let wrong = |found: String| Error::Artifact { expected: id.into(), found };
        if size > MOST {
            return Err(wrong(format!("{size} bytes, which is more than this SDK takes")));
        }
        while let Some(message) = stream.message().await? {
            bytes.extend_from_slice(&message.data);
            if bytes.len() as u64 > size {
                return Err(wrong(format!("more than its {size} bytes")));
            }
        }
        // A stream that ends without an error and too early is no stream of this service.
        if bytes.len() as u64 == size {
            Ok(())
        } else {
            Err(wrong(format!("{} of its {size} bytes", bytes.len())))
        }
    }
}
