//! Bytes to messages and back.
//!
//! The schemas of both versions use the same names, so one source (`shared/`) is compiled against each of them; what
//! differs is in `v1/fields.rs` and `v2/fields.rs`.

mod fail;
mod limits;
pub(crate) mod storage;
pub(crate) mod v1;
pub(crate) mod v2;

use fail::{Coded, Fail, data, length, text};
use limits::{Room, limits};
