//! How systemd is told how things stand: ready, alive, stopping.

mod story;
mod systemd;
mod teller;

pub(crate) use teller::Teller;
