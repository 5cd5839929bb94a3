//! A reverse proxy before the emulator: it watches, remembers client tokens, and does what AWS does on bad days.

mod answers;
mod asked;
mod call;
mod call_log;
mod client_tokens;
mod faults;
mod form;
mod hold;
mod instances;
mod limiter;
mod rest;
mod rules;
mod server;
mod visible;
mod way;
mod weather;
mod xml;

pub(super) use form::write as write_form;

pub use call::{ApiCall, Outcome};
pub use faults::{ApiError, Counts, Faults, Limit, Refusals};
pub use hold::{Hold, HoldPoint};
pub use server::ApiProxy;
