//! How the EC2 backend reads ORB's templates: included, since that backend would bring the AWS SDK, which is nothing to build
//! for a parser. What reads files, and the tests, stay there.

#[path = "../../scaler-wm-ec2/src/template/error.rs"]
mod error;
#[path = "../../scaler-wm-ec2/src/template/fields.rs"]
mod fields;
#[path = "../../scaler-wm-ec2/src/template/json.rs"]
mod json;
#[path = "../../scaler-wm-ec2/src/template/model.rs"]
mod model;
#[path = "../../scaler-wm-ec2/src/template/read.rs"]
mod read;
#[path = "../../scaler-wm-ec2/src/template/strategy.rs"]
mod strategy;
#[path = "../../scaler-wm-ec2/src/template/values.rs"]
mod values;

pub(crate) use error::TemplateError;
pub(crate) use model::{Market, ProviderApi, Template};
