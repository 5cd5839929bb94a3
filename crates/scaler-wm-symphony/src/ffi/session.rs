//! Sessions.

use std::{fmt, ptr::NonNull, sync::Arc};

use scaler_wm_core::{Error, ErrorKind, Result};

use super::{
    Connection, Slip, abi, blank, c_string,
    callbacks::{Events, on_output, on_session_error},
    check, size_of_u32, text_of,
};

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
        Ok(text_of(&id.text).into_owned())
    }

    /// Submits a task; its id. May wait until there is room for it.
    pub(crate) fn submit(&self, slip: &mut Slip, tag: impl fmt::Display, payload: &[u8]) -> Result<Arc<str>> {
        const SUBMIT: &str = "submit a task to Symphony";
        slip.write_tag(SUBMIT, tag)?;
        let (tag, id, error) = slip.parts();
        // SAFETY: the session is open; tag, payload, id and error stay until it returns.
        let status = unsafe {
            let submit = self.connection.library.table.task_submit;
            submit(self.raw(), tag, payload.as_ptr(), payload.len() as u64, id, error)
        };
        slip.id(SUBMIT, status)
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
