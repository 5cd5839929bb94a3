//! What local workers need of this host, looked at before any is started.

use std::{fs, path::PathBuf, time::Duration};

use rustix::process::{Resource, getrlimit};
use scaler_wm_core::{Check, Limit};
use scaler_wm_python::Installed;
use tokio::task::spawn_blocking;

use crate::NativeConfig;

/// How long the interpreter may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Descriptors that the helper has for a worker and its processor: sockets, and what they print to.
const FILES_PER_WORKER: u64 = 4;
/// Descriptors of everything else.
const OTHER_FILES: u64 = 64;
/// A worker with its processor, with nothing of a task in it yet.
const LEAST_MEMORY: u64 = 64 * MEBIBYTE;
const MEBIBYTE: u64 = 1 << 20;

/// Looks at what workers of this configuration need, at most `limit` of them. It starts none, and imports nothing of the
/// user's. Interpreter and package are not looked at here.
pub async fn preflight(config: NativeConfig, limit: Limit) -> Vec<Check> {
    let mut checks = modules(&config).await;
    if let Some((certificate, key)) = &config.worker.tls {
        checks.extend([("tls_cert", certificate), ("tls_key", key)].map(|(name, file)| readable(name, file)));
    }
    if let Limit::AtMost(workers) = limit {
        checks.push(open_files(u64::from(workers)));
        checks.extend(memory(u64::from(workers)));
    }
    checks
}

/// Modules that workers import because an option says so.
async fn modules(config: &NativeConfig) -> Vec<Check> {
    let preload = config.worker.preload.as_deref().map(|spec| {
        let module = spec.split([':', '(']).next().unwrap_or(spec);
        ("preload", module.trim().to_owned())
    });
    let event_loop = (config.worker.event_loop == "uvloop").then(|| ("event loop", "uvloop".to_owned()));
    let wanted: Vec<(&str, String)> = preload.into_iter().chain(event_loop).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let names: Vec<String> = wanted.iter().map(|(_, module)| module.clone()).collect();
    let given: Option<PathBuf> = config.python.clone();
    let found = spawn_blocking(move || {
        let python = scaler_wm_python::interpreter(given.as_deref())?;
        Installed::look(&python, None, &names, ANSWER_WITHIN).map(|installed| (python, installed))
    });
    let Ok(Ok((python, installed))) = found.await else {
        return wanted.iter().map(|(name, _)| Check::skipped(*name, "there is no interpreter to ask")).collect();
    };
    let python = python.display();
    let check = |(name, module): (&str, String)| {
        if !installed.missing.contains(&module) {
            return Check::good(name, format!("the module `{module}` is there for {python}"));
        }
        let found = format!("{python} finds no module `{module}`");
        Check::bad(
            name,
            found,
            match name {
                "preload" => "mend --preload MODULE:FUNCTION, or run this where PYTHONPATH names its folder".to_owned(),
                _ => format!("run `{python} -m pip install uvloop`, or leave --event-loop builtin"),
            },
        )
    };
    wanted.into_iter().map(check).collect()
}

fn readable(name: &str, file: &str) -> Check {
    match fs::File::open(file) {
        Ok(_) => Check::good(name, format!("{file} is there")),
        Err(error) => Check::bad(name, format!("{file} cannot be read: {error}"), format!("mend {name}")),
    }
}

fn open_files(workers: u64) -> Check {
    let needed = workers * FILES_PER_WORKER + OTHER_FILES;
    match getrlimit(Resource::Nofile).current {
        Some(allowed) if allowed < needed => Check::bad(
            "open files",
            format!("{allowed} are allowed, and {workers} workers take about {needed}"),
            format!("run `ulimit -n {needed}` before, or lower --max-task-concurrency"),
        ),
        Some(allowed) => {
            Check::good("open files", format!("{allowed} are allowed, {workers} workers take about {needed}"))
        }
        None => Check::good("open files", "as many as there are"),
    }
}

/// `None` where the system does not tell.
fn memory(workers: u64) -> Option<Check> {
    let free = available()?;
    let each = free / workers.max(1);
    let found = format!("{} MB are free, {} MB for each of {workers} workers", free / MEBIBYTE, each / MEBIBYTE);
    Some(if each < LEAST_MEMORY {
        let todo = "a worker takes that without any task: lower --max-task-concurrency, or find more memory";
        Check::doubtful("memory", found, todo)
    } else {
        Check::good("memory", found)
    })
}

/// Bytes that can still be used: of the machine, or of the control group that this runs in.
fn available() -> Option<u64> {
    let meminfo = fs::read_to_string("/proc/meminfo").ok()?;
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let machine = line.trim().trim_end_matches(" kB").parse::<u64>().ok()? * 1024;
    Some(group().map_or(machine, |group| group.min(machine)))
}

/// What the control group (version 2) leaves; `None` where it sets no bound.
fn group() -> Option<u64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = groups.lines().find_map(|line| line.strip_prefix("0::"))?;
    let folder = PathBuf::from("/sys/fs/cgroup").join(path.trim_start_matches('/'));
    let number = |file: &str| fs::read_to_string(folder.join(file)).ok()?.trim().parse::<u64>().ok();
    Some(number("memory.max")?.saturating_sub(number("memory.current")?))
}

#[cfg(test)]
mod tests {
    use scaler_wm_core::ManagerId;

    use super::*;
    use crate::WorkerSettings;

    #[tokio::test]
    async fn what_is_missing_is_named_with_its_option() {
        let mut worker = WorkerSettings::new("tcp://127.0.0.1:1".parse().unwrap(), ManagerId::from("m"));
        worker.preload = Some("no_such_module.deeper:load(1)".to_owned());
        worker.tls = Some(("/no/such.pem".to_owned(), "/dev/null".to_owned()));
        let config = NativeConfig { python: Some(PathBuf::from("python3")), ..NativeConfig::new(worker) };
        let checks = preflight(config, Limit::AtMost(1_000_000)).await;
        let bad: Vec<&str> = checks.iter().filter(|check| check.is_bad()).map(|check| check.name.as_str()).collect();
        assert_eq!(bad, ["preload", "tls_cert", "open files"], "{checks:#?}");
        let preload = checks[0].to_string();
        assert!(preload.contains("no_such_module.deeper") && preload.contains("--preload"), "{preload}");
    }

    #[test]
    fn memory_is_shared_by_all_workers() {
        assert_eq!(memory(1).unwrap().finding.word(), "ok");
        assert_eq!(memory(10_000_000).unwrap().finding.word(), "warning");
    }
}
