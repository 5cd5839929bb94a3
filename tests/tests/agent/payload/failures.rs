//! What comes of payloads that fail, wherever they do.

use fastrand::Rng;
use scaler_wm_agent::payload::exception;
use scaler_wm_tests::Result;
use serde_json::{Value, json};

use super::python::{Python, with_each};
use super::random::text;
use super::service::{Made, Service, plain};

const TYPES: [&str; 13] = [
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "Exception",
    "ImportError",
    "KeyError",
    "MemoryError",
    "OSError",
    "RecursionError",
    "RuntimeError",
    "StopIteration",
    "UserWarning",
    "ValueError",
];

#[test]
fn what_a_function_raises_comes_back() -> Result<()> {
    with_each(Python::has_cloudpickle, |python, script| {
        let serializer = Made::by(python)?.plain();
        let mut service = Service::new(python, script);
        let mut rng = Rng::with_seed(14);
        // Without `tblib` a traceback stays where the payload ran.
        let frames = if python.has_tblib() { json!(["run", "fail"]) } else { json!([]) };
        for kind in TYPES.into_iter().cycle().take(39) {
            let length = rng.usize(..100);
            let text = text(&mut rng, length);
            let raised = service.raised(&plain(&serializer, "fail", &[kind.as_bytes(), text.as_bytes()]))?;
            let due = json!({"type": format!("builtins.{kind}"), "arguments": [text], "frames": frames});
            assert_eq!(raised, due, "{python}");
        }
        Ok(service.runs)
    })
}

#[test]
fn what_cannot_travel_is_told() -> Result<()> {
    with_each(Python::has_cloudpickle, |python, script| {
        let serializer = Made::by(python)?.plain();
        let mut service = Service::new(python, script);
        let mut rng = Rng::with_seed(15);
        for length in [0, 1, 40, 300] {
            let text = text(&mut rng, length);
            for (function, kind) in [("lock", "ValueError"), ("local", "Local")] {
                let raised = service.raised(&plain(&serializer, function, &[text.as_bytes()]))?;
                is_due(python, &raised, "TaskExceptionNotSerializableError", &[&format!("{kind}: {text}")]);
            }
        }
        let raised = service.raised(&plain(&serializer, "mute", &[]))?;
        is_due(python, &raised, "TaskExceptionNotSerializableError", &["Mute"]);
        // A result that its serializer refuses.
        let raised = service.raised(&plain(&serializer, "object", &[]))?;
        assert_eq!(raised["type"], "builtins.TypeError", "{python}: {raised}");
        Ok(service.runs)
    })
}

#[test]
fn what_cannot_be_deserialized_is_told() -> Result<()> {
    with_each(Python::has_cloudpickle, |python, script| {
        let serializer = Made::by(python)?.plain();
        let mut service = Service::new(python, script);
        let mut rng = Rng::with_seed(16);
        let raised = service.raised(&plain(&serializer, "unknown", &[b"1"]))?;
        let due = "failed to deserialize the function: KeyError: 'unknown'";
        is_due(python, &raised, "DeserializeObjectError", &[due]);
        for (number, count) in [(0, 1), (0, 2), (1, 2), (7, 300), (299, 300)] {
            let mut inputs = plain(&serializer, "join", &vec![&b"value"[..]; count]);
            let text = text(&mut rng, 20);
            inputs.arguments[number] = format!("n{text}").into();
            let raised = service.raised(&inputs)?;
            let due = format!("failed to deserialize argument {number}: ValueError: no value: {text}");
            is_due(python, &raised, "DeserializeObjectError", &[&due]);
        }
        Ok(service.runs)
    })
}

/// Cut off, or something else; not any bytes, since a pickle can do anything.
#[test]
fn a_broken_serializer_is_told() -> Result<()> {
    with_each(Python::has_cloudpickle, |python, script| {
        let serializer = Made::by(python)?.plain();
        let mut service = Service::new(python, script);
        let mut rng = Rng::with_seed(17);
        for number in 0..40 {
            let cut = if number == 0 { 0 } else { rng.usize(..serializer.len()) };
            let raised = service.raised(&plain(&serializer.slice(..cut), "join", &[b"1"]))?;
            let kinds = ["builtins.EOFError", "_pickle.UnpicklingError"];
            assert!(kinds.contains(&raised["type"].as_str().unwrap_or_default()), "{python}: at {cut}: {raised}");
        }
        let raised = service.raised(&plain(&exception("no serializer"), "join", &[]))?;
        let due =
            "failed to deserialize the function: AttributeError: 'RuntimeError' object has no attribute 'deserialize'";
        is_due(python, &raised, "DeserializeObjectError", &[due]);
        Ok(service.runs)
    })
}

/// What is not needed may be missing, broken, or too old: an exception without its traceback is better than none.
#[test]
fn packages_that_are_broken_do_no_harm() -> Result<()> {
    with_each(Python::has_cloudpickle, |python, script| {
        let serializer = Made::by(python)?.plain();
        let mut service = Service::new(python, script);
        for (package, what) in [("tblib", "old"), ("tblib", "broken"), ("scaler", "broken")] {
            service.put(package, what)?;
            let raised = service.raised(&plain(&serializer, "fail", &[b"KeyError", b"why"]))?;
            let due = json!({"type": "builtins.KeyError", "arguments": ["why"], "frames": []});
            assert_eq!(raised, due, "{python}: with {package} that is {what}");
        }
        let raised = service.raised(&plain(&serializer, "lock", &[b"why"]))?;
        let due = json!({"type": "builtins.RuntimeError", "arguments": ["ValueError: why"], "frames": []});
        assert_eq!(raised, due, "{python}: without the released package");
        Ok(service.runs)
    })
}

fn is_due(python: &Python, raised: &Value, kind: &str, arguments: &[&str]) {
    let frames =
        if kind == "DeserializeObjectError" && python.has_tblib() { json!(["run", "load"]) } else { json!([]) };
    let due = json!({"type": python.error(kind), "arguments": arguments, "frames": frames});
    assert_eq!(*raised, due, "{python}");
}
