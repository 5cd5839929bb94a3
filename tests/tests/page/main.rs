//! The status page of whole processes, in a real browser.

mod hostile;
mod live;
mod looks;
mod several;
mod view;
