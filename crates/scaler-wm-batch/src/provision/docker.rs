//! Drives the `docker` that is found on PATH.

use std::{
    fmt,
    fs::{self, Permissions},
    io::{self, BufRead, BufReader, Read, Write},
    os::unix::fs::PermissionsExt,
    process::{Child, Command, Stdio},
    thread,
};

use scaler_wm_aws::random_name;
use scaler_wm_core::{Error, ErrorKind, Result};
use tokio::{sync::mpsc, task::spawn_blocking};

use super::{
    Happened, Progress, Recipe,
    files::Folder,
    recipe::{CONTAINERFILE, RUNNER},
};

/// Instances are of this kind, whatever this host is.
const PLATFORM: &str = "linux/amd64";

/// What docker needs to push to a registry.
pub(super) struct Login {
    pub(super) registry: String,
    pub(super) user: String,
    pub(super) password: String,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("registry", &self.registry).field("user", &self.user).finish_non_exhaustive()
    }
}

fn failed(kind: ErrorKind, purpose: &'static str, context: impl Into<String>) -> Error {
    Error::new(kind, purpose, context)
}

/// Whether docker is there, and its daemon with it: else it would be found out only after other things were made.
pub(super) fn check() -> Result<()> {
    let purpose = "find docker";
    let answer = Command::new("docker").arg("version").stdin(Stdio::null()).output();
    match answer {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(failed(
                ErrorKind::Invalid,
                purpose,
                format!(
                    "`docker version` ends with {}: {said}; name an image that is there by --image of `provision`",
                    output.status
                ),
            ))
        }
        Err(error) => {
            let context = format!(
                "`docker` cannot be started ({error}): it builds the image of jobs; install it, or name an image that is \
                 there by --image of `provision`"
            );
            Err(failed(ErrorKind::Invalid, purpose, context))
        }
    }
}

/// Logs in, builds, pushes. What docker says is told line by line, but for the login.
pub(super) async fn build_and_push(image: &str, recipe: &Recipe, login: &Login, tell: &dyn Fn(Progress)) -> Result<()> {
    let purpose = "write what the image is built of";
    let unwritten = |error: io::Error| failed(ErrorKind::Failed, purpose, "").with_source(error);
    let folder = Folder::new(&format!("scaler-wm-image-{}", random_name()?)).map_err(unwritten)?;
    for (name, text) in [("Containerfile", CONTAINERFILE), ("job_runner.py", RUNNER)] {
        let path = folder.path().join(name);
        // Files of an image are as they are here, and tasks run as another user: whatever this process's mask is.
        let written = fs::write(&path, text).and_then(|()| fs::set_permissions(&path, Permissions::from_mode(0o644)));
        written.map_err(unwritten)?;
    }
    let begin = |what: &str| {
        tell(Progress { happened: Happened::Doing, what: format!("docker {what}"), detail: image.to_owned() });
    };
    begin("login");
    log_in(login).await?;
    begin("build");
    let mut build = Command::new("docker");
    build.args(["build", "--platform", PLATFORM, "--tag", image]);
    build.arg("--build-arg").arg(format!("PYTHON_VERSION={}", recipe.python_version));
    build.arg("--build-arg").arg(format!("PACKAGES={}", recipe.packages.join(" ")));
    build.arg("--file").arg(folder.path().join("Containerfile")).arg(folder.path());
    run(build, "build the image", tell).await?;
    begin("push");
    let mut push = Command::new("docker");
    push.args(["push", image]);
    run(push, "push the image", tell).await
}

/// The password goes in by standard input: arguments of a process are everybody's to read.
async fn log_in(login: &Login) -> Result<()> {
    let purpose = "log in to the image repository";
    let mut command = Command::new("docker");
    command.args(["login", "--username", &login.user, "--password-stdin", &login.registry]);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let password = login.password.clone();
    let ended = spawn_blocking(move || {
        let mut child = command.spawn()?;
        if let Some(mut input) = child.stdin.take() {
            // Who does not read it says why by itself.
            drop(input.write_all(password.as_bytes()));
        }
        child.wait_with_output()
    });
    let output = ended.await.map_err(io::Error::other).and_then(|output| output);
    let output = output.map_err(|error| failed(ErrorKind::Failed, purpose, "").with_source(error))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).replace(&login.password, "…");
    Err(failed(ErrorKind::Failed, purpose, format!("`docker login` ends with {}: {}", output.status, said.trim())))
}

/// Runs a command to its end, and tells what it says.
async fn run(mut command: Command, purpose: &'static str, tell: &dyn Fn(Progress)) -> Result<()> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let (said, mut lines) = mpsc::unbounded_channel();
    let ended = spawn_blocking(move || {
        let mut child = command.spawn()?;
        read_both(&mut child, &said);
        child.wait()
    });
    // Ends when both outputs have: then nobody is left who could say anything.
    while let Some(line) = lines.recv().await {
        tell(Progress { happened: Happened::Output, what: line, detail: String::new() });
    }
    let status = ended.await.map_err(io::Error::other).and_then(|status| status);
    let status = status.map_err(|error| failed(ErrorKind::Failed, purpose, "").with_source(error))?;
    if status.success() {
        return Ok(());
    }
    Err(failed(ErrorKind::Failed, purpose, format!("docker ends with {status}: what it says is above")))
}

fn read_both(child: &mut Child, said: &mpsc::UnboundedSender<String>) {
    let outputs: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|output| Box::new(output) as _),
        child.stderr.take().map(|output| Box::new(output) as _),
    ];
    thread::scope(|scope| {
        for output in outputs.into_iter().flatten() {
            scope.spawn(move || {
                let mut lines = BufReader::new(output).split(b'\n');
                while let Some(Ok(line)) = lines.next() {
                    let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                    if said.send(line).is_err() {
                        break;
                    }
                }
            });
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_a_login_is_not_shown() {
        let [registry, user, password] = ["r", "u", "hush"].map(str::to_owned);
        let shown = format!("{:?}", Login { registry, user, password });
        assert!(shown.contains("Login") && !shown.contains("hush"), "{shown}");
    }
}
