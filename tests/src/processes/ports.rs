//! Free loopback ports.

use std::collections::HashSet;
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Mutex, PoisonError};

use crate::{Failure, Result};

/// Below the kernel's range for outgoing connections, so that no connection takes one in between.
const RANGE: std::ops::Range<u16> = 15_000..32_000;

static TAKEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);

/// Three neighbouring ports of one stack: a manager takes the scheduler's port + 2 for the monitor unless it is told.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    /// The scheduler.
    pub scheduler: u16,
    /// The object storage.
    pub storage: u16,
    /// The scheduler's monitor.
    pub monitor: u16,
}

impl Ports {
    /// Finds three neighbouring free ports that no other stack of this process holds.
    ///
    /// # Errors
    /// When 1,000 random places were all taken.
    pub fn reserve() -> Result<Self> {
        let first = neighbours(3)?;
        Ok(Self { scheduler: first, storage: first + 1, monitor: first + 2 })
    }

    /// Finds a single free port that no stack of this process holds.
    ///
    /// # Errors
    /// When 1,000 random places were all taken.
    pub fn single() -> Result<u16> {
        neighbours(1)
    }
}

/// The first of so many neighbouring free ports, which are the caller's from now on.
fn neighbours(count: u16) -> Result<u16> {
    let mut taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let taken = taken.get_or_insert_with(HashSet::new);
    for _ in 0..1000 {
        let first = fastrand::u16(RANGE);
        let mut all = first..first + count;
        if all.clone().all(|port| !taken.contains(&port)) && all.clone().all(is_free) {
            taken.extend(&mut all);
            return Ok(first);
        }
    }
    Err(Failure::new(format!("find {count} free neighbouring ports"), "1,000 random places were all taken"))
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// Whether somebody listens on `port`, read from the kernel's table: a trial connection would appear in the server's log.
pub fn is_listening(port: u16) -> bool {
    const LISTEN: &str = "0A";
    let suffix = format!(":{port:04X}");
    ["/proc/net/tcp", "/proc/net/tcp6"].iter().filter_map(|path| fs::read_to_string(path).ok()).any(|table| {
        table.lines().skip(1).any(|line| {
            let mut fields = line.split_whitespace().skip(1);
            let local = fields.next();
            let state = fields.nth(1);
            local.is_some_and(|local| local.ends_with(&suffix)) && state == Some(LISTEN)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_port_is_listened_at_and_a_reserved_one_is_not() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        assert!(is_listening(listener.local_addr().expect("its address").port()));
        assert!(!is_listening(Ports::reserve().expect("ports").monitor));
    }
}
