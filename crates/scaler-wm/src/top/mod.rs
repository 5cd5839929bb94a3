//! `top`: what `ctl` tells of a manager, live in a terminal.
//!
//! `ask.rs` asks the manager once a second, `view.rs` is what is known and what the keys did to it, `draw/` makes a picture
//! of that and nothing else, `screen.rs` is the terminal. A picture that is the same as the last one is not sent.

mod ask;
mod draw;
mod glyphs;
mod history;
mod keys;
mod screen;
mod text;
mod view;
mod watch;

#[cfg(test)]
mod tests;

pub(crate) use watch::top;
