//! Instances by way of a running ORB server (Open Resource Broker 1.8, `orb server start`), over REST.
//!
//! The server has templates, credentials and a store of its own; we name one of its templates, ask for machines, and
//! return them. A launch is answered with the id of a request, which is our receipt: looks tell what came of it.
//!
//! # What a crash can leave behind
//!
//! A request takes no token of ours, and the server keeps nothing that we could find one by. So a launch is never
//! repeated, and between the instant at which the server takes a request and the one at which its receipt is in the
//! journal, some milliseconds on loopback, a process that dies leaves machines that no later process knows of: the next
//! one warns of a launch without a receipt, with number and age, and forgets it. The same goes for an answer that gets
//! lost; of that the log names template, number and time. Such machines run until somebody returns them
//! (`orb machines list`, `orb machines return`), or until they shut themselves down. What has a receipt is found again.
//!
//! # What is known of machines
//!
//! A request that is final is never refreshed by the server. `GET /api/v1/machines/{id}/status` is: it asks the cloud about
//! all machines of the same request, so a look asks about one machine of each request, and reads the others from the
//! server's store. When the cloud does not answer the server, the server answers us with what it knew last, and does not
//! say so: an end is then seen later. A machine that the cloud has forgotten, about an hour after its end, is reported by
//! the server as it was last seen; where that is as running, only its workers' absence tells.

mod answer;
mod api;
mod config;
mod fleet;
mod http;
mod inventory;
mod machine;
mod options;
mod orders;
mod preflight;
mod provider;
mod stop;

pub use config::OrbConfig;
pub use inventory::OrbInventory;
pub use preflight::orb_preflight;
pub use provider::OrbProvider;
