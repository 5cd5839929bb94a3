//! `orb_aws_ec2`: workers on EC2 instances.

use scaler_wm_core::options::{
    CONTROL, Kind, LOCAL_POLICY, LOGGING, MANAGER, OPERATION, OptionError, OptionSpec, Preset, Values, WORKER,
};

use crate::{Section, orb, section::MANAGER_TABLES, security::TRUST};

/// Workers on AWS EC2 instances.
pub const ORB_AWS_EC2: Section = Section {
    name: "orb_aws_ec2",
    about: "Workers on AWS EC2 instances",
    options: &[MANAGER, OPTIONS, WORKER, LOGGING, OPERATION, CONTROL, TRUST, LOCAL_POLICY],
    check,
    examples: &[
        "orb_aws_ec2 tcp://203.0.113.5:8516 --aws-region us-east-1 --image-id ami-0123 --instance-type c7i.large",
        "orb_aws_ec2 tcp://203.0.113.5:8516 --aws-region us-east-1 --python-version 3.12 --requirements-txt req.txt",
        "orb_aws_ec2 tcp://203.0.113.5:8516 --orb-url http://127.0.0.1:8000 --orb-template-id scaler",
    ],
    tables: &[MANAGER_TABLES[0], MANAGER_TABLES[1], MANAGER_TABLES[2], "python_worker_environment"],
};

const OPTIONS: &[OptionSpec] = &[
    OptionSpec::new("aws_region", Kind::Text, Preset::Required, "AWS region of the instances.")
        .value("REGION")
        .sample("us-east-1")
        .unless("orb_url"),
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
    OptionSpec::new(
        "instance_types",
        Kind::List,
        Preset::Described("instance_type alone"),
        "Types to choose from, best first, instead of --instance-type; each runs as many workers as the smallest has vCPUs.",
    )
    .value("LIST")
    .sample("c7i.large,c6i.large")
    .ours(),
    OptionSpec::new(
        "subnet_ids",
        Kind::List,
        Preset::Described("subnet_id alone"),
        "Subnets to choose from, best first, instead of --subnet-id.",
    )
    .value("LIST")
    .sample("subnet-0123456789abcdef0,subnet-0123456789abcdef1")
    .ours(),
    OptionSpec::new(
        "price_type",
        Kind::Choice(&["ondemand", "spot", "heterogeneous"]),
        Preset::Text("ondemand"),
        "Market of the instances: ondemand, spot, or heterogeneous: Spot first, and on demand while Spot has no capacity.",
    )
    .value("KIND")
    .ours(),
    OptionSpec::new(
        "max_price",
        Kind::Text,
        Preset::Described("the price on demand"),
        "The most that an hour of a Spot instance may cost, in US dollars.",
    )
    .value("PRICE")
    .sample("0.05")
    .ours(),
    OptionSpec::new(
        "percent_on_demand",
        Kind::Integer { min: 0, special: None },
        Preset::Nothing,
        "Share of each launch that is on demand, from 0 to 100, with --price-type heterogeneous; it starts instances by EC2 \
         Fleet.",
    )
    .value("N")
    .sample("20")
    .ours(),
    OptionSpec::new(
        "allocation_strategy",
        Kind::Choice(ALLOCATION_STRATEGIES),
        Preset::Described("types and subnets in the order given, one call for each"),
        "How EC2 Fleet chooses among types and subnets; it starts instances by EC2 Fleet, all of a launch by one call.",
    )
    .value("NAME")
    .sample("price-capacity-optimized")
    .ours(),
    OptionSpec::new(
        "instance_profile",
        Kind::Text,
        Preset::Nothing,
        "Instance profile, whose role the code on an instance acts under: its name or its ARN.",
    )
    .value("NAME")
    .sample("scaler-worker")
    .ours(),
    OptionSpec::new(
        "root_volume_gib",
        Kind::Integer { min: 1, special: None },
        Preset::Described("that of the image"),
        "Size of an instance's root volume in GiB.",
    )
    .value("GIB")
    .sample("30")
    .ours(),
    OptionSpec::new(
        "orb_template",
        Kind::Text,
        Preset::Nothing,
        "Template file of Open Resource Broker (aws_templates.json, HostFactory's spelling too); what is given beside it goes \
         before what it says.",
    )
    .value("FILE")
    .sample("aws_templates.json")
    .ours(),
    OptionSpec::new(
        "orb_template_id",
        Kind::Text,
        Preset::Described("the only one of the file"),
        "Which template of --orb-template; with --orb-url, the template that the server is asked for.",
    )
    .value("ID")
    .sample("scaler")
    .ours(),
    OptionSpec::new(
        "orb_url",
        Kind::Text,
        Preset::Nothing,
        "An Open Resource Broker server that starts and returns the instances; without it this manager calls EC2 itself.",
    )
    .value("URL")
    .sample("http://127.0.0.1:8000")
    .ours(),
    OptionSpec::new("orb_token", Kind::Secret, Preset::Nothing, "Bearer token for --orb-url; its role must be operator.")
        .value("TOKEN")
        .environment("ORB_TOKEN")
        .ours(),
    OptionSpec::new(
        "orb_workers_per_machine",
        Kind::Integer { min: 1, special: None },
        Preset::Integer(1),
        "Workers that a machine of the server's template runs: its user data starts them, and this manager is not told.",
    )
    .value("N")
    .ours(),
    OptionSpec::new(
        "lease_seconds",
        Kind::Integer { min: 0, special: None },
        Preset::Integer(0),
        "Seconds after which an instance that no manager renews shuts itself down, 0: never; 120 at least.",
    )
    .value("SECONDS")
    .ours(),
    OptionSpec::new(
        "ec2_instances_burst",
        Kind::PositiveFloat,
        Preset::Float(1000.0),
        "Instances that may start at once: the account's limit for RunInstances.",
    )
    .value("N")
    .ours(),
    OptionSpec::new(
        "ec2_instances_per_second",
        Kind::PositiveFloat,
        Preset::Float(2.0),
        "Instances that may start in a second, once the burst is used up: the account's limit for RunInstances.",
    )
    .value("N")
    .ours(),
    OptionSpec::new(
        "ec2_calls_per_second",
        Kind::PositiveFloat,
        Preset::Float(5.0),
        "Calls of each kind (start, stop, look) in a second; a call that AWS throttles slows its kind down for a while.",
    )
    .value("N")
    .ours(),
    OptionSpec::new(
        "ready_timeout_seconds",
        Kind::PositiveFloat,
        Preset::Float(900.0),
        "Seconds that an instance may take until a worker of its has reached the scheduler; then it is terminated and replaced.",
    )
    .value("SECONDS")
    .ours(),
    OptionSpec::new(
        "observe_interval_seconds",
        Kind::PositiveFloat,
        Preset::Float(10.0),
        "Seconds between two looks at what runs; while instances start or stop they are two at most.",
    )
    .value("SECONDS")
    .ours(),
    OptionSpec::new(
        "on_exit",
        Kind::Choice(&["stop", "keep"]),
        Preset::Text("stop"),
        "What becomes of instances when this manager is told to stop: stop terminates them, keep leaves them to the next \
         manager with the same id.",
    )
    .value("WHAT")
    .ours(),
];

/// The strategies of EC2 Fleet, of Spot and of on demand.
const ALLOCATION_STRATEGIES: &[&str] = &[
    "lowest-price",
    "prioritized",
    "diversified",
    "capacity-optimized",
    "capacity-optimized-prioritized",
    "price-capacity-optimized",
];

fn check(values: &Values) -> Result<(), OptionError> {
    orb::check(values)?;
    let is_said_elsewhere = ["orb_template", "orb_url"].iter().any(|key| values.get(key).is_some());
    for key in ["python_version", "requirements_txt"] {
        let other = if key == "python_version" { "requirements_txt" } else { "python_version" };
        match (values.get("image_id"), values.get(key)) {
            (Some(_), Some(_)) => {
                return Err(
                    values.problem(key, format!("an image has its Python in it: give image_id or {key}, not both"))
                );
            }
            (None, None) if !is_said_elsewhere || values.get(other).is_some() => {
                let problem = format!(
                    "it is required where no image_id is given; give it here or as `{key}` in the file, or an image by \
                     --image-id AMI"
                );
                return Err(OptionError::new(format!("--{}", key.replace('_', "-")), problem));
            }
            _ => {}
        }
    }
    Ok(())
}
