//! What would run, as JSON with the sections and keys of the TOML.

use scaler_wm_core::options::{Value, Values};
use scaler_wm_options::Section;
use serde::{Serialize, Serializer, ser::SerializeMap};

use super::{ManagerConfig, Part, StackConfig};

/// What stands for a secret.
const HIDDEN: &str = "(hidden)";

/// What one command would run, as JSON.
pub(crate) fn show_manager(mut config: ManagerConfig) -> String {
    config.with_state_folder();
    json(&Document(vec![Part::Manager(Box::new(config))]))
}

/// What a whole file would start, as JSON.
pub(crate) fn show_stack(mut config: StackConfig) -> String {
    for part in &mut config.parts {
        if let Part::Manager(config) = part {
            config.with_state_folder();
        }
    }
    json(&Document(config.parts))
}

fn json(document: &Document) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("values with text keys become JSON");
    text.push('\n');
    text
}

struct Document(Vec<Part>);

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let managers: Vec<Shown<'_>> = self.0.iter().filter_map(Shown::manager).collect();
        let mut managers = (!managers.is_empty()).then_some(managers);
        for part in &self.0 {
            match (part, Shown::manager(part)) {
                (_, Some(_)) => {
                    if let Some(managers) = managers.take() {
                        map.serialize_entry("worker_manager", &managers)?;
                    }
                }
                (Part::Python(config), None) => {
                    let shown = Shown { kind: None, section: config.section, values: &config.values };
                    map.serialize_entry(config.section.name, &shown)?;
                }
                (Part::Manager(_), None) => {}
            }
        }
        map.end()
    }
}

/// One section.
struct Shown<'a> {
    /// The `type`, of a manager.
    kind: Option<&'static str>,
    section: &'static Section,
    values: &'a Values,
}

impl<'a> Shown<'a> {
    fn manager(part: &'a Part) -> Option<Self> {
        let (section, values) = match part {
            Part::Manager(config) => (config.kind.section, &config.values),
            Part::Python(config) => (config.section, &config.values),
        };
        values.has("worker_manager_id").then_some(Self { kind: Some(section.name), section, values })
    }
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(kind) = self.kind {
            map.serialize_entry("type", kind)?;
        }
        for spec in self.section.specs().filter(|spec| !spec.is_hidden) {
            match self.values.get(spec.key) {
                Some(value) => map.serialize_entry(spec.key, &Plain(value))?,
                None if spec.kind == scaler_wm_core::options::Kind::Flag => map.serialize_entry(spec.key, &false)?,
                None => map.serialize_entry(spec.key, &None::<()>)?,
            }
        }
        map.end()
    }
}

struct Plain<'a>(&'a Value);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Flag(value) => serializer.serialize_bool(*value),
            Value::Integer(value) => serializer.serialize_i64(*value),
            Value::Float(value) => serializer.serialize_f64(*value),
            Value::Text(value) => serializer.serialize_str(value),
            Value::Texts(value) => value.serialize(serializer),
            Value::Pairs(value) => value.serialize(serializer),
            Value::Address(value) => serializer.collect_str(value),
            Value::Capabilities(value) => serializer.collect_str(value),
            Value::Secret(_) => serializer.serialize_str(HIDDEN),
        }
    }
}
