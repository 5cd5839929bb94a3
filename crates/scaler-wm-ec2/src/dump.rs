//! What was made of the options, for people who look for a mistake.

use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt, path::Path};

use scaler_wm_core::{Error, ErrorKind, Limit, Result, files};
use serde_json::{Map, Value, json};
use tracing::info;

use crate::{Ec2Config, FleetChoice, Way, ground::Ground};

/// Writes configuration and template into `folder` as JSON.
pub(crate) fn dump(folder: &Path, config: &Ec2Config, ground: &Ground) -> Result<()> {
    let id = &config.template_id;
    let files = [("config", configuration(config)), ("template", template(config, ground))];
    for (name, value) in files {
        let path = folder.join(format!("orb_debug_{name}_{id}.json"));
        let text = format!("{value:#}\n");
        // For this user alone: what a template runs first, and what its tags say, is nobody else's business.
        let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.and_then(|()| files::replace(&path, text.as_bytes())).map_err(|error| {
            let context = format!(
                "{} cannot be written: name a folder that can be by --debug-dump-path (debug_dump_path)",
                path.display()
            );
            Error::new(ErrorKind::Invalid, "write the debug dump", context).with_source(error)
        })?;
        info!(path = %path.display(), "wrote a debug dump");
    }
    Ok(())
}

/// Keys of AWS are not in it.
fn configuration(config: &Ec2Config) -> Value {
    let requirements = config.install.as_ref().map(|install| without_credentials(install.requirements.text()));
    json!({
        "worker_manager_id": config.workers.manager.as_str(),
        "scheduler_address": config.workers.scheduler.to_string(),
        "object_storage_address": config.workers.object_storage.as_ref().map(ToString::to_string),
        "aws_region": config.aws.region,
        "aws_profile": config.aws.profile,
        "instance_types": config.types,
        "python_version": config.install.as_ref().map(|install| &install.python_version),
        "requirements_txt": requirements,
        "network_backend": config.network_backend,
        "price_type": config.market.as_str(),
        "per_worker_capabilities": config.workers.capabilities.to_string(),
        "lease_seconds": config.lease.map(|lease| lease.as_secs()),
    })
}

/// In the spelling of Open Resource Broker.
fn template(config: &Ec2Config, ground: &Ground) -> Value {
    let shape = &ground.shape;
    let script = aws_smithy_types::base64::decode(&shape.user_data).unwrap_or_default();
    let choice = match &config.way {
        Way::Fleet(choice) => choice.clone(),
        Way::RunInstances => FleetChoice::default(),
    };
    let types = |types: &[String]| types.iter().map(|kind| (kind.clone(), json!(1))).collect::<Map<_, _>>();
    let (launch_template, version) = config.launch_template.clone().unzip();
    json!({
        "template_id": config.template_id,
        "provider_api": config.way.api().as_str(),
        "image_id": shape.image,
        "instance_type": config.types.first(),
        "machine_types": types(&config.types),
        "machine_types_ondemand": types(&config.on_demand_types),
        "subnet_ids": ground.subnets,
        "security_group_ids": shape.security_groups,
        "key_name": shape.key_name,
        "instance_profile": shape.instance_profile,
        "root_device_volume_size": config.root_volume.gib,
        "volume_type": config.root_volume.kind,
        "iops": config.root_volume.iops,
        "ebs_optimized": config.ebs_optimized,
        "monitoring_enabled": config.monitoring,
        "launch_template_id": launch_template,
        "launch_template_version": version.flatten(),
        "user_data": without_credentials(&String::from_utf8_lossy(&script)),
        "tags": config.tags.iter().map(|(key, value)| (key.clone(), json!(value))).collect::<Map<_, _>>(),
        "price_type": config.market.as_str(),
        "max_price": config.max_price,
        "allocation_strategy": choice.spot_strategy,
        "allocation_strategy_on_demand": choice.on_demand_strategy,
        "percent_on_demand": choice.percent_on_demand,
        "max_instances": match config.most_instances {
            Limit::AtMost(count) => Some(count),
            Limit::Unlimited => None,
        },
        "workers_per_instance": ground.workers,
    })
}

/// A text whose URLs do not say who logs in there: tokens for Git repositories and package indices stand in that place.
fn without_credentials(text: &str) -> String {
    let mut parts = text.split("://");
    let mut redacted = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|letter: char| letter.is_whitespace() || "/?#'\"".contains(letter)).unwrap_or(part.len());
        let (hidden, shown) = part.split_at(part[..end].rfind('@').unwrap_or(0));
        redacted.push_str("://");
        redacted.push_str(if hidden.is_empty() { "" } else { "***" });
        redacted.push_str(shown);
    }
    redacted
}

#[cfg(test)]
mod tests {
    use super::without_credentials;

    #[test]
    fn urls_do_not_say_who_logs_in() {
        for (text, redacted) in [
            ("x @ git+https://TOKEN@h/o/r.git@main", "x @ git+https://***@h/o/r.git@main"),
            ("-i https://me:pass@h/simple\nhttps://h/x@1 y://a:b@", "-i https://***@h/simple\nhttps://h/x@1 y://***@"),
            ("a 'ssh://git@h' http://p@q@h:1/ ://", "a 'ssh://***@h' http://***@h:1/ ://"),
            ("https://h/a@b c@d", "https://h/a@b c@d"),
        ] {
            assert_eq!(without_credentials(text), redacted);
        }
    }
}
