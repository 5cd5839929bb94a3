//! Peers that mean no good, at every door of a manager: whatever they do costs bounded memory and few lines of its log, and
//! afterwards the same process works.

mod agents;
mod deeds;
mod door;
mod guests;
mod messages;
mod plugin;
mod scheduler;
mod watched;
