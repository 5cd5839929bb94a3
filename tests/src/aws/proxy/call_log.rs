//! The calls so far, kept and written down.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use bytes::Bytes;
use hyper::Response;

use super::answers::launched;
use super::asked::Asked;
use super::call::{ApiCall, Outcome};
use crate::aws::errors::error_code;
use crate::now;

/// All calls, in memory and in two files: whole ones for programs, a line each for people.
#[derive(Debug)]
pub(super) struct CallLog {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    calls: Vec<ApiCall>,
    under_way: HashMap<String, usize>,
    whole: File,
    lines: File,
}

/// A call that is under way.
pub(super) struct Flight {
    call: ApiCall,
    began: Instant,
}

impl CallLog {
    /// Writes into files of this folder.
    pub(super) fn new(folder: &Path) -> io::Result<Self> {
        let open = |name: &str| File::options().create(true).append(true).open(folder.join(name));
        let state = State {
            calls: Vec::new(),
            under_way: HashMap::new(),
            whole: open("calls.jsonl")?,
            // With the ending by which a failure shows its last lines.
            lines: open("calls.log")?,
        };
        Ok(Self { state: Mutex::new(state) })
    }

    pub(super) fn begin(&self, asked: &Asked) -> Flight {
        let mut state = self.state();
        let under_way = state.under_way.entry(asked.operation.clone()).or_default();
        let call = ApiCall {
            service: asked.service.clone(),
            access_key: asked.access_key.clone(),
            operation: asked.operation.clone(),
            began: now(),
            took: 0.0,
            status: 0,
            code: None,
            body: asked.body(),
            units: Vec::new(),
            in_flight: *under_way,
            outcome: Outcome::Dropped,
        };
        *under_way += 1;
        Flight { call, began: Instant::now() }
    }

    pub(super) fn end(&self, flight: Flight, asked: &Asked, outcome: Outcome, answer: Option<&Response<Bytes>>) {
        let Flight { mut call, began } = flight;
        call.took = began.elapsed().as_secs_f64();
        call.outcome = outcome;
        if let Some(answer) = answer {
            call.status = answer.status().as_u16();
            call.code = error_code(answer);
            call.units = launched(asked, answer);
        }
        let mut state = self.state();
        if let Some(under_way) = state.under_way.get_mut(&call.operation) {
            *under_way -= 1;
        }
        // A log that cannot be written is missed by whoever looks for it; the calls in memory are there.
        let _ = writeln!(state.whole, "{}", call.to_json());
        let _ = writeln!(state.lines, "{call}");
        state.calls.push(call);
    }

    /// Those that have ended, in the order of their ends.
    pub(super) fn calls(&self) -> Vec<ApiCall> {
        self.state().calls.clone()
    }

    pub(super) fn calls_of(&self, operation: &str) -> Vec<ApiCall> {
        self.state().calls.iter().filter(|call| call.operation == operation).cloned().collect()
    }

    pub(super) fn under_way(&self, operation: &str) -> usize {
        self.state().under_way.get(operation).copied().unwrap_or(0)
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.state().under_way.values().all(|count| *count == 0)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
