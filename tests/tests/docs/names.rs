//! What documents name, and what a test has in its place.

use std::fs;
use std::path::Path;

use scaler_wm_tests::{Ports, Result};

/// Folders of a whole machine that a reader gets for itself.
const FOLDERS: [&str; 6] = ["/tmp", "/opt", "/etc/scaler-wm", "/run", "/var", "/usr"];

/// Hosts: this one has the parts of all.
const HOSTS: [(&str, &str); 4] = [
    ("203.0.113.5", "127.0.0.1"),
    ("0.0.0.0", "127.0.0.1"),
    ("scheduler.example.org", "localhost"),
    ("box7", "localhost"),
];

/// Commands that are others here: a stand-in makes environments, and the emulator of Batch knows no other families.
const OTHERWISE: [(&str, &str); 2] =
    [("python3 -m venv ", "venv "), ("aws_hpc provision", "aws_hpc provision --instance-types optimal")];

/// Pairs of what a document says and what is there instead.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) ports: Ports,
    ports_by_number: Vec<(String, String)>,
    folders: Vec<(String, String)>,
    ids: Vec<(String, String)>,
}

impl Names {
    /// Free ports in the place of those in documents, and folders below `root`.
    pub(crate) fn new(root: &Path) -> Result<Self> {
        let ports = Ports::reserve()?;
        let others = [Ports::single()?, Ports::single()?, Ports::single()?];
        let numbers = [
            (8516, ports.scheduler),
            (8517, ports.storage),
            (8518, ports.monitor),
            (9464, others[0]),
            (9465, others[1]),
            (50001, others[2]),
        ];
        let pair = |(there, here): (u16, u16)| (format!(":{there}"), format!(":{here}"));
        let below = |folder: &str| (folder.to_owned(), format!("{}{folder}", root.display()));
        Ok(Self {
            ports,
            ports_by_number: numbers.map(pair).to_vec(),
            folders: FOLDERS.map(below).to_vec(),
            ids: Vec::new(),
        })
    }

    /// Has these in the place of ids of a cloud.
    pub(crate) fn set_ids(&mut self, ids: Vec<(String, String)>) {
        self.ids = ids;
    }

    /// What a reader's words are here.
    pub(crate) fn here(&self, text: &str) -> String {
        let fixed = HOSTS.iter().chain(&OTHERWISE).map(|(there, here)| (*there, *here));
        let own = self.ports_by_number.iter().chain(&self.ids);
        let pairs: Vec<(&str, &str)> = own.map(|(there, here)| (&**there, &**here)).chain(fixed).collect();
        let mut result = String::new();
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            // A folder is the beginning of a path, behind a blank, a quote, `=` or the `//` of an address.
            let begins = |(folder, _): &&(String, String)| {
                rest.strip_prefix(&**folder)
                    .is_some_and(|rest| rest.starts_with(['/', ' ', '"', '\'']) || rest.is_empty())
            };
            let is_root = !result.ends_with(|last: char| last.is_alphanumeric() || "._-~*$}".contains(last));
            let folder = self.folders.iter().filter(|_| is_root).find(begins).map(|(there, here)| (&**there, &**here));
            match folder.or_else(|| pairs.iter().copied().find(|(there, _)| rest.starts_with(there))) {
                Some((there, here)) => {
                    result.push_str(here);
                    rest = &rest[there.len()..];
                }
                None => {
                    result.push(letter);
                    rest = &rest[letter.len_utf8()..];
                }
            }
        }
        result
    }

    /// What was printed here, as a reader would see it.
    pub(crate) fn there(&self, text: &str) -> String {
        let pairs = self.ports_by_number.iter().chain(&self.folders);
        let text = pairs.fold(text.to_owned(), |text, (there, here)| text.replace(here, there));
        // Units are on the host that documents call `vm`.
        let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        text.replace(&format!("  {}\n", host.trim()), "  vm\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_and_folders_are_others_here_and_the_documents_there() {
        let names = Names::new(Path::new("/tmp/reader")).expect("names");
        let port = names.ports.scheduler;
        for (there, here) in [
            ("tcp://0.0.0.0:8516 x", format!("tcp://127.0.0.1:{port} x")),
            ("unix:///tmp/plugin.sock", "unix:///tmp/reader/tmp/plugin.sock".to_owned()),
            ("\"/etc/scaler-wm/a.toml\" -C /usr", "\"/tmp/reader/etc/scaler-wm/a.toml\" -C /tmp/reader/usr".to_owned()),
            ("a/tmp/b ./var/c ~/run/d /etc/e", "a/tmp/b ./var/c ~/run/d /etc/e".to_owned()),
        ] {
            assert_eq!(names.here(there), here);
        }
        assert_eq!(names.there(&format!("127.0.0.1:{port} /tmp/reader/tmp/x")), "127.0.0.1:8516 /tmp/x");
    }
}
