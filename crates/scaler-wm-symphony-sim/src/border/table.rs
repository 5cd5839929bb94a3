//! One function per member of the table.

use std::{
    ffi::c_char,
    panic::{self, AssertUnwindSafe},
    ptr,
};

use super::{listener::Callbacks, memory};
use crate::{
    abi::{self, Api, Connection, Error, Id, Session, SessionOptions, Status},
    attachment,
    failure::{Failure, Result},
    library::{Handle, Library},
    world::Facts,
};

static TABLE: Api = Api {
    size: TABLE_SIZE,
    major: abi::MAJOR,
    minor: abi::MINOR,
    initialize: Some(initialize),
    shutdown: Some(shutdown),
    connect: Some(connect),
    connection_id: Some(connection_id),
    connection_close: Some(connection_close),
    session_create: Some(session_create),
    session_open: Some(session_open),
    session_id: Some(session_id),
    session_close: Some(session_close),
    task_submit: Some(task_submit),
    task_cancel: Some(task_cancel),
};

#[expect(clippy::cast_possible_truncation, reason = "a table has some hundred bytes")]
const TABLE_SIZE: u32 = size_of::<Api>() as u32;

/// The table of this version, or null for another one. The only symbol of this library.
#[unsafe(no_mangle)]
pub extern "C" fn scaler_soam_get_api(major: u16, minor: u16) -> *const Api {
    let is_ours = major == abi::MAJOR && (0..=abi::MINOR).contains(&minor);
    // A wrong environment is told by initialize, which can say what is wrong.
    let pretends = || Library::get().is_ok_and(Library::is_another_version);
    if is_ours && !panic::catch_unwind(pretends).unwrap_or(false) { &raw const TABLE } else { ptr::null() }
}

/// What every function does around its work: nothing unwinds, and a failure is told.
///
/// # Safety
///
/// `error` is null, or points to an error that begins with its size and has that many bytes.
unsafe fn answer(error: *mut Error, work: impl FnOnce(&'static Library) -> Result<()>) -> Status {
    let work = || {
        if attachment::is_in_callback() {
            return Err(Failure::invalid("nothing of the table may be called from a callback: SOAM would deadlock"));
        }
        work(Library::get()?)
    };
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    let result = result.unwrap_or_else(|_| Err(Failure::new(abi::FAILED, "the simulator has a bug: it panicked")));
    let Err(failure) = result else { return abi::OK };
    // SAFETY: the caller of this function promises the same.
    unsafe { memory::tell(error, &failure) };
    failure.status
}

/// A number as what the caller takes for a pointer; nobody ever follows it.
fn handle<T>(number: Handle) -> *mut T {
    ptr::without_provenance_mut(number)
}

unsafe extern "C" fn initialize(error: *mut Error) -> Status {
    // SAFETY: `error` is as the header says.
    unsafe { answer(error, Library::initialize) }
}

unsafe extern "C" fn shutdown(error: *mut Error) -> Status {
    // SAFETY: `error` is as the header says.
    unsafe { answer(error, Library::shutdown) }
}

unsafe extern "C" fn connect(
    application: *const c_char,
    user: *const c_char,
    password: *const c_char,
    connection: *mut *mut Connection,
    error: *mut Error,
) -> Status {
    // SAFETY: all pointers are as the header says.
    unsafe {
        answer(error, |library| {
            memory::put(connection, ptr::null_mut())?;
            let application = memory::text(application, "application")?;
            let (user, password) = (memory::text(user, "user")?, memory::text(password, "password")?);
            memory::put(connection, handle(library.connect(application, user, password)?))
        })
    }
}

unsafe extern "C" fn connection_id(connection: *mut Connection, id: *mut Id, error: *mut Error) -> Status {
    // SAFETY: `id` and `error` are as the header says; `connection` is not followed.
    unsafe { answer(error, |library| memory::put(id, memory::id(&library.connection_id(connection.addr())?)?)) }
}

unsafe extern "C" fn connection_close(connection: *mut Connection, error: *mut Error) -> Status {
    // SAFETY: `error` is as the header says; `connection` is not followed.
    unsafe { answer(error, |library| library.connection_close(connection.addr())) }
}

unsafe extern "C" fn session_create(
    connection: *mut Connection,
    options: *const SessionOptions,
    callbacks: *const abi::Callbacks,
    session: *mut *mut Session,
    error: *mut Error,
) -> Status {
    // SAFETY: all pointers are as the header says; `connection` is not followed.
    unsafe {
        answer(error, |library| {
            memory::put(session, ptr::null_mut())?;
            let options = memory::sized(options, "options")?;
            if options.flags != 0 {
                return Err(Failure::invalid("options have flags that this version does not know"));
            }
            let name = memory::text(options.name, "name")?.to_owned();
            let kind = memory::text(options.kind, "type")?.to_owned();
            let tag = memory::optional(options.tag, "tag")?.to_owned();
            let service = memory::optional(options.service, "service")?.to_owned();
            let SessionOptions { priority, codec, .. } = options;
            let facts = |application, user| Facts { application, user, name, kind, tag, service, priority, codec };
            let made = library.session_create(connection.addr(), facts, Callbacks::read(callbacks)?)?;
            memory::put(session, handle(made))
        })
    }
}

unsafe extern "C" fn session_open(
    connection: *mut Connection,
    id: *const c_char,
    codec: u32,
    callbacks: *const abi::Callbacks,
    session: *mut *mut Session,
    error: *mut Error,
) -> Status {
    // SAFETY: all pointers are as the header says; `connection` is not followed.
    unsafe {
        answer(error, |library| {
            memory::put(session, ptr::null_mut())?;
            let (id, callbacks) = (memory::text(id, "id")?, Callbacks::read(callbacks)?);
            memory::put(session, handle(library.session_open(connection.addr(), id, codec, callbacks)?))
        })
    }
}

unsafe extern "C" fn session_id(session: *mut Session, id: *mut Id, error: *mut Error) -> Status {
    // SAFETY: `id` and `error` are as the header says; `session` is not followed.
    unsafe { answer(error, |library| memory::put(id, memory::id(&library.session_id(session.addr())?)?)) }
}

unsafe extern "C" fn session_close(session: *mut Session, how: i32, error: *mut Error) -> Status {
    // SAFETY: `error` is as the header says; `session` is not followed.
    unsafe { answer(error, |library| library.session_close(session.addr(), how)) }
}

unsafe extern "C" fn task_submit(
    session: *mut Session,
    tag: *const c_char,
    data: *const u8,
    length: u64,
    id: *mut Id,
    error: *mut Error,
) -> Status {
    // SAFETY: all pointers are as the header says; `session` is not followed.
    unsafe {
        answer(error, |library| {
            // Before the task is made: one that nobody is told of must not run.
            memory::put(id, memory::id("")?)?;
            let tag = memory::label(tag).map(Into::into);
            let task = library.task_submit(session.addr(), tag, memory::bytes(data, length)?)?;
            memory::put(id, memory::id(&task.to_string())?)
        })
    }
}

unsafe extern "C" fn task_cancel(session: *mut Session, task: *const c_char, error: *mut Error) -> Status {
    // SAFETY: `task` and `error` are as the header says; `session` is not followed.
    unsafe { answer(error, |library| library.task_cancel(session.addr(), memory::text(task, "task")?)) }
}
