//! The caller's callbacks.

use std::{
    ffi::{CStr, c_void},
    ptr,
};

use super::memory;
use crate::{
    abi,
    attachment::Listener,
    failure::{Failure, Result},
};

/// Both callbacks, which must be there.
pub(super) struct Callbacks {
    user: *mut c_void,
    on_output: unsafe extern "C" fn(*mut c_void, *const abi::Output),
    on_session_error: unsafe extern "C" fn(*mut c_void, *const abi::Error),
}

// SAFETY: the header says that callbacks come from any thread, with the user pointer as it is.
unsafe impl Send for Callbacks {}
// SAFETY: the same; several at once.
unsafe impl Sync for Callbacks {}

impl Callbacks {
    /// # Safety
    ///
    /// `callbacks` is null or as the header says.
    pub(super) unsafe fn read(callbacks: *const abi::Callbacks) -> Result<Box<dyn Listener>> {
        // SAFETY: the caller of this function promises that it is null or begins with its size.
        let abi::Callbacks { flags, user, on_output, on_session_error, .. } =
            unsafe { memory::sized(callbacks, "callbacks") }?;
        if flags != 0 {
            return Err(Failure::invalid("callbacks have flags that this version does not know"));
        }
        let on_output = on_output.ok_or_else(|| Failure::invalid("on_output is NULL"))?;
        let on_session_error = on_session_error.ok_or_else(|| Failure::invalid("on_session_error is NULL"))?;
        Ok(Box::new(Self { user, on_output, on_session_error }))
    }
}

impl Listener for Callbacks {
    fn output(&self, task: &CStr, tag: Option<&CStr>, answer: std::result::Result<&[u8], &Failure>) {
        let error = answer.err().map(memory::error);
        let data = answer.ok().filter(|data| !data.is_empty());
        let output = abi::Output {
            size: u32::try_from(size_of::<abi::Output>()).unwrap_or(u32::MAX),
            ok: i32::from(answer.is_ok()),
            task: task.as_ptr(),
            tag: tag.map_or(ptr::null(), CStr::as_ptr),
            data: data.map_or(ptr::null(), <[u8]>::as_ptr),
            length: data.map_or(0, |data| data.len() as u64),
            error: error.as_ref().map_or(ptr::null(), ptr::from_ref),
        };
        // SAFETY: the caller gave this function for such calls; all that it is told lives until it has returned, and the
        // gate keeps the user pointer usable: its session is not closed before.
        unsafe { (self.on_output)(self.user, &raw const output) };
    }

    fn lost(&self, failure: &Failure) {
        let error = memory::error(failure);
        // SAFETY: as above.
        unsafe { (self.on_session_error)(self.user, &raw const error) };
    }
}
