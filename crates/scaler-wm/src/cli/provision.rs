//! `aws_hpc provision` and its like: which action, with which values.

use scaler_wm_core::options::{Values, resolve};
use scaler_wm_options::{AWS_HPC, Section, provision::Action};

use super::{Call, command, found, matches};
use crate::exit::Failure;

/// Something to do with what `aws_hpc` needs in AWS.
#[derive(Debug)]
pub(crate) struct ProvisionCall {
    /// What.
    pub(crate) action: Action,
    /// Every flag of the action, checked.
    #[cfg_attr(not(feature = "provision"), expect(dead_code, reason = "such a build only tells what is missing"))]
    pub(crate) values: Values,
}

/// The action that these words ask for, with its flags; nothing where they are those of a manager.
pub(super) fn action<'a>(section: &Section, words: &'a [String]) -> Option<(Action, &'a [String])> {
    let (word, flags) = words.split_first()?;
    let found = Action::ALL.into_iter().find(|action| action.word() == word);
    found.filter(|_| section.name == AWS_HPC.name).map(|action| (action, flags))
}

/// Reads the flags of an action.
pub(super) fn provision(program: &str, action: Action, flags: &[String]) -> Result<Call, Failure> {
    let program = format!("{program} {} {}", AWS_HPC.name, action.word());
    let specs: Vec<_> = action.options().map(|(spec, _)| spec).collect();
    let matches = matches(command::provision(&program, action), &specs, flags)?;
    let given: Vec<_> = specs.iter().filter_map(|spec| found(spec, spec.flag(), &matches)).collect();
    Ok(Call::Provision(ProvisionCall { action, values: resolve(&specs, &given, |_| None, &[])? }))
}

#[cfg(not(feature = "provision"))]
impl ProvisionCall {
    /// Why this build cannot do it, and what brings what is missing.
    pub(crate) fn what_is_missing(&self) -> String {
        format!(
            "this build has no `{} {}`: it needs the feature `provision`; run `cargo install scaler-wm --features provision`",
            AWS_HPC.name,
            self.action.word()
        )
    }
}

/// The actions around what `aws_hpc` needs in AWS, in its own help.
pub(super) fn actions(program: &str) -> String {
    let mut text = String::from("Job queue, job definition and bucket can be made for you:\n");
    for action in Action::ALL {
        text.push_str(&format!("  {program} {:<12} {}\n", action.word(), short(action)));
    }
    text.push('\n');
    text
}

const fn short(action: Action) -> &'static str {
    match action {
        Action::Provision => "makes them, with everything else",
        Action::Show => "shows what was made",
        Action::Cleanup => "removes what was made",
        Action::BuildImage => "builds the image of jobs alone",
    }
}

/// What follows the flags of an action.
pub(super) const fn after_flags(action: Action) -> &'static str {
    match action {
        Action::Provision => PROVISION,
        Action::Show => SHOW,
        Action::Cleanup => CLEANUP,
        Action::BuildImage => BUILD_IMAGE,
    }
}

const PROVISION: &str = "\
What is made, under names that begin with the prefix:
  S3 bucket             tasks and results; closed to the public, objects expire
                        after a day
  log group             /aws/batch/job, where jobs print; kept for 30 days
  job role              jobs read their tasks and write their results, no more
  instance role         instances pull images and write logs; with its profile
  compute environment   EC2 instances, none while there is nothing to run
  job queue, and job definition
  image repository      without --image: the image is built with the docker that
                        is found on PATH, pushed, and built no second time

What is there already is used. What this command made is brought up to date;
what it did not make is left as it is, and named. The same command again changes
nothing. After a failure it goes on where it ended.

What it costs: nothing runs until there are jobs, and instances end after them.
Then instances cost what EC2 asks for, up to --max-vcpus at once. What is stored
(images, objects of the last day, logs) costs cents a month.

Credentials are found as the AWS command line finds them: AWS_PROFILE, say.

Exit codes:
    0  everything is there, as it was asked for
    1  failed; what was made is in the state file
    2  wrong flag or file, or no account: nothing was made

Examples:
  scaler-wm aws_hpc provision --region eu-west-1 --python-version 3.11 \\
      --packages numpy,opengris-scaler==2.9.0
  scaler-wm aws_hpc provision --image my-registry/my-image:1 --vcpus 2 \\
      --memory 4096 --max-vcpus 64 --instance-types c7i,m7i
  source .scaler_aws_batch.env
  scaler-wm aws_hpc tcp://10.0.0.5:8516 --aws-region $SCALER_AWS_REGION \\
      -q $SCALER_JOB_QUEUE -d $SCALER_JOB_DEFINITION \\
      --s3-bucket $SCALER_S3_BUCKET
";

const SHOW: &str = "\
It reads the state file, and asks AWS nothing.

Exit codes:
    0  shown
    2  wrong flag, or no state file

Examples:
  scaler-wm aws_hpc show
  scaler-wm aws_hpc show --json | jq .manager_policy > policy.json
";

const CLEANUP: &str = "\
What goes is what bears the tag scaler-wm:provisioned-by with the prefix as its
value, the state file there or not. Jobs in the queue are ended, objects in the
bucket are removed. What was there before stays, and is named; the log group
stays while other jobs of the account write there.

What cannot be removed is passed over and named at the end; the same command
again tries it again. When all is gone, state file and environment file go, too.

Exit codes:
    0  nothing that was made is left
    1  something is left: it is named, with the reason
    2  wrong flag or file, or no account: nothing was removed

Examples:
  scaler-wm aws_hpc cleanup
  scaler-wm aws_hpc cleanup --region eu-west-1 --prefix my-prefix
";

const BUILD_IMAGE: &str = "\
It makes the image repository if need be, builds with the docker that is found
on PATH, and pushes. The image has Python, boto3, cloudpickle, opengris-scaler,
and what --packages names. Its name is printed last, for --image of `provision`.

Exit codes:
    0  pushed
    1  failed
    2  wrong flag or file, or no account: nothing was made

Example:
  scaler-wm aws_hpc build-image --python-version 3.11 --packages numpy
";
