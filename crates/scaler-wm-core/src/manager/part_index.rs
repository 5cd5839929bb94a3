//! Workers by the parts of their ids: how units that are known by a part find theirs.

use std::collections::HashMap;

use crate::{Load, WorkerLoad};

/// The workers of each part of their ids.
#[derive(Default)]
pub(super) struct PartIndex<'a>(pub(super) HashMap<&'a [u8], Vec<&'a WorkerLoad>>);

impl<'a> PartIndex<'a> {
    pub(super) fn of(load: &'a Load) -> Self {
        let mut index: HashMap<&[u8], Vec<&WorkerLoad>> = HashMap::new();
        for (worker, its_load) in load.workers.iter() {
            for part in worker.parts() {
                index.entry(part).or_default().push(its_load);
            }
        }
        Self(index)
    }
}
