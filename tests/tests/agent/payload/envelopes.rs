//! What Python finds in an envelope.

use fastrand::Rng;
use scaler_wm_agent::payload::Envelope;
use scaler_wm_core::{Inputs, TaskId};
use scaler_wm_tests::Result;
use serde_json::{Value, json};

use super::python::with_each;
use super::random::{bytes, inputs};
use super::script::hex;

/// A request to open a payload, and the answer that is due.
struct Case {
    request: Value,
    due: Value,
    what: String,
}

impl Case {
    fn new(inputs: &Inputs, form: &str, payload: &[u8], others: &Value) -> Self {
        let parts = [&inputs.serializer, &inputs.function].into_iter().chain(&inputs.arguments);
        let parts: Vec<String> = parts.map(|part| hex(part)).collect();
        let what = format!("{form}, {} arguments, {} bytes", inputs.arguments.len(), inputs.len());
        let request = json!({"do": "open_payload", "form": form, "data": hex(payload)});
        Self { request, due: json!({"parts": parts, "others": others}), what }
    }
}

fn cases() -> Vec<Case> {
    let mut rng = Rng::with_seed(8);
    let mut cases = Vec::new();
    for inputs in inputs() {
        let envelope = Envelope::new(&inputs).expect("none is too long");
        cases.push(Case::new(&inputs, "tuple", &envelope.tuple(), &json!({})));
        let (task, source) = (bytes(&mut rng, 16), rng.usize(..300));
        let source = bytes(&mut rng, source);
        let others = json!({"task_id": hex(&task), "source": hex(&source), "arguments": []});
        cases.push(Case::new(&inputs, "job", &envelope.job(&TaskId::from(&task[..]), &source), &others));
    }
    cases
}

#[test]
fn an_envelope_holds_what_was_put_into_it() -> Result<()> {
    let cases = cases();
    with_each(
        |_| true,
        |python, script| {
            for (number, case) in cases.iter().enumerate() {
                let loaders = python.loaders();
                let mut request = case.request.clone();
                request["loader"] = loaders[number % loaders.len()].into();
                let answer = script.ask(&request)?;
                // No more of it is shown: it can be a megabyte.
                assert!(answer == case.due, "{python}: {}: {:.300}", case.what, answer.to_string());
            }
            Ok(cases.len())
        },
    )
}
