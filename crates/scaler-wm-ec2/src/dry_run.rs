//! Calls that would change something, asked without doing so: EC2 says whether they are allowed.

use aws_sdk_ec2::{
    Client,
    operation::{
        create_fleet::builders::CreateFleetFluentBuilder,
        create_launch_template::builders::CreateLaunchTemplateFluentBuilder,
        run_instances::builders::RunInstancesFluentBuilder,
    },
    types::Tag,
};
use scaler_wm_aws::preflight::Look;
use scaler_wm_core::{Chain, Check, Error, ErrorKind, Result};

/// An instance that is nobody's.
const NO_INSTANCE: &str = "i-00000000000000000";
/// A launch template that is nobody's.
pub(crate) const NO_TEMPLATE: &str = "lt-00000000000000000";
const PURPOSE: &str = "ask whether it is allowed";

/// Asks whether calls are allowed.
pub(crate) struct DryRun<'a> {
    pub(crate) ec2: &'a Client,
    pub(crate) look: &'a Look,
}

/// What EC2 says of a call that it has not made.
#[derive(Debug)]
pub(crate) enum Verdict {
    /// It is allowed.
    Allowed,
    /// It is not, or something else is wrong with it.
    Refused(Error),
    /// What it is about is not there, which EC2 may say before it says whether it is allowed.
    Unknown,
}

/// A dry run ends in an error, whatever comes of it: the one by which EC2 says yes is none of the classes that it could
/// have otherwise.
fn judged(code: &str, _: &str) -> Option<ErrorKind> {
    match code {
        "DryRunOperation" => Some(ErrorKind::Conflict),
        _ if code.contains("NotFound") => Some(ErrorKind::NotFound),
        _ => None,
    }
}

impl Verdict {
    fn of<T>(answer: Result<T>) -> Self {
        match answer {
            Err(error) if error.kind() == ErrorKind::Conflict => Self::Allowed,
            Err(error) if error.kind() == ErrorKind::NotFound => Self::Unknown,
            Err(error) => Self::Refused(error),
            // Not as EC2 does it; an emulator may take no notice of what nobody is to notice.
            Ok(_) => Self::Allowed,
        }
    }

    /// It as a check. The last word of the name is the permission.
    pub(crate) fn check(self, name: &str) -> Check {
        let permission = name.rsplit(' ').next().unwrap_or(name);
        match self {
            Self::Allowed => Check::good(name, "allowed"),
            Self::Unknown => Check::skipped(name, "EC2 does not tell without something that is there"),
            Self::Refused(error) => {
                let found = Chain(&error).to_string();
                match error.kind() {
                    ErrorKind::Denied => Check::bad(name, found, format!("allow {permission} to these credentials")),
                    ErrorKind::Throttled => Check::skipped(name, format!("AWS is asked too often now: {found}")),
                    ErrorKind::Transient => Check::bad(name, found, "try again; if it stays so, check the way to AWS"),
                    _ => Check::bad(name, found, "mend what it names"),
                }
            }
        }
    }
}

impl DryRun<'_> {
    /// A launch.
    pub(crate) async fn run(&self, call: RunInstancesFluentBuilder) -> Verdict {
        let call = call.dry_run(true);
        Verdict::of(self.look.ask("RunInstances", PURPOSE, launching, || call.clone().send()).await)
    }

    /// The launch template of a fleet.
    pub(crate) async fn template(&self, call: CreateLaunchTemplateFluentBuilder) -> Verdict {
        let call = call.dry_run(true);
        Verdict::of(self.look.ask("CreateLaunchTemplate", PURPOSE, judged, || call.clone().send()).await)
    }

    /// A fleet. Its template is not there yet.
    pub(crate) async fn fleet(&self, call: CreateFleetFluentBuilder) -> Verdict {
        let call = call.dry_run(true);
        Verdict::of(self.look.ask("CreateFleet", PURPOSE, judged, || call.clone().send()).await)
    }

    /// The end of an instance.
    pub(crate) async fn terminate(&self) -> Verdict {
        let call = self.ec2.terminate_instances().instance_ids(NO_INSTANCE).dry_run(true);
        Verdict::of(self.look.ask("TerminateInstances", PURPOSE, judged, || call.clone().send()).await)
    }

    /// The renewal of a lease.
    pub(crate) async fn tag(&self) -> Verdict {
        let tag = Tag::builder().key("scaler-wm:preflight").value("").build();
        let call = self.ec2.create_tags().resources(NO_INSTANCE).tags(tag).dry_run(true);
        Verdict::of(self.look.ask("CreateTags", PURPOSE, judged, || call.clone().send()).await)
    }

    /// A temporary key pair.
    pub(crate) async fn key_pair(&self, name: &str) -> Verdict {
        let call = self.ec2.create_key_pair().key_name(name).dry_run(true);
        Verdict::of(self.look.ask("CreateKeyPair", PURPOSE, judged, || call.clone().send()).await)
    }

    /// A temporary security group.
    pub(crate) async fn group(&self, name: &str) -> Verdict {
        let call = self.ec2.create_security_group().group_name(name).description("Asks whether it is allowed");
        let call = call.dry_run(true);
        Verdict::of(self.look.ask("CreateSecurityGroup", PURPOSE, judged, || call.clone().send()).await)
    }
}

/// Of a launch everything that is named must be there: what is not is a mistake.
fn launching(code: &str, message: &str) -> Option<ErrorKind> {
    judged(code, message).map(|kind| if kind == ErrorKind::NotFound { ErrorKind::Invalid } else { kind })
}
