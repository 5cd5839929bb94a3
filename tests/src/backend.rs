//! Where a manager's workers run, and what it is told about that.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::{IMAGE, ManagerKind, Result, Venv};

/// Where a manager's workers run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// On this machine: `baremetal_native`.
    #[default]
    Native,
    /// In tasks of ECS: `aws_raw_ecs`.
    Ecs {
        /// Where the API of AWS is answered.
        endpoint: String,
    },
    /// On instances of EC2: `orb_aws_ec2`.
    Ec2 {
        /// Where the API of AWS is answered.
        endpoint: String,
    },
}

/// By which a manager of EC2 is told what to launch, and what each is told unless a test says otherwise.
const EC2: [(&str, &str); 3] = [("--aws-region", "us-east-1"), ("--image-id", IMAGE), ("--instance-type", "c5.large")];

/// What says otherwise without naming it.
const INSTEAD: [(&str, &[&str]); 3] = [
    ("--aws-region", &["--orb-url"]),
    ("--image-id", &["--requirements-txt", "--python-version", "--orb-template", "--orb-url"]),
    ("--instance-type", &["--orb-template", "--orb-url"]),
];

impl Backend {
    /// The name under which managers of it are started.
    pub(crate) fn command(&self) -> &'static str {
        match self {
            Self::Native => "baremetal_native",
            Self::Ecs { .. } => "aws_raw_ecs",
            Self::Ec2 { .. } => "orb_aws_ec2",
        }
    }

    /// What such a manager must be told beside `extra`.
    pub(crate) fn arguments(&self, kind: ManagerKind, venv: &Venv, extra: &[String]) -> Vec<PathBuf> {
        let is_said = |flag: &str| {
            let instead = INSTEAD.iter().filter(|(name, _)| *name == flag).flat_map(|(_, others)| *others);
            let mut all = instead.copied().chain([flag]);
            all.any(|flag| extra.iter().any(|word| word.split('=').next() == Some(flag)))
        };
        match (self, kind) {
            (Self::Native, ManagerKind::Ours) => vec!["--python".into(), venv.python()],
            (Self::Native, ManagerKind::Released) => Vec::new(),
            (Self::Ec2 { .. }, _) => {
                let unsaid = EC2.into_iter().filter(|(flag, _)| !is_said(flag));
                unsaid.flat_map(|(flag, value)| [flag.into(), value.into()]).collect()
            }
            (Self::Ecs { .. }, _) => {
                ["--ecs-subnets", "subnet-1", "--aws-region", "us-east-1"].map(PathBuf::from).to_vec()
            }
        }
    }

    /// Gives such a manager what it needs in its environment, and nothing of whoever runs the tests. It keeps its state in
    /// `folder`, if it keeps any.
    pub(crate) fn prepare(&self, command: &mut Command, folder: &Path) {
        let (Self::Ecs { endpoint } | Self::Ec2 { endpoint }) = self else { return };
        command.env("AWS_ENDPOINT_URL", endpoint).env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
        command.env_remove("AWS_PROFILE").env_remove("AWS_SESSION_TOKEN");
        // The released manager of EC2 would keep its requests and a log beside its virtual environment.
        command.env("ORB_ROOT_DIR", folder);
    }

    /// The virtual environment that a manager of this kind needs on a stack with `venv`.
    pub(crate) fn venv(&self, kind: ManagerKind, venv: &Venv) -> Result<Venv> {
        match (self, kind) {
            (Self::Ecs { .. }, ManagerKind::Released) => Venv::with_aws(venv.release(), &|line| eprintln!("{line}")),
            (Self::Ec2 { .. }, ManagerKind::Released) => Venv::with_orb(venv.release(), &|line| eprintln!("{line}")),
            _ => Ok(venv.clone()),
        }
    }
}
