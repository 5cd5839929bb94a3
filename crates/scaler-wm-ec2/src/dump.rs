//! What was made of the options, for people who look for a mistake.

use std::{fs, path::Path};

use scaler_wm_core::{Error, ErrorKind, Result};
use serde_json::{Value, json};
use tracing::info;

use crate::{Ec2Config, ground::Ground};

/// Writes configuration and template into `folder` as JSON.
pub(crate) fn dump(folder: &Path, config: &Ec2Config, ground: &Ground) -> Result<()> {
    let id = &config.template_id;
    let files = [("config", configuration(config)), ("template", template(config, ground))];
    for (name, value) in files {
        let path = folder.join(format!("orb_debug_{name}_{id}.json"));
        let text = format!("{value:#}\n");
        fs::create_dir_all(folder).and_then(|()| fs::write(&path, text)).map_err(|error| {
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

/// No credentials are in it.
fn configuration(config: &Ec2Config) -> Value {
    json!({
        "worker_manager_id": config.workers.manager.as_str(),
        "scheduler_address": config.workers.scheduler.to_string(),
        "object_storage_address": config.workers.object_storage.as_ref().map(ToString::to_string),
        "aws_region": config.aws.region,
        "aws_profile": config.aws.profile,
        "instance_types": config.types,
        "python_version": config.install.as_ref().map(|install| &install.python_version),
        "requirements_txt": config.install.as_ref().map(|install| install.requirements.text()),
        "network_backend": config.network_backend,
        "price_type": format!("{:?}", config.market),
        "per_worker_capabilities": config.workers.capabilities.to_string(),
        "lease_seconds": config.lease.map(|lease| lease.as_secs()),
    })
}

/// In the spelling of Open Resource Broker.
fn template(config: &Ec2Config, ground: &Ground) -> Value {
    let shape = &ground.shape;
    let script = aws_smithy_types::base64::decode(&shape.user_data).unwrap_or_default();
    json!({
        "template_id": config.template_id,
        "image_id": shape.image,
        "instance_type": config.types.first(),
        "machine_types": config.types.iter().map(|kind| (kind.clone(), json!(1))).collect::<serde_json::Map<_, _>>(),
        "subnet_ids": ground.subnets,
        "security_group_ids": shape.security_groups,
        "key_name": shape.key_name,
        "instance_profile": shape.instance_profile,
        "root_device_volume_size": shape.root_volume.as_ref().and_then(|volume| volume.gib),
        "user_data": String::from_utf8_lossy(&script),
        "tags": config.tags.iter().map(|(key, value)| (key.clone(), json!(value))).collect::<serde_json::Map<_, _>>(),
        "max_price": config.max_price,
        "workers_per_instance": ground.workers,
    })
}
