//! A real ORB server (`orb-py`) before an emulator of EC2.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::stacks::{Ground, TAIL};
use crate::{
    AwsClient, Ec2Cloud, Ec2Stack, Emulation, Failure, IMAGE, LogFile, Ports, Process, Result, Venv, is_listening,
    until,
};

/// What the server signs tokens with.
const SECRET: &str = "a secret of the tests, longer than 32 bytes";

/// Makes a token: its name, its role, the secret, its end in seconds from now.
const SIGN: &str = "import jwt, sys, time; name, role, secret, within = sys.argv[1:]; \
    print(jwt.encode({'sub': name, 'roles': [role], 'exp': int(time.time()) + int(within)}, secret, algorithm='HS256'))";

/// A running server with two templates, [`OrbServer::RUN`] and [`OrbServer::FLEET`]. It ends when this is dropped; it
/// belongs to a cloud, which must stay for as long.
#[derive(Debug)]
pub struct OrbServer {
    process: Process,
    command: Command,
    venv: Venv,
    port: u16,
}

impl OrbServer {
    /// The template whose instances are run by `RunInstances`, at most ten.
    pub const RUN: &str = "run";
    /// The template whose instances come by an instant EC2 Fleet.
    pub const FLEET: &str = "fleet";

    /// Starts one before a cloud without a scheduler, and waits until it answers. Its instances run nothing.
    ///
    /// # Errors
    /// When its virtual environment cannot be made, or it does not come up.
    ///
    /// # Panics
    /// When the cloud is that of a stack.
    pub fn start(cloud: &Ec2Cloud) -> Result<Self> {
        let ground = cloud.ground().expect("a cloud of its own");
        Self::on(ground, cloud, None).map_err(|failure| cloud.explain(failure))
    }

    /// Starts one before the cloud of a stack. Its instances run `user_data`.
    ///
    /// # Errors
    /// As [`OrbServer::start`].
    pub fn beside(ec2: &Ec2Stack, user_data: &str) -> Result<Self> {
        Self::on(ec2.stack.ground(), &ec2.cloud, Some(user_data)).map_err(|failure| ec2.explain(failure))
    }

    fn on(ground: &Ground, cloud: &Ec2Cloud, user_data: Option<&str>) -> Result<Self> {
        let port = Ports::single()?;
        let venv = Venv::with_orb_server(&|line| eprintln!("{line}"))?;
        // Past the proxy: what is seen there is of managers alone.
        let emulator = &cloud.emulator;
        write_settings(ground.folder(), port, emulator.client(), user_data)?;
        let mut command = command(ground, &venv, port, emulator.port());
        let process = start(&mut command, port, ground.log("orb"))?;
        Ok(Self { process, command, venv, port })
    }

    /// Where it is found.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A token of somebody with this name and role, for as many seconds.
    ///
    /// # Errors
    /// When none can be made.
    pub fn token(&self, name: &str, role: &str, seconds: i64) -> Result<String> {
        let mut command = Command::new(self.venv.python());
        command.args(["-c", SIGN, name, role, SECRET, &seconds.to_string()]);
        let output = command.output().map_err(|error| Failure::new("sign a token", error))?;
        if !output.status.success() {
            return Err(Failure::new("sign a token", String::from_utf8_lossy(&output.stderr)));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// What it printed.
    pub fn log(&self) -> &LogFile {
        self.process.log()
    }

    /// Kills it; the cloud stays.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Starts it again, with what it has in its store.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_again(&mut self) -> Result<()> {
        self.process.kill();
        self.process = start(&mut self.command, self.port, self.process.log().clone())?;
        Ok(())
    }
}

/// The server's configuration, and its file of templates: its API cannot make one for AWS.
fn write_settings(folder: &Path, port: u16, ec2: &AwsClient, user_data: Option<&str>) -> Result<()> {
    let one = |action: &str, name: &str| {
        let found = ec2.ec2(action, &[])?.texts(name);
        found.into_iter().next().ok_or_else(|| Failure::new(format!("find {name} in the emulator"), "there is none"))
    };
    let (subnet, group) = (one("DescribeSubnets", "subnetId")?, one("DescribeSecurityGroups", "groupId")?);
    let template = |id: &str, api: &str| {
        let mut template = json!({
            "template_id": id, "provider_api": api, "machine_image": IMAGE, "machine_types": {"t3.medium": 1},
            "max_machines": 10, "subnet_ids": [subnet], "security_group_ids": [group], "price_type": "ondemand",
            "fleet_type": "instant", "metadata": {"fleet_type": "instant"},
        });
        if let Some(script) = user_data {
            template["machine_bootstrap"] = script.into();
        }
        template
    };
    let templates =
        json!({"templates": [template(OrbServer::RUN, "RunInstances"), template(OrbServer::FLEET, "EC2Fleet")]});
    let token = json!({"secret_key": SECRET, "algorithm": "HS256"});
    let config = json!({
        "version": "2.0.0",
        "scheduler": {"type": "default"},
        "provider": {"providers": [{"name": "aws-test", "type": "aws", "enabled": true, "config": {"region": "us-east-1"}}]},
        "storage": {"strategy": "json"},
        "server": {
            "enabled": true, "host": "127.0.0.1", "port": port,
            "auth": {"enabled": true, "strategy": "bearer_token", "bearer_token": token},
            // The suite looks far more often than a manager does, and slow machines make it look longer.
            "rate_limiting": {"requests_per_minute": 60_000, "burst": 60_000},
        },
    });
    let config_folder = folder.join("config");
    let failed = |error: std::io::Error| Failure::new("write the ORB server's configuration", error);
    fs::create_dir_all(&config_folder).map_err(failed)?;
    let write = |name: &str, value: &Value| fs::write(config_folder.join(name), value.to_string()).map_err(failed);
    write("config.json", &config)?;
    write("aws_templates.json", &templates)
}

fn command(ground: &Ground, venv: &Venv, port: u16, ec2_port: u16) -> Command {
    let folder = ground.folder();
    let mut command = Command::new(venv.program("orb"));
    command.args(["server", "start", "--foreground", "--api-only", "--host", "127.0.0.1", "--port", &port.to_string()]);
    ground.prepare(&mut command, venv, "orb");
    command.current_dir(folder).env("HOME", folder).env("ORB_CONFIG_DIR", folder.join("config"));
    command.env("ORB_WORK_DIR", folder.join("work")).env("ORB_LOG_DIR", folder.join("orb-logs"));
    command.env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{ec2_port}")).env("AWS_DEFAULT_REGION", "us-east-1");
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test").env_remove("AWS_PROFILE");
    command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    command
}

fn start(command: &mut Command, port: u16, log: LogFile) -> Result<Process> {
    let mut process = Process::start("ORB server", command, log)?;
    let ended = until("a server listen", 60.0, || match process.exited() {
        Some(status) => Some(Some(status)),
        None => is_listening(port).then_some(None),
    });
    match ended.map_err(|failure| failure.with_context(process.log().tail(TAIL)))? {
        None => Ok(process),
        Some(status) => {
            Err(Failure::new("see a server listen", format!("it ended: {status}"))
                .with_context(process.log().tail(TAIL)))
        }
    }
}
