//! Where managers of this process are watched and told what to do.

#[cfg(not(feature = "control"))]
mod left_out;
#[cfg(feature = "control")]
mod listeners;
mod place;
#[cfg(feature = "control")]
mod plan;

#[cfg(not(feature = "control"))]
pub(crate) use left_out::{Listening, Plan, socket};
#[cfg(feature = "control")]
pub(crate) use listeners::{Listening, socket};
pub(crate) use place::socket_path;
#[cfg(feature = "control")]
pub(crate) use place::usual_socket;
#[cfg(feature = "control")]
pub(crate) use plan::Plan;
