//! What goes together where an ORB server starts the instances, and what says something only there.

use scaler_wm_core::options::{OptionError, Origin, Values};

/// What the template of an ORB server says, and so nobody else.
const SAID_BY_THE_TEMPLATE: &[&str] = &[
    "orb_template",
    "image_id",
    "python_version",
    "requirements_txt",
    "instance_type",
    "instance_types",
    "key_name",
    "subnet_id",
    "subnet_ids",
    "security_group_ids",
    "instance_tags",
    "network_backend",
    "price_type",
    "max_price",
    "percent_on_demand",
    "allocation_strategy",
    "instance_profile",
    "root_volume_gib",
    "lease_seconds",
    "debug_dump_path",
];

/// How EC2 is called, which the server does.
const CALLS: &[&str] = &["aws_profile", "ec2_instances_burst", "ec2_instances_per_second", "ec2_calls_per_second"];

/// What does nothing without a server.
const WITH_A_SERVER: &[&str] = &["orb_token", "orb_workers_per_machine"];

/// # Errors
/// When something is given that would do nothing, or the server's template is not named.
pub(crate) fn check(values: &Values) -> Result<(), OptionError> {
    let first = |keys: &[&'static str]| keys.iter().copied().find(|key| is_given(values, key));
    if values.get("orb_url").is_none() {
        if let Some(key) = first(WITH_A_SERVER) {
            return Err(values.problem(key, "it is for an ORB server: give --orb-url (orb_url) as well"));
        }
        if is_given(values, "orb_template_id") && values.get("orb_template").is_none() {
            let problem = "it names a template of a file or of an ORB server: give --orb-template (orb_template) or \
                           --orb-url (orb_url) as well";
            return Err(values.problem("orb_template_id", problem));
        }
        return Ok(());
    }
    if let Some(key) = first(SAID_BY_THE_TEMPLATE) {
        return Err(values.problem(key, "with --orb-url (orb_url) the server's template says so: leave it out here"));
    }
    if let Some(key) = first(CALLS) {
        let problem = "with --orb-url (orb_url) the server calls EC2, as its own configuration says: leave it out here";
        return Err(values.problem(key, problem));
    }
    if values.get("orb_template_id").is_none() {
        let problem = "it is required with --orb-url: name a template that the server has, here or as `orb_template_id` in \
                       the file";
        return Err(OptionError::new("--orb-template-id", problem));
    }
    Ok(())
}

/// Whether somebody has given a value on the command line or in a file; what is in the environment may be for others.
fn is_given(values: &Values, key: &str) -> bool {
    matches!(values.origin(key), Origin::CommandLine(_) | Origin::File { .. })
}

#[cfg(test)]
mod tests {
    use scaler_wm_core::options::{Found, OptionSpec, resolve};

    use crate::ORB_AWS_EC2;

    use super::*;

    fn checked(given: &[(&'static str, &str)]) -> Result<(), OptionError> {
        let found: Vec<Found> = [("scheduler_address", "tcp://h:1")]
            .iter()
            .chain(given)
            .map(|(key, text)| Found::behind_flag(key, text))
            .collect();
        let specs: Vec<&OptionSpec> = ORB_AWS_EC2.specs().collect();
        // What others have in their environment is no mistake.
        let environment = |name: &str| (name == "ORB_TOKEN").then(|| "hush".to_owned());
        (ORB_AWS_EC2.check)(&resolve(&specs, &found, environment, &[])?)
    }

    const URL: (&str, &str) = ("orb_url", "http://127.0.0.1:8000");
    const ID: (&str, &str) = ("orb_template_id", "t1");
    const NATIVE: [(&str, &str); 2] = [("aws_region", "us-east-1"), ("image_id", "ami-1")];

    #[test]
    fn with_a_server_nothing_but_its_template_need_be_said() {
        checked(&[URL, ID]).unwrap();
        checked(&[URL, ID, ("aws_region", "us-east-1"), ("orb_workers_per_machine", "2")]).unwrap();
        checked(&NATIVE).unwrap();
        assert!(checked(&[URL]).unwrap_err().to_string().starts_with("--orb-template-id: it is required"));
        assert!(checked(&NATIVE[1..]).unwrap_err().to_string().starts_with("--aws-region: it is required"));
    }

    #[test]
    fn what_a_server_says_is_refused_beside_it() {
        for key in SAID_BY_THE_TEMPLATE.iter().chain(CALLS) {
            let value = match *key {
                "network_backend" => "zmq",
                "price_type" => "spot",
                "allocation_strategy" => "diversified",
                "instance_tags" => "a=b",
                _ => "5",
            };
            let error = checked(&[URL, ID, (key, value)]).unwrap_err().to_string();
            let flag = format!("--{}: with --orb-url", key.replace('_', "-"));
            assert!(error.starts_with(&flag) && error.contains("leave it out"), "{error}");
        }
    }

    #[test]
    fn what_is_for_a_server_is_refused_without_one() {
        for (given, words) in [
            (("orb_token", "hush"), "--orb-url"),
            (("orb_workers_per_machine", "2"), "--orb-url"),
            (ID, "--orb-template (orb_template) or --orb-url"),
        ] {
            let error = checked(&[NATIVE.as_slice(), &[given]].concat()).unwrap_err().to_string();
            let flag = format!("--{}: it ", given.0.replace('_', "-"));
            assert!(error.starts_with(&flag) && error.contains(words) && !error.contains("hush"), "{error}");
        }
        let file = ("orb_template", "aws_templates.json");
        checked(&[NATIVE.as_slice(), &[ID, file]].concat()).unwrap();
    }
}
