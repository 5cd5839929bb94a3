//! An account, and what is asked of it.

use scaler_wm_tests::{Answer, AwsClient, Ec2Cloud, Ec2Options, IMAGE, Instance, Result};

/// A cloud, and a client of its proxy.
pub(crate) struct Account {
    pub(crate) cloud: Ec2Cloud,
    pub(crate) client: AwsClient,
}

impl Account {
    /// One whose instances do nothing: what the API does is the same.
    pub(crate) fn idle() -> Result<Self> {
        Self::with(&Ec2Options { executes: false, ..Ec2Options::default() })
    }

    pub(crate) fn with(options: &Ec2Options) -> Result<Self> {
        let cloud = Ec2Cloud::start(options)?;
        let client = AwsClient::new(cloud.proxy.port())?;
        Ok(Self { cloud, client })
    }

    /// Asks for instances: `least` to `most`, with further parameters.
    pub(crate) fn run(&self, least: u32, most: u32, more: &[(&str, &str)]) -> Result<Answer> {
        let (least, most) = (least.to_string(), most.to_string());
        let all = [("ImageId", IMAGE), ("InstanceType", "c5.large"), ("MinCount", &least), ("MaxCount", &most)];
        let all = all.into_iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name));
        self.client.ec2("RunInstances", &all.chain(more.iter().copied()).collect::<Vec<_>>())
    }

    /// Launches one that runs a script.
    pub(crate) fn script(&self, script: &str, more: &[(&str, &str)]) -> Result<Instance> {
        let encoded = base64(script.as_bytes());
        let answer = self.run(1, 1, &[&[("UserData", &*encoded)], more].concat())?;
        self.cloud.emulator.instance(&ids(answer)?[0])
    }

    /// The instances that the proxy tells of, by their ids.
    pub(crate) fn listed(&self) -> Result<Vec<String>> {
        ids(self.client.ec2("DescribeInstances", &[])?)
    }

    /// The first subnets, each in a zone of its own.
    pub(crate) fn subnets(&self) -> Result<Vec<String>> {
        Ok(self.cloud.emulator.client().ec2("DescribeSubnets", &[])?.texts("subnetId"))
    }

    /// Waits until an instance is in a state.
    pub(crate) fn until(&self, instance: &Instance, state: &str) -> Result<Instance> {
        let look = || self.cloud.emulator.instance(&instance.id).ok().filter(|now| now.state == state);
        self.cloud.until(&format!("the instance {state}"), 20.0, look)
    }
}

/// The instances of a good answer.
pub(crate) fn ids(answer: Answer) -> Result<Vec<String>> {
    let ids = answer.texts("instanceId");
    answer.ok().map(|_| ids)
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for part in bytes.chunks(3) {
        let bits = part.iter().fold(0, |bits, byte| bits << 8 | usize::from(*byte)) << (8 * (3 - part.len()));
        for at in 0..4 {
            let digit = DIGITS[bits >> (18 - 6 * at) & 63];
            text.push(if at <= part.len() { char::from(digit) } else { '=' });
        }
    }
    text
}
