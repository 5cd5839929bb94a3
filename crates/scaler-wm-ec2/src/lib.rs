#![doc = include_str!("../README.md")]

mod template;

pub use template::{Market, ProviderApi, Template, TemplateError};
