//! Secrets that are planted wherever they may come from, and then looked for wherever they must not be: in logs, answers,
//! files, command lines, and in what is sent to clouds. SECURITY.md says what these tests show.

mod aws;
mod batch;
mod finding;
mod local;
mod modes;
mod orb;
mod others;
mod planted;
mod rig;
mod search;
mod up;
mod watch;
mod words;
