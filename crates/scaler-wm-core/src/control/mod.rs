//! The control seam: how a manager is watched, asked why, and told what to do while it runs.
//!
//! [`pair`] makes both sides. The [`Control`] is for whoever looks on (a server, an embedding service): a copy shares
//! everything with the first. The [`Seat`] is for the manager, and can be made before there is one, so that what starts
//! slowly is seen starting.

mod calls;
mod command;
mod decision;
mod event;
mod explain;
mod meters;
mod seat;

pub use calls::{CallCount, Calls};
pub use command::{Bounds, Command, Refusal};
pub use decision::Decision;
pub(crate) use decision::effects;
pub use event::{Event, EventLog, Happening, Missed};
pub(crate) use explain::wish_in_words;
pub use explain::{Explanation, explain};
pub use meters::{CallFigures, Figures, Histogram, Meters};
pub use seat::{Control, Seat, pair};
