//! Magic and identity: what each side sends first.

use bytes::{BufMut, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::{
    Identity, Version,
    connection::read_some,
    frame::{FrameDecoder, append},
    stream::{Reader, Stream},
};
use crate::{Error, ErrorKind, Result};

const OPERATION: &str = "greet the peer";
const MAGIC: [u8; 3] = *b"YMQ";

/// The longest identity that is taken, in bytes. Those of the releases have about 100.
const MAX_IDENTITY: u64 = 4096;

/// The connecting side: the binder speaks first, so its magic is read and answered in kind.
pub(super) async fn connect(
    stream: &mut Stream,
    own: &Identity,
    max: u64,
) -> Result<(Version, Identity, FrameDecoder)> {
    let version = read_magic(&mut stream.reader).await?;
    write(stream, version, own).await?;
    let (peer, decoder) = read_identity(&mut stream.reader, max).await?;
    Ok((version, peer, decoder))
}

/// The binding side: speaks at once and only `version`.
pub(super) async fn accept(
    stream: &mut Stream,
    own: &Identity,
    version: Version,
    max: u64,
) -> Result<(Identity, FrameDecoder)> {
    write(stream, version, own).await?;
    let theirs = read_magic(&mut stream.reader).await?;
    if theirs != version {
        let context = format!("it speaks version {theirs}, we speak {version}");
        return Err(Error::new(ErrorKind::WrongVersion, OPERATION, context));
    }
    read_identity(&mut stream.reader, max).await
}

async fn write(stream: &mut Stream, version: Version, own: &Identity) -> Result<()> {
    let mut bytes = BytesMut::new();
    bytes.put_slice(&MAGIC);
    bytes.put_u8(version.byte());
    append(&mut bytes, own.as_bytes());
    let failed = |error| Error::new(ErrorKind::Io, OPERATION, "").with_source(error);
    stream.writer.write_all(&bytes).await.map_err(failed)?;
    stream.writer.flush().await.map_err(failed)
}

async fn read_magic(reader: &mut Reader) -> Result<Version> {
    let mut magic = [0_u8; 4];
    if let Err(error) = reader.read_exact(&mut magic).await {
        return Err(match error.kind() {
            std::io::ErrorKind::UnexpectedEof => {
                Error::new(ErrorKind::Truncated, OPERATION, "it closed the connection before its magic")
            }
            _ => Error::new(ErrorKind::Io, OPERATION, "").with_source(error),
        });
    }
    if magic[..3] != MAGIC {
        // A ZeroMQ greeting begins so.
        let hint =
            if magic[0] == 0xff { "; if that is ZeroMQ, SCALER_NETWORK_BACKEND=zmq is for both sides" } else { "" };
        let context = format!("it sent `{}` where a magic was due{hint}", magic.escape_ascii());
        return Err(Error::new(ErrorKind::BadMagic, OPERATION, context));
    }
    Version::from_byte(magic[3]).ok_or_else(|| {
        let context = format!("it speaks version {}, we speak 1 and 2", magic[3]);
        Error::new(ErrorKind::WrongVersion, OPERATION, context)
    })
}

/// Reads the identity under a bound of its own, and keeps what came after it.
async fn read_identity(reader: &mut Reader, max: u64) -> Result<(Identity, FrameDecoder)> {
    let mut decoder = FrameDecoder::new(MAX_IDENTITY);
    loop {
        let frame = decoder.next_frame().map_err(|error| error.with_context("the identity of the peer"))?;
        if let Some(identity) = frame {
            return Ok((Identity(identity), decoder.with_max(max)));
        }
        if read_some(reader, &mut decoder, OPERATION).await? == 0 {
            return Err(Error::new(ErrorKind::Truncated, OPERATION, "it closed the connection before its identity"));
        }
    }
}
