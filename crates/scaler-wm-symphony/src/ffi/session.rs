//! Sessions, and what they tell.

use std::{
    ffi::c_void,
    panic::{AssertUnwindSafe, catch_unwind},
    ptr::NonNull,
    slice,
    sync::Arc,
};

use bytes::Bytes;
use scaler_wm_core::{Error, ErrorKind, Result};

use super::{Connection, abi, blank, borrowed, c_string, check, failure, said, size_of_u32, text_of};

/// What a session tells, from threads of the library, several at the same time.
#[derive(Debug)]
pub(crate) enum Event {
    /// A task has ended.
    Output { task: Box<str>, outcome: Outcome },
    /// The session is of no use any more.
    Lost(Error),
}

/// What came of a task: what the service has answered, or why it has not.
pub(crate) type Outcome = std::result::Result<Bytes, String>;

/// Who hears it. It returns at once.
pub(crate) type Events = Box<dyn Fn(Event) + Send + Sync>;

/// A new session.
#[derive(Clone, Debug)]
pub(crate) struct SessionOptions<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) tag: Option<&'a str>,
    pub(crate) service: Option<&'a str>,
    pub(crate) priority: Option<u16>,
    pub(crate) codec: u32,
}

/// A session. It must be closed; one that is dropped is detached.
#[derive(Debug)]
pub(crate) struct Session {
    connection: Arc<Connection>,
    /// `None` once it is closed.
    raw: Option<NonNull<abi::Session>>,
    /// What callbacks are told to use: ours again when the session is closed.
    user: NonNull<Events>,
}

// SAFETY: the header allows every function from any thread, several at the same time; `Events` is Send and Sync.
unsafe impl Send for Session {}
// SAFETY: as above.
unsafe impl Sync for Session {}

impl Session {
    /// Makes a session.
    ///
    /// # Errors
    /// When the library refuses.
    pub(crate) fn create(connection: &Arc<Connection>, options: &SessionOptions<'_>, events: Events) -> Result<Self> {
        const CREATE: &str = "make a session of Symphony";
        let text = |text: &str| c_string(CREATE, text);
        let (name, kind) = (text(options.name)?, text(options.kind)?);
        let (tag, service) = (options.tag.map(text).transpose()?, options.service.map(text).transpose()?);
        let options = abi::SessionOptions {
            size: size_of_u32::<abi::SessionOptions>(),
            codec: options.codec,
            name: name.as_ptr(),
            kind: kind.as_ptr(),
            tag: tag.as_ref().map_or(std::ptr::null(), |tag| tag.as_ptr()),
            service: service.as_ref().map_or(std::ptr::null(), |service| service.as_ptr()),
            priority: options.priority.map_or(0, i32::from),
            flags: 0,
        };
        Self::made(CREATE, connection, events, |callbacks, session, error| {
            let create = connection.library.table.session_create;
            // SAFETY: the connection is open; options and their texts, callbacks, result and error stay until it returns.
            unsafe { create(connection.raw.as_ptr(), &raw const options, callbacks, session, error) }
        })
    }

    /// Opens a session that is there.
    ///
    /// # Errors
    /// When it is not there any more, or the library refuses.
    pub(crate) fn open(connection: &Arc<Connection>, id: &str, codec: u32, events: Events) -> Result<Self> {
        const OPEN: &str = "open a session of Symphony";
        let id = c_string(OPEN, id)?;
        Self::made(OPEN, connection, events, |callbacks, session, error| {
            let open = connection.library.table.session_open;
            // SAFETY: the connection is open; the id, callbacks, result and error stay until it returns.
            unsafe { open(connection.raw.as_ptr(), id.as_ptr(), codec, callbacks, session, error) }
        })
    }

    fn made(
        operation: &'static str,
        connection: &Arc<Connection>,
        events: Events,
        make: impl FnOnce(*const abi::Callbacks, *mut *mut abi::Session, *mut abi::Error) -> abi::Status,
    ) -> Result<Self> {
        let user = NonNull::from(Box::leak(Box::new(events)));
        let callbacks = abi::Callbacks {
            size: size_of_u32::<abi::Callbacks>(),
            flags: 0,
            user: user.as_ptr().cast(),
            on_output: Some(on_output),
            on_session_error: Some(on_session_error),
        };
        let (mut session, mut error) = (std::ptr::null_mut(), blank());
        let status = make(&raw const callbacks, &raw mut session, &raw mut error);
        let made = check(operation, status, &error).and_then(|()| {
            NonNull::new(session)
                .ok_or_else(|| Error::new(ErrorKind::Failed, operation, "the library gives no session"))
        });
        match made {
            Ok(raw) => Ok(Self { connection: Arc::clone(connection), raw: Some(raw), user }),
            // A library that has failed here may still have begun to call us: what it uses stays, some hundred bytes.
            Err(error) => Err(error),
        }
    }

    fn raw(&self) -> *mut abi::Session {
        self.raw.map_or(std::ptr::null_mut(), NonNull::as_ptr)
    }

    /// Its name, by which [`Session::open`] finds it.
    pub(crate) fn id(&self) -> Result<String> {
        let (mut id, mut error) = (abi::Id { text: [0; 128] }, blank());
        // SAFETY: the session is open; id and error are ours.
        let status = unsafe { (self.connection.library.table.session_id)(self.raw(), &raw mut id, &raw mut error) };
        check("ask for the id of a session", status, &error)?;
        Ok(text_of(&id.text))
    }

    /// Submits a task; its id. May wait until there is room for it.
    pub(crate) fn submit(&self, tag: &str, payload: &[u8]) -> Result<Box<str>> {
        const SUBMIT: &str = "submit a task to Symphony";
        let tag = c_string(SUBMIT, tag)?;
        let (mut id, mut error) = (abi::Id { text: [0; 128] }, blank());
        // SAFETY: the session is open; tag, payload, id and error stay until it returns.
        let status = unsafe {
            let submit = self.connection.library.table.task_submit;
            submit(self.raw(), tag.as_ptr(), payload.as_ptr(), payload.len() as u64, &raw mut id, &raw mut error)
        };
        check(SUBMIT, status, &error)?;
        Ok(text_of(&id.text).into())
    }

    /// Asks for the end of a task; `false` where the library cannot end one task.
    pub(crate) fn cancel(&self, task: &str) -> Result<bool> {
        const CANCEL: &str = "cancel a task of Symphony";
        let task = c_string(CANCEL, task)?;
        let mut error = blank();
        // SAFETY: the session is open; the id and the error stay until it returns.
        let status = unsafe { (self.connection.library.table.task_cancel)(self.raw(), task.as_ptr(), &raw mut error) };
        match status {
            abi::UNSUPPORTED => Ok(false),
            status => check(CANCEL, status, &error).map(|()| true),
        }
    }

    /// Ends it with all of its tasks, or lets it go on without us. No callback comes any more.
    pub(crate) fn close(mut self, destroy: bool) -> Result<()> {
        self.close_once(if destroy { abi::DESTROY } else { abi::DETACH })
    }

    fn close_once(&mut self, how: i32) -> Result<()> {
        let Some(raw) = self.raw.take() else { return Ok(()) };
        let mut error = blank();
        // SAFETY: the session is open, and nobody calls anything on it after us: it is taken.
        let status = unsafe { (self.connection.library.table.session_close)(raw.as_ptr(), how, &raw mut error) };
        // SAFETY: it was leaked by us, and the header promises that no callback runs any more, also after a failure.
        drop(unsafe { Box::from_raw(self.user.as_ptr()) });
        check("close a session of Symphony", status, &error)
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        if let Err(error) = self.close_once(abi::DETACH) {
            tracing::debug!(%error, "a session may stay open until the process ends");
        }
    }
}

/// Tells the one who hears it, whatever happens there: nothing unwinds into the library.
///
/// # Safety
/// `user` is what [`Session::made`] has given to the library, for a session that is not closed.
unsafe fn tell(user: *mut c_void, event: Event) {
    // SAFETY: the caller vouches for it; `Events` may be called from several threads.
    let events = unsafe { &*user.cast::<Events>() };
    if catch_unwind(AssertUnwindSafe(|| events(event))).is_err() {
        tracing::error!("an event of Symphony was lost: whoever hears it has panicked");
    }
}

unsafe extern "C" fn on_output(user: *mut c_void, output: *const abi::Output) {
    // SAFETY: the library lends us an output with its texts and bytes until we return.
    let event = catch_unwind(|| unsafe { event_of(output) });
    if let Ok(Some(event)) = event {
        // SAFETY: the library passes on what it was given, while the session is open.
        unsafe { tell(user, event) };
    }
}

/// # Safety
/// `output` is null, or points to an output whose texts and bytes are as the header says.
unsafe fn event_of(output: *const abi::Output) -> Option<Event> {
    // SAFETY: the caller vouches for it. The first version has all of these members.
    let output = unsafe { output.as_ref() }?;
    // SAFETY: texts of an output end with a NUL, or are null.
    let text = |text| unsafe { borrowed(text) }.map(|text| Box::from(&*text.to_string_lossy()));
    let task = text(output.task)?;
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
    Some(Event::Output { task, outcome })
}

unsafe extern "C" fn on_session_error(user: *mut c_void, error: *const abi::Error) {
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
