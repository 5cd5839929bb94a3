//! From options to a configuration.

use std::{fs, time::Duration};

use scaler_wm_core::{
    Limit, ManagerId,
    options::{Found, OptionError, OptionSpec, Values, resolve},
};
use scaler_wm_ec2::{Ec2Config, FleetChoice, Market, OrbConfig, SECTION, Way};

fn config(given: &[(&'static str, &str)]) -> Result<Ec2Config, OptionError> {
    Ec2Config::from_values(&values(given)?, &ManagerId::from("m"))
}

fn values(given: &[(&'static str, &str)]) -> Result<Values, OptionError> {
    let found: Vec<Found> = [("scheduler_address", "tcp://h:1"), ("aws_region", "eu-west-1")]
        .iter()
        .chain(given)
        .map(|(key, text)| Found::behind_flag(key, text))
        .collect();
    let specs: Vec<&OptionSpec> = SECTION.specs().collect();
    resolve(&specs, &found, |_| None, &[])
}

const IMAGE: (&str, &str) = ("image_id", "ami-1");

#[test]
fn defaults_are_those_of_the_released_manager() {
    let config = config(&[IMAGE]).unwrap();
    assert_eq!((config.image.as_deref(), config.types.as_slice()), (Some("ami-1"), ["t2.micro".to_owned()].as_slice()));
    assert!(config.subnets.is_empty() && config.security_groups.is_empty() && config.key_name.is_none());
    assert_eq!((config.market, config.way, config.lease), (Market::OnDemand, Way::RunInstances, None));
    assert_eq!((config.network_backend.as_str(), config.aws.region.as_str()), ("ymq", "eu-west-1"));
    let config = self::config(&[("python_version", "3.12"), ("requirements_txt", "opengris-scaler")]).unwrap();
    assert!(config.image.is_none() && config.install.unwrap().requirements.text() == "opengris-scaler");
}

#[test]
fn what_is_given_arrives() {
    let config = config(&[
        ("image_id", "/golden/image"),
        ("instance_types", "c5.large,c6i.large"),
        ("subnet_ids", "subnet-1,subnet-2"),
        ("price_type", "Heterogeneous"),
        ("percent_on_demand", "20"),
        ("allocation_strategy", "price-capacity-optimized"),
        ("max_price", "0.05"),
        ("instance_tags", "Name=worker"),
        ("lease_seconds", "600"),
        ("root_volume_gib", "30"),
        ("worker_scheduler_address", "tcp://outside:2"),
    ])
    .unwrap();
    assert_eq!(config.image.as_deref(), Some("resolve:ssm:/golden/image"));
    assert_eq!((config.types.len(), config.subnets.len()), (2, 2));
    let choice = FleetChoice {
        spot_strategy: Some("price-capacity-optimized".to_owned()),
        on_demand_strategy: None,
        percent_on_demand: Some(20),
    };
    assert_eq!((config.market, config.way), (Market::Heterogeneous, Way::Fleet(choice)));
    assert_eq!((config.lease, config.root_volume.gib), (Some(Duration::from_secs(600)), Some(30)));
    assert_eq!(config.workers.scheduler.to_string(), "tcp://outside:2");
}

#[test]
fn a_template_says_what_nobody_else_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aws_templates.json");
    let text = r#"{"templates": [{
        "template_id": "scaler", "provider_api": "EC2Fleet", "image_id": "/golden", "machine_types": {"c5.large": 1, "c6i.large": 1},
        "subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"], "key_name": "mine", "price_type": "spot",
        "allocation_strategy": "capacityOptimized", "max_instances": 7, "tags": {"team": "quant"}, "user_data": "echo first"
    }]}"#;
    fs::write(&path, text).unwrap();
    let template = ("orb_template", path.to_str().unwrap());
    let config = config(&[template]).unwrap();
    assert_eq!(config.image.as_deref(), Some("resolve:ssm:/golden"));
    assert_eq!(
        (config.types.as_slice(), config.market),
        (["c5.large", "c6i.large"].map(str::to_owned).as_slice(), Market::Spot)
    );
    assert!(matches!(&config.way, Way::Fleet(choice) if choice.spot_strategy.as_deref() == Some("capacity-optimized")));
    assert_eq!((config.most_instances, config.template_id.as_str()), (Limit::AtMost(7), "scaler"));
    assert_eq!((config.first.as_deref(), config.key_name.as_deref()), (Some("echo first"), Some("mine")));
    assert_eq!(config.tags, [("team".to_owned(), "quant".to_owned())]);
    // What is given beside it goes before.
    let config = self::config(&[
        template,
        IMAGE,
        ("instance_type", "c7i.large"),
        ("price_type", "ondemand"),
        ("subnet_id", "subnet-9"),
    ])
    .unwrap();
    assert_eq!(
        (config.image.as_deref(), config.types.as_slice()),
        (Some("ami-1"), ["c7i.large".to_owned()].as_slice())
    );
    assert_eq!((config.market, config.subnets.as_slice()), (Market::OnDemand, ["subnet-9".to_owned()].as_slice()));
    let error = self::config(&[("orb_template", "/no/such.json")]).unwrap_err().to_string();
    assert!(error.starts_with("--orb-template: ") && error.contains("/no/such.json"), "{error}");
}

#[test]
fn mistakes_are_told_with_their_flags() {
    for (given, words) in [
        (("python_version", "3.12"), "not both"),
        (("instance_tags", "orb:x=1"), "reserved"),
        (("instance_tags", "ORB:x=1"), "reserved"),
        (("instance_tags", "scaler-wm:x=1"), "reserved"),
        (("instance_tags", &format!("{}=1", "k".repeat(129))), "does not fit"),
        (("root_volume_gib", "65537"), "65536 at most"),
        (("aws_region", "us east"), "no region"),
        (("aws_region", "us-east-1a"), "no region"),
        (("max_price", "cheap"), "no price"),
        (("max_price", "0.05"), "--price-type"),
        (("percent_on_demand", "20"), "--price-type"),
        (("percent_on_demand", "101"), "0 to 100"),
        (("allocation_strategy", "diversified"), "prioritized"),
        (("lease_seconds", "60"), "120"),
    ] {
        let error = config(&[IMAGE, given]).unwrap_err().to_string();
        let flag = format!("--{}: ", given.0.replace('_', "-"));
        assert!(error.starts_with(&flag) && error.contains(words), "{error}");
    }
    let lease = [IMAGE, ("lease_seconds", "300"), ("instance_tags", "a key=1")];
    assert!(config(&lease).unwrap_err().to_string().contains("another character"));
    let slow = [IMAGE, ("lease_seconds", "300"), ("observe_interval_seconds", "100")];
    assert!(config(&slow).unwrap_err().to_string().contains("--observe-interval-seconds"));
    let python = [("python_version", "3.12"), ("requirements_txt", "numpy")];
    assert!(
        config(&python).unwrap_err().to_string().starts_with("--requirements-txt: opengris-scaler is not among them")
    );
    let strategy = [IMAGE, ("price_type", "spot"), ("allocation_strategy", "prioritized")];
    assert!(config(&strategy).unwrap_err().to_string().contains("capacity-optimized-prioritized"));
    assert!(config(&[]).unwrap_err().to_string().contains("--image-id"));
}

/// A template file with these members beside its id.
fn template(members: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aws_templates.json");
    fs::write(&path, format!(r#"{{"template_id": "t", "image_id": "ami-1", {members}}}"#)).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

fn with_template(members: &str, given: &[(&'static str, &str)]) -> Result<Ec2Config, OptionError> {
    let (_folder, path) = template(members);
    config(&[&[("orb_template", path.as_str())], given].concat())
}

#[test]
fn a_launch_template_needs_a_type_beside_it() {
    let launch_template = r#""launch_template_id": "lt-1""#;
    let error = with_template(launch_template, &[]).unwrap_err().to_string();
    assert!(error.starts_with("--orb-template: template t: launch_template_id: "), "{error}");
    assert!(error.contains("instance_type"), "{error}");
    let config = with_template(launch_template, &[("instance_type", "c5.large")]).unwrap();
    assert_eq!(config.types, ["c5.large"]);
    let config = with_template(&format!(r#"{launch_template}, "machine_type": "c6i.large""#), &[]).unwrap();
    assert_eq!(config.types, ["c6i.large"]);
}

#[test]
fn what_goes_together_is_judged_with_the_templates_market() {
    let choice = |config: Ec2Config| match config.way {
        Way::Fleet(choice) => choice,
        Way::RunInstances => panic!("no fleet"),
    };
    let spot = r#""price_type": "spot", "provider_api": "EC2Fleet", "allocation_strategy": "lowestPrice""#;
    let config = with_template(spot, &[("allocation_strategy", "diversified")]).unwrap();
    assert_eq!((config.market, choice(config).spot_strategy.as_deref()), (Market::Spot, Some("diversified")));
    let mixed = r#""price_type": "heterogeneous", "allocation_strategy": "diversified", "percent_on_demand": 10"#;
    let config = with_template(mixed, &[("percent_on_demand", "20")]).unwrap();
    let expected = FleetChoice {
        spot_strategy: Some("diversified".to_owned()),
        on_demand_strategy: None,
        percent_on_demand: Some(20),
    };
    assert_eq!(choice(config), expected, "what is not given is as the template says");
    for (members, given, flag) in [
        (spot, ("percent_on_demand", "20"), "--percent-on-demand: "),
        (spot, ("allocation_strategy", "prioritized"), "--allocation-strategy: "),
        (r#""price_type": "ondemand""#, ("allocation_strategy", "diversified"), "--allocation-strategy: "),
        (r#""allocation_strategy": "prioritized""#, ("price_type", "spot"), "--orb-template: prioritized"),
    ] {
        let outcome = with_template(&format!(r#"{members}, "machine_types": {{"a": 1, "b": 1}}"#), &[given]);
        let error = outcome.unwrap_err().to_string();
        assert!(error.starts_with(flag), "{error}");
    }
}

#[test]
fn a_price_is_given_to_ec2_in_digits() {
    let config = config(&[IMAGE, ("price_type", "spot"), ("max_price", "1e-3")]).unwrap();
    assert_eq!(config.max_price.as_deref(), Some("0.001"));
}

#[test]
fn an_orb_server_is_asked_where_one_is_named() {
    let server =
        |given: &[(&'static str, &str)]| OrbConfig::from_values(&values(given).unwrap(), &ManagerId::from("m"));
    assert!(server(&[IMAGE]).unwrap().is_none());
    let url = ("orb_url", "http://127.0.0.1:8000");
    let given = [url, ("orb_template_id", "t1"), ("orb_token", "hush"), ("orb_workers_per_machine", "4")];
    let config = server(&given).unwrap().unwrap();
    assert_eq!((config.template_id.as_str(), config.workers_per_unit.get()), ("t1", 4));
    assert!(config.token.as_deref() == Some("hush") && !format!("{config:?}").contains("hush"));
    for (given, words) in [
        (vec![url], "--orb-template-id: it is required"),
        (vec![url, ("orb_template_id", "t1"), IMAGE], "--image-id: with --orb-url"),
        (vec![url, ("orb_template_id", "t1"), ("instance_type", "c5.large")], "--instance-type: with --orb-url"),
        (vec![IMAGE, ("orb_token", "hush")], "--orb-token: it is for an ORB server"),
    ] {
        let error = server(&given).unwrap_err().to_string();
        assert!(error.starts_with(words) && !error.contains("hush"), "{error}");
    }
}
