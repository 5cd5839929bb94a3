//! The dashboard that comes with it asks for nothing that is not exported.

use std::collections::BTreeSet;

use scaler_wm_control::metrics::names;
use serde_json::Value;

const DASHBOARD: &str = include_str!("../../../../docs/grafana-dashboard.json");

/// Every text of a kind (an expression, say), wherever it is.
fn texts<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                match member {
                    Value::String(text) if name == key => found.push(text),
                    _ => texts(member, key, found),
                }
            }
        }
        Value::Array(members) => members.iter().for_each(|member| texts(member, key, found)),
        _ => {}
    }
}

/// The series that an expression names.
fn series(expression: &str) -> impl Iterator<Item = &str> {
    let words = expression.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.starts_with("scaler_wm_"))
}

fn dashboard() -> Value {
    serde_json::from_str(DASHBOARD).expect("JSON")
}

#[test]
fn every_series_of_the_dashboard_is_exported() {
    let dashboard = dashboard();
    let mut expressions = Vec::new();
    texts(&dashboard, "expr", &mut expressions);
    texts(&dashboard, "query", &mut expressions);
    texts(&dashboard, "definition", &mut expressions);
    let used: BTreeSet<&str> = expressions.iter().flat_map(|expression| series(expression)).collect();
    let exported: BTreeSet<&str> = names().collect();
    let is_exported = |name: &str| {
        let of_histogram = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end));
        exported.contains(name) || of_histogram.is_some_and(|name| exported.contains(name))
    };
    let unknown: Vec<&str> = used.iter().copied().filter(|name| !is_exported(name)).collect();
    assert!(unknown.is_empty(), "nobody exports {unknown:?}");
    assert!(used.len() > 20, "{used:?}");
}

#[test]
fn every_panel_can_be_pointed_elsewhere() {
    let dashboard = dashboard();
    assert!(dashboard["schemaVersion"].as_u64() >= Some(39));
    let variables = dashboard["templating"]["list"].as_array().expect("variables");
    let kinds: Vec<_> = variables.iter().map(|each| (each["name"].as_str(), each["type"].as_str())).collect();
    assert_eq!(kinds, [(Some("datasource"), Some("datasource")), (Some("manager"), Some("query"))]);
    let panels = dashboard["panels"].as_array().expect("panels");
    let mut ids = BTreeSet::new();
    for panel in panels {
        assert!(ids.insert(panel["id"].as_u64()), "two panels have one id: {panel}");
        for target in panel["targets"].as_array().into_iter().flatten() {
            assert_eq!(panel["datasource"]["uid"], "${datasource}", "{}", panel["title"]);
            let expression = target["expr"].as_str().expect("an expression");
            let is_of_all = expression.contains("scaler_wm_build_info");
            assert!(is_of_all || expression.contains(r#"manager=~"$manager""#), "{expression}");
        }
    }
}
