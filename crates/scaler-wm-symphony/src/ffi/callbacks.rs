//! What a session tells, on threads of the library.

use std::{
    borrow::Cow,
    ffi::c_void,
    panic::{AssertUnwindSafe, catch_unwind},
    slice,
};

use bytes::Bytes;
use scaler_wm_core::Error;

use super::{abi, blank, borrowed, failure, said};

/// What a session tells, from threads of the library, several at the same time.
#[derive(Debug)]
pub(crate) enum Event<'a> {
    /// A task has ended. Its id is lent.
    Output { task: &'a str, outcome: Outcome },
    /// The session is of no use any more.
    Lost(Error),
}

/// What came of a task: what the service has answered, or why it has not.
pub(crate) type Outcome = Result<Bytes, String>;

/// Who hears it. It returns at once.
pub(crate) type Events = Box<dyn Fn(Event<'_>) + Send + Sync>;

/// Tells the one who hears it, whatever happens there: nothing unwinds into the library.
///
/// # Safety
/// `user` is what [`super::Session`] has given to the library, for a session that is not closed.
unsafe fn tell(user: *mut c_void, event: Event<'_>) {
    // SAFETY: the caller vouches for it; `Events` may be called from several threads.
    let events = unsafe { &*user.cast::<Events>() };
    if catch_unwind(AssertUnwindSafe(|| events(event))).is_err() {
        tracing::error!("an event of Symphony was lost: whoever hears it has panicked");
    }
}

pub(super) unsafe extern "C" fn on_output(user: *mut c_void, output: *const abi::Output) {
    // SAFETY: the library lends us an output with its texts and bytes until we return.
    let heard = catch_unwind(|| unsafe { read(output) });
    if let Ok(Some((task, outcome))) = heard {
        // SAFETY: the library passes on what it was given, while the session is open.
        unsafe { tell(user, Event::Output { task: &task, outcome }) };
    }
}

/// The id of a task, and what came of it.
///
/// # Safety
/// `output` is null, or points to an output whose texts and bytes are as the header says for `'a`.
unsafe fn read<'a>(output: *const abi::Output) -> Option<(Cow<'a, str>, Outcome)> {
    // SAFETY: the caller vouches for it. The first version has all of these members.
    let output = unsafe { output.as_ref() }?;
    // SAFETY: texts of an output end with a NUL, or are null.
    let task = unsafe { borrowed(output.task) }?.to_string_lossy();
    let outcome = if output.ok != 0 {
        let length = usize::try_from(output.length).ok()?;
        let bytes = if output.data.is_null() || length == 0 {
            Bytes::new()
        } else {
            // SAFETY: it is not null, and has so many bytes until we return.
            Bytes::copy_from_slice(unsafe { slice::from_raw_parts(output.data, length) })
        };
        Ok(bytes)
    } else {
        // SAFETY: it is null, or points to an error until we return.
        let error = unsafe { output.error.as_ref() };
        Err(error.map_or_else(|| "the library gives no reason".to_owned(), said))
    };
    Some((task, outcome))
}

pub(super) unsafe extern "C" fn on_session_error(user: *mut c_void, error: *const abi::Error) {
    let told = catch_unwind(|| {
        // SAFETY: it is null, or points to an error until we return.
        let error = unsafe { error.as_ref() }.copied().unwrap_or_else(blank);
        let status = if error.status == abi::OK { abi::LOST } else { error.status };
        failure("keep a session of Symphony", status, &error)
    });
    if let Ok(error) = told {
        // SAFETY: the library passes on what it was given, while the session is open.
        unsafe { tell(user, Event::Lost(error)) };
    }
}

#[cfg(test)]
mod tests {
    use std::{
        panic, ptr,
        sync::atomic::{AtomicU32, Ordering::SeqCst},
    };

    use super::*;

    /// Both callbacks, for a session whose events go to `hear`.
    fn call_back(hear: impl Fn(Event<'_>) + Send + Sync + 'static) {
        let events: Events = Box::new(hear);
        let user = ptr::from_ref(&events).cast_mut().cast();
        let (task, data) = (c"7", b"pong");
        let output = abi::Output {
            size: super::super::size_of_u32::<abi::Output>(),
            ok: 1,
            task: task.as_ptr(),
            tag: ptr::null(),
            data: data.as_ptr(),
            length: 4,
            error: ptr::null(),
        };
        // SAFETY: the output and what it points to, and the events, are ours, and stay until it returns.
        unsafe { on_output(user, &raw const output) };
        // SAFETY: as above; there is no error.
        unsafe { on_session_error(user, ptr::null()) };
    }

    #[test]
    fn a_panic_of_whoever_hears_it_does_not_unwind_into_the_library() {
        let calls: &AtomicU32 = Box::leak(Box::default());
        // Nothing of it belongs into the output of the tests. One that got out would end this process.
        let hook = panic::take_hook();
        panic::set_hook(Box::new(|_| ()));
        call_back(|_| {
            calls.fetch_add(1, SeqCst);
            panic!("whoever hears it has a bug");
        });
        panic::set_hook(hook);
        assert_eq!(calls.load(SeqCst), 2);
    }

    #[test]
    fn what_is_lent_is_told() {
        call_back(|event| match event {
            Event::Output { task, outcome } => assert_eq!((task, outcome), ("7", Ok(Bytes::from_static(b"pong")))),
            Event::Lost(error) => assert_eq!(error.kind(), scaler_wm_core::ErrorKind::Transient),
        });
    }

    #[test]
    fn an_output_without_a_task_is_not_told() {
        // SAFETY: null is allowed.
        assert!(unsafe { read(ptr::null()) }.is_none());
    }
}
