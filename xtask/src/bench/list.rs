//! Every bench, written once: what there is to be run by itself, and what `bench all` goes through.

use std::env;
use std::path::PathBuf;

use scaler_wm_tests::{LATEST, Result, Venv, manager_binary};

use super::{
    agent, batch, control, ec2, ecs, entry, features, flood, native, policy, reconcile, say, sheet::Sheet, sim,
    surfaces, symphony, tls,
};
use crate::shell;

/// One set of figures.
pub(crate) struct Bench {
    pub(crate) name: &'static str,
    /// What it does, for the list of tasks.
    pub(crate) what: &'static str,
    /// About how long it takes on two cores when nothing is built, in minutes.
    pub(super) minutes: u32,
    /// Virtual environments beside that of the latest release: they are made before any clock runs.
    pub(super) needs: &'static [fn() -> Result<Venv>],
    pub(super) measure: fn() -> Result<Sheet>,
    /// What else is measured when it is run by itself.
    pub(super) and: Option<&'static str>,
}

/// In the order of `bench all`: what takes longest comes last.
pub(crate) const BENCHES: [Bench; 15] = [
    Bench {
        name: "native",
        what: "measure beside the released Python manager",
        minutes: 20,
        needs: &[],
        measure: native::measure,
        and: None,
    },
    Bench {
        name: "entry",
        what: "measure the command line and `up`, beside the released `scaler`",
        minutes: 4,
        needs: &[],
        measure: || Ok(entry::rows(&entry::measure(&default()?)?).into()),
        and: None,
    },
    Bench {
        name: "policy",
        what: "measure policy decisions and allocations beside the released package's",
        minutes: 4,
        needs: &[],
        measure: || Ok(policy::rows(&policy::measure()?).into()),
        and: None,
    },
    Bench {
        name: "sim",
        what: "measure simulations, and target_wait beside the released manager",
        minutes: 5,
        needs: &[],
        measure: || Ok(sim::rows(&sim::measure(&default()?)?).into()),
        and: None,
    },
    Bench {
        name: "reconcile",
        what: "measure the manager's loop with 10, 1,000 and 100,000 units, and how it finds units again",
        minutes: 2,
        needs: &[],
        measure: reconcile::measure,
        and: None,
    },
    Bench {
        name: "ecs",
        what: "measure 100 and 1,000 tasks of ECS beside the released manager",
        minutes: 15,
        needs: &[with_aws, with_emulator],
        measure: || ecs::measure(&with_cloud("ecs")?),
        and: None,
    },
    Bench {
        name: "ec2",
        what: "measure 20 and 100 instances of EC2 beside the released manager",
        minutes: 25,
        needs: &[with_orb, with_moto],
        measure: || ec2::measure(&with_cloud("ec2")?),
        and: None,
    },
    Bench {
        name: "batch",
        what: "measure 20, 100 and 1,000 jobs of Batch beside the released proxy",
        minutes: 25,
        needs: &[with_aws, with_moto],
        measure: || batch::measure(&with_cloud("batch")?),
        and: None,
    },
    Bench {
        name: "agent",
        what: "measure a worker that hands its tasks on, beside the released proxy",
        minutes: 12,
        needs: &[],
        measure: agent::measure,
        and: None,
    },
    Bench {
        name: "symphony",
        what: "measure tasks of Symphony beside the released proxy with a stub of soamapi",
        minutes: 15,
        needs: &[],
        measure: symphony::measure,
        and: None,
    },
    Bench {
        name: "control",
        what: "measure what the control plane costs",
        minutes: 7,
        needs: &[],
        measure: control::measure,
        and: None,
    },
    Bench {
        name: "surfaces",
        what: "measure what people look at: the status page, `top`, and what users install",
        minutes: 10,
        needs: &[with_maturin],
        measure: surfaces::measure,
        and: None,
    },
    Bench {
        name: "flood",
        what: "measure memory under a flood of 1 GB, and frames a second, beside the released package's",
        minutes: 10,
        needs: &[],
        measure: flood::measure,
        and: None,
    },
    Bench {
        name: "tls",
        what: "measure what encryption costs",
        minutes: 6,
        needs: &[],
        measure: || Ok(tls::rows(&tls::measure()?).into()),
        and: None,
    },
    Bench {
        name: FEATURES,
        what: "build every set of cargo features from nothing, and measure it",
        minutes: 90,
        needs: &[with_emulator, with_moto, with_grpc],
        measure: features::measure,
        and: Some("flood"),
    },
];

/// The name of the one that can be left out.
pub(super) const FEATURES: &str = "features";

fn with_aws() -> Result<Venv> {
    Venv::with_aws(LATEST, &say)
}

fn with_orb() -> Result<Venv> {
    Venv::with_orb(LATEST, &say)
}

fn with_grpc() -> Result<Venv> {
    Venv::with_grpc(LATEST, &say)
}

fn with_emulator() -> Result<Venv> {
    Venv::with_emulator(&say)
}

fn with_moto() -> Result<Venv> {
    Venv::with_moto(&say)
}

fn with_maturin() -> Result<Venv> {
    Venv::with_maturin(&say)
}

/// The binary that users install.
fn default() -> Result<PathBuf> {
    eprintln!("building");
    shell::build_binary(&["--release"])
}

/// A binary with the backend of this name, which is that of its feature; or the one that `SCALER_WM_BIN` names.
pub(crate) fn with_cloud(backend: &str) -> Result<PathBuf> {
    if env::var_os("SCALER_WM_BIN").is_some() {
        return manager_binary();
    }
    eprintln!("building with the AWS SDK, some minutes");
    shell::build_binary(&["--release", "--features", backend])
}

/// The bench of this name.
pub(super) fn named(name: &str) -> Option<&'static Bench> {
    const ALL: &[Bench] = &BENCHES;
    ALL.iter().find(|bench| bench.name == name)
}
