//! Somebody else's service, which runs payloads.

use bytes::Bytes;
use fastrand::Rng;
use scaler_wm_agent::payload::{Envelope, read_result};
use scaler_wm_core::{Inputs, TaskId, TaskOutcome};
use scaler_wm_tests::{Failure, Result};
use serde_json::{Value, json};

use super::python::Python;
use super::script::{Script, hex, unhex};

/// One that opens payloads and pickles what they return in every way there is, by turns.
pub(super) struct Service<'a> {
    python: &'a Python,
    script: &'a mut Script,
    rng: Rng,
    /// So many payloads have run.
    pub(super) runs: usize,
}

impl<'a> Service<'a> {
    pub(super) fn new(python: &'a Python, script: &'a mut Script) -> Self {
        Self { python, script, rng: Rng::with_seed(12), runs: 0 }
    }

    /// What comes of a task with these inputs.
    fn run(&mut self, inputs: &Inputs) -> Result<TaskOutcome> {
        self.runs += 1;
        let envelope = Envelope::new(inputs).expect("none is too long");
        let (form, payload) = if self.rng.bool() {
            ("tuple", envelope.tuple())
        } else {
            ("job", envelope.job(&TaskId::from(&[7; 16]), b"Client|c"))
        };
        let loaders = self.python.loaders();
        let loader = loaders[self.rng.usize(..loaders.len())];
        let dumper = loaders[self.rng.usize(..loaders.len())];
        let protocol = self.rng.u8(2..=self.python.highest_protocol());
        let pickle = self.script.call(&payload, (loader, form), (dumper, protocol))?;
        read_result(&pickle)
            .map_err(|error| Failure::new(format!("read what {dumper} {protocol} made of a result"), error))
    }

    /// The exception that a task with these inputs raises: type, arguments, functions on its traceback.
    pub(super) fn raised(&mut self, inputs: &Inputs) -> Result<Value> {
        match self.run(inputs)? {
            // As a released client reads it.
            TaskOutcome::Raised(exception) => self.script.describe("pickle", &exception),
            other => Err(Failure::new("raise an exception", format!("{other:?}"))),
        }
    }

    /// What a task with these inputs returns, as its serializer made it.
    pub(super) fn returned(&mut self, inputs: &Inputs) -> Result<Bytes> {
        match self.run(inputs)? {
            TaskOutcome::Returned(bytes) => Ok(bytes),
            TaskOutcome::Raised(exception) => {
                let error = self.script.describe("pickle", &exception)?;
                Err(Failure::new("return something", error))
            }
            TaskOutcome::Failed(error) | TaskOutcome::Again(error) => Err(Failure::new("return something", error)),
        }
    }

    /// Puts something else in the place of a package that payloads look for.
    pub(super) fn put(&mut self, package: &str, what: &str) -> Result<Value> {
        self.script.ask(&json!({"do": "put", "package": package, "what": what}))
    }

    /// What bytes of cloudpickle's are.
    pub(super) fn value(&mut self, bytes: &[u8]) -> Result<Value> {
        self.script.ask(&json!({"do": "value", "data": hex(bytes)}))
    }
}

/// What another process of this interpreter, a client, has made (`tests/python/payload_cases.py`).
pub(super) struct Made(Value);

impl Made {
    pub(super) fn by(python: &Python) -> Result<Self> {
        python.script()?.ask(&json!({"do": "make"})).map(Self)
    }

    /// A serializer of bytes, which takes functions by their names.
    pub(super) fn plain(&self) -> Bytes {
        unhex(&self.0["plain"])
    }

    /// Serializers of anything, by what they are.
    pub(super) fn serializers(&self) -> impl Iterator<Item = (&String, Bytes)> {
        self.0["serializers"].as_object().into_iter().flatten().map(|(name, pickle)| (name, unhex(pickle)))
    }

    /// Calls, each with what is to come of it.
    pub(super) fn calls(&self) -> &[Value] {
        self.0["calls"].as_array().map_or(&[], Vec::as_slice)
    }
}

/// Inputs for the plain serializer: a function of its, and values.
pub(super) fn plain(serializer: &Bytes, function: &str, values: &[&[u8]]) -> Inputs {
    let values = values.iter().map(|value| [b"v", *value].concat().into());
    Inputs { serializer: serializer.clone(), function: format!("f{function}").into(), arguments: values.collect() }
}
