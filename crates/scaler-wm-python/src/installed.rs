//! What is installed for an interpreter.

use std::{
    io::{self, Read},
    path::Path,
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use crate::Error;

/// Looks without importing what is the user's: only the module that is asked for by name is imported, and that is the
/// package's own. The folder that a worker runs in is on the path of modules here as well, since both run by `-c`.
const LOOK: &str = r#"
import sys
from importlib import import_module, metadata

def find(name, path):
    specs = (finder.find_spec(name, path) for finder in sys.meta_path if hasattr(finder, "find_spec"))
    return next((spec for spec in specs if spec is not None), None)

def is_there(name):
    path, parts = None, name.split(".")
    for at in range(len(parts)):
        spec = find(".".join(parts[: at + 1]), path) if at == 0 or path is not None else None
        if spec is None:
            return False
        path = spec.submodule_search_locations
    return True

print("python", sys.version.split()[0])
try:
    print("package", metadata.version("opengris-scaler"))
except metadata.PackageNotFoundError:
    pass
for name in sys.argv[2:]:
    if not is_there(name):
        print("missing", name)
if sys.argv[1]:
    try:
        import_module(sys.argv[1])
    except Exception as error:
        print("broken", " ".join(f"{type(error).__name__}: {error}".split()))
print("done")
"#;

/// What is installed for an interpreter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Installed {
    /// The version of Python: `3.11.2`.
    pub python: String,
    /// The release of `opengris-scaler`; `None` where it is not installed.
    pub package: Option<String>,
    /// The modules that were asked about and are not there.
    pub missing: Vec<String>,
    /// Why the module that was to be imported cannot be.
    pub broken: Option<String>,
}

impl Installed {
    /// Asks the interpreter: `imports` is a module to import, if any; `modules` are only looked for. It blocks, for at
    /// most as long as `within`.
    ///
    /// # Errors
    /// When that is no interpreter of Python 3, or it does not answer in time.
    pub fn look(
        python: &Path,
        imports: Option<&str>,
        modules: &[impl AsRef<str>],
        within: Duration,
    ) -> Result<Self, Error> {
        let failed = |error: io::Error| Error(format!("{} cannot be run: {error}", python.display()));
        let mut command = Command::new(python);
        command.args(["-c", LOOK, imports.unwrap_or_default()]).args(modules.iter().map(AsRef::as_ref));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(failed)?;
        let (output, errors) = (child.stdout.take(), child.stderr.take());
        let (sender, said) = mpsc::channel();
        // A thread of its own, as a program that is no interpreter may say nothing for ever.
        thread::spawn(move || {
            let texts = [output.map(all), errors.map(all)].map(Option::unwrap_or_default);
            // Nobody listens any more when it took too long.
            drop(sender.send(texts));
        });
        let said = said.recv_timeout(within);
        // It has ended, or is to.
        drop(child.kill());
        drop(child.wait());
        let [said, complaint] = said.map_err(|_| {
            Error(format!("{} did not answer within {} s; is it Python?", python.display(), within.as_secs()))
        })?;
        Self::read(&said).ok_or_else(|| {
            let last = complaint.lines().last().unwrap_or("it printed nothing");
            Error(format!("{} is no Python 3 that can be used: {last}", python.display()))
        })
    }

    fn read(said: &str) -> Option<Self> {
        let mut installed = Self::default();
        for line in said.lines() {
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            let rest = rest.to_owned();
            match word {
                "python" => installed.python = rest,
                "package" => installed.package = Some(rest),
                "missing" => installed.missing.push(rest),
                "broken" => installed.broken = Some(rest),
                "done" => return Some(installed),
                // What the package prints when it is imported.
                _ => {}
            }
        }
        None
    }

    /// The first numbers of the package's release: `(2, 9)`.
    #[must_use]
    pub fn release(&self) -> Option<(u32, u32)> {
        let mut numbers = self.package.as_deref()?.split('.');
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    }
}

fn all(mut from: impl Read) -> String {
    let mut bytes = Vec::new();
    drop(from.read_to_end(&mut bytes));
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interpreter_tells_what_it_has() {
        let Ok(python) = crate::interpreter(Some(Path::new("python3"))) else { return };
        let modules = ["json.decoder", "json.nothing", "no_such_module", "sys", "json.decoder.deeper"];
        let found = Installed::look(&python, Some("json"), &modules, Duration::from_secs(60)).unwrap();
        assert!(found.python.starts_with("3."), "{found:?}");
        assert_eq!(found.missing, ["json.nothing", "no_such_module", "json.decoder.deeper"]);
        assert_eq!(found.broken, None);
        let broken = Installed::look(&python, Some("no_such_module"), &[""; 0], Duration::from_secs(60)).unwrap();
        assert!(broken.broken.unwrap().contains("no_such_module"));
    }

    #[test]
    fn what_is_no_interpreter_is_told() {
        let within = Duration::from_millis(200);
        let told = |program: &str| Installed::look(Path::new(program), None, &[""; 0], within).unwrap_err().to_string();
        assert!(told("/no/such/python").contains("cannot be run"));
        assert!(told("/bin/false").contains("no Python 3"), "{}", told("/bin/false"));
    }

    #[test]
    fn the_first_numbers_of_a_release_are_read() {
        let release = |text: &str| Installed { package: Some(text.to_owned()), ..Installed::default() }.release();
        assert_eq!(release("2.9.0"), Some((2, 9)));
        assert_eq!(release("2.10.0rc1"), Some((2, 10)));
        assert_eq!(release("two"), None);
    }
}
