//! What travels to somebody else's scheduler and back: pickles that we write and read opcode by opcode, so that nothing of
//! a client is ever unpickled in this process.
//!
//! An [`Envelope`] is unpickled where the task runs. It holds a function of ours (`call.py`) bound to the client's bytes:
//! its serializer, its function, its arguments. Called without arguments it loads them, calls, and returns bytes: a tag,
//! and behind it what the client's own serializer made of the result, or the pickled exception. Whoever called it pickles
//! these bytes, and [`read_result`] takes them out of that.

mod envelope;
mod exception;
mod expression;
mod opcode;
mod result;

pub use envelope::{Envelope, LARGEST_PART};
pub use exception::exception;
pub use result::{NotBytes, read_result};
