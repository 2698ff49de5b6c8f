//! What coordinator and worker say to each other over a pipe: a length of four bytes, then a message.

use std::io::{self, Read, Write};

use aludel_protocol::Digest;
use aludel_scheduler::plan::ShapeNumber;
use aludel_scheduler::{Failure, Task};
use borsh::{BorshDeserialize, BorshSerialize};

/// Bytes of a message at most: those of the batches of one shard, or of a proof.
pub const MOST_BYTES: u32 = 1 << 30;

/// What a worker is told.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum ToWorker {
    /// To begin.
    Do(Order),
    /// To let go of the order of this number. If it is done already, nothing.
    Stop(u64),
}

/// A task with everything that it takes.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Order {
    /// No two orders to a worker have the same.
    pub number: u64,
    /// The task.
    pub task: Task,
    /// Of what concerns one shard, its shape.
    pub shape: Option<ShapeNumber>,
    /// The bytes that it takes, in order.
    pub inputs: Vec<Vec<u8>>,
}

/// What a worker says.
#[derive(Clone, Debug, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum FromWorker {
    /// First of all: which build it is.
    Hello {
        /// Version of the program.
        version: String,
        /// Root of the set of keys that its proofs name.
        keys: Digest,
    },
    /// It lives.
    Heartbeat,
    /// It gets on with an order.
    Progress(u64),
    /// It is done with an order.
    Done {
        /// The order.
        number: u64,
        /// The result.
        result: Vec<u8>,
    },
    /// It gives an order up.
    Failed {
        /// The order.
        number: u64,
        /// Why; nothing where it was told to stop.
        why: Option<Failure>,
    },
}

/// Writes a message.
///
/// # Errors
/// The other side is gone, or the message is too long.
pub fn send(to: &mut impl Write, message: &impl BorshSerialize) -> io::Result<()> {
    let bytes = borsh::to_vec(message)?;
    let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= MOST_BYTES);
    let length = length.ok_or_else(|| {
        io::Error::new(io::ErrorKind::InvalidInput, format!("a message of {} bytes is too long", bytes.len()))
    })?;
    to.write_all(&length.to_le_bytes())?;
    to.write_all(&bytes)?;
    to.flush()
}

/// The next message; `None` where the other side has closed the pipe behind the last one.
///
/// # Errors
/// The pipe breaks within a message, or what comes is none.
pub fn receive<T: BorshDeserialize>(from: &mut impl Read) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length[..1]) {
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    from.read_exact(&mut length[1..])?;
    let length = u32::from_le_bytes(length);
    let bad = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
    if length > MOST_BYTES {
        return Err(bad(format!("a message of {length} bytes is too long")));
    }
    let mut bytes = Vec::new();
    let found = from.take(length.into()).read_to_end(&mut bytes)?;
    if found != length as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    T::try_from_slice(&bytes).map(Some).map_err(|e| bad(format!("no message: {e}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_arrive_whole_or_not_at_all() {
        let order = Order {
            number: 7,
            task: Task::Join { first: 0, end: 2 },
            shape: Some(ShapeNumber(1)),
            inputs: vec![vec![1, 2], Vec::new()],
        };
        let mut bytes = Vec::new();
        send(&mut bytes, &ToWorker::Do(order.clone())).expect("writes");
        let first = bytes.len();
        send(&mut bytes, &ToWorker::Stop(7)).expect("writes");
        let mut rest = &bytes[..];
        assert_eq!(receive(&mut rest).expect("reads"), Some(ToWorker::Do(order)));
        assert_eq!(receive(&mut rest).expect("reads"), Some(ToWorker::Stop(7)));
        assert_eq!(receive::<ToWorker>(&mut rest).expect("ends"), None);
        for cut in 1..first {
            let kind = receive::<ToWorker>(&mut &bytes[..cut]).expect_err("is cut").kind();
            assert_eq!(kind, io::ErrorKind::UnexpectedEof, "{cut}");
        }
        let mut longer = bytes[..first].to_vec();
        longer[0] += 1;
        longer.push(0);
        assert_eq!(
            receive::<ToWorker>(&mut &longer[..]).expect_err("a byte too many").kind(),
            io::ErrorKind::InvalidData
        );
        let huge = (MOST_BYTES + 1).to_le_bytes();
        assert_eq!(
            receive::<ToWorker>(&mut &huge[..]).expect_err("too long").kind(),
            io::ErrorKind::InvalidData
        );
    }
}
