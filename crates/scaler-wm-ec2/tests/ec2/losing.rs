//! Something that launches name is gone: what was made for them is made again, and what the user names is the user's.

use scaler_wm_core::{Chain, ErrorKind, Provider};
use scaler_wm_ec2::{Ec2Config, FleetChoice, Way};

use crate::{
    fake::{Fake, Next},
    launching::prepare,
};

fn as_fleet(config: &mut Ec2Config) {
    config.way = Way::Fleet(FleetChoice::default());
}

fn named(config: &mut Ec2Config, group: Option<&str>, key: Option<&str>) {
    config.security_groups = group.map(str::to_owned).into_iter().collect();
    config.key_name = key.map(str::to_owned);
}

#[tokio::test(start_paused = true)]
async fn what_somebody_removed_is_made_again_for_the_next_launch() {
    // Beside something that the user names, too.
    for (group, key, temporary) in
        [(None, None, [1, 1, 0]), (None, Some("mine"), [0, 1, 0]), (Some("sg-9000"), None, [1, 0, 0])]
    {
        let fake = Fake::default();
        let provider = fake.provider(|config| named(config, group, key)).await.unwrap();
        fake.lose_key_pairs();
        fake.lose_groups();
        let error = provider.launch(&prepare(&provider, 1, 0)).await.unwrap_err();
        assert!(error.kind() == ErrorKind::Failed && error.to_string().contains("made again"), "{error}");
        provider.launch(&prepare(&provider, 1, 0)).await.unwrap();
        assert_eq!((fake.running().len(), fake.temporary()), (1, temporary));
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_mistyped_is_told_with_its_flag_whatever_else_is_temporary() {
    type Change = fn(&mut Ec2Config);
    let template = |config: &mut Ec2Config| config.launch_template = Some(("lt-typo".to_owned(), None));
    let cases: [(Change, &str, &str); 7] = [
        (|config| named(config, Some("sg-typo"), None), "sg-typo", "--security-group-ids"),
        (|config| named(config, Some("sg-typo"), Some("mine")), "sg-typo", "--security-group-ids"),
        (|config| named(config, None, Some("typo")), "typo", "--key-name"),
        (|config| named(config, Some("sg-9000"), Some("typo")), "typo", "--key-name"),
        (template, "lt-typo", "launch_template_id"),
        (
            |config| {
                as_fleet(config);
                named(config, Some("sg-typo"), None);
            },
            "sg-typo",
            "--security-group-ids",
        ),
        (
            |config| {
                as_fleet(config);
                named(config, None, Some("typo"));
            },
            "typo",
            "--key-name",
        ),
    ];
    for (change, name, flag) in cases {
        let fake = Fake::default();
        let provider = fake.provider(change).await.unwrap();
        let before = fake.operations().len();
        let error = match provider.launch(&prepare(&provider, 1, 0)).await {
            Ok(mut launched) => launched.failed.remove(0),
            Err(error) => error,
        };
        let said = Chain(&error).to_string();
        assert!(error.kind() == ErrorKind::Invalid && said.contains(name) && said.contains(flag), "{said}");
        assert_eq!(fake.operations().len(), before + 1, "nothing is made again");
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_pair_that_only_a_launch_template_names_is_told_so() {
    let fake = Fake::default();
    let template = Some(("lt-9000".to_owned(), None));
    let provider = fake.provider(|config| config.launch_template = template).await.unwrap();
    fake.script("RunInstances", [Next::Fails("InvalidKeyPair.NotFound", "The key pair 'theirs' does not exist")]);
    let error = provider.launch(&prepare(&provider, 1, 0)).await.unwrap_err();
    assert!(error.kind() == ErrorKind::Invalid && error.to_string().contains("lt-9000"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn fleets_have_what_was_removed_made_again_too() {
    let losses: [fn(&Fake); 3] = [Fake::lose_key_pairs, Fake::lose_groups, Fake::lose_templates];
    for (index, lose) in losses.into_iter().enumerate() {
        let fake = Fake::default();
        let provider = fake.provider(as_fleet).await.unwrap();
        lose(&fake);
        let error = match provider.launch(&prepare(&provider, 2, 0)).await {
            Ok(mut launched) => launched.failed.remove(0),
            Err(error) => error,
        };
        assert!(error.kind() == ErrorKind::Failed && error.to_string().contains("made again"), "{index}: {error}");
        let launched = provider.launch(&prepare(&provider, 2, 0)).await.unwrap();
        assert_eq!((launched.units.len(), launched.failed.len()), (2, 0), "{index}");
        provider
            .stop(&launched.units.iter().map(|unit| unit.id.clone()).collect::<Vec<_>>(), scaler_wm_core::Stop::Now)
            .await;
        provider.sweep().await.unwrap();
        assert_eq!(fake.temporary(), [0, 0, 0], "{index}");
    }
}
