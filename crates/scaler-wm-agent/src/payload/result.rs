//! Reads what came back.

use bytes::Bytes;
use scaler_wm_core::TaskOutcome;

use super::opcode::{
    BINBYTES, BINBYTES8, BINPUT, BINUNICODE, EMPTY_TUPLE, FRAME, GLOBAL, LONG_BINPUT, MEMOIZE, PROTO, REDUCE,
    SHORT_BINBYTES, STOP, TUPLE2,
};

/// What the tags in front of a result mean.
const RETURNED: u8 = 0;
const RAISED: u8 = 1;

/// Why some bytes are no result of a payload of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotBytes {
    /// They end in the middle of something.
    #[error("it ends early")]
    Truncated,
    /// They are no pickle of protocol 2 to 5.
    #[error("it is no pickle of protocol 2 to 5")]
    Protocol,
    /// They are a pickle of something else than bytes.
    #[error("it is a pickle of something else than bytes (opcode {0:#04x})")]
    Opcode(u8),
    /// Something follows behind their end.
    #[error("something follows behind its end")]
    Trailing,
    /// The bytes in them have no tag of ours.
    #[error("its bytes are none that a payload of ours returns")]
    Tag,
}

/// What a payload has returned, out of the pickle that whoever called it made of that.
///
/// Takes what pickle's protocols 2 to 5 make of bytes, by any Python, and refuses everything else. Work is bounded by the
/// length; but for protocol 2 the outcome shares the memory of `pickle`.
///
/// # Errors
/// When it is anything else.
pub fn read_result(pickle: &Bytes) -> Result<TaskOutcome, NotBytes> {
    let bytes = read_bytes(pickle)?;
    let (tag, rest) = bytes.split_first().map(|(tag, _)| (*tag, bytes.slice(1..))).ok_or(NotBytes::Tag)?;
    match tag {
        RETURNED => Ok(TaskOutcome::Returned(rest)),
        RAISED => Ok(TaskOutcome::Raised(rest)),
        _ => Err(NotBytes::Tag),
    }
}

fn read_bytes(pickle: &Bytes) -> Result<Bytes, NotBytes> {
    let mut reader = Reader { pickle, at: 0 };
    if reader.byte()? != PROTO {
        return Err(NotBytes::Protocol);
    }
    let bytes = match reader.byte()? {
        2 => reader.latin1()?,
        3..=5 => reader.binary()?,
        _ => return Err(NotBytes::Protocol),
    };
    match reader.opcode()? {
        STOP if reader.at == pickle.len() => Ok(bytes),
        STOP => Err(NotBytes::Trailing),
        other => Err(NotBytes::Opcode(other)),
    }
}

struct Reader<'a> {
    pickle: &'a Bytes,
    at: usize,
}

impl Reader<'_> {
    fn take(&mut self, length: u64) -> Result<Bytes, NotBytes> {
        let from = self.at;
        self.skip(length)?;
        Ok(self.pickle.slice(from..self.at))
    }

    fn skip(&mut self, length: u64) -> Result<(), NotBytes> {
        let rest = self.pickle.len() - self.at;
        self.at += usize::try_from(length).ok().filter(|length| *length <= rest).ok_or(NotBytes::Truncated)?;
        Ok(())
    }

    fn byte(&mut self) -> Result<u8, NotBytes> {
        let byte = *self.pickle.get(self.at).ok_or(NotBytes::Truncated)?;
        self.at += 1;
        Ok(byte)
    }

    /// A little-endian number.
    fn number<const BYTES: usize>(&mut self) -> Result<u64, NotBytes> {
        let from = self.at;
        self.skip(BYTES as u64)?;
        Ok(self.pickle[from..self.at].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// The next opcode that does something: frames and what is remembered for later do not.
    fn opcode(&mut self) -> Result<u8, NotBytes> {
        loop {
            match self.byte()? {
                FRAME => {
                    let length = self.number::<8>()?;
                    if length > (self.pickle.len() - self.at) as u64 {
                        return Err(NotBytes::Truncated);
                    }
                }
                MEMOIZE => {}
                BINPUT => self.skip(1)?,
                LONG_BINPUT => self.skip(4)?,
                other => return Ok(other),
            }
        }
    }

    fn expect(&mut self, expected: u8) -> Result<(), NotBytes> {
        match self.opcode()? {
            opcode if opcode == expected => Ok(()),
            other => Err(NotBytes::Opcode(other)),
        }
    }

    /// Bytes as protocols from 3 on have them.
    fn binary(&mut self) -> Result<Bytes, NotBytes> {
        let length = match self.opcode()? {
            SHORT_BINBYTES => self.number::<1>()?,
            BINBYTES => self.number::<4>()?,
            BINBYTES8 => self.number::<8>()?,
            other => return Err(NotBytes::Opcode(other)),
        };
        self.take(length)
    }

    /// Bytes as protocol 2 has them: `_codecs.encode(text, "latin1")`, and `bytes()` for none.
    fn latin1(&mut self) -> Result<Bytes, NotBytes> {
        self.expect(GLOBAL)?;
        let name = (self.line()?, self.line()?);
        let bytes = match (&name.0[..], &name.1[..]) {
            (b"_codecs", b"encode") => {
                let text = self.text()?;
                if self.text()? != "latin1" {
                    return Err(NotBytes::Opcode(BINUNICODE));
                }
                self.expect(TUPLE2)?;
                let bytes = text.chars().map(|each| u8::try_from(each).map_err(|_| NotBytes::Opcode(BINUNICODE)));
                bytes.collect::<Result<Vec<u8>, _>>()?.into()
            }
            (b"__builtin__" | b"builtins", b"bytes") => {
                self.expect(EMPTY_TUPLE)?;
                Bytes::new()
            }
            _ => return Err(NotBytes::Opcode(GLOBAL)),
        };
        self.expect(REDUCE)?;
        Ok(bytes)
    }

    fn line(&mut self) -> Result<Bytes, NotBytes> {
        let rest = &self.pickle[self.at..];
        let length = rest.iter().position(|byte| *byte == b'\n').ok_or(NotBytes::Truncated)?;
        let line = self.take(length as u64)?;
        self.at += 1;
        Ok(line)
    }

    fn text(&mut self) -> Result<String, NotBytes> {
        self.expect(BINUNICODE)?;
        let length = self.number::<4>()?;
        let text = self.take(length)?;
        String::from_utf8(text.into()).map_err(|_| NotBytes::Opcode(BINUNICODE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(pickle: &'static [u8]) -> Result<(u8, Bytes), NotBytes> {
        read_result(&Bytes::from_static(pickle)).map(|outcome| match outcome {
            TaskOutcome::Returned(bytes) => (RETURNED, bytes),
            TaskOutcome::Raised(bytes) => (RAISED, bytes),
            TaskOutcome::Failed(error) | TaskOutcome::Again(error) => unreachable!("{error}"),
        })
    }

    #[test]
    fn each_protocol_is_read() {
        // `pickle.dumps(b"\0abc\xff", protocol)` of CPython 3.11.
        let protocols: [&[u8]; 3] = [
            b"\x80\x02c_codecs\nencode\nq\x00X\x06\x00\x00\x00\x00abc\xc3\xbfq\x01X\x06\x00\x00\x00latin1q\x02\x86q\x03Rq\x04.",
            b"\x80\x03C\x05\x00abc\xffq\x00.",
            b"\x80\x04\x95\x09\x00\x00\x00\x00\x00\x00\x00C\x05\x00abc\xff\x94.",
        ];
        for pickle in protocols {
            assert_eq!(outcome(pickle), Ok((RETURNED, Bytes::from_static(b"abc\xff"))));
        }
    }

    #[test]
    fn everything_else_is_refused_with_the_reason() {
        let refused: [(&[u8], NotBytes); 12] = [
            (b"", NotBytes::Truncated),
            (b"\x80", NotBytes::Truncated),
            (b"(dp0\n.", NotBytes::Protocol),
            (b"\x80\x06C\x01\x00.", NotBytes::Protocol),
            (b"\x80\x04K\x01.", NotBytes::Opcode(b'K')),
            (b"\x80\x04C\x05\x00abc", NotBytes::Truncated),
            (b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\xff", NotBytes::Truncated),
            (b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xffC\x01\x00.", NotBytes::Truncated),
            (b"\x80\x04C\x01\x00.more", NotBytes::Trailing),
            (b"\x80\x04C\x00.", NotBytes::Tag),
            (b"\x80\x04C\x01\x02.", NotBytes::Tag),
            (b"\x80\x02cos\nsystem\nX\x02\x00\x00\x00idX\x06\x00\x00\x00latin1\x86R.", NotBytes::Opcode(GLOBAL)),
        ];
        for (pickle, reason) in refused {
            assert_eq!(outcome(pickle), Err(reason), "{}", pickle.escape_ascii());
        }
    }
}
