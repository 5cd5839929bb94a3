//! Payloads, and what comes back of them, against the `pickle` and `cloudpickle` of every Python 3 of this machine.

mod calls;
mod envelopes;
mod exceptions;
mod failures;
mod python;
mod random;
mod results;
mod script;
mod service;
