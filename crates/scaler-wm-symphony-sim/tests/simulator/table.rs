//! The table, with as little around it as tests need.

use std::{
    ffi::{CStr, CString, c_char, c_void},
    ptr,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

use scaler_wm_symphony_sim::abi::{self, Api, Status};

pub(crate) const RECOVERABLE: &str = "RecoverableAllHistoricalData";
const PATIENCE: Duration = Duration::from_secs(20);

/// What a callback has told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Output(Output),
    Lost { status: Status, message: String },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) task: String,
    pub(crate) tag: Option<String>,
    pub(crate) answer: Result<Vec<u8>, String>,
}

/// A status and its message.
pub(crate) type Problem = (Status, String);

pub(crate) fn api() -> &'static Api {
    find_api().expect("a table")
}

pub(crate) fn find_api() -> Option<&'static Api> {
    let api = scaler_wm_symphony_sim::scaler_soam_get_api(abi::MAJOR, abi::MINOR);
    // SAFETY: null, or a table that stays as long as the library is loaded.
    unsafe { api.as_ref() }
}

pub(crate) fn text(chars: &[c_char]) -> String {
    let bytes: Vec<u8> = chars.iter().map(|char| char.cast_unsigned()).collect();
    CStr::from_bytes_until_nul(&bytes).unwrap().to_str().unwrap().to_owned()
}

fn told(text: *const c_char) -> Option<String> {
    // SAFETY: text that ends, borrowed for the callback we are in, or null.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_str().unwrap().to_owned())
}

fn empty_error() -> abi::Error {
    let size = u32::try_from(size_of::<abi::Error>()).unwrap();
    abi::Error { size, status: 0, soam_code: 0, kind: [0; 60], message: [0; 952] }
}

/// Calls with an error, and looks that both agree.
pub(crate) fn call(call: impl FnOnce(*mut abi::Error) -> Status) -> Result<(), Problem> {
    let mut error = empty_error();
    match call(&raw mut error) {
        abi::OK => Ok(()),
        status => {
            assert_eq!((status, text(&error.kind).as_str()), (error.status, "SoamException"));
            Err((status, text(&error.message)))
        }
    }
}

pub(crate) struct Connection(pub(crate) *mut abi::Connection);

pub(crate) fn connect(application: &str, password: &str) -> Result<Connection, Problem> {
    let (application, password) = (CString::new(application).unwrap(), CString::new(password).unwrap());
    let mut connection = ptr::null_mut();
    // SAFETY: all pointers live longer than the calls.
    unsafe {
        call(|error| api().initialize.unwrap()(error))?;
        let (application, password, user) = (application.as_ptr(), password.as_ptr(), c"Guest".as_ptr());
        call(|error| api().connect.unwrap()(application, user, password, &raw mut connection, error))?;
    }
    Ok(Connection(connection))
}

/// What the callbacks of a session share.
pub(crate) struct Heard {
    told: Mutex<Sender<Event>>,
    /// How long each output callback takes.
    pub(crate) slow: Duration,
    inside: AtomicUsize,
    /// How many callbacks ran at the same time.
    pub(crate) most: AtomicUsize,
}

unsafe extern "C" fn on_output(user: *mut c_void, output: *const abi::Output) {
    // SAFETY: as given to session_create or session_open, where it lives until the close has returned.
    let (heard, output) = unsafe { (&*user.cast::<Heard>(), &*output) };
    heard.most.fetch_max(heard.inside.fetch_add(1, SeqCst) + 1, SeqCst);
    thread::sleep(heard.slow);
    let answer = if output.ok == 0 {
        // SAFETY: there is an error where ok is 0.
        Err(text(&unsafe { &*output.error }.message))
    } else if output.data.is_null() {
        Ok(Vec::new())
    } else {
        // SAFETY: so many bytes, borrowed for this call.
        Ok(unsafe { std::slice::from_raw_parts(output.data, usize::try_from(output.length).unwrap()) }.to_vec())
    };
    let output = Output { task: told(output.task).unwrap(), tag: told(output.tag), answer };
    let _ = heard.told.lock().unwrap().send(Event::Output(output));
    heard.inside.fetch_sub(1, SeqCst);
}

unsafe extern "C" fn on_session_error(user: *mut c_void, error: *const abi::Error) {
    // SAFETY: as above.
    let (heard, error) = unsafe { (&*user.cast::<Heard>(), &*error) };
    let event = Event::Lost { status: error.status, message: text(&error.message) };
    let _ = heard.told.lock().unwrap().send(event);
}

pub(crate) struct Session {
    pub(crate) handle: *mut abi::Session,
    pub(crate) heard: Box<Heard>,
    events: Receiver<Event>,
}

// SAFETY: handles may be used from any thread; the receiver is used by one at a time.
unsafe impl Sync for Session {}

impl Connection {
    pub(crate) fn create(&self) -> Session {
        self.create_as(RECOVERABLE, 0, Duration::ZERO).unwrap()
    }

    pub(crate) fn create_as(&self, kind: &str, priority: i32, slow: Duration) -> Result<Session, Problem> {
        let kind = CString::new(kind).unwrap();
        let options = abi::SessionOptions {
            size: u32::try_from(size_of::<abi::SessionOptions>()).unwrap(),
            codec: abi::CODEC_BYTE_ARRAY,
            name: c"tests".as_ptr(),
            kind: kind.as_ptr(),
            tag: c"a tag\nof two lines".as_ptr(),
            service: ptr::null(),
            priority,
            flags: 0,
        };
        Self::opened(slow, |callbacks, session, error| {
            // SAFETY: all pointers live longer than the call.
            unsafe { api().session_create.unwrap()(self.0, &raw const options, callbacks, session, error) }
        })
    }

    pub(crate) fn open(&self, id: &str) -> Result<Session, Problem> {
        let id = CString::new(id).unwrap();
        Self::opened(Duration::ZERO, |callbacks, session, error| {
            // SAFETY: all pointers live longer than the call.
            unsafe {
                api().session_open.unwrap()(self.0, id.as_ptr(), abi::CODEC_BYTE_ARRAY, callbacks, session, error)
            }
        })
    }

    fn opened(
        slow: Duration,
        open: impl FnOnce(*const abi::Callbacks, *mut *mut abi::Session, *mut abi::Error) -> Status,
    ) -> Result<Session, Problem> {
        let (told, events) = channel();
        let (inside, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let heard = Box::new(Heard { told: Mutex::new(told), slow, inside, most });
        let callbacks = abi::Callbacks {
            size: u32::try_from(size_of::<abi::Callbacks>()).unwrap(),
            flags: 0,
            user: (&raw const *heard).cast_mut().cast(),
            on_output: Some(on_output),
            on_session_error: Some(on_session_error),
        };
        let mut handle = ptr::null_mut();
        call(|error| open(&raw const callbacks, &raw mut handle, error))?;
        Ok(Session { handle, heard, events })
    }

    pub(crate) fn close(self) {
        // SAFETY: the connection is open, and not used after this.
        call(|error| unsafe { api().connection_close.unwrap()(self.0, error) }).unwrap();
    }
}

impl Session {
    pub(crate) fn id(&self) -> String {
        let mut id = abi::Id { text: [0; 128] };
        // SAFETY: the session is open.
        call(|error| unsafe { api().session_id.unwrap()(self.handle, &raw mut id, error) }).unwrap();
        text(&id.text)
    }

    pub(crate) fn submit(&self, payload: &[u8]) -> String {
        self.try_submit(None, payload).unwrap()
    }

    pub(crate) fn try_submit(&self, tag: Option<&str>, payload: &[u8]) -> Result<String, Problem> {
        let tag = tag.map(|tag| CString::new(tag).unwrap());
        let tag = tag.as_ref().map_or(ptr::null(), |tag| tag.as_ptr());
        let mut id = abi::Id { text: [0; 128] };
        let (data, length) = (payload.as_ptr(), payload.len() as u64);
        // SAFETY: the session is open; all pointers live longer than the call.
        call(|error| unsafe { api().task_submit.unwrap()(self.handle, tag, data, length, &raw mut id, error) })?;
        Ok(text(&id.text))
    }

    pub(crate) fn cancel(&self, task: &str) -> Result<(), Problem> {
        let task = CString::new(task).unwrap();
        // SAFETY: the session is open; the text lives longer than the call.
        call(|error| unsafe { api().task_cancel.unwrap()(self.handle, task.as_ptr(), error) })
    }

    pub(crate) fn event(&self) -> Event {
        self.events.recv_timeout(PATIENCE).expect("a callback")
    }

    pub(crate) fn output(&self) -> Output {
        match self.event() {
            Event::Output(output) => output,
            other => panic!("no output: {other:?}"),
        }
    }

    /// Nothing more has come, and for a moment nothing does.
    pub(crate) fn is_quiet(&self) -> bool {
        self.events.recv_timeout(Duration::from_millis(150)).is_err()
    }

    /// What has come already.
    pub(crate) fn so_far(&self) -> Vec<Event> {
        self.events.try_iter().collect()
    }

    pub(crate) fn close(&self, how: i32) -> Result<(), Problem> {
        // SAFETY: the session is open or was closed before, which the simulator notices.
        call(|error| unsafe { api().session_close.unwrap()(self.handle, how, error) })
    }

    pub(crate) fn destroy(&self) {
        self.close(abi::DESTROY).unwrap();
    }

    pub(crate) fn detach(&self) {
        self.close(abi::DETACH).unwrap();
    }
}
