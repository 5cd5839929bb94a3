//! The job definition: what a job is. Each revision stays as it was registered; a tag tells what it was made of.

use aws_sdk_batch::{
    operation::register_job_definition::builders::RegisterJobDefinitionFluentBuilder,
    types::{ContainerProperties, JobDefinition, JobDefinitionType, JobTimeout, ResourceRequirement, ResourceType},
};
use scaler_wm_aws::short_hash;
use scaler_wm_core::Result;

use super::{
    Happened, Jobs, Site, Thing,
    account::{found, lacking},
    cleanup::Gone,
    settings::S3_PREFIX,
    site::TAG,
};

/// What a revision was made of.
const INGREDIENTS: &str = "scaler-wm:made-of";
/// The form of what is registered, as part of what a revision is made of.
const FORM: &str = "1";
/// Revisions of ours that stay: the newest one, and the one before for jobs that were handed over in it.
const KEPT: usize = 2;
/// What the runner in the image takes, and what it is when a job does not say.
const PARAMETERS: [(&str, &str); 6] = [
    ("task_id", "none"),
    ("payload", "none"),
    ("compressed", "0"),
    ("s3_bucket", "none"),
    ("s3_prefix", "none"),
    ("s3_key", "none"),
];

impl Site<'_> {
    /// Sees to the job definition: a new revision, if the newest one is made of something else.
    pub(super) async fn definition(&mut self, image: &str, role: &str, jobs: Jobs) -> Result<()> {
        let name = self.names.definition.clone();
        let Jobs { vcpus, memory_mib, timeout_seconds } = jobs;
        let numbers = [vcpus, memory_mib, timeout_seconds].map(|number| number.to_string());
        let made_of = short_hash(&[FORM, image, role, &numbers.join(" "), S3_PREFIX].join("\0"));
        let revisions = self.revisions().await?;
        let is_made_of = |revision: &&JobDefinition| {
            self.is_tagged(revision.tags()) && revision.tags().and_then(|tags| tags.get(INGREDIENTS)) == Some(&made_of)
        };
        let newest = revisions.first().filter(is_made_of).and_then(|newest| newest.job_definition_arn.clone());
        let detail = format!("{vcpus} vCPU, {memory_mib} MiB, {timeout_seconds} s, {image}");
        let arn = match newest {
            Some(arn) => {
                self.tell(Happened::Already, Thing::JobDefinition, &name, detail);
                arn
            }
            None => {
                self.book.makes(Thing::JobDefinition, &name)?;
                let call = self.registration(image, role, jobs).tags(TAG, &self.place.prefix);
                let call = call.tags(INGREDIENTS, made_of);
                let purpose = "register the job definition";
                // Once: a second try would be a second revision.
                let answer = self.account.once("RegisterJobDefinition", purpose, || call.clone().send()).await?;
                let happened = if revisions.is_empty() { Happened::Made } else { Happened::Changed };
                let revision = answer.revision().map_or_else(String::new, |number| format!("revision {number}: "));
                self.tell(happened, Thing::JobDefinition, &name, format!("{revision}{detail}"));
                answer.job_definition_arn.ok_or_else(|| lacking(purpose, "its ARN"))?
            }
        };
        let image = image.to_owned();
        self.book.note(|state| {
            state.job_definition_arn = Some(arn.clone());
            state.job_definition_name = Some(name);
            state.container_image = Some(image);
            state.vcpus = Some(vcpus.into());
            state.memory_mb = Some(memory_mib.into());
            state.job_timeout_seconds = Some(timeout_seconds);
        })?;
        let ours = revisions.into_iter().filter(|revision| self.is_tagged(revision.tags()));
        let before = ours.filter(|revision| revision.job_definition_arn() != Some(arn.as_str()));
        self.deregister(before.skip(KEPT - 1)).await?;
        Ok(())
    }

    /// The active revisions, the newest first.
    async fn revisions(&self) -> Result<Vec<JobDefinition>> {
        let mut revisions = Vec::new();
        let mut next = None;
        loop {
            let call = self.account.services.batch.describe_job_definitions();
            let call = call.job_definition_name(&self.names.definition).status("ACTIVE").set_next_token(next.take());
            let purpose = "look for the job definition";
            let page = self.account.call("DescribeJobDefinitions", purpose, || call.clone().send()).await?;
            revisions.extend(page.job_definitions.unwrap_or_default());
            next = page.next_token.filter(|token| !token.is_empty());
            if next.is_none() {
                revisions.sort_by_key(|revision| std::cmp::Reverse(revision.revision));
                return Ok(revisions);
            }
        }
    }

    fn registration(&self, image: &str, role: &str, jobs: Jobs) -> RegisterJobDefinitionFluentBuilder {
        let needs = |kind, value: i32| ResourceRequirement::builder().r#type(kind).value(value.to_string()).build();
        let command = PARAMETERS.iter().flat_map(|(name, _)| [format!("--{name}"), format!("Ref::{name}")]);
        let container = ContainerProperties::builder()
            .image(image)
            .set_command(Some(command.collect()))
            .job_role_arn(role)
            .resource_requirements(needs(ResourceType::Vcpu, jobs.vcpus))
            .resource_requirements(needs(ResourceType::Memory, jobs.memory_mib))
            .build();
        let call = self.account.services.batch.register_job_definition().job_definition_name(&self.names.definition);
        let parameters = PARAMETERS.iter().map(|(name, preset)| ((*name).to_owned(), (*preset).to_owned()));
        call.r#type(JobDefinitionType::Container)
            .set_parameters(Some(parameters.collect()))
            .container_properties(container)
            .timeout(JobTimeout::builder().attempt_duration_seconds(jobs.timeout_seconds).build())
    }

    async fn deregister(&self, revisions: impl Iterator<Item = JobDefinition>) -> Result<usize> {
        let mut count = 0;
        for arn in revisions.filter_map(|revision| revision.job_definition_arn) {
            let call = self.account.services.batch.deregister_job_definition().job_definition(&arn);
            let purpose = "deregister a revision of the job definition";
            found(self.account.call("DeregisterJobDefinition", purpose, || call.clone().send()).await)?;
            count += 1;
        }
        Ok(count)
    }

    /// Deregisters all revisions of ours.
    pub(super) async fn remove_definition(&self) -> Result<Gone> {
        let (ours, others): (Vec<_>, Vec<_>) =
            self.revisions().await?.into_iter().partition(|revision| self.is_tagged(revision.tags()));
        if ours.is_empty() {
            return Ok(if others.is_empty() { Gone::Absent } else { Gone::Others });
        }
        let count = self.deregister(ours.into_iter()).await?;
        let mut detail = if count == 1 { "1 revision".to_owned() } else { format!("{count} revisions") };
        if !others.is_empty() {
            detail.push_str(&format!("; {} that others registered stay", others.len()));
        }
        Ok(Gone::Removed(detail))
    }
}
