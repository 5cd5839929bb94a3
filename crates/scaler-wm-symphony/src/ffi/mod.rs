//! The border to C. Everything unsafe is here; what it hands out is safe to use.

pub mod abi;
mod callbacks;
mod library;
mod session;
mod slip;

pub(crate) use callbacks::{Event, Events, Outcome};
pub(crate) use library::{Connection, Library};
pub(crate) use session::{Session, SessionOptions};
pub(crate) use slip::Slip;

use std::{
    borrow::Cow,
    ffi::{CStr, CString, c_char},
    slice,
};

use scaler_wm_core::{Error, ErrorKind, Result};

/// An error of the library, before anything has happened.
fn blank() -> abi::Error {
    abi::Error { size: size_of_u32::<abi::Error>(), status: abi::OK, soam_code: 0, kind: [0; 60], message: [0; 952] }
}

const fn size_of_u32<T>() -> u32 {
    // The largest of them has some hundred bytes.
    assert!(size_of::<T>() < u32::MAX as usize);
    #[expect(clippy::cast_possible_truncation, reason = "checked above")]
    let size = size_of::<T>() as u32;
    size
}

/// What came of a call, as one of our errors. `operation` completes "failed to …".
fn check(operation: &'static str, status: abi::Status, error: &abi::Error) -> Result<()> {
    if status == abi::OK { Ok(()) } else { Err(failure(operation, status, error)) }
}

/// The same of a call that was told a secret, which the library may show in what it says.
fn check_hiding(secret: &str, operation: &'static str, status: abi::Status, error: &abi::Error) -> Result<()> {
    if status == abi::OK { Ok(()) } else { Err(told(operation, status, without(secret, &said(error)))) }
}

/// The password that everybody knows, which is a user's name as well.
const KNOWN_TO_ALL: &str = "Guest";

fn without(secret: &str, text: &str) -> String {
    if secret.is_empty() || secret == KNOWN_TO_ALL { text.to_owned() } else { text.replace(secret, "[password]") }
}

fn failure(operation: &'static str, status: abi::Status, error: &abi::Error) -> Error {
    told(operation, status, said(error))
}

fn told(operation: &'static str, status: abi::Status, said: String) -> Error {
    let kind = match status {
        abi::UNREACHABLE | abi::LOST => ErrorKind::Transient,
        abi::DENIED => ErrorKind::Denied,
        abi::UNKNOWN => ErrorKind::NotFound,
        abi::INVALID | abi::UNSUPPORTED => ErrorKind::Invalid,
        _ => ErrorKind::Failed,
    };
    Error::new(kind, operation, said)
}

/// What the library says, in a line.
fn said(error: &abi::Error) -> String {
    let (kind, message) = (text_of(&error.kind), text_of(&error.message));
    let mut said = if message.is_empty() { "the library gives no reason".to_owned() } else { message.into_owned() };
    match (kind.is_empty(), error.soam_code) {
        (true, 0) => {}
        (true, code) => said = format!("{said} (SOAM {code})"),
        (false, 0) => said = format!("{kind}: {said}"),
        (false, code) => said = format!("{kind}: {said} (SOAM {code})"),
    }
    said
}

/// The text in an array, up to its NUL, or to its end where somebody has forgotten that.
fn text_of(array: &[c_char]) -> Cow<'_, str> {
    // SAFETY: a `c_char` is a byte, whatever its sign is.
    let bytes: &[u8] = unsafe { slice::from_raw_parts(array.as_ptr().cast(), array.len()) };
    String::from_utf8_lossy(bytes.split(|byte| *byte == 0).next().unwrap_or_default())
}

fn c_string(operation: &'static str, text: &str) -> Result<CString> {
    CString::new(text).map_err(|error| {
        Error::new(ErrorKind::Invalid, operation, format!("`{text}` has a NUL in it")).with_source(error)
    })
}

/// A borrowed text of the library; empty where there is none.
///
/// # Safety
/// `text` is null, or points to text that ends with a NUL and stays as it is meanwhile.
unsafe fn borrowed<'a>(text: *const c_char) -> Option<&'a CStr> {
    if text.is_null() {
        return None;
    }
    // SAFETY: it is not null, and the caller vouches for the rest.
    Some(unsafe { CStr::from_ptr(text) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_that_the_library_shows_is_hidden() {
        let mut error = blank();
        for (place, byte) in error.message.iter_mut().zip(b"hush is wrong for Guest") {
            *place = byte.cast_signed();
        }
        let told = |secret: &str| check_hiding(secret, "connect", abi::DENIED, &error).unwrap_err().to_string();
        assert!(told("hush").contains("[password] is wrong for Guest"), "{}", told("hush"));
        assert!(told("Guest").contains("hush is wrong for Guest"));
        assert!(check_hiding("hush", "connect", abi::OK, &error).is_ok());
    }
}
