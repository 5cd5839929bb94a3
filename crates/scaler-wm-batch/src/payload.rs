//! What travels to a job, and what comes back.

use std::io::{self, Read as _, Write as _};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use bytes::Bytes;
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use scaler_wm_agent::payload::Envelope;
use scaler_wm_core::{Error, ErrorKind, Result, Submission};
use tokio::task::spawn_blocking;

/// Bytes of base64 that travel inside a job: the whole request may have 30 KiB.
const LONGEST_INLINE: usize = 28 * 1024;
/// What is shorter is not worth compressing.
const COMPRESSED_FROM: usize = 4 * 1024;
/// What takes so long to compress or decompress that others would wait for it goes to a thread of its own, from here on.
const SLOW_FROM: usize = 256 * 1024;
/// The most that a compressed result may grow to: what a task's result object can be long.
const LARGEST_RESULT: u64 = u32::MAX as u64;
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The input of a lone task.
pub(crate) enum Packed {
    /// It travels inside the job.
    Inline { text: String, is_compressed: bool },
    /// It is an object in the bucket, compressed.
    Object(Bytes),
}

/// The input of a lone task: inside the job where it fits, but for what would take long to find out.
pub(crate) async fn pack(submission: Submission) -> Result<Packed> {
    if submission.inputs.len() >= SLOW_FROM as u64 {
        return pack_object(submission).await.map(Packed::Object);
    }
    let pickle = envelope(&submission)?;
    let is_compressed = pickle.len() > COMPRESSED_FROM;
    let bytes = if is_compressed { compress(&pickle)? } else { Bytes::from(pickle) };
    if bytes.len().div_ceil(3) * 4 <= LONGEST_INLINE {
        return Ok(Packed::Inline { text: BASE64_STANDARD.encode(&bytes), is_compressed });
    }
    Ok(Packed::Object(bytes))
}

/// The input of a task as an object.
pub(crate) async fn pack_object(submission: Submission) -> Result<Bytes> {
    let is_slow = submission.inputs.len() >= SLOW_FROM as u64;
    let pack = move || envelope(&submission).and_then(|pickle| compress(&pickle));
    if is_slow { in_a_thread(pack).await } else { pack() }
}

/// What a job runner has stored, as it was before it was compressed.
pub(crate) async fn unpack(stored: Bytes) -> Result<Bytes> {
    if !stored.starts_with(&GZIP) {
        return Ok(stored);
    }
    if stored.len() < SLOW_FROM { decompress(&stored) } else { in_a_thread(move || decompress(&stored)).await }
}

async fn in_a_thread(work: impl FnOnce() -> Result<Bytes> + Send + 'static) -> Result<Bytes> {
    let lost = |error: tokio::task::JoinError| {
        Error::new(ErrorKind::Failed, "compress what a job takes or gives", "").with_source(error)
    };
    spawn_blocking(work).await.map_err(lost)?
}

fn envelope(submission: &Submission) -> Result<Vec<u8>> {
    Ok(Envelope::new(&submission.inputs)?.job(&submission.task, &submission.client))
}

fn compress(bytes: &[u8]) -> Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::fast());
    let compressed = encoder.write_all(bytes).and_then(|()| encoder.finish());
    compressed.map(Bytes::from).map_err(|error| wrong("compress the input of a job", error))
}

fn decompress(bytes: &[u8]) -> Result<Bytes> {
    let mut result = Vec::new();
    let size = GzDecoder::new(bytes).take(LARGEST_RESULT + 1).read_to_end(&mut result);
    let size = size.map_err(|error| wrong("decompress the result of a job", error))?;
    if size as u64 > LARGEST_RESULT {
        let context = format!("it has more than {LARGEST_RESULT} bytes");
        return Err(Error::new(ErrorKind::Failed, "decompress the result of a job", context));
    }
    Ok(Bytes::from(result))
}

fn wrong(operation: &'static str, error: io::Error) -> Error {
    Error::new(ErrorKind::Failed, operation, "").with_source(error)
}

#[cfg(test)]
mod tests {
    use scaler_wm_core::{Inputs, TaskId};

    use super::*;

    fn submission(argument: Vec<u8>) -> Submission {
        let part = Bytes::from_static(b"part");
        let inputs = Inputs { serializer: part.clone(), function: part, arguments: vec![Bytes::from(argument)] };
        Submission { task: TaskId::from(&[7; 16]), client: Bytes::from_static(b"Client|x"), inputs }
    }

    /// Bytes that do not shrink.
    fn noise(size: usize) -> Vec<u8> {
        let mut random = fastrand::Rng::with_seed(1);
        std::iter::repeat_with(|| random.u8(..)).take(size).collect()
    }

    #[tokio::test]
    async fn an_input_travels_inside_the_job_where_it_fits() {
        for (argument, expected) in [
            (vec![1], Some(false)),
            (vec![1; 5 * 1024], Some(true)),
            (noise(5 * 1024), Some(true)),
            (vec![1; 200 * 1024], Some(true)),
            (noise(20 * 1024), None),
            (noise(300 * 1024), None),
        ] {
            let size = argument.len();
            let submission = submission(argument);
            let pickle = envelope(&submission).unwrap();
            let (stored, inline) = match pack(submission).await.unwrap() {
                Packed::Inline { text, is_compressed } => {
                    assert!(text.len() <= LONGEST_INLINE);
                    (Bytes::from(BASE64_STANDARD.decode(text).unwrap()), Some(is_compressed))
                }
                Packed::Object(bytes) => (bytes, None),
            };
            assert_eq!(inline, expected, "{size}");
            assert_eq!(unpack(stored).await.unwrap(), pickle, "{size}");
        }
    }

    #[tokio::test]
    async fn what_is_no_gzip_is_refused_or_left_alone() {
        assert_eq!(unpack(Bytes::from_static(b"plain")).await.unwrap(), "plain");
        let error = unpack(Bytes::from_static(b"\x1f\x8b\x08 and no more")).await.unwrap_err();
        assert!(error.to_string().starts_with("failed to decompress the result of a job"), "{error}");
    }
}
