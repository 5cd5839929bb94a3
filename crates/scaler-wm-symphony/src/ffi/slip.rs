//! What goes with a payload, and what comes back for it: one slip serves many submits.

use std::{
    ffi::{CStr, c_char},
    fmt,
    io::Write as _,
    sync::Arc,
};

use scaler_wm_core::{Error, ErrorKind, Result};

use super::{abi, blank, check, text_of};

/// The tag of a task, and room for its id and for an error: to make these anew costs a tenth of a submit.
#[derive(Debug)]
pub(crate) struct Slip {
    /// Ends with a NUL.
    tag: Vec<u8>,
    id: abi::Id,
    error: abi::Error,
}

impl Slip {
    pub(crate) fn new() -> Self {
        Self { tag: Vec::new(), id: abi::Id { text: [0; 128] }, error: blank() }
    }

    pub(super) fn write_tag(&mut self, operation: &'static str, tag: impl fmt::Display) -> Result<()> {
        self.tag.clear();
        let failed = |what| Error::new(ErrorKind::Invalid, operation, what);
        write!(self.tag, "{tag}\0").map_err(|error| failed("its tag cannot be written").with_source(error))?;
        CStr::from_bytes_with_nul(&self.tag).map_err(|error| failed("its tag has a NUL in it").with_source(error))?;
        Ok(())
    }

    /// For a call; good until the slip is used again.
    pub(super) fn parts(&mut self) -> (*const c_char, *mut abi::Id, *mut abi::Error) {
        self.id.text[0] = 0;
        (self.tag.as_ptr().cast(), &raw mut self.id, &raw mut self.error)
    }

    /// What came of the call.
    pub(super) fn id(&mut self, operation: &'static str, status: abi::Status) -> Result<Arc<str>> {
        let checked = check(operation, status, &self.error);
        if checked.is_err() {
            // What is said there is not to be taken for the words of a later failure.
            self.error = blank();
        }
        checked.map(|()| Arc::from(text_of(&self.id.text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_used_again() {
        let mut slip = Slip::new();
        slip.write_tag("submit", "a long one").unwrap();
        slip.write_tag("submit", "short").unwrap();
        assert_eq!(slip.tag, b"short\0");
        assert!(slip.write_tag("submit", "a\0b").is_err());
    }

    #[test]
    fn an_earlier_failure_is_not_told_again() {
        let mut slip = Slip::new();
        slip.error.message[0] = 7;
        slip.id.text[0] = b'1'.cast_signed();
        assert!(slip.id("submit", abi::FAILED).is_err());
        let (_, _, error) = slip.parts();
        assert!(!error.is_null() && slip.error.message[0] == 0);
        assert_eq!(&*slip.id("submit", abi::OK).unwrap(), "", "and neither is an earlier id");
    }
}
