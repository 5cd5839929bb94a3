//! A port to which a manager connects: whoever is behind it means well or not, as the test says.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use scaler_wm_tests::{Failure, Result, until};

use crate::deeds::{Deed, Then};

/// So long, in seconds, a manager may take to come as often as a deed needs it: it waits between two tries.
const COMES_WITHIN: f64 = 60.0;
/// Longer than what a manager takes for a good connection.
const LASTING: Duration = Duration::from_millis(1300);

/// A port of loopback.
pub(crate) struct Door {
    port: u16,
    shared: Arc<Mutex<Shared>>,
}

/// Who means well.
enum Target {
    Port(u16),
    Socket(PathBuf),
}

struct Shared {
    /// What is done to whoever comes; nothing bad when it is none.
    deed: Option<Arc<Deed>>,
    open: Vec<TcpStream>,
    /// Since when somebody is passed on.
    good_since: Option<Instant>,
    /// Connections to which all was done that the deed is.
    done: usize,
    /// Which deed is meant: what is left of the one before does not count.
    number: usize,
}

impl Door {
    /// One that passes on to this port.
    pub(crate) fn to(port: u16) -> Result<Self> {
        Self::open(Target::Port(port))
    }

    /// One that passes on to this Unix socket.
    pub(crate) fn to_socket(path: &Path) -> Result<Self> {
        Self::open(Target::Socket(path.to_owned()))
    }

    fn open(target: Target) -> Result<Self> {
        let target = Arc::new(target);
        let failed = |error: io::Error| Failure::new("open a door", error);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let shared =
            Arc::new(Mutex::new(Shared { deed: None, open: Vec::new(), good_since: None, done: 0, number: 0 }));
        let behind = Arc::clone(&shared);
        // It ends with the process: nothing else knows of its port.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (shared, target) = (Arc::clone(&behind), Arc::clone(&target));
                thread::spawn(move || meet(&stream, &target, &shared));
            }
        });
        Ok(Self { port, shared })
    }

    /// Where it is.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The same as an address of the wire.
    pub(crate) fn address(&self) -> String {
        format!("tcp://127.0.0.1:{}", self.port)
    }

    /// Does this to the manager, as often as it says.
    pub(crate) fn misbehave(&self, deed: &Arc<Deed>) -> Result<()> {
        self.change(Some(Arc::clone(deed)));
        until(&format!("all of `{}` done", deed.name), COMES_WITHIN, || {
            (lock(&self.shared).done >= deed.connections).then_some(())
        })
    }

    /// From here on whoever comes is passed on. Waits until the manager has come and that has lasted: then it takes this for a
    /// good peer, and is quick to come again.
    pub(crate) fn behave(&self) -> Result<()> {
        self.change(None);
        until("the manager at a good peer", COMES_WITHIN, || {
            lock(&self.shared).good_since.filter(|since| since.elapsed() > LASTING).map(drop)
        })
    }

    fn change(&self, deed: Option<Arc<Deed>>) {
        let mut shared = lock(&self.shared);
        shared.number += 1;
        (shared.deed, shared.done, shared.good_since) = (deed, 0, None);
        for stream in shared.open.drain(..) {
            // It may have ended by itself.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn meet(stream: &TcpStream, target: &Target, shared: &Mutex<Shared>) {
    let (deed, number) = {
        let mut shared = lock(shared);
        shared.open.extend(stream.try_clone().ok());
        (shared.deed.clone(), shared.number)
    };
    let Some(deed) = deed else { return pass_on(stream, target, shared) };
    let Ok(mut from) = stream.try_clone() else { return };
    let has_asked = from.read_exact(&mut vec![0; deed.heard]).is_ok();
    // Whatever else it says is read, so that what it does not read is its own choice.
    thread::spawn(move || io::copy(&mut from, &mut io::sink()));
    // It may hang up in the middle: then that was all there is to it.
    let is_said = has_asked && say(stream, &deed).is_ok();
    let mut shared = lock(shared);
    shared.done += usize::from(shared.number == number);
    if !is_said || deed.then == Then::Close {
        let _ = stream.shutdown(Shutdown::Both);
    }
}

fn say(mut stream: &TcpStream, deed: &Deed) -> io::Result<()> {
    stream.write_all(&deed.first)?;
    for _ in 0..deed.times {
        stream.write_all(&deed.again)?;
    }
    stream.flush()
}

fn pass_on(stream: &TcpStream, target: &Target, shared: &Mutex<Shared>) {
    let connected = match target {
        Target::Port(port) => TcpStream::connect((Ipv4Addr::LOCALHOST, *port)).and_then(|onward| {
            lock(shared).open.extend(onward.try_clone().ok());
            let back = (onward.try_clone()?, stream.try_clone()?);
            copy(stream.try_clone()?, onward.try_clone()?, move || drop(onward.shutdown(Shutdown::Write)));
            Ok(Box::new(back.0) as Box<dyn Read + Send>)
        }),
        Target::Socket(path) => UnixStream::connect(path).and_then(|onward| {
            let back = onward.try_clone()?;
            copy(stream.try_clone()?, onward.try_clone()?, move || drop(onward.shutdown(Shutdown::Both)));
            Ok(Box::new(back) as Box<dyn Read + Send>)
        }),
    };
    match (connected, stream.try_clone(), stream.try_clone()) {
        (Ok(back), Ok(to), Ok(end)) => {
            lock(shared).good_since.get_or_insert_with(Instant::now);
            copy(back, to, move || drop(end.shutdown(Shutdown::Both)));
        }
        _ => drop(stream.shutdown(Shutdown::Both)),
    }
}

/// Copies until the end, which is told then.
fn copy(
    mut from: impl Read + Send + 'static,
    mut to: impl Write + Send + 'static,
    end: impl FnOnce() + Send + 'static,
) {
    thread::spawn(move || {
        // It ends when either side does.
        let _ = io::copy(&mut from, &mut to);
        end();
    });
}
