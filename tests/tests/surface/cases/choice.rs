//! Which options a case gives.

use fastrand::Rng;

use super::given::Given;
use super::values::{Nature, good, nature};
use crate::released::Described;

/// Keys with their values.
pub(crate) type Chosen = Vec<(String, Given)>;

/// What a type of manager, or another section, cannot do without; of the released package.
pub(crate) fn required(kind: &str) -> &'static [&'static str] {
    match kind {
        "baremetal_native" => &["scheduler_address", "worker_manager_id"],
        "aws_raw_ecs" => &["scheduler_address", "worker_manager_id", "ecs_subnets"],
        "orb_aws_ec2" => &["scheduler_address", "worker_manager_id", "aws_region"],
        "aws_hpc" => &["scheduler_address", "worker_manager_id", "job_queue", "job_definition", "s3_bucket"],
        "symphony" => &["scheduler_address", "worker_manager_id", "service_name"],
        "scheduler" => &["bind_address", "object_storage_address"],
        "object_storage_server" => &["bind_address"],
        "gui" => &["monitor_address"],
        other => panic!("nothing is known of {other}"),
    }
}

/// What must not be empty; of the released package. Ours refuses empty texts in most other places as well.
pub(crate) fn never_empty(kind: &str) -> &'static [&'static str] {
    match kind {
        "baremetal_native" | "orb_aws_ec2" => &["worker_manager_id"],
        "aws_raw_ecs" => &["worker_manager_id", "ecs_subnets", "ecs_cluster", "ecs_task_definition", "ecs_task_image"],
        "aws_hpc" => &["worker_manager_id", "job_queue", "job_definition", "s3_bucket"],
        "symphony" => &["worker_manager_id", "service_name"],
        _ => &[],
    }
}

/// Values that run.
pub(crate) fn choose(kind: &str, options: &[Described], rng: &mut Rng) -> Chosen {
    let is_certified = rng.u8(..4) == 0;
    let has_image = rng.bool();
    let has_keys = rng.u8(..10) < 3;
    let mut chosen = Chosen::new();
    for Described { key, .. } in options {
        let is_wanted = match &**key {
            "tls_cert" | "tls_key" => is_certified,
            // The package takes half a pair, and finds out at its first call; ours refuses it.
            "aws_access_key_id" | "aws_secret_access_key" => has_keys,
            "image_id" => has_image,
            "python_version" | "requirements_txt" => !has_image,
            // Only one type has them.
            "instance_tags" => rng.bool(),
            key => required(kind).contains(&key) || rng.u8(..10) < 3,
        };
        if is_wanted {
            chosen.push((key.clone(), fresh(key, rng)));
        }
    }
    // Fixed mode needs a limit.
    let has_mode = chosen.iter().any(|(key, _)| key == "mode");
    if let Some((_, given)) = chosen.iter_mut().find(|(key, _)| has_mode && key == "max_task_concurrency") {
        *given = good(Nature::Whole(0), rng);
    }
    chosen
}

/// Another value for an option that has one; it goes with every other value.
pub(crate) fn another(key: &str, rng: &mut Rng) -> Given {
    match key {
        "max_task_concurrency" => good(Nature::Whole(0), rng),
        key => fresh(key, rng),
    }
}

fn fresh(key: &str, rng: &mut Rng) -> Given {
    good(nature(key), rng)
}
