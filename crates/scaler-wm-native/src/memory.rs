//! Whether the kernel has killed something since memory ran out.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The kernel's count of processes that it has killed for lack of memory, as this process may see it.
#[derive(Debug)]
pub(crate) struct OomKills {
    file: Option<PathBuf>,
    seen: u64,
}

impl OomKills {
    /// Counts from here on; in `file`, else in the one of our control group, else in that of the whole machine.
    pub(crate) fn new(file: Option<PathBuf>) -> Self {
        let file = file.or_else(|| find(Path::new("/")));
        let seen = file.as_deref().and_then(count).unwrap_or(0);
        Self { file, seen }
    }

    /// Whether there was another one since this was last asked.
    pub(crate) fn is_another(&mut self) -> bool {
        let Some(now) = self.file.as_deref().and_then(count) else { return false };
        if now > self.seen {
            // One at a time: each end that is asked about is one of them.
            self.seen += 1;
            return true;
        }
        // A count that fell is that of another group: what it says of us is not known.
        self.seen = now;
        false
    }
}

fn count(file: &Path) -> Option<u64> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

/// The file with the count, looked for under `root`.
fn find(root: &Path) -> Option<PathBuf> {
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).unwrap_or_default();
    let in_group = groups.lines().filter_map(|line| {
        let mut fields = line.splitn(3, ':');
        let (_, controllers, path) = (fields.next()?, fields.next()?, fields.next()?.trim_start_matches('/'));
        let mounted = root.join("sys/fs/cgroup");
        match controllers {
            "" => Some(mounted.join(path).join("memory.events")),
            controllers if controllers.split(',').any(|name| name == "memory") => {
                Some(mounted.join("memory").join(path).join("memory.oom_control"))
            }
            _ => None,
        }
    });
    in_group.chain([root.join("proc/vmstat")]).find(|file| count(file).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_count_that_rises_says_something() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("memory.events");
        fs::write(&file, "low 0\noom 3\noom_kill 1\n").unwrap();
        let mut kills = OomKills::new(Some(file.clone()));
        assert!(!kills.is_another());
        fs::write(&file, "oom_kill 2\n").unwrap();
        assert!(kills.is_another() && !kills.is_another());
        fs::write(&file, "oom_kill 4\n").unwrap();
        assert!(kills.is_another() && kills.is_another() && !kills.is_another());
        fs::write(&file, "oom_kill 0\n").unwrap();
        assert!(!kills.is_another());
        fs::remove_file(&file).unwrap();
        assert!(!kills.is_another());
    }

    #[test]
    fn the_control_group_goes_before_the_machine() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let write = |file: &str, text: &str| {
            fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            fs::write(root.join(file), text).unwrap();
        };
        assert_eq!(find(root), None);
        write("proc/vmstat", "nr_free 1\noom_kill 7\n");
        assert_eq!(find(root), Some(root.join("proc/vmstat")));
        write("proc/self/cgroup", "4:cpu,memory:/a\n");
        write("sys/fs/cgroup/memory/a/memory.oom_control", "under_oom 0\noom_kill 0\n");
        assert_eq!(find(root), Some(root.join("sys/fs/cgroup/memory/a/memory.oom_control")));
        write("proc/self/cgroup", "0::/b/c\n");
        write("sys/fs/cgroup/b/c/memory.events", "oom_kill 0\n");
        assert_eq!(find(root), Some(root.join("sys/fs/cgroup/b/c/memory.events")));
    }
}
