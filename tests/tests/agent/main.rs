//! Agents: whole processes between released schedulers and clients, and what they send to run elsewhere.

mod executor;
mod payload;
mod whole;
