//! Figures in the forms that Prometheus reads. All of them are read off the managers at the moment somebody asks: there
//! is no second place where anything is counted.

mod build;
mod encode;
mod families;
mod format;
mod reading;

pub use build::Build;
pub use encode::{exposition, names};
pub use format::Format;
