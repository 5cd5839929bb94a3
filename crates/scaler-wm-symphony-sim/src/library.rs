//! The table without its pointers: handles are numbers here, and a wrong one is an error instead of undefined.

use std::{
    collections::BTreeMap,
    env, fs,
    path::PathBuf,
    process,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use crate::{
    abi,
    attachment::Listener,
    cluster::Cluster,
    failure::{Failure, Result},
    faults::{Fault, Faults},
    noop::Noop,
    settings::Settings,
    world::{Facts, Opened, Tag, World},
};

/// The number of a connection or a session; what the caller takes for a pointer.
pub(crate) type Handle = usize;

/// What this process has of the library.
pub(crate) struct Library {
    settings: Settings,
    faults: Arc<Faults>,
    stage: Mutex<Stage>,
    connections: RwLock<BTreeMap<Handle, Connection>>,
    sessions: RwLock<BTreeMap<Handle, Session>>,
    last_handle: AtomicUsize,
}

#[derive(Default)]
struct Stage {
    ready: bool,
    over: bool,
    /// There as long as there is a connection.
    world: Option<Arc<dyn World>>,
    /// The folder that only this process knows of.
    temporary: Option<PathBuf>,
}

#[derive(Clone)]
struct Connection {
    application: String,
    user: String,
    world: Arc<dyn World>,
}

#[derive(Clone)]
struct Session {
    connection: Handle,
    world: Arc<dyn World>,
    opened: Opened,
}

impl Library {
    /// The one of this process. The environment is read when it is asked for first.
    pub(crate) fn get() -> Result<&'static Self> {
        static LIBRARY: OnceLock<Result<Library>> = OnceLock::new();
        LIBRARY.get_or_init(Self::new).as_ref().map_err(Clone::clone)
    }

    fn new() -> Result<Self> {
        let settings = Settings::read()?;
        let faults = Faults::new(&settings.faults, settings.folder.as_ref().map(|folder| folder.join("faults")))?;
        Ok(Self {
            settings,
            faults: Arc::new(faults),
            stage: Mutex::default(),
            connections: RwLock::default(),
            sessions: RwLock::default(),
            // Whoever takes a handle for a pointer is off the first page.
            last_handle: AtomicUsize::new(0),
        })
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn handle(&self) -> Handle {
        self.last_handle.fetch_add(1, Relaxed) + 1
    }

    fn connection(&self, handle: Handle) -> Result<Connection> {
        let all = self.connections.read().unwrap_or_else(PoisonError::into_inner);
        all.get(&handle).cloned().ok_or_else(|| Failure::invalid("this is no open connection"))
    }

    fn session(&self, handle: Handle) -> Result<Session> {
        let all = self.sessions.read().unwrap_or_else(PoisonError::into_inner);
        all.get(&handle).cloned().ok_or_else(|| Failure::invalid("this is no open session"))
    }

    fn keep(&self, connection: Handle, world: Arc<dyn World>, opened: Opened) -> Handle {
        let handle = self.handle();
        let session = Session { connection, world, opened };
        self.sessions.write().unwrap_or_else(PoisonError::into_inner).insert(handle, session);
        handle
    }

    /// Whether the library pretends to be of another version.
    pub(crate) fn is_another_version(&self) -> bool {
        self.faults.refresh();
        self.faults.is_on(Fault::AbiMismatch)
    }

    pub(crate) fn initialize(&self) -> Result<()> {
        let mut stage = self.stage();
        if stage.over {
            return Err(Failure::invalid("the library was shut down, for good"));
        }
        stage.ready = true;
        Ok(())
    }

    pub(crate) fn shutdown(&self) -> Result<()> {
        let mut stage = self.stage();
        if stage.world.is_some() {
            return Err(Failure::invalid("there are open connections"));
        }
        stage.over = true;
        if let Some(folder) = stage.temporary.take() {
            // Nobody finds it any more. A task of a detached session may be writing to it still.
            let _ = fs::remove_dir_all(folder);
        }
        Ok(())
    }

    pub(crate) fn connect(&self, application: &str, user: &str, password: &str) -> Result<Handle> {
        self.faults.refresh();
        let mut stage = self.stage();
        if !stage.ready || stage.over {
            return Err(Failure::invalid("connect comes after initialize and before shutdown"));
        }
        if self.faults.takes(Fault::ConnectRefused) {
            return Err(Failure::new(abi::UNREACHABLE, "the connection was refused"));
        }
        if self.settings.password.as_ref().is_some_and(|right| right != password) {
            return Err(Failure::new(abi::DENIED, "user or password are wrong"));
        }
        if self.settings.applications.as_ref().is_some_and(|known| !known.iter().any(|name| name == application)) {
            return Err(Failure::new(abi::UNKNOWN, format!("application {application} is not known")));
        }
        if application.is_empty() || application.contains(char::is_control) {
            return Err(Failure::invalid("this cannot be the name of an application"));
        }
        let world = match &stage.world {
            Some(world) => world.clone(),
            None => self.world(&mut stage)?,
        };
        stage.world = Some(world.clone());
        let handle = self.handle();
        let connection = Connection { application: application.to_owned(), user: user.to_owned(), world };
        self.connections.write().unwrap_or_else(PoisonError::into_inner).insert(handle, connection);
        Ok(handle)
    }

    fn world(&self, stage: &mut Stage) -> Result<Arc<dyn World>> {
        if self.settings.noop {
            return Ok(Arc::new(Noop::start(&self.settings, self.faults.clone())));
        }
        let folder = self.settings.folder.clone().unwrap_or_else(|| {
            let own = || env::temp_dir().join(format!("scaler-soam-sim-{}-{}", process::id(), nonce()));
            stage.temporary.get_or_insert_with(own).clone()
        });
        Ok(Arc::new(Cluster::start(&folder, &self.settings, self.faults.clone())?))
    }

    pub(crate) fn connection_id(&self, connection: Handle) -> Result<String> {
        self.connection(connection).map(|_| format!("sim-{}-{connection}", process::id()))
    }

    pub(crate) fn connection_close(&self, handle: Handle) -> Result<()> {
        let mut stage = self.stage();
        let mut all = self.connections.write().unwrap_or_else(PoisonError::into_inner);
        all.remove(&handle).ok_or_else(|| Failure::invalid("this is no open connection"))?;
        let is_last = all.is_empty();
        drop(all);
        let left: Vec<Handle> = {
            let sessions = self.sessions.read().unwrap_or_else(PoisonError::into_inner);
            sessions.iter().filter(|(_, session)| session.connection == handle).map(|(handle, _)| *handle).collect()
        };
        for session in &left {
            // The connection is consumed whatever comes of it.
            let _ = self.session_close(*session, abi::DETACH);
        }
        if let Some(world) = is_last.then(|| stage.world.take()).flatten() {
            world.stop();
        }
        if left.is_empty() { Ok(()) } else { Err(Failure::invalid("the connection had open sessions")) }
    }

    pub(crate) fn session_create(
        &self,
        connection: Handle,
        facts: impl FnOnce(String, String) -> Facts,
        listener: Box<dyn Listener>,
    ) -> Result<Handle> {
        let Connection { application, user, world } = self.connection(connection)?;
        let opened = world.create(facts(application, user), listener)?;
        Ok(self.keep(connection, world, opened))
    }

    pub(crate) fn session_open(
        &self,
        connection: Handle,
        id: &str,
        codec: u32,
        listener: Box<dyn Listener>,
    ) -> Result<Handle> {
        let Connection { application, world, .. } = self.connection(connection)?;
        let opened = world.open(&application, number(id, "session")?, codec, listener)?;
        Ok(self.keep(connection, world, opened))
    }

    pub(crate) fn session_id(&self, session: Handle) -> Result<String> {
        Ok(self.session(session)?.opened.session.to_string())
    }

    pub(crate) fn session_close(&self, handle: Handle, how: i32) -> Result<()> {
        let session = self.sessions.write().unwrap_or_else(PoisonError::into_inner).remove(&handle);
        let Session { world, opened, .. } = session.ok_or_else(|| Failure::invalid("this is no open session"))?;
        opened.attachment.close();
        world.close(&opened, how == abi::DESTROY)?;
        match how {
            abi::DESTROY | abi::DETACH => Ok(()),
            _ => Err(Failure::invalid(format!("there is no way {how} to close a session: it was detached"))),
        }
    }

    pub(crate) fn task_submit(&self, session: Handle, tag: Option<Tag>, payload: &[u8]) -> Result<u64> {
        let Session { world, opened, .. } = self.session(session)?;
        self.faults.refresh();
        if self.faults.is_on(Fault::SubmitBlocks) {
            self.faults.dawdle(Fault::SubmitBlocks, || true);
        }
        if self.faults.takes(Fault::SubmitRefused) {
            return Err(Failure::new(abi::FAILED, "the task was refused"));
        }
        let submit = || world.submit(&opened, tag, payload);
        if self.faults.every(Fault::OutputEarly) { opened.attachment.early(submit) } else { submit() }
    }

    pub(crate) fn task_cancel(&self, session: Handle, task: &str) -> Result<()> {
        let Session { world, opened, .. } = self.session(session)?;
        self.faults.refresh();
        if self.faults.is_on(Fault::CancelUnsupported) {
            return Err(Failure::new(abi::UNSUPPORTED, "there is no way to end one task"));
        }
        world.cancel(&opened, number(task, "task")?)
    }
}

/// Names are decimal numbers here; another one is the name of nothing.
fn number(text: &str, what: &str) -> Result<u64> {
    let known = text.parse().ok().filter(|number: &u64| number.to_string() == text);
    known.ok_or_else(|| Failure::new(abi::UNKNOWN, format!("{what} {text} is not known")))
}

/// Something that an earlier process of the same number did not have.
fn nonce() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_nanos())
}
