//! A connection that can be cut: everything that comes in at one port goes on to another.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::{Failure, Result};

/// A relay on loopback. While it is cut, connections end at once.
#[derive(Debug)]
pub struct Relay {
    port: u16,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Debug, Default)]
struct Shared {
    is_cut: bool,
    open: Vec<TcpStream>,
}

impl Relay {
    /// Passes on to `target`.
    ///
    /// # Errors
    /// When there is no port to be had.
    pub fn start(target: u16) -> Result<Self> {
        let failed = |error: io::Error| Failure::new("start a relay", error);
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let shared = Arc::new(Mutex::new(Shared::default()));
        let relayed = Arc::clone(&shared);
        // It ends with the process: nothing else knows of its port.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut shared = relayed.lock().unwrap_or_else(PoisonError::into_inner);
                if shared.is_cut {
                    continue;
                }
                if let Ok(onward) = TcpStream::connect((Ipv4Addr::LOCALHOST, target)) {
                    shared.open.extend([&stream, &onward].into_iter().filter_map(|stream| stream.try_clone().ok()));
                    pass_on(&stream, &onward);
                    pass_on(&onward, &stream);
                }
            }
        });
        Ok(Self { port, shared })
    }

    /// The port to connect to.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Ends every connection, and lets none come up, or lets them again.
    pub fn set_cut(&self, is_cut: bool) {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.is_cut = is_cut;
        for stream in shared.open.drain(..) {
            // It may have ended by itself.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn pass_on(from: &TcpStream, to: &TcpStream) {
    let (Ok(mut from), Ok(mut to)) = (from.try_clone(), to.try_clone()) else { return };
    thread::spawn(move || {
        let mut buffer = [0; 64 * 1024];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
    });
}
