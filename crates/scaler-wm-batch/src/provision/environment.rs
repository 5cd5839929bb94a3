//! The compute environment: which instances Batch starts when there are jobs, and ends when there are none.

use std::time::Duration;

use aws_sdk_batch::types::{
    CeState, CeStatus, CeType, ComputeEnvironmentDetail, ComputeResource, ComputeResourceUpdate, CrAllocationStrategy,
    CrType,
};
use scaler_wm_core::{Error, ErrorKind, Result};
use tokio::time::{Instant, sleep};

use super::{
    Happened, Site, Thing, Wanted,
    account::{lacking, made},
    cleanup::Gone,
    network::Network,
    site::TAG,
};

/// How long a compute environment may take to be ready, or to go.
const WITHIN: Duration = Duration::from_secs(600);
/// How long it takes until a new role is known everywhere.
const KNOWN_WITHIN: Duration = Duration::from_secs(60);
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(3);
/// How long it takes until an environment that could not be used is looked at again.
const LOOKED_AT_WITHIN: Duration = Duration::from_secs(20);

/// In which roles an environment works.
pub(super) struct Roles {
    /// The profile of its instances.
    pub(super) profile: String,
    /// The role of Batch.
    pub(super) service: String,
    /// Whether one of them was made or changed a moment ago, and so may not be known everywhere.
    pub(super) are_new: bool,
}

impl Site<'_> {
    /// Sees to the compute environment; returns its ARN once it is ready.
    pub(super) async fn environment(&mut self, wanted: &Wanted, network: &Network, roles: &Roles) -> Result<String> {
        let name = self.names.environment.clone();
        let there = self.environment_that_stays().await?;
        let was_invalid = there.as_ref().is_some_and(|there| there.status() == Some(&CeStatus::Invalid));
        let mut detail = format!("up to {} vCPUs of {}", wanted.max_vcpus, wanted.instance_types.join(", "));
        let happened = match &there {
            None => {
                self.book.makes(Thing::ComputeEnvironment, &name)?;
                self.create_environment(wanted, network, roles).await?;
                Happened::Made
            }
            Some(there) if !self.is_tagged(there.tags()) => Happened::Left,
            Some(there) => {
                let changes = Changes::new(there, wanted, network);
                if changes.words.is_empty() {
                    Happened::Already
                } else {
                    self.update_environment(changes.update, Some(CeState::Enabled)).await?;
                    detail = changes.words.join("; ");
                    Happened::Changed
                }
            }
        };
        let is_ours = happened != Happened::Left;
        let arn = self.environment_ready(is_ours, roles.are_new, was_invalid).await?;
        match happened {
            Happened::Left => self.tell_others(Thing::ComputeEnvironment, &name),
            _ => self.tell(happened, Thing::ComputeEnvironment, &name, detail),
        }
        self.book.note(|state| {
            state.compute_environment_arn = Some(arn.clone());
            if is_ours {
                state.max_vcpus = Some(wanted.max_vcpus);
                state.instance_types.clone_from(&wanted.instance_types);
            }
        })?;
        Ok(arn)
    }

    async fn found_environment(&self) -> Result<Option<ComputeEnvironmentDetail>> {
        let call = self.account.services.batch.describe_compute_environments();
        let call = call.compute_environments(&self.names.environment);
        let purpose = "look for the compute environment";
        let answer = self.account.call("DescribeComputeEnvironments", purpose, || call.clone().send()).await?;
        let there = answer.compute_environments.unwrap_or_default().into_iter().next();
        Ok(there.filter(|there| there.status() != Some(&CeStatus::Deleted)))
    }

    /// The environment that is there; one that is about to go is waited for, and then there is none.
    async fn environment_that_stays(&self) -> Result<Option<ComputeEnvironmentDetail>> {
        let mut watch = self.watch(Thing::ComputeEnvironment, &self.names.environment, WITHIN);
        loop {
            match self.found_environment().await? {
                Some(there) if there.status() == Some(&CeStatus::Deleting) => watch.again("DELETING").await?,
                there => return Ok(there),
            }
        }
    }

    async fn create_environment(&self, wanted: &Wanted, network: &Network, roles: &Roles) -> Result<()> {
        let resources = ComputeResource::builder()
            .r#type(CrType::Ec2)
            .allocation_strategy(CrAllocationStrategy::BestFitProgressive)
            .minv_cpus(0)
            .maxv_cpus(wanted.max_vcpus)
            .set_instance_types(Some(wanted.instance_types.clone()))
            .set_subnets(Some(network.subnets.clone()))
            .set_security_group_ids(Some(network.security_groups.clone()))
            .instance_role(&roles.profile)
            // Of the instances, so that a bill tells what they were for.
            .tags(TAG, &self.place.prefix)
            .build();
        let call = self
            .account
            .services
            .batch
            .create_compute_environment()
            .compute_environment_name(&self.names.environment)
            .r#type(CeType::Managed)
            .state(CeState::Enabled)
            // Named, though it is the default: without it, an environment cannot be changed later.
            .service_role(&roles.service)
            .compute_resources(resources)
            .tags(TAG, &self.place.prefix);
        let until = Instant::now() + KNOWN_WITHIN;
        loop {
            let purpose = "make the compute environment";
            let answer = self.account.call("CreateComputeEnvironment", purpose, || call.clone().send()).await;
            match made(answer) {
                Err(error) if roles.are_new && is_about_roles(&error.to_string()) && Instant::now() < until => {
                    sleep(ASK_AGAIN_AFTER).await;
                }
                answer => return answer.map(drop),
            }
        }
    }

    async fn update_environment(&self, update: Option<ComputeResourceUpdate>, state: Option<CeState>) -> Result<()> {
        let call = self.account.services.batch.update_compute_environment();
        let call = call.compute_environment(&self.names.environment).set_state(state).set_compute_resources(update);
        let purpose = "change the compute environment";
        self.account.call("UpdateComputeEnvironment", purpose, || call.clone().send()).await?;
        Ok(())
    }

    /// Waits until the environment is ready.
    async fn environment_ready(&self, is_ours: bool, are_roles_new: bool, was_invalid: bool) -> Result<String> {
        let name = &self.names.environment;
        let purpose = "make the compute environment ready";
        let mut watch = self.watch(Thing::ComputeEnvironment, name, WITHIN);
        let began = Instant::now();
        loop {
            let Some(there) = self.found_environment().await? else {
                watch.again("not listed yet").await?;
                continue;
            };
            match there.status() {
                Some(CeStatus::Valid) if there.state() == Some(&CeState::Disabled) => {
                    if is_ours {
                        watch.again("disabled").await?;
                        continue;
                    }
                    let context = format!(
                        "{name} is disabled, and is no work of ours: enable it (aws batch update-compute-environment), or \
                         take another --prefix"
                    );
                    return Err(Error::new(ErrorKind::Invalid, purpose, context));
                }
                Some(CeStatus::Valid) => {
                    return there.compute_environment_arn.ok_or_else(|| lacking(purpose, "its ARN"));
                }
                Some(CeStatus::Invalid) => {
                    let reason = there.status_reason().unwrap_or("AWS gives no reason");
                    // Either may be mended by now: a change that changes nothing lets AWS look again.
                    let is_early = are_roles_new && is_about_roles(reason) && began.elapsed() < KNOWN_WITHIN;
                    let is_old = was_invalid && began.elapsed() < LOOKED_AT_WITHIN;
                    if is_ours && (is_early || is_old) {
                        self.update_environment(None, Some(CeState::Enabled)).await?;
                        watch.again(&format!("INVALID ({reason}), and looked at again")).await?;
                        continue;
                    }
                    let context = format!(
                        "{name} is INVALID: {reason}; mend what that names and run the same command again, or remove \
                         everything by `scaler-wm aws_hpc cleanup`"
                    );
                    return Err(Error::new(ErrorKind::Invalid, purpose, context));
                }
                status => watch.again(status.map_or("without a status", CeStatus::as_str)).await?,
            }
        }
    }

    /// Disables the environment, and removes it.
    pub(super) async fn remove_environment(&self) -> Result<Gone> {
        let name = &self.names.environment;
        match self.found_environment().await? {
            None => return Ok(Gone::Absent),
            Some(there) if !self.is_tagged(there.tags()) => return Ok(Gone::Others),
            Some(_) => {}
        }
        let mut watch = self.watch(Thing::ComputeEnvironment, name, WITHIN);
        let (mut is_disabled, mut is_deleted) = (false, false);
        while let Some(there) = self.found_environment().await? {
            let is_enabled = there.state() == Some(&CeState::Enabled);
            match there.status() {
                Some(CeStatus::Valid | CeStatus::Invalid) if is_enabled && !is_disabled => {
                    self.update_environment(None, Some(CeState::Disabled)).await?;
                    is_disabled = true;
                }
                Some(CeStatus::Valid | CeStatus::Invalid) if !is_enabled && !is_deleted => {
                    let call = self.account.services.batch.delete_compute_environment().compute_environment(name);
                    let purpose = "remove the compute environment";
                    self.account.call("DeleteComputeEnvironment", purpose, || call.clone().send()).await?;
                    is_deleted = true;
                }
                // Its instances end first.
                status => watch.again(status.map_or("without a status", CeStatus::as_str)).await?,
            }
        }
        Ok(Gone::Removed(String::new()))
    }
}

/// Whether a reason is that a role or a profile is not known.
fn is_about_roles(reason: &str) -> bool {
    let words = reason.to_ascii_lowercase();
    ["instance profile", "instanceprofile", "role"].iter().any(|part| words.contains(part))
}

/// What has to change of an environment that is there.
struct Changes {
    update: Option<ComputeResourceUpdate>,
    words: Vec<String>,
}

impl Changes {
    fn new(there: &ComputeEnvironmentDetail, wanted: &Wanted, network: &Network) -> Self {
        let mut update = ComputeResourceUpdate::builder();
        let mut words = Vec::new();
        if let Some(resources) = there.compute_resources() {
            if resources.maxv_cpus() != Some(wanted.max_vcpus) {
                let before = resources.maxv_cpus().map_or_else(|| "none".to_owned(), |max| max.to_string());
                words.push(format!("max vCPUs {} instead of {before}", wanted.max_vcpus));
                update = update.maxv_cpus(wanted.max_vcpus);
            }
            let mut differs = |what: &str, there: &[String], wanted: &[String]| {
                let is_other = sorted(there) != sorted(wanted);
                if is_other {
                    words.push(format!("{what} {} instead of {}", wanted.join(", "), there.join(", ")));
                }
                is_other.then(|| wanted.to_vec())
            };
            update = update
                .set_instance_types(differs("instance types", resources.instance_types(), &wanted.instance_types))
                .set_subnets(differs("subnets", resources.subnets(), &network.subnets))
                .set_security_group_ids(differs(
                    "security groups",
                    resources.security_group_ids(),
                    &network.security_groups,
                ));
        }
        let update = (!words.is_empty()).then(|| update.build());
        if there.state() == Some(&CeState::Disabled) {
            words.push("enabled again".to_owned());
        }
        Self { update, words }
    }
}

fn sorted(texts: &[String]) -> Vec<&String> {
    let mut texts: Vec<&String> = texts.iter().collect();
    texts.sort_unstable();
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_about_roles_are_told_from_others() {
        assert!(is_about_roles("CLIENT_ERROR - Invalid IamInstanceProfile: x"));
        assert!(is_about_roles("The service role x cannot be assumed by AWS Batch"));
        assert!(is_about_roles("could not find instanceRole arn:aws:iam::1:instance-profile/x"));
        assert!(!is_about_roles("CLIENT_ERROR - The security group 'sg-1' does not exist"));
    }
}
