//! How messages become bytes.

use std::marker::PhantomData;

use prost::Message;
use tonic::codec::{BufferSettings, Codec as Coded};
use tonic_prost::ProstCodec;

/// What a buffer begins with, in bytes. Each reader of events has one for as long as it reads.
const BUFFER: usize = 512;
/// Messages that are ready are sent together up to so many bytes. They are kept for a reader that does not read.
const TOGETHER: usize = 2048;

/// Protocol Buffers, with small buffers.
#[derive(Debug)]
pub(crate) struct Codec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for Codec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Coded for Codec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = <ProstCodec<T, U> as Coded>::Encoder;
    type Decoder = <ProstCodec<T, U> as Coded>::Decoder;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<T, U>::raw_encoder(BufferSettings::new(BUFFER, TOGETHER))
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<T, U>::raw_decoder(BufferSettings::new(BUFFER, TOGETHER))
    }
}
