//! Where a manager's workers run, and what it is told about that.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::symphony::APPLICATION;
use crate::{BUCKET, IMAGE, ManagerKind, QUEUE, Result, Runner, Symphony, Venv, python_scripts};

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
    /// In jobs of Batch, whose workers are agents: `aws_hpc`.
    Batch {
        /// Where the API of AWS is answered.
        endpoint: String,
    },
    /// In sessions of a simulated Symphony, whose workers are agents: `symphony`.
    Symphony(Symphony),
    /// Wherever a plug-in starts them: `external`.
    External {
        /// Where the plug-in listens.
        address: String,
    },
}

/// By which a manager of EC2 is told what to launch, and what each is told unless a test says otherwise.
const EC2: [(&str, &str); 3] = [("--aws-region", "us-east-1"), ("--image-id", IMAGE), ("--instance-type", "c5.large")];

/// The same of a manager of Batch.
const BATCH: [(&str, &str); 4] = [
    ("--aws-region", "us-east-1"),
    ("--job-queue", QUEUE),
    ("--job-definition", Runner::Released.definition()),
    ("--s3-bucket", BUCKET),
];

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
            Self::Batch { .. } => "aws_hpc",
            Self::Symphony(_) => "symphony",
            Self::External { .. } => "external",
        }
    }

    /// What starts the released manager of it.
    pub(crate) fn released(&self, venv: &Venv) -> Command {
        match self {
            // By itself it ends at once.
            Self::Batch { .. } => {
                let mut command = Command::new(venv.python());
                command.arg(python_scripts().join("released_batch.py"));
                command
            }
            _ => Command::new(venv.program("scaler_worker_manager")),
        }
    }

    /// What such a manager must be told beside `extra`.
    pub(crate) fn arguments(&self, kind: ManagerKind, venv: &Venv, extra: &[String]) -> Vec<PathBuf> {
        let is_said = |flag: &str| {
            let instead = INSTEAD.iter().filter(|(name, _)| *name == flag).flat_map(|(_, others)| *others);
            let mut all = instead.copied().chain([flag]);
            all.any(|flag| extra.iter().any(|word| word.split('=').next() == Some(flag)))
        };
        let unsaid = |pairs: &[(&str, &str)]| {
            let unsaid = pairs.iter().filter(|(flag, _)| !is_said(flag));
            unsaid.flat_map(|(flag, value)| [flag.into(), value.into()]).collect()
        };
        match (self, kind) {
            (Self::Native, ManagerKind::Ours) => vec!["--python".into(), venv.python()],
            (Self::Native, ManagerKind::Released) => Vec::new(),
            (Self::Ec2 { .. }, _) => unsaid(&EC2),
            (Self::Batch { .. }, _) => unsaid(&BATCH),
            (Self::Symphony(symphony), ManagerKind::Ours) => symphony.arguments(),
            (Self::Symphony(_), ManagerKind::Released) => ["--service-name", APPLICATION].map(PathBuf::from).to_vec(),
            (Self::External { address }, _) => ["--provider-address", address].map(PathBuf::from).to_vec(),
            (Self::Ecs { .. }, _) => {
                ["--ecs-subnets", "subnet-1", "--aws-region", "us-east-1"].map(PathBuf::from).to_vec()
            }
        }
    }

    /// Gives such a manager what it needs in its environment, and nothing of whoever runs the tests. It keeps its state in
    /// `folder`, if it keeps any.
    pub(crate) fn prepare(&self, command: &mut Command, folder: &Path) {
        if let Self::Symphony(symphony) = self {
            symphony.prepare(command);
        }
        let (Self::Ecs { endpoint } | Self::Ec2 { endpoint } | Self::Batch { endpoint }) = self else { return };
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
            (Self::Ecs { .. } | Self::Batch { .. }, ManagerKind::Released) => {
                Venv::with_aws(venv.release(), &|line| eprintln!("{line}"))
            }
            (Self::Ec2 { .. }, ManagerKind::Released) => Venv::with_orb(venv.release(), &|line| eprintln!("{line}")),
            _ => Ok(venv.clone()),
        }
    }
}
