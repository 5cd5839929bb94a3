//! `aws_hpc provision`, and the three actions beside it: what `aws_hpc` needs in AWS, made and taken away.

use scaler_wm_core::options::{Group, Kind, OptionSpec, Preset};

/// What is done with the infrastructure of `aws_hpc`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It is made, or brought up to date.
    Provision,
    /// What was made is told.
    Show,
    /// What was made is removed.
    Cleanup,
    /// The image of jobs is built and pushed.
    BuildImage,
}

impl Action {
    /// Every action, in the order in which lists show them.
    pub const ALL: [Self; 4] = [Self::Provision, Self::Show, Self::Cleanup, Self::BuildImage];

    /// The word on the command line.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Provision => "provision",
            Self::Show => "show",
            Self::Cleanup => "cleanup",
            Self::BuildImage => "build-image",
        }
    }

    /// What it does, in a line.
    #[must_use]
    pub const fn about(self) -> &'static str {
        match self {
            Self::Provision => "Makes in AWS what aws_hpc runs tasks on, or brings it up to date",
            Self::Show => "Shows what was made, and what the manager must be allowed to do",
            Self::Cleanup => "Removes from AWS what `provision` made, and nothing else",
            Self::BuildImage => "Builds the image of jobs with docker, and pushes it to AWS",
        }
    }

    /// Its options. Those that it has no use for are hidden: the released command takes all of them, whatever it does.
    pub fn options(self) -> impl Iterator<Item = (&'static OptionSpec, bool)> {
        let parts: [(&[OptionSpec], &[Self]); 6] = [
            (PLACE, &[Self::Provision, Self::Cleanup, Self::BuildImage]),
            (IMAGE, &[Self::Provision]),
            (RECIPE, &[Self::Provision, Self::BuildImage]),
            (JOBS, &[Self::Provision]),
            (FILES, &Self::ALL),
            (JSON, &[Self::Show]),
        ];
        parts.into_iter().flat_map(move |(options, users)| {
            let is_shown = users.contains(&self);
            // The environment file says nothing about an image, and what is not the released command's is nobody's habit.
            options
                .iter()
                .filter(move |spec| is_shown || !spec.is_ours)
                .map(move |spec| (spec, is_shown && !(self == Self::BuildImage && spec.key == "env_file")))
        })
    }
}

const AT_LEAST_1: Kind = Kind::Integer { min: 1, special: None };

const PLACE: &[OptionSpec] = &[
    OptionSpec::new("region", Kind::Text, Preset::Text("us-east-1"), "AWS region.").value("REGION"),
    OptionSpec::new(
        "prefix",
        Kind::Text,
        Preset::Text("scaler-batch"),
        "What the names of everything begin with: lower-case letters, digits and hyphens.",
    )
    .value("PREFIX"),
];

const IMAGE: &[OptionSpec] = &[OptionSpec::new(
    "image",
    Kind::Text,
    Preset::Described("built and pushed, as by build-image"),
    "Container image that jobs run.",
)
.value("IMAGE")];

const RECIPE: &[OptionSpec] = &[
    OptionSpec::new(
        "python_version",
        Kind::Text,
        Preset::Text("3.12"),
        "Python of an image that is built; it must be the clients', as functions travel as its byte code.",
    )
    .value("VERSION")
    .ours(),
    OptionSpec::new(
        "packages",
        Kind::List,
        Preset::Nothing,
        "Python packages that tasks import, for an image that is built, such as numpy==2.3.1,opengris-scaler==2.9.0.",
    )
    .value("LIST")
    .ours(),
];

const JOBS: &[OptionSpec] = &[
    OptionSpec::new("vcpus", AT_LEAST_1, Preset::Integer(1), "vCPUs of a job.").value("N"),
    OptionSpec::new(
        "memory",
        AT_LEAST_1,
        Preset::Integer(2_048),
        "MiB of a job: rounded to a multiple of 2048, of which a job gets 90 %, so that as many fit on an instance.",
    )
    .value("MIB"),
    OptionSpec::new("max_vcpus", AT_LEAST_1, Preset::Integer(256), "Most vCPUs that run at once, and so cost money.")
        .value("N"),
    OptionSpec::new(
        "instance_types",
        Kind::List,
        Preset::Texts("default_x86_64"),
        "Types or families of EC2 instances that AWS may choose from, such as c7i,m7i.large.",
    )
    .value("LIST"),
    OptionSpec::new("job_timeout", AT_LEAST_1, Preset::Integer(60), "Minutes after which AWS ends a job.")
        .value("MINUTES"),
    OptionSpec::new(
        "subnets",
        Kind::List,
        Preset::Described("those of the default VPC"),
        "Subnets of instances; from each, S3 and ECR must be reachable.",
    )
    .value("LIST")
    .ours(),
    OptionSpec::new(
        "security_groups",
        Kind::List,
        Preset::Described("the default one of the subnets' VPC"),
        "Security groups of instances.",
    )
    .value("LIST")
    .ours(),
];

const FILES: &[OptionSpec] = &[
    OptionSpec::new(
        "config",
        Kind::Text,
        Preset::Text(".scaler_aws_batch_config.json"),
        "State file: what was made, in JSON. Region and prefix in it are the default of --region and --prefix.",
    )
    .value("FILE")
    .group(Group::Files),
    OptionSpec::new(
        "env_file",
        Kind::Text,
        Preset::Text(".scaler_aws_batch.env"),
        "File for a shell, with the names that the manager needs.",
    )
    .value("FILE")
    .group(Group::Files),
];

const JSON: &[OptionSpec] =
    &[OptionSpec::new("json", Kind::Flag, Preset::Nothing, "Print JSON, for programs.").group(Group::Files).ours()];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_action_takes_the_flags_of_the_released_command() {
        for action in Action::ALL {
            let keys: BTreeSet<&str> = action.options().map(|(spec, _)| spec.key).collect();
            for key in [
                "region",
                "prefix",
                "image",
                "vcpus",
                "memory",
                "max_vcpus",
                "instance_types",
                "job_timeout",
                "config",
                "env_file",
            ] {
                assert!(keys.contains(key), "{}: {key}", action.word());
            }
            assert_eq!(keys.len(), action.options().count(), "{}: a name is there twice", action.word());
            assert!(action.options().all(|(spec, _)| spec.help.ends_with('.')));
        }
        let shown: Vec<&str> =
            Action::Show.options().filter(|(_, is_shown)| *is_shown).map(|(spec, _)| spec.key).collect();
        assert_eq!(shown, ["config", "env_file", "json"]);
    }
}
