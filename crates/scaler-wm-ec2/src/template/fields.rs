//! The fields of one template by any of their spellings, and which of them nobody asked for.

use super::{TemplateError, json::Json};

/// Where ORB itself looks for some fields when they do not stand at the top.
const NESTED_IN: [&str; 2] = ["provider_config", "metadata"];
const NESTED: [&str; 3] = ["fleet_type", "launch_template_id", "percent_on_demand"];

/// What ORB notes for itself: nothing that a machine would be different by.
const BOOKKEEPING: [&str; 14] = [
    "attributes",
    "created_at",
    "description",
    "is_active",
    "max_capacity",
    "metadata",
    "pgr_version",
    "priority",
    "provider_config",
    "provider_name",
    "request_id",
    "scheduler_type",
    "updated_at",
    "version",
];

/// One member of the object.
struct Field<'a> {
    /// As the file spells it.
    written: &'a str,
    /// In ORB's own spelling: `vmTypes` is `vm_types`.
    name: String,
    value: &'a Json,
    done: bool,
}

/// The fields of one template.
pub(super) struct Fields<'a> {
    pub(super) template: &'a str,
    fields: Vec<Field<'a>>,
    ignored: Vec<String>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(template: &'a str, members: &'a [(String, Json)]) -> Self {
        let at_the_top = members.iter().map(|(written, value)| (written.as_str(), value));
        let mut fields: Vec<Field<'a>> = at_the_top.filter_map(field).collect();
        let nested = members.iter().filter(|(written, _)| NESTED_IN.contains(&snake(written).as_str()));
        for (_, object) in nested {
            let Json::Object(members) = object else { continue };
            let inside = members.iter().map(|(written, value)| (written.as_str(), value)).filter_map(field);
            fields.extend(inside.filter(|field| NESTED.contains(&field.name.as_str())));
        }
        Self { template, fields, ignored: Vec::new() }
    }

    /// The field by the first of `names` that is there and says something, and how the file spells it.
    pub(super) fn take(&mut self, names: &[&str]) -> Option<(&'a str, &'a Json)> {
        let mut taken: Option<(&'a str, &'a Json)> = None;
        for name in names {
            for field in self.fields.iter_mut().filter(|field| field.name == *name) {
                field.done = true;
                match taken {
                    None => taken = Some((field.written, field.value)),
                    Some((_, value)) if value == field.value => {}
                    Some(_) => self.ignored.push(field.written.to_owned()),
                }
            }
        }
        taken
    }

    /// Notes that a field which was taken says something that does not count here.
    pub(super) fn ignore(&mut self, written: &str) {
        self.ignored.push(written.to_owned());
    }

    /// An error about a field of this template.
    pub(super) fn error(&self, written: &str, problem: impl Into<String>) -> TemplateError {
        TemplateError::field(self.template, written, problem)
    }

    /// All that nobody asked for, in the order of the file.
    pub(super) fn rest(mut self) -> Vec<String> {
        let left = self.fields.iter().filter(|field| !field.done && !BOOKKEEPING.contains(&field.name.as_str()));
        self.ignored.extend(left.map(|field| field.written.to_owned()));
        self.ignored
    }
}

/// A member as a field, unless it says nothing.
fn field<'a>((written, value): (&'a str, &'a Json)) -> Option<Field<'a>> {
    (!value.is_blank()).then(|| Field { written, name: snake(written), value, done: false })
}

/// `vmTypes` as `vm_types`.
fn snake(written: &str) -> String {
    let mut name = String::with_capacity(written.len() + 4);
    for letter in written.chars() {
        if letter.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}
