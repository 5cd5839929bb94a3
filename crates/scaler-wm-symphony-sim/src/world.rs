//! What stands behind the table: a cluster that keeps its state in a folder, or the no-op mode.

use std::{ffi::CStr, sync::Arc};

use crate::{
    attachment::{Attachment, Listener},
    failure::Result,
};

/// The label of a task.
pub(crate) type Tag = Arc<CStr>;

/// What a session is made with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) application: String,
    /// Whoever connected. Known to those who look at the folder only.
    pub(crate) user: String,
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) tag: String,
    pub(crate) service: String,
    pub(crate) priority: i32,
    pub(crate) codec: u32,
}

/// A session that somebody has open.
#[derive(Clone)]
pub(crate) struct Opened {
    pub(crate) session: u64,
    pub(crate) attachment: Arc<Attachment>,
}

/// The functions of the table that need more than the handles.
pub(crate) trait World: Send + Sync {
    fn create(&self, facts: Facts, listener: Box<dyn Listener>) -> Result<Opened>;
    fn open(&self, application: &str, session: u64, codec: u32, listener: Box<dyn Listener>) -> Result<Opened>;
    /// The callbacks have ended before this is called.
    fn close(&self, opened: &Opened, destroy: bool) -> Result<()>;
    fn submit(&self, opened: &Opened, tag: Option<Tag>, payload: &[u8]) -> Result<u64>;
    fn cancel(&self, opened: &Opened, task: u64) -> Result<()>;
    /// The last client has gone. No thread is left when this has returned.
    fn stop(&self);
}
