//! What the state file holds, for people, for programs and for a shell.

use scaler_wm_aws::quoted;
use serde_json::{Value, json};

use super::{Book, State, manager_policy};

/// Every value on a line of its own, with what was made, and with what the manager must be allowed to do.
#[must_use]
pub fn lines(book: &Book) -> String {
    let state = book.state();
    let mut text = String::new();
    for (key, value) in values(state) {
        text.push_str(&format!("{key}: {value}\n"));
    }
    text.push_str("\nMade by `scaler-wm aws_hpc provision`, and removed by `scaler-wm aws_hpc cleanup`:\n");
    if state.made.is_empty() {
        text.push_str("  nothing\n");
    }
    for made in &state.made {
        text.push_str(&format!("  {} {}\n", made.kind, made.name));
    }
    match manager_policy(state) {
        Some(mut policy) => {
            policy.sort_all_objects();
            text.push_str(&format!("\nWhat the manager must be allowed to do, as a policy of IAM:\n{policy:#}\n"));
        }
        None => text.push_str("\nIt is not complete: run `scaler-wm aws_hpc provision` again to go on.\n"),
    }
    text
}

/// Key and value of everything that has one, by name.
fn values(state: &State) -> Vec<(String, String)> {
    let Ok(Value::Object(mut all)) = serde_json::to_value(state) else { return Vec::new() };
    all.remove("made");
    all.remove("scaler_wm_form");
    // They are sorted anyway, unless some crate of the build wants objects in the order in which they were filled.
    all.sort_keys();
    let text = |value: Value| match value {
        Value::String(text) => text,
        Value::Array(items) => {
            let items = items.into_iter().map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
            items.collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    };
    all.into_iter().map(|(key, value)| (key, text(value))).collect()
}

/// The same as one JSON object.
#[must_use]
pub fn json(book: &Book) -> Value {
    let mut value = json!(book.state());
    value["manager_policy"] = json!(manager_policy(book.state()));
    value.sort_all_objects();
    value
}

/// The names that a manager needs, for a shell; nothing where they are not all known. The same four as those of the
/// released provisioner.
#[must_use]
pub fn exports(state: &State) -> Option<String> {
    let values = [
        ("SCALER_AWS_REGION", Some(&state.aws_region)),
        ("SCALER_S3_BUCKET", state.s3_bucket.as_ref()),
        ("SCALER_JOB_QUEUE", state.job_queue_name.as_ref()),
        ("SCALER_JOB_DEFINITION", state.job_definition_name.as_ref()),
    ];
    let lines = values.map(|(name, value)| value.map(|value| format!("export {name}={}\n", assigned(value))));
    lines.into_iter().collect()
}

/// What a shell reads as this value. The released provisioner has it between double quotes, where most values may stand.
fn assigned(value: &str) -> String {
    let word = quoted(value);
    if word == value { format!("\"{value}\"") } else { word }
}

/// The command by which a shell reads the file of [`exports`].
#[must_use]
pub fn sourcing(env_file: &str) -> String {
    format!("source {}", quoted(env_file))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use scaler_wm_conformance::{Shell, hostile};

    use super::*;

    fn state(texts: &[String; 4]) -> State {
        let [region, bucket, queue, definition] = texts.clone();
        State {
            aws_region: region,
            s3_bucket: Some(bucket),
            job_queue_name: Some(queue),
            job_definition_name: Some(definition),
            ..State::default()
        }
    }

    #[test]
    fn what_needs_no_more_stands_between_double_quotes() {
        let texts = ["us-east-1", "b-1", "q", "it's"].map(str::to_owned);
        let exported = exports(&state(&texts)).unwrap();
        assert!(exported.starts_with("export SCALER_AWS_REGION=\"us-east-1\"\n"), "{exported}");
        assert!(exported.ends_with("export SCALER_JOB_DEFINITION='it'\\''s'\n"), "{exported}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10))]

        #[test]
        fn a_shell_that_reads_the_names_has_them_and_runs_nothing(
            all in proptest::collection::vec(proptest::array::uniform4(hostile()), 30),
        ) {
            let shell = Shell::new(&["said"], &[]).unwrap();
            let say = "said \"$SCALER_AWS_REGION\" \"$SCALER_S3_BUCKET\" \"$SCALER_JOB_QUEUE\" \"$SCALER_JOB_DEFINITION\"\n";
            let script: String = all.iter().map(|texts| exports(&state(texts)).unwrap() + say).collect();
            let expected: Vec<Vec<String>> =
                all.into_iter().map(|texts| ["said".to_owned()].into_iter().chain(texts).collect()).collect();
            for name in ["sh", "bash"] {
                prop_assert_eq!(&shell.run(name, &script, &[]).unwrap(), &expected);
            }
        }
    }
}
