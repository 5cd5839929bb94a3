//! Files as users have them, and files as nobody should.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn read(template: &Value) -> Result<Template, TemplateError> {
    Template::read(&template.to_string(), None)
}

fn with(field: &str, value: Value) -> Result<Template, TemplateError> {
    let mut template = json!({"template_id": "t"});
    template[field] = value;
    read(&template)
}

fn pairs(pairs: &[(&str, u32)]) -> Vec<(String, u32)> {
    pairs.iter().map(|(name, weight)| ((*name).to_owned(), *weight)).collect()
}

const FLEET: &str = r##"{"scheduler_type": "default", "templates": [{
    "template_id": "fleet", "name": "Fleet", "description": "mixed", "provider_api": "EC2Fleet",
    "machine_image": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64",
    "machine_types": {"t3.xlarge": 4, "t3.medium": 2, "t3.large": "3"}, "machine_types_ondemand": {"m5.large": 2},
    "max_machines": "100", "subnet_ids": ["subnet-1", "subnet-2"], "security_group_ids": ["sg-1"],
    "machine_ssh_key": "", "machine_bootstrap": "#!/bin/sh\ntrue\n", "machine_role": "workers",
    "machine_disk_size_gb": 20.0, "machine_disk_type": "gp3", "iops": 3000, "ebs_optimized": "yes",
    "monitoring_enabled": false, "tags": {"b": 1, "a": "x"}, "price_type": "heterogeneous", "max_price": 0.10,
    "launch_template_id": null, "allocation_strategy": "priceCapacityOptimized",
    "allocation_strategy_on_demand": "lowest_price", "metadata": {"fleet_type": "maintain", "percent_on_demand": 30},
    "pools_count": 2, "is_active": true
}]}"##;

#[test]
fn every_field_is_read() {
    let template = Template::read(FLEET, None).unwrap();
    assert_eq!((template.id.as_str(), template.name.as_deref()), ("fleet", Some("Fleet")));
    assert_eq!(template.provider_api, ProviderApi::Ec2Fleet);
    assert!(template.image.unwrap().starts_with("/aws/service/"));
    assert_eq!(template.instance_types, pairs(&[("t3.xlarge", 4), ("t3.medium", 2), ("t3.large", 3)]));
    assert_eq!(template.on_demand_types, pairs(&[("m5.large", 2)]));
    assert_eq!(template.max_instances, Some(100));
    assert_eq!((template.subnets, template.security_groups.len()), (vec!["subnet-1".into(), "subnet-2".into()], 1));
    assert_eq!((template.key_name, template.user_data.as_deref()), (None, Some("#!/bin/sh\ntrue\n")));
    assert_eq!((template.instance_profile.as_deref(), template.root_volume_gib), (Some("workers"), Some(20)));
    assert_eq!((template.volume_type.as_deref(), template.iops), (Some("gp3"), Some(3000)));
    assert_eq!((template.ebs_optimized, template.monitoring), (Some(true), Some(false)));
    assert_eq!(template.tags, [("b".into(), "1".into()), ("a".into(), "x".into())]);
    assert_eq!((template.market, template.max_price.as_deref()), (Market::Heterogeneous, Some("0.1")));
    assert_eq!(template.launch_template, None);
    assert_eq!(template.allocation_strategy.as_deref(), Some("price-capacity-optimized"));
    assert_eq!(template.allocation_strategy_on_demand.as_deref(), Some("lowest-price"));
    assert_eq!(template.percent_on_demand, Some(30));
    assert_eq!(template.ignored, ["fleet_type", "pools_count"]);
}

#[test]
fn older_names_and_those_of_host_factory_mean_the_same() {
    let new = json!({
        "template_id": "t", "machine_image": "ami-1", "machine_type": "t3.medium", "max_machines": 3,
        "machine_ssh_key": "k", "machine_bootstrap": "u", "machine_role": "r", "machine_disk_size_gb": 9,
        "machine_disk_type": "gp2", "subnet_ids": ["s1", "s2"], "security_group_ids": ["g"], "price_type": "spot",
        "max_price": "0.5", "tags": {"a": "1", "b": "2=3"}, "allocation_strategy": "capacity-optimized",
    });
    let old = json!({
        "template_id": "t", "image_id": "ami-1", "instance_type": "t3.medium", "max_instances": 3, "key_name": "k",
        "user_data": "u", "instance_profile": "r", "root_device_volume_size": 9, "volume_type": "gp2",
        "subnet_ids": ["s1", "s2"], "security_group_ids": ["g"], "price_type": "spot", "max_price": 0.5,
        "tags": {"a": "1", "b": "2=3"}, "allocation_strategy": "capacity_optimized",
    });
    let host_factory = json!({
        "templateId": "t", "imageId": "ami-1", "vmType": "t3.medium", "maxNumber": 3, "keyName": "k",
        "userDataScript": "u", "instanceProfile": "r", "rootDeviceVolumeSize": 9, "volumeType": "gp2",
        "subnetId": "s1, s2", "securityGroupIds": ["g"], "priceType": "spot", "maxSpotPrice": 0.5,
        "instanceTags": "a=1;b=2=3;", "allocationStrategy": "capacityOptimized",
        "attributes": {"ncpus": ["Numeric", "2"]},
    });
    let meant = read(&new).unwrap();
    assert_eq!((meant.provider_api, meant.market), (ProviderApi::Ec2Fleet, Market::Spot));
    assert!(meant.ignored.is_empty(), "{:?}", meant.ignored);
    assert_eq!(read(&old).unwrap(), meant);
    assert_eq!(read(&host_factory).unwrap(), meant);
    let weights =
        json!({"templateId": "t", "vmTypes": {"b": 2, "a": 1}, "vmTypesOnDemand": {"c": 1}, "percentOnDemand": 5});
    let weights = Template::read(&weights.to_string(), None).unwrap();
    assert_eq!((weights.on_demand_types, weights.percent_on_demand), (pairs(&[("c", 1)]), Some(5)));
    assert_eq!(weights.instance_types.len(), 2);
}

#[test]
fn the_single_type_comes_first_and_the_newest_name_counts() {
    let both = json!({
        "template_id": "t", "instance_type": "b", "machine_types": {"a": 1, "b": 7}, "image_id": "old",
        "machine_image": "new", "colour": "red",
    });
    let both = read(&both).unwrap();
    assert_eq!(both.instance_types[0], ("b".to_owned(), 7));
    assert_eq!(both.image.as_deref(), Some("new"));
    assert_eq!(both.ignored, ["image_id", "colour"]);
}

#[test]
fn what_is_not_said_is_not_made_up() {
    let template = read(&json!({"template_id": "t"})).unwrap();
    assert_eq!((template.provider_api, template.market), (ProviderApi::RunInstances, Market::OnDemand));
    assert_eq!((template.max_instances, template.volume_type, template.image), (None, None, None));
}

#[test]
fn a_launch_template_has_a_version() {
    let version = |version: Value| {
        read(&json!({"template_id": "t", "launch_template_id": "lt-1", "launch_template_version": version}))
    };
    let launch_template = |written| version(written).unwrap().launch_template.unwrap();
    assert_eq!(launch_template(json!(3)), ("lt-1".to_owned(), Some("3".to_owned())));
    assert_eq!(launch_template(json!("$Latest")).1.as_deref(), Some("$Latest"));
    assert_eq!(launch_template(json!(null)).1, None);
    assert!(version(json!("newest")).is_err());
    assert!(with("launch_template_version", json!("1")).is_err());
}

#[test]
fn files_come_in_three_shapes_and_the_id_chooses() {
    let (one, two) = (json!({"template_id": "one"}), json!({"templateId": "two"}));
    let list = json!([one, two]).to_string();
    let wrapped = json!({"templates": [one, two]}).to_string();
    for text in [&list, &wrapped] {
        assert_eq!(Template::read(text, Some("two")).unwrap().id, "two");
        let error = Template::read(text, None).unwrap_err().to_string();
        assert_eq!(error, "there are several templates; say which is meant, by one of the ids one, two");
        let error = Template::read(text, Some("three")).unwrap_err().to_string();
        assert_eq!(error, "there is no template three in it; the ids there are one, two");
    }
    assert_eq!(Template::read(&format!("\u{feff}{one}"), None).unwrap().id, "one");
    assert_eq!(Template::read(&one.to_string(), Some("one")).unwrap().id, "one");
    assert!(Template::read(&json!([one, one]).to_string(), Some("one")).is_err());
    for nothing in ["", "{", "3", "[]", r#"{"templates": 3}"#, r#"[{"templateId": ""}]"#, "[3]", "{}"] {
        let error = Template::read(nothing, None).unwrap_err();
        assert!(error.template_id().is_none() && !error.to_string().is_empty());
    }
}

#[test]
fn strategies_are_given_the_name_of_ec2_fleet() {
    let strategy = |written: &str| with("allocation_strategy", json!(written)).map(|t| t.allocation_strategy.unwrap());
    for (written, name) in [
        ("lowestPrice", "lowest-price"),
        ("lowest_price", "lowest-price"),
        ("lowest-price", "lowest-price"),
        ("diversified", "diversified"),
        ("prioritized", "prioritized"),
        ("capacityOptimizedPrioritized", "capacity-optimized-prioritized"),
        ("capacity_optimized_prioritized", "capacity-optimized-prioritized"),
        ("priceCapacityOptimized", "price-capacity-optimized"),
    ] {
        assert_eq!(strategy(written).unwrap(), name);
    }
    assert!(strategy("cheapest").unwrap_err().to_string().contains("write one of capacity-optimized, "));
    assert!(with("allocation_strategy_on_demand", json!("diversified")).is_err());
    assert!(read(&json!({"template_id": "t", "price_type": "spot", "allocation_strategy": "prioritized"})).is_err());
}

#[test]
fn errors_name_the_template_the_field_and_the_way_out() {
    let expected = [
        ("provider_api", json!("SpotFleet"), "SpotFleet is not supported, use EC2Fleet or RunInstances"),
        ("providerApi", json!("ASG"), "ASG is not supported, use EC2Fleet or RunInstances"),
        ("provider_api", json!("Pod"), "write EC2Fleet or RunInstances"),
        ("provider_type", json!("k8s"), "is not aws; choose a template for EC2"),
        ("percent_on_demand", json!(101), "write a whole number from 0 to 100"),
        ("percent_on_demand", json!("-1"), "write a whole number from 0 to 100"),
        ("max_instances", json!(0), "write a whole number from 1 to 4294967295"),
        ("max_instances", json!(1.5), "write a whole number from 1 to 4294967295"),
        ("image_id", json!(7), "is a number; write a text"),
        ("subnet_ids", json!([1]), "holds a number; write a list of texts"),
        ("ebs_optimized", json!("maybe"), "write true or false"),
        ("price_type", json!("free"), "write ondemand, spot or heterogeneous"),
        ("tags", json!({"orb:x": "1"}), "the key orb:x begins with orb:, which is reserved; give the tag another key"),
        ("tags", json!({"AWS:x": "1"}), "the key AWS:x begins with aws:, which is reserved; give the tag another key"),
        ("instanceTags", json!("a"), "\"a\" is no tag; write key=value;key=value"),
        ("max_price", json!("dear"), "write the dollars an hour above which no instance is wanted, such as 0.10"),
    ];
    for (field, value, problem) in expected {
        let error = with(field, value).unwrap_err();
        assert_eq!((error.template_id(), error.field_name()), (Some("t"), Some(field)));
        assert_eq!(error.to_string(), format!("template t: {field}: {problem}"));
    }
    let error = with("machine_types", json!({"t3.medium": 0})).unwrap_err();
    assert_eq!(error.field_name(), Some("machine_types.t3.medium"));
    let mixed = json!({"template_id": "t", "provider_api": "RunInstances", "price_type": "heterogeneous"});
    assert!(read(&mixed).unwrap_err().to_string().contains("cannot mix markets"));
}

#[test]
fn a_script_may_stand_in_a_file_of_its_own() {
    let place = tempfile::tempdir().unwrap();
    let (script, file) = (place.path().join("script.sh"), place.path().join("aws_templates.json"));
    std::fs::write(&script, "#!/bin/sh\n").unwrap();
    let template = |user_data: &str| json!({"templateId": "t", "userDataScript": user_data}).to_string();
    for (user_data, meant) in [(script.to_str().unwrap(), "#!/bin/sh\n"), ("echo hello", "echo hello")] {
        std::fs::write(&file, template(user_data)).unwrap();
        assert_eq!(Template::read_file(&file, None).unwrap().user_data.as_deref(), Some(meant));
    }
    let missing = Template::read_file(&place.path().join("none"), None).unwrap_err();
    assert!(missing.to_string().ends_with("there is no such file"));
}

/// Names that mean something, and some that do not.
const NAMES: [&str; 20] = [
    "template_id",
    "templateId",
    "templates",
    "machine_types",
    "vmType",
    "tags",
    "instanceTags",
    "max_instances",
    "percent_on_demand",
    "price_type",
    "max_price",
    "provider_api",
    "metadata",
    "subnetId",
    "launch_template_id",
    "launchTemplateVersion",
    "allocation_strategy",
    "iops",
    "ebs_optimized",
    "\u{130}X",
];

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["spot", "heterogeneous", "EC2Fleet", "lowestPrice", "1", "a=b;c=d"])
            .prop_map(Value::from),
    ];
    let name = prop_oneof![3 => prop::sample::select(NAMES.to_vec()).prop_map(str::to_owned), 1 => ".{0,8}"];
    leaf.prop_recursive(4, 64, 8, move |inner| {
        let members = prop::collection::vec((name.clone(), inner.clone()), 0..8);
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            members.prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_read_or_refused_with_a_sentence(mut file in any_json(), id in prop::option::of("[a-z]{1,3}")) {
        if let (Value::Object(members), Some(id)) = (&mut file, &id) {
            members.insert("template_id".to_owned(), id.as_str().into());
        }
        match Template::read(&file.to_string(), id.as_deref()) {
            Ok(template) => {
                prop_assert!(template.percent_on_demand.is_none_or(|percent| percent <= 100));
                prop_assert!(template.instance_types.iter().all(|(_, weight)| *weight > 0));
                prop_assert!(template.max_instances != Some(0));
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in ".{0,64}") {
        let _ = Template::read(&text, None);
    }
}
