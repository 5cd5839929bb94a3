//! Keys, read by a thread of their own: a read of a terminal that has gone never ends, and must stop nothing else.

use std::{io, thread};

use ratatui::crossterm::event::{self, Event};
use tokio::sync::mpsc;

/// Keys that may wait.
const WAITING: usize = 64;

/// Begins to read. The thread ends with the process.
pub(super) fn listen() -> mpsc::Receiver<io::Result<Event>> {
    let (tell, told) = mpsc::channel(WAITING);
    thread::spawn(move || {
        loop {
            let event = event::read();
            let is_over = event.is_err();
            if tell.blocking_send(event).is_err() || is_over {
                return;
            }
        }
    });
    told
}
