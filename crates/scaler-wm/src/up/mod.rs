//! Everything in one file: starts it in order, watches it, stops it in the reverse order.

mod board;
mod command;
mod descend;
mod lines;
mod listening;
mod member;
mod part;
mod stack;

pub(crate) use command::program_of;
pub(crate) use descend::become_part;
pub(crate) use stack::up;
