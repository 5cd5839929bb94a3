//! What systemd is told: the socket of `NOTIFY_SOCKET`, as systemd would hold it.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use crate::{Failure, Result};

/// A socket that programs tell how they are, and what they have told.
#[derive(Debug)]
pub struct Notified {
    socket: UnixDatagram,
    path: PathBuf,
    lines: Vec<String>,
}

impl Notified {
    /// A new one in a folder.
    ///
    /// # Errors
    /// When the socket cannot be made.
    pub fn new(folder: &Path) -> Result<Self> {
        let path = folder.join("notify.sock");
        let failed = |error| Failure::new("make a socket for notifications", error);
        let socket = UnixDatagram::bind(&path).map_err(failed)?;
        socket.set_nonblocking(true).map_err(failed)?;
        Ok(Self { socket, path, lines: Vec::new() })
    }

    /// What a program has in its environment that is to tell, at least every `seconds`.
    pub fn environment(&self, seconds: f64) -> Vec<(String, String)> {
        let micros = format!("{:.0}", seconds * 1e6);
        let socket = self.path.display().to_string();
        vec![("NOTIFY_SOCKET".to_owned(), socket), ("WATCHDOG_USEC".to_owned(), micros)]
    }

    /// Every line so far, oldest first.
    pub fn lines(&mut self) -> &[String] {
        let mut bytes = [0; 4096];
        while let Ok(length) = self.socket.recv(&mut bytes) {
            self.lines.extend(String::from_utf8_lossy(&bytes[..length]).lines().map(str::to_owned));
        }
        &self.lines
    }

    /// How often a line was told so far.
    pub fn count(&mut self, line: &str) -> usize {
        self.lines().iter().filter(|told| *told == line).count()
    }

    /// Whether a line was told that begins so.
    pub fn has(&mut self, begin: &str) -> bool {
        self.lines().iter().any(|told| told.starts_with(begin))
    }
}
