//! Kills of managers of EC2.

use super::emulator::Ec2Emulator;
use super::instance::Instance;
use crate::Result;
use crate::aws::killable::{Killable, LAUNCH};
use crate::aws::proxy::ApiCall;

/// The tag that names an instance's manager.
const MANAGER: &str = "scaler-wm:manager";

impl Killable for Ec2Emulator {
    const LAUNCHES: &'static str = "RunInstances";
    const STOPS: &'static str = "TerminateInstances";
    const LOOKS: &'static str = "DescribeInstances";
    const ONE_WORKER: [&'static str; 2] = ["--instance-type", "t2.micro"];

    fn ever(&self) -> Result<Vec<Instance>> {
        self.instances()
    }

    fn is_of(instance: &Instance, manager: &str) -> bool {
        instance.tags.get(MANAGER).is_some_and(|of| of == manager)
    }

    fn launch_of(instance: &Instance) -> Option<String> {
        instance.tags.get(LAUNCH).cloned()
    }

    fn launch_in(call: &ApiCall) -> Option<(String, usize)> {
        let fields = call.body.as_object()?;
        let (key, _) = fields.iter().find(|(name, value)| name.ends_with(".Key") && *value == LAUNCH)?;
        let launch = fields.get(&format!("{}.Value", key.strip_suffix(".Key")?))?.as_str()?;
        Some((launch.to_owned(), fields.get("MaxCount")?.as_str()?.parse().ok()?))
    }

    fn temporary(&self) -> Result<Option<usize>> {
        self.resources().map(|resources| Some(resources.count()))
    }
}
