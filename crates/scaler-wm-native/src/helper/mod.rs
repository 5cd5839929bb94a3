//! The helper: a Python process that starts workers and watches over them.

mod process;
mod protocol;

pub(crate) use process::{Events, Helper, SOCKET, connect, version};
pub(crate) use protocol::{Answer, Event, How, Kept, Ready};
