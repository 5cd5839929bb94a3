//! The mirror of `include/scaler_soam.h`, where every line is explained. `tests/header.rs` compares sizes and offsets.

use std::ffi::{c_char, c_void};

/// The version that the header describes.
pub const MAJOR: u16 = 1;
/// See [`MAJOR`].
pub const MINOR: u16 = 0;
/// The one symbol of a library.
pub const ENTRY: &std::ffi::CStr = c"scaler_soam_get_api";

/// What came of a call.
pub type Status = i32;
/// It was done.
pub const OK: Status = 0;
/// It was not done, for a reason that the message tells.
pub const FAILED: Status = 1;
/// Nobody answers there, or not now.
pub const UNREACHABLE: Status = 2;
/// User or password are wrong, or the user may not do this.
pub const DENIED: Status = 3;
/// The application, the session or the task is not known there.
pub const UNKNOWN: Status = 4;
/// What was asked for can never work as it is.
pub const INVALID: Status = 5;
/// The connection or the session was there, and is not any more.
pub const LOST: Status = 6;
/// The library underneath cannot do this.
pub const UNSUPPORTED: Status = 7;

/// Bytes travel as IBM's `DefaultByteArrayMessage` writes them.
pub const CODEC_BYTE_ARRAY: u32 = 0;
/// Bytes travel alone.
pub const CODEC_RAW: u32 = 1;

/// A session ends with all of its tasks.
pub const DESTROY: i32 = 0;
/// A session goes on without us.
pub const DETACH: i32 = 1;

/// `scaler_soam_error`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Error {
    /// The size of this structure, as its owner knows it.
    pub size: u32,
    /// What the function has returned.
    pub status: Status,
    /// The library's own number.
    pub soam_code: i32,
    /// The library's own name for its kind.
    pub kind: [c_char; 60],
    /// What happened.
    pub message: [c_char; 952],
}

/// `scaler_soam_id`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Id {
    /// The name.
    pub text: [c_char; 128],
}

/// `scaler_soam_connection`.
#[repr(C)]
#[derive(Debug)]
pub struct Connection {
    _opaque: [u8; 0],
}

/// `scaler_soam_session`.
#[repr(C)]
#[derive(Debug)]
pub struct Session {
    _opaque: [u8; 0],
}

/// `scaler_soam_session_options`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct SessionOptions {
    /// The size of this structure.
    pub size: u32,
    /// [`CODEC_BYTE_ARRAY`] or [`CODEC_RAW`].
    pub codec: u32,
    /// What people see.
    pub name: *const c_char,
    /// A session type of the application profile.
    pub kind: *const c_char,
    /// A label, or null.
    pub tag: *const c_char,
    /// The service that runs the tasks, or null.
    pub service: *const c_char,
    /// 1 to 10,000; 0 for the default.
    pub priority: i32,
    /// 0.
    pub flags: u32,
}

/// `scaler_soam_output`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// The size of this structure.
    pub size: u32,
    /// Not 0 if the service has answered.
    pub ok: i32,
    /// The task's id.
    pub task: *const c_char,
    /// The tag with which it was submitted, or null.
    pub tag: *const c_char,
    /// What the service has answered.
    pub data: *const u8,
    /// How many bytes that is.
    pub length: u64,
    /// Why the task has failed, or null.
    pub error: *const Error,
}

/// `scaler_soam_callbacks`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Callbacks {
    /// The size of this structure.
    pub size: u32,
    /// 0.
    pub flags: u32,
    /// Passed on as it is.
    pub user: *mut c_void,
    /// A task has ended.
    pub on_output: Option<unsafe extern "C" fn(user: *mut c_void, output: *const Output)>,
    /// The session is of no use any more.
    pub on_session_error: Option<unsafe extern "C" fn(user: *mut c_void, error: *const Error)>,
}

/// `scaler_soam_api`. Members that a library does not have are `None`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Api {
    /// The size of this structure, as the library knows it.
    pub size: u32,
    /// The major version of the table.
    pub major: u16,
    /// The minor version of the table.
    pub minor: u16,
    /// Makes the library ready.
    pub initialize: Option<unsafe extern "C" fn(*mut Error) -> Status>,
    /// The opposite, for good.
    pub shutdown: Option<unsafe extern "C" fn(*mut Error) -> Status>,
    /// Connects to an application.
    pub connect: Option<
        unsafe extern "C" fn(
            application: *const c_char,
            user: *const c_char,
            password: *const c_char,
            connection: *mut *mut Connection,
            error: *mut Error,
        ) -> Status,
    >,
    /// The name of a connection.
    pub connection_id: Option<unsafe extern "C" fn(*mut Connection, *mut Id, *mut Error) -> Status>,
    /// Closes a connection, and consumes it.
    pub connection_close: Option<unsafe extern "C" fn(*mut Connection, *mut Error) -> Status>,
    /// Makes a session.
    pub session_create: Option<
        unsafe extern "C" fn(
            *mut Connection,
            *const SessionOptions,
            *const Callbacks,
            *mut *mut Session,
            *mut Error,
        ) -> Status,
    >,
    /// Opens a session that is there.
    pub session_open: Option<
        unsafe extern "C" fn(
            *mut Connection,
            id: *const c_char,
            codec: u32,
            *const Callbacks,
            *mut *mut Session,
            *mut Error,
        ) -> Status,
    >,
    /// The name of a session.
    pub session_id: Option<unsafe extern "C" fn(*mut Session, *mut Id, *mut Error) -> Status>,
    /// Closes a session, and consumes it.
    pub session_close: Option<unsafe extern "C" fn(*mut Session, how: i32, *mut Error) -> Status>,
    /// Submits a task.
    pub task_submit: Option<
        unsafe extern "C" fn(
            *mut Session,
            tag: *const c_char,
            data: *const u8,
            length: u64,
            *mut Id,
            *mut Error,
        ) -> Status,
    >,
    /// Asks for the end of a task.
    pub task_cancel: Option<unsafe extern "C" fn(*mut Session, task: *const c_char, *mut Error) -> Status>,
}

/// What a library exports under [`ENTRY`].
pub type GetApi = unsafe extern "C" fn(major: u16, minor: u16) -> *const Api;
