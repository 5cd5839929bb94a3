//! Agents between a scheduler and an object storage of our own, on loopback, and an executor in memory.

mod cancels;
mod leaving;
mod objects;
mod reconnects;
mod restarts;
mod results;
mod scheduler;
mod storage;
mod suite;
mod world;
