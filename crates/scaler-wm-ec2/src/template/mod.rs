//! ORB's template file (`aws_templates.json`): what an instance is to look like, in every spelling that ORB reads.

mod error;
mod fields;
mod file;
mod json;
mod model;
mod read;
mod strategy;
#[cfg(test)]
mod tests;
mod values;

pub use error::TemplateError;
pub use model::{Market, ProviderApi, Template};
pub(crate) use strategy::{ON_DEMAND_STRATEGIES, is_of_on_demand, is_of_spot};
