//! What comes of calls that return, and of those that a client makes.

use fastrand::Rng;
use scaler_wm_core::Inputs;
use scaler_wm_tests::Result;
use serde_json::Value;

use super::python::{Python, with_each};
use super::random::inputs;
use super::script::unhex;
use super::service::{Made, Service, plain};

/// What `join` of the plain serializer makes of values, serialized.
fn joined(values: &[&[u8]]) -> Vec<u8> {
    let mut joined = b"r".to_vec();
    for value in values {
        joined.extend_from_slice(&u32::try_from(value.len()).expect("a short one").to_le_bytes());
        joined.extend_from_slice(value);
    }
    joined
}

#[test]
fn what_a_function_returns_comes_back() -> Result<()> {
    let mut some = inputs();
    Rng::with_seed(13).shuffle(&mut some[7..]);
    with_each(Python::has_cloudpickle, |python, script| {
        let serializer = Made::by(python)?.plain();
        let mut service = Service::new(python, script);
        for inputs in &some[..50] {
            let values: Vec<&[u8]> = inputs.arguments.iter().map(|argument| &argument[..]).collect();
            let returned = service.returned(&plain(&serializer, "join", &values))?;
            assert!(returned == joined(&values), "{python}: {} arguments, {} bytes", values.len(), inputs.len());
        }
        Ok(service.runs)
    })
}

/// Whatever its serializer makes, and whoever runs it.
#[test]
fn a_call_of_a_client_ends_as_it_would_there() -> Result<()> {
    with_each(Python::has_cloudpickle, |python, script| {
        let made = Made::by(python)?;
        let mut service = Service::new(python, script);
        for (name, serializer) in made.serializers() {
            for call in made.calls() {
                let arguments = call["arguments"].as_array().into_iter().flatten().map(unhex).collect();
                let inputs = Inputs { serializer: serializer.clone(), function: unhex(&call["function"]), arguments };
                let what = call["what"].as_str().expect("each has it");
                if call["outcome"] == "returned" {
                    let returned = service.returned(&inputs)?;
                    assert_eq!(service.value(&returned)?, what, "{python}: serialized {name}: {call:.300}");
                } else {
                    let raised = service.raised(&inputs)?;
                    assert_eq!(raised["type"], python.error(what), "{python}: serialized {name}: {raised}");
                    let texts = &call["texts"];
                    assert!(*texts == Value::Null || raised["arguments"] == *texts, "{python}: {raised}, not {texts}");
                }
            }
        }
        assert!(service.runs >= 23, "{} calls", service.runs);
        Ok(service.runs)
    })
}
