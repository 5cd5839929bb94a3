//! What is seen of the managers from outside, every few seconds.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use scaler_wm_tests::{descriptors_of, memory_of};
use serde_json::{Value, json};

/// A manager that does not answer within this time has not answered.
const PATIENCE: Duration = Duration::from_secs(2);

/// One look at a manager.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Look {
    /// Its process id.
    pub(super) pid: i32,
    /// Bytes.
    pub(super) resident: u64,
    /// Bytes: a page shared by N processes counts for 1/N.
    pub(super) proportional: u64,
    pub(super) descriptors: usize,
    /// Units that are wanted, by its own word; `None` while it does not know.
    pub(super) wanted: Option<u64>,
    /// Units that are there, by its own word.
    pub(super) there: u64,
}

impl Look {
    /// Looks at the process, and asks it at its port; `None` when it does not answer, as while it starts.
    pub(super) fn at(pid: i32, port: u16) -> Option<Self> {
        let memory = memory_of(pid);
        let descriptors = descriptors_of(pid);
        // Afterwards: the question is a connection, and so a descriptor.
        let status = status(port)?;
        let manager = &status["managers"][0];
        let (wanted, there) = (manager["desired"].as_u64(), manager["observed"].as_u64()?);
        let (resident, proportional) = (memory.resident, memory.proportional);
        Some(Self { pid, resident, proportional, descriptors, wanted, there })
    }

    pub(super) fn json(&self) -> Value {
        let Self { pid, resident, proportional, descriptors, wanted, there } = self;
        json!({
            "pid": pid, "resident": resident, "proportional": proportional, "descriptors": descriptors,
            "wanted": wanted, "there": there,
        })
    }
}

/// How a process stands, as its status page is told.
fn status(port: u16) -> Option<Value> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    // Of this version the answer ends with the connection.
    write!(stream, "GET /api/v1/status HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    head.lines().next()?.contains(" 200 ").then(|| serde_json::from_str(body).ok())?
}
