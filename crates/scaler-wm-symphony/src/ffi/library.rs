//! A library, and connections of it.

use std::{env, mem::ManuallyDrop, path::Path, ptr::NonNull, sync::Arc};

use scaler_wm_core::{Error, ErrorKind, Result};

use super::{abi, blank, c_string, check, check_hiding};

/// What is attempted with a library before anything else.
const LOAD: &str = "load the library of Symphony";

/// The functions of a library, each of which is there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Table {
    pub(super) connection_close: unsafe extern "C" fn(*mut abi::Connection, *mut abi::Error) -> abi::Status,
    pub(super) session_create: unsafe extern "C" fn(
        *mut abi::Connection,
        *const abi::SessionOptions,
        *const abi::Callbacks,
        *mut *mut abi::Session,
        *mut abi::Error,
    ) -> abi::Status,
    pub(super) session_open: unsafe extern "C" fn(
        *mut abi::Connection,
        *const std::ffi::c_char,
        u32,
        *const abi::Callbacks,
        *mut *mut abi::Session,
        *mut abi::Error,
    ) -> abi::Status,
    pub(super) session_id: unsafe extern "C" fn(*mut abi::Session, *mut abi::Id, *mut abi::Error) -> abi::Status,
    pub(super) session_close: unsafe extern "C" fn(*mut abi::Session, i32, *mut abi::Error) -> abi::Status,
    pub(super) task_submit: unsafe extern "C" fn(
        *mut abi::Session,
        *const std::ffi::c_char,
        *const u8,
        u64,
        *mut abi::Id,
        *mut abi::Error,
    ) -> abi::Status,
    pub(super) task_cancel:
        unsafe extern "C" fn(*mut abi::Session, *const std::ffi::c_char, *mut abi::Error) -> abi::Status,
    connect: unsafe extern "C" fn(
        *const std::ffi::c_char,
        *const std::ffi::c_char,
        *const std::ffi::c_char,
        *mut *mut abi::Connection,
        *mut abi::Error,
    ) -> abi::Status,
    connection_id: unsafe extern "C" fn(*mut abi::Connection, *mut abi::Id, *mut abi::Error) -> abi::Status,
}

/// A library that is loaded, for as long as this process runs: threads of its own may outlive whatever we know of.
#[derive(Debug)]
pub(crate) struct Library {
    pub(super) table: Table,
}

impl Library {
    /// Loads and initializes a library; a name without a slash is looked for where the loader looks.
    ///
    /// # Errors
    /// When it cannot be loaded, is none of ours, does not serve our version, or cannot be initialized.
    pub(crate) fn load(path: &Path) -> Result<Arc<Self>> {
        // SAFETY: loading runs the library's initializers. It is the one that the user has named, with our rights.
        let library = unsafe { libloading::Library::new(path) }.map_err(|error| not_loaded(path, &error))?;
        // Never unloaded, whatever comes of it: its initializers may have begun threads.
        let library = ManuallyDrop::new(library);
        // SAFETY: the header says that this symbol is a function of this type.
        let get_api = unsafe { library.get::<abi::GetApi>(abi::ENTRY) }.map_err(|error| {
            let context = format!(
                "{} has no {}: it is no library of scaler-wm; build the shim (crates/scaler-wm-symphony/shim) and name \
                 it by --soam-library",
                path.display(),
                abi::ENTRY.to_string_lossy()
            );
            Error::new(ErrorKind::Invalid, LOAD, context).with_source(error)
        })?;
        // SAFETY: it may be called with any version.
        let api = unsafe { get_api(abi::MAJOR, abi::MINOR) };
        let version = format!("{}.{}", abi::MAJOR, abi::MINOR);
        let unserved = |what: String| {
            let advice = "build the shim of this version of scaler-wm";
            Error::new(ErrorKind::Invalid, LOAD, format!("{} {what}: {advice}", path.display()))
        };
        let api = NonNull::new(api.cast_mut()).ok_or_else(|| unserved(format!("does not serve version {version}")))?;
        // SAFETY: a table begins with its size and version, whatever version it is.
        let (size, major) = unsafe { ((*api.as_ptr()).size, (*api.as_ptr()).major) };
        if major != abi::MAJOR || (size as usize) < size_of::<abi::Api>() {
            return Err(unserved(format!("has another table than that of version {version}")));
        }
        // SAFETY: the table is as large as ours, of our version, and stays as it is while the library is loaded.
        let api = unsafe { *api.as_ptr() };
        let missing = || unserved(format!("has functions missing that version {version} has"));
        let table = Table::of(&api).ok_or_else(missing)?;
        let (Some(initialize), Some(_)) = (api.initialize, api.shutdown) else { return Err(missing()) };
        let mut error = blank();
        // SAFETY: it is called before any other function, and the error is ours.
        let status = unsafe { initialize(&raw mut error) };
        check("initialize the library of Symphony", status, &error).map_err(|error| error.with_advice(SOURCE_IT))?;
        Ok(Arc::new(Self { table }))
    }

    /// Connects to an application.
    ///
    /// # Errors
    /// When nobody answers, the application is not known there, or user or password are wrong.
    pub(crate) fn connect(self: &Arc<Self>, application: &str, user: &str, password: &str) -> Result<Arc<Connection>> {
        const CONNECT: &str = "connect to Symphony";
        let name = c_string(CONNECT, application)?;
        let user_name = c_string(CONNECT, user)?;
        // Its text must not show in the error.
        let secret = password;
        let password = std::ffi::CString::new(password)
            .map_err(|_| Error::new(ErrorKind::Invalid, CONNECT, "the password has a NUL in it"))?;
        let (mut connection, mut error) = (std::ptr::null_mut(), blank());
        // SAFETY: texts, result and error are ours, and stay until it returns.
        let status = unsafe {
            (self.table.connect)(
                name.as_ptr(),
                user_name.as_ptr(),
                password.as_ptr(),
                &raw mut connection,
                &raw mut error,
            )
        };
        check_hiding(secret, CONNECT, status, &error).map_err(|error| {
            let advice = match error.kind() {
                ErrorKind::NotFound => format!("the application is `{application}` (--service-name)"),
                ErrorKind::Denied => format!("the user is `{user}` (--security-user, --soam-password-file)"),
                _ => SOURCE_IT.to_owned(),
            };
            error.with_advice(&advice)
        })?;
        let raw = NonNull::new(connection)
            .ok_or_else(|| Error::new(ErrorKind::Failed, CONNECT, "the library gives no connection"))?;
        Ok(Arc::new(Connection { library: Arc::clone(self), raw }))
    }
}

/// What to do where the library works, and its surroundings do not.
const SOURCE_IT: &str =
    "is its environment sourced (`. $SOAM_HOME/conf/profile.soam`), and does the cluster run (`soamview app`)?";

fn not_loaded(path: &Path, error: &libloading::Error) -> Error {
    // What the loader says is behind it: which library it has not found.
    let mut context = match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    };
    if env::var_os("SOAM_HOME").is_none() {
        context.push_str("; SOAM_HOME is not set: source the environment of the SDK first, `. …/conf/profile.soam`");
    }
    let name = path.display();
    context.push_str(&format!(
        "; `{name}` is named by --soam-library or SCALER_SOAM_LIBRARY, else looked for where the loader looks \
         (LD_LIBRARY_PATH); how it is built is said in crates/scaler-wm-symphony/shim/README.md"
    ));
    Error::new(ErrorKind::Invalid, LOAD, context)
}

impl Table {
    fn of(api: &abi::Api) -> Option<Self> {
        Some(Self {
            connection_close: api.connection_close?,
            session_create: api.session_create?,
            session_open: api.session_open?,
            session_id: api.session_id?,
            session_close: api.session_close?,
            task_submit: api.task_submit?,
            task_cancel: api.task_cancel?,
            connect: api.connect?,
            connection_id: api.connection_id?,
        })
    }
}

/// A connection. It is closed when the last one who knows of it has gone.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(super) library: Arc<Library>,
    pub(super) raw: NonNull<abi::Connection>,
}

// SAFETY: the header allows every function from any thread, several at the same time.
unsafe impl Send for Connection {}
// SAFETY: as above.
unsafe impl Sync for Connection {}

impl Connection {
    /// Its name, for people.
    pub(crate) fn id(&self) -> Result<String> {
        let (mut id, mut error) = (abi::Id { text: [0; 128] }, blank());
        // SAFETY: the connection is open as long as we are; id and error are ours.
        let status = unsafe { (self.library.table.connection_id)(self.raw.as_ptr(), &raw mut id, &raw mut error) };
        check("ask for the id of a connection", status, &error)?;
        Ok(super::text_of(&id.text).into_owned())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut error = blank();
        // SAFETY: sessions hold their connection, so all of them are closed; nobody calls anything on it after us.
        let status = unsafe { (self.library.table.connection_close)(self.raw.as_ptr(), &raw mut error) };
        if let Err(error) = check("close a connection to Symphony", status, &error) {
            tracing::debug!(%error, "a connection may stay open until the process ends");
        }
    }
}
