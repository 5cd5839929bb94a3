//! What there has to be before anything starts: programs, released packages, and what makes them.

mod binary;
mod certificates;
pub(crate) mod debian;
mod interpreter;
mod musl;
mod package;
mod registry;
mod venv;

pub use binary::{FEATURES, build, manager_binary, symphony_library};
pub use certificates::{Authority, Certificate, Good, self_signed};
pub use musl::musl_target;
pub use package::{build_wheel, write_papers};
pub use registry::{newest_release, source_distribution};
pub use venv::{LATEST, OLDEST, RELEASE, Venv, cache_folder, python_scripts};

pub(crate) use binary::agents_binary;
pub(crate) use interpreter::run;
