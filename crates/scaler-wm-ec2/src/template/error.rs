//! What is wrong with a template file, where, and what to write instead.

use std::{error::Error, fmt};

/// A template that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateError {
    template: Option<String>,
    field: Option<String>,
    problem: String,
}

impl TemplateError {
    /// Something about the file, or about the choice of a template in it.
    pub(crate) fn file(problem: impl Into<String>) -> Self {
        Self { template: None, field: None, problem: problem.into() }
    }

    /// Something about one template as a whole.
    pub(crate) fn template(template: &str, problem: impl Into<String>) -> Self {
        Self { template: Some(template.to_owned()), field: None, problem: problem.into() }
    }

    /// Something about one field, by the name that the file gives it.
    pub(crate) fn field(template: &str, field: &str, problem: impl Into<String>) -> Self {
        Self { template: Some(template.to_owned()), field: Some(field.to_owned()), problem: problem.into() }
    }

    /// The id of the template, where the trouble is with one.
    #[must_use]
    pub fn template_id(&self) -> Option<&str> {
        self.template.as_deref()
    }

    /// The field as the file spells it, where the trouble is with one.
    #[must_use]
    pub fn field_name(&self) -> Option<&str> {
        self.field.as_deref()
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(template) = &self.template {
            write!(f, "template {template}: ")?;
        }
        if let Some(field) = &self.field {
            write!(f, "{field}: ")?;
        }
        f.write_str(&self.problem)
    }
}

impl Error for TemplateError {}
