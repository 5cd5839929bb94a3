//! `orb_aws_ec2`: workers on EC2 instances.

use scaler_wm_core::options::{
    Kind, LOCAL_POLICY, LOGGING, MANAGER, OPERATION, OptionError, OptionSpec, Preset, Values, WORKER,
};

use crate::{Section, section::MANAGER_TABLES, security::TRUST};

/// Workers on AWS EC2 instances.
pub const ORB_AWS_EC2: Section = Section {
    name: "orb_aws_ec2",
    about: "Workers on AWS EC2 instances",
    options: &[MANAGER, OPTIONS, WORKER, LOGGING, OPERATION, TRUST, LOCAL_POLICY],
    check,
    examples: &[
        "orb_aws_ec2 tcp://203.0.113.5:8516 --aws-region us-east-1 --image-id ami-0123 --instance-type c7i.large",
        "orb_aws_ec2 tcp://203.0.113.5:8516 --aws-region us-east-1 --python-version 3.12 --requirements-txt req.txt",
    ],
    tables: &[MANAGER_TABLES[0], MANAGER_TABLES[1], MANAGER_TABLES[2], "python_worker_environment"],
};

const OPTIONS: &[OptionSpec] = &[
    OptionSpec::new("aws_region", Kind::Text, Preset::Required, "AWS region of the instances.")
        .value("REGION")
        .sample("us-east-1"),
    OptionSpec::new(
        "aws_profile",
        Kind::Text,
        Preset::Described("the SDK's own chain of credentials"),
        "Named profile of the AWS configuration.",
    )
    .value("NAME")
    .sample("default"),
    OptionSpec::new(
        "image_id",
        Kind::Text,
        Preset::Described("the newest Amazon Linux 2023"),
        "AMI of the instances, with the package in it; it excludes --python-version and --requirements-txt.",
    )
    .value("AMI")
    .sample("ami-0123456789abcdef0"),
    OptionSpec::new(
        "python_version",
        Kind::Text,
        Preset::Nothing,
        "Python version that instances install, such as 3.12; needed without --image-id.",
    )
    .value("VERSION")
    .sample("3.12"),
    OptionSpec::new(
        "requirements_txt",
        Kind::Text,
        Preset::Nothing,
        "Packages that instances install: a file, or its text; opengris-scaler must be among them. Needed without \
         --image-id.",
    )
    .value("FILE")
    .sample("requirements.txt"),
    OptionSpec::new(
        "instance_type",
        Kind::Text,
        Preset::Text("t2.micro"),
        "Type of the instances; each runs as many workers as it has vCPUs.",
    )
    .value("TYPE"),
    OptionSpec::new(
        "key_name",
        Kind::Text,
        Preset::Described("a temporary one, removed at the end"),
        "Key pair of the instances.",
    )
    .value("NAME")
    .sample("my-key"),
    OptionSpec::new(
        "subnet_id",
        Kind::Text,
        Preset::Described("the first one of the default VPC"),
        "Subnet in which instances start.",
    )
    .value("SUBNET")
    .sample("subnet-0123456789abcdef0"),
    OptionSpec::new(
        "security_group_ids",
        Kind::List,
        Preset::Text(""),
        "Security groups of the instances, separated by commas; without any, a temporary one, removed at the end.",
    )
    .value("LIST")
    .sample("sg-0123456789abcdef0"),
    OptionSpec::new(
        "instance_tags",
        Kind::Pairs,
        Preset::Text(""),
        "Tags of the instances, such as Name=worker,Env=prod.",
    )
    .value("TAGS")
    .sample("Name=worker,Env=prod"),
    OptionSpec::new(
        "network_backend",
        Kind::Choice(&["ymq", "zmq"]),
        Preset::Text("ymq"),
        "Transport of workers: ymq or zmq.",
    )
    .value("KIND"),
    OptionSpec::new(
        "debug_dump_path",
        Kind::Text,
        Preset::Nothing,
        "Folder into which the effective configuration and the launch template are written as JSON.",
    )
    .value("DIR")
    .sample("/tmp/orb-debug"),
];

fn check(values: &Values) -> Result<(), OptionError> {
    for key in ["python_version", "requirements_txt"] {
        let flag = key.replace('_', "-");
        match (values.get("image_id"), values.get(key)) {
            (Some(_), Some(_)) => {
                return Err(
                    values.problem(key, format!("an image has its Python in it: give image_id or {key}, not both"))
                );
            }
            (None, None) => {
                let problem = format!(
                    "it is required where no image_id is given; give it here or as `{key}` in the file, or an image by \
                     --image-id AMI"
                );
                return Err(OptionError::new(format!("--{flag}"), problem));
            }
            _ => {}
        }
    }
    Ok(())
}
