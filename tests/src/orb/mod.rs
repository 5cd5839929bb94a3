//! A real ORB server (`orb-py`) before an emulator of EC2.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::ground::{Ground, TAIL};
use crate::{AwsClient, Failure, IMAGE, LogFile, Ports, Process, Result, Venv, is_listening, until};

/// What the server signs tokens with.
const SECRET: &str = "a secret of the tests, longer than 32 bytes";

/// The emulator's program.
const MOTO: &str = include_str!("moto.py");

/// Makes a token: its name, its role, the secret, its end in seconds from now.
const SIGN: &str = "import jwt, sys, time; name, role, secret, within = sys.argv[1:]; \
    print(jwt.encode({'sub': name, 'roles': [role], 'exp': int(time.time()) + int(within)}, secret, algorithm='HS256'))";

/// A running server with two templates, [`OrbServer::RUN`] and [`OrbServer::FLEET`]. Everything ends when this is dropped.
#[derive(Debug)]
pub struct OrbServer {
    /// First: it kills everything before anything else goes.
    ground: Ground,
    venv: Venv,
    server: Process,
    port: u16,
    ec2_port: u16,
    ec2: AwsClient,
    _emulator: Process,
}

impl OrbServer {
    /// The template whose instances are run by `RunInstances`, at most ten.
    pub const RUN: &str = "run";
    /// The template whose instances come by an instant EC2 Fleet.
    pub const FLEET: &str = "fleet";

    /// Starts the emulator and the server, and waits until both answer.
    ///
    /// # Errors
    /// When a virtual environment cannot be made, or one of them does not come up.
    pub fn start() -> Result<Self> {
        let (port, ec2_port) = (Ports::single()?, Ports::single()?);
        let ground = Ground::new(port, None)?;
        let venv = Venv::with_orb_server(&|line| eprintln!("{line}"))?;
        let moto = Venv::with_moto(&|line| eprintln!("{line}"))?;
        let mut command = Command::new(moto.python());
        command.args(["-c", MOTO]).arg(ec2_port.to_string());
        ground.prepare(&mut command, &moto, "emulator");
        let mut emulator = Process::start("emulator", &mut command, ground.log("emulator"))?;
        comes_up(&mut emulator, ec2_port)?;
        let ec2 = AwsClient::new(ec2_port)?;
        write_settings(ground.folder(), port, &ec2)?;
        let server = start_server(&ground, &venv, port, ec2_port)?;
        Ok(Self { ground, venv, server, port, ec2_port, ec2, _emulator: emulator })
    }

    /// Where it is found.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A token of somebody with this role, for as many seconds.
    ///
    /// # Errors
    /// When none can be made.
    pub fn token(&self, role: &str, seconds: i64) -> Result<String> {
        let mut command = Command::new(self.venv.python());
        command.args(["-c", SIGN, "somebody", role, SECRET, &seconds.to_string()]);
        let output = command.output().map_err(|error| Failure::new("sign a token", error))?;
        if !output.status.success() {
            return Err(Failure::new("sign a token", String::from_utf8_lossy(&output.stderr)));
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// What it printed.
    pub fn log(&self) -> &LogFile {
        self.server.log()
    }

    /// Kills the server; the emulator stays.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// Starts it again, with what it has in its store.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start_again(&mut self) -> Result<()> {
        self.server.kill();
        self.server = start_server(&self.ground, &self.venv, self.port, self.ec2_port)?;
        Ok(())
    }

    /// The instances in this state.
    ///
    /// # Errors
    /// When the emulator does not answer.
    pub fn instances(&self, state: &str) -> Result<Vec<String>> {
        let filter = [("Filter.1.Name", "instance-state-name"), ("Filter.1.Value.1", state)];
        let answer = self.ec2.ec2("DescribeInstances", &filter)?;
        let mut ids = answer.texts("instanceId");
        ids.sort_unstable();
        Ok(ids)
    }

    /// Terminates an instance behind everybody's back.
    ///
    /// # Errors
    /// When there is no such instance.
    pub fn terminate(&self, id: &str) -> Result<()> {
        self.ec2.ec2("TerminateInstances", &[("InstanceId.1", id)])?.ok().map(drop)
    }

    /// Stops an instance behind everybody's back.
    ///
    /// # Errors
    /// When there is no such instance.
    pub fn stop_instance(&self, id: &str) -> Result<()> {
        self.ec2.ec2("StopInstances", &[("InstanceId.1", id)])?.ok().map(drop)
    }
}

/// The server's configuration, and its file of templates: its API cannot make one for AWS.
fn write_settings(folder: &Path, port: u16, ec2: &AwsClient) -> Result<()> {
    let one = |action: &str, name: &str| {
        let found = ec2.ec2(action, &[])?.texts(name);
        found.into_iter().next().ok_or_else(|| Failure::new(format!("find {name} in the emulator"), "there is none"))
    };
    let (subnet, group) = (one("DescribeSubnets", "subnetId")?, one("DescribeSecurityGroups", "groupId")?);
    let template = |id: &str, api: &str| {
        json!({
            "template_id": id, "provider_api": api, "machine_image": IMAGE, "machine_types": {"t3.medium": 1},
            "max_machines": 10, "subnet_ids": [subnet], "security_group_ids": [group], "price_type": "ondemand",
            "fleet_type": "instant", "metadata": {"fleet_type": "instant"},
        })
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
        },
    });
    let config_folder = folder.join("config");
    let failed = |error: std::io::Error| Failure::new("write the ORB server's configuration", error);
    fs::create_dir_all(&config_folder).map_err(failed)?;
    let write = |name: &str, value: &Value| fs::write(config_folder.join(name), value.to_string()).map_err(failed);
    write("config.json", &config)?;
    write("aws_templates.json", &templates)
}

fn start_server(ground: &Ground, venv: &Venv, port: u16, ec2_port: u16) -> Result<Process> {
    let folder: PathBuf = ground.folder().to_owned();
    let mut command = Command::new(venv.program("orb"));
    command.args(["server", "start", "--foreground", "--api-only", "--host", "127.0.0.1", "--port", &port.to_string()]);
    ground.prepare(&mut command, venv, "orb");
    command.current_dir(&folder).env("HOME", &folder).env("ORB_CONFIG_DIR", folder.join("config"));
    command.env("ORB_WORK_DIR", folder.join("work")).env("ORB_LOG_DIR", folder.join("orb-logs"));
    command.env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{ec2_port}")).env("AWS_DEFAULT_REGION", "us-east-1");
    command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test").env_remove("AWS_PROFILE");
    command.env("AWS_CONFIG_FILE", "/dev/null").env("AWS_SHARED_CREDENTIALS_FILE", "/dev/null");
    let mut server = Process::start("ORB server", &mut command, ground.new_log("orb"))?;
    comes_up(&mut server, port)?;
    Ok(server)
}

fn comes_up(process: &mut Process, port: u16) -> Result<()> {
    let ended = until("a server listen", 60.0, || match process.exited() {
        Some(status) => Some(Some(status)),
        None => is_listening(port).then_some(None),
    });
    match ended.map_err(|failure| failure.with_context(process.log().tail(TAIL)))? {
        None => Ok(()),
        Some(status) => {
            Err(Failure::new("see a server listen", format!("it ended: {status}"))
                .with_context(process.log().tail(TAIL)))
        }
    }
}
