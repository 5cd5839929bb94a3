//! Who may do what: for jobs, for instances, and for the manager. No more than each needs.

use serde_json::{Value, json};

use super::{
    State,
    logs::GROUP,
    settings::{Names, S3_PREFIX},
};

fn policy(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// Who may act in a role.
pub(super) fn trust(service: &str) -> Value {
    policy(&[json!({"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"})])
}

/// What jobs may do: read tasks, and leave results. The manager removes both, so that a job which runs a second time
/// finds its task again.
pub(super) fn job_policy(partition: &str, names: &Names) -> Value {
    let objects = |folder: &str| format!("arn:{partition}:s3:::{}/{S3_PREFIX}/{folder}/*", names.bucket);
    policy(&[
        json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": [objects("inputs"), objects("array")]}),
        json!({"Effect": "Allow", "Action": "s3:PutObject", "Resource": objects("results")}),
    ])
}

/// What a manager must be allowed to do to run tasks on what was made; nothing where that is not complete.
#[must_use]
pub fn manager_policy(state: &State) -> Option<Value> {
    let (bucket, queue) = (state.s3_bucket.as_ref()?, state.job_queue_arn.as_ref()?);
    let (definition, account) = (state.job_definition_name.as_ref()?, state.aws_account_id.as_ref()?);
    let (region, partition) = (&state.aws_region, queue.split(':').nth(1)?);
    let batch = |resource: &str| format!("arn:{partition}:batch:{region}:{account}:{resource}");
    let prefix = state.s3_prefix.as_deref().unwrap_or(S3_PREFIX);
    let definitions = [format!("job-definition/{definition}"), format!("job-definition/{definition}:*")];
    let group = state.log_group.as_deref().unwrap_or(GROUP);
    Some(policy(&[
        json!({
            "Sid": "HandOver", "Effect": "Allow", "Action": "batch:SubmitJob",
            "Resource": [queue, batch(&definitions[0]), batch(&definitions[1])],
        }),
        json!({
            "Sid": "End", "Effect": "Allow", "Action": ["batch:CancelJob", "batch:TerminateJob"],
            "Resource": batch("job/*"),
        }),
        // AWS knows no narrower resource for these.
        json!({"Sid": "Look", "Effect": "Allow", "Action": ["batch:DescribeJobs", "batch:ListJobs"], "Resource": "*"}),
        json!({
            "Sid": "TasksAndResults", "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"],
            "Resource": format!("arn:{partition}:s3:::{bucket}/{prefix}/*"),
        }),
        // Without it, S3 answers that a result which is not there is forbidden, and preflight that the bucket is.
        json!({
            "Sid": "TellMissingFromForbidden", "Effect": "Allow", "Action": "s3:ListBucket",
            "Resource": format!("arn:{partition}:s3:::{bucket}"),
        }),
        json!({
            "Sid": "WhyItFailed", "Effect": "Allow", "Action": "logs:GetLogEvents",
            "Resource": format!("arn:{partition}:logs:{region}:{account}:log-group:{group}:log-stream:{definition}/*"),
        }),
        json!({
            "Sid": "PreflightAlone", "Effect": "Allow",
            "Action": ["batch:DescribeJobQueues", "batch:DescribeJobDefinitions", "batch:DescribeComputeEnvironments"],
            "Resource": "*",
        }),
    ]))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, path::PathBuf};

    use super::*;
    use crate::provision::Place;

    #[test]
    fn jobs_read_tasks_and_write_results_and_nothing_else() {
        let place = Place { region: "eu-west-1".to_owned(), prefix: "p".to_owned(), env_file: PathBuf::new() };
        let policy = job_policy("aws", &Names::new(&place, "1"));
        let expected = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": [
                "arn:aws:s3:::p-1-eu-west-1/scaler-tasks/inputs/*", "arn:aws:s3:::p-1-eu-west-1/scaler-tasks/array/*"]},
            {"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::p-1-eu-west-1/scaler-tasks/results/*"},
        ]});
        assert_eq!(policy, expected);
    }

    fn complete() -> State {
        let text = |text: &str| Some(text.to_owned());
        State {
            aws_region: "eu-west-1".to_owned(),
            aws_account_id: text("1"),
            s3_bucket: text("b"),
            job_queue_arn: text("arn:aws-cn:batch:eu-west-1:1:job-queue/q"),
            job_definition_name: text("d"),
            ..State::default()
        }
    }

    #[test]
    fn a_manager_gets_what_the_readme_says_that_it_needs() {
        // A test of the binary compares that with what the code calls.
        let (_, needed) = include_str!("../../README.md").split_once("\n## Permissions\n").unwrap();
        let words = needed.split(|letter: char| !letter.is_alphanumeric() && letter != ':');
        let of_aws = |word: &&str| ["batch:", "logs:", "s3:"].iter().any(|service| word.starts_with(service));
        let needed: BTreeSet<&str> = words.filter(of_aws).collect();
        let policy = manager_policy(&complete()).unwrap();
        let actions = policy["Statement"].as_array().unwrap().iter().map(|statement| &statement["Action"]);
        let allowed: BTreeSet<&str> = actions
            .flat_map(|action| match action.as_array() {
                Some(all) => all.iter().filter_map(Value::as_str).collect(),
                None => Vec::from_iter(action.as_str()),
            })
            .collect();
        assert!(needed.len() > 10, "{needed:?}");
        assert_eq!(allowed, needed);
    }

    #[test]
    fn a_manager_gets_what_belongs_to_it() {
        let missing = State { job_definition_name: None, ..complete() };
        assert_eq!(manager_policy(&missing), None);
        let policy = manager_policy(&complete()).unwrap();
        assert_eq!(policy["Statement"][0]["Resource"][2], "arn:aws-cn:batch:eu-west-1:1:job-definition/d:*");
        assert_eq!(policy["Statement"][3]["Resource"], "arn:aws-cn:s3:::b/scaler-tasks/*");
        let actions = policy["Statement"].as_array().unwrap().iter().map(|statement| statement["Action"].to_string());
        assert!(actions.clone().all(|action| !action.contains('*')), "{:?}", actions.collect::<Vec<_>>());
    }
}
