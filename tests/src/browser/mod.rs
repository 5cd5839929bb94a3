//! A real browser without a screen, driven as people use one: Chromium and its driver, as Debian packages them.

mod carrier;
mod install;
mod looks;
mod run;

pub use install::install_browser;
pub use looks::Scheme;
pub use run::Browser;
