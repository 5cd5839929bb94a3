//! The configuration surface: command lines and files, compared with what the released package makes of them.

mod cases;
mod differences;
mod differential;
mod documents;
mod ours;
mod released;
