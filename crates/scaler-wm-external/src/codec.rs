//! How messages become bytes, and how many entries one may have.

use std::marker::PhantomData;

use prost::{
    Message,
    bytes::Buf,
    encoding::{DecodeContext, decode_key, skip_field},
};
use tonic::{
    Status,
    codec::{BufferSettings, Codec as Coded, DecodeBuf, Decoder},
};
use tonic_prost::{ProstCodec, ProstDecoder};

/// The most entries of all lists of a message together. An entry of nothing takes two bytes on its way, and some hundred here.
const MOST_ENTRIES: usize = 250_000;

/// Protocol Buffers, with a bound on the number of entries.
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
    type Decoder = Bounded<U>;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<T, U>::default().encoder()
    }

    fn decoder(&mut self) -> Self::Decoder {
        Bounded(ProstDecoder::new(BufferSettings::default()))
    }
}

/// Counts the entries of a message before any of them is made.
#[derive(Debug)]
pub(crate) struct Bounded<U>(ProstDecoder<U>);

impl<U: Message + Default> Decoder for Bounded<U> {
    type Item = U;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<U>, Status> {
        if !has_few_entries(from.chunk()) {
            return Err(Status::resource_exhausted(format!("a message has at most {MOST_ENTRIES} entries")));
        }
        self.0.decode(from)
    }

    fn buffer_settings(&self) -> BufferSettings {
        self.0.buffer_settings()
    }
}

/// Whether a message has no more entries than one may have. One that is none is left to the decoder.
fn has_few_entries(mut message: &[u8]) -> bool {
    for _ in 0..MOST_ENTRIES {
        let Ok((tag, wire_type)) = decode_key(&mut message) else { return true };
        // Numbers, many in one field, take about as much here as there.
        if skip_field(wire_type, tag, &mut message, DecodeContext::default()).is_err() || message.is_empty() {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v1::{ObserveResponse, ProviderUnit};

    #[test]
    fn a_message_of_many_empty_entries_is_refused_before_they_are_made() {
        let answer = |units| ObserveResponse { units: vec![ProviderUnit::default(); units], ..Default::default() };
        assert!(has_few_entries(&answer(0).encode_to_vec()));
        assert!(has_few_entries(&answer(MOST_ENTRIES).encode_to_vec()));
        assert!(!has_few_entries(&answer(MOST_ENTRIES + 1).encode_to_vec()));
        assert!(has_few_entries(b"\xff\xff"), "the decoder says what is wrong with it");
    }
}
