//! What the caller points to. Each function says what it must be able to rely on; the header promises all of it.

use std::{
    ffi::{CStr, c_char},
    slice,
};

use crate::{
    abi,
    failure::{Failure, Result},
};

/// Text that must be there.
///
/// # Safety
///
/// `text` is null or points to text that ends with a NUL and stays as it is for `'a`.
pub(super) unsafe fn text<'a>(text: *const c_char, what: &str) -> Result<&'a str> {
    // SAFETY: the caller of this function promises the same.
    let text = unsafe { label(text) }.ok_or_else(|| Failure::invalid(format!("{what} is NULL")))?;
    text.to_str().map_err(|_| Failure::invalid(format!("{what} is not UTF-8")))
}

/// Text that may be NULL, which is taken for empty.
///
/// # Safety
///
/// As of [`text`].
pub(super) unsafe fn optional<'a>(value: *const c_char, what: &str) -> Result<&'a str> {
    // SAFETY: the caller of this function promises the same.
    if value.is_null() { Ok("") } else { unsafe { text(value, what) } }
}

/// Bytes up to a NUL, or nothing if there is no pointer.
///
/// # Safety
///
/// As of [`text`].
pub(super) unsafe fn label<'a>(text: *const c_char) -> Option<&'a CStr> {
    // SAFETY: it is not null, and by the promise of the caller of this function it is text that ends.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) })
}

/// The bytes of a payload.
///
/// # Safety
///
/// `data` has `length` bytes that stay as they are for `'a`, or is null.
pub(super) unsafe fn bytes<'a>(data: *const u8, length: u64) -> Result<&'a [u8]> {
    let length = usize::try_from(length).ok().filter(|length| isize::try_from(*length).is_ok());
    match length.ok_or_else(|| Failure::invalid("no payload is as long as that"))? {
        0 => Ok(&[]),
        _ if data.is_null() => Err(Failure::invalid("data is NULL and length is not 0")),
        // SAFETY: not null, not longer than any object, and there by the promise of the caller of this function.
        length => Ok(unsafe { slice::from_raw_parts(data, length) }),
    }
}

/// A structure that begins with its size, once that is known to be enough.
///
/// # Safety
///
/// `value` is null or points to a structure that begins with its size in bytes, a `u32`, and has that many.
pub(super) unsafe fn sized<T: Copy>(value: *const T, what: &str) -> Result<T> {
    if value.is_null() {
        return Err(Failure::invalid(format!("{what} is NULL")));
    }
    // SAFETY: not null, and a size is there by the promise of the caller of this function.
    let size = unsafe { value.cast::<u32>().read() };
    if (size as usize) < size_of::<T>() {
        let needed = size_of::<T>();
        return Err(Failure::invalid(format!("{what} says that it has {size} bytes, and needs {needed}")));
    }
    // SAFETY: it has as many bytes as it says, and these are enough.
    Ok(unsafe { value.read() })
}

/// Writes a result where the caller wants it.
///
/// # Safety
///
/// `place` is null or can be written to.
pub(super) unsafe fn put<T>(place: *mut T, value: T) -> Result<()> {
    if place.is_null() {
        return Err(Failure::invalid("there is no place for the result: a pointer is NULL"));
    }
    // SAFETY: not null, and writable by the promise of the caller of this function.
    unsafe { place.write(value) };
    Ok(())
}

/// A name as the border carries it.
pub(super) fn id(name: &str) -> Result<abi::Id> {
    let mut id = abi::Id { text: [0; 128] };
    if name.len() >= id.text.len() {
        return Err(Failure::new(abi::FAILED, format!("the name {name} does not fit")));
    }
    copy(&mut id.text, name);
    Ok(id)
}

/// A failure as the border carries it.
pub(super) fn error(failure: &Failure) -> abi::Error {
    let mut error = abi::Error {
        size: u32::try_from(size_of::<abi::Error>()).unwrap_or(u32::MAX),
        status: failure.status,
        soam_code: failure.code(),
        kind: [0; 60],
        message: [0; 952],
    };
    copy(&mut error.kind, Failure::KIND);
    copy(&mut error.message, &failure.message);
    error
}

/// Fills in the caller's error, if it has one that is large enough.
///
/// # Safety
///
/// `place` is null, or points to an error that begins with its size and has that many bytes.
pub(super) unsafe fn tell(place: *mut abi::Error, failure: &Failure) {
    // SAFETY: the caller of this function promises the same.
    let Ok(old) = (unsafe { sized(place.cast_const(), "error") }) else { return };
    // SAFETY: what has just been read can be written: the header gives it to us for that.
    unsafe { place.write(abi::Error { size: old.size, ..error(failure) }) };
}

/// As much of a text as fits, and a NUL; no character is cut in two.
fn copy(place: &mut [c_char], text: &str) {
    let mut end = text.len().min(place.len() - 1);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    // A NUL inside would end it too early for whoever reads it: it becomes a blank.
    for (to, from) in place.iter_mut().zip(text[..end].bytes()) {
        *to = (if from == 0 { b' ' } else { from }).cast_signed();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_are_cut_between_characters() {
        let error = error(&Failure::invalid("ä".repeat(1000)));
        let text: Vec<u8> = error.message.iter().map(|byte| byte.cast_unsigned()).collect();
        let text = CStr::from_bytes_until_nul(&text).unwrap().to_str().unwrap();
        assert_eq!(text, "ä".repeat(475));
    }

    #[test]
    fn structures_of_a_smaller_size_are_not_read() {
        let short =
            abi::Callbacks { size: 8, flags: 0, user: std::ptr::null_mut(), on_output: None, on_session_error: None };
        // SAFETY: the size is a lie in the safe direction.
        let problem = unsafe { sized(&raw const short, "callbacks") }.unwrap_err();
        assert!(problem.message.contains("has 8 bytes"), "{}", problem.message);
    }

    #[test]
    fn an_error_without_a_size_is_left_alone() {
        let mut place = error(&Failure::invalid("before"));
        place.size = 0;
        // SAFETY: it is a whole error.
        unsafe { tell(&raw mut place, &Failure::lost()) };
        assert_eq!(place.status, abi::INVALID);
    }
}
