//! Secrets of a test's own.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use scaler_wm_tests::{Failure, Result};

/// One secret.
#[derive(Clone, Debug)]
pub(crate) struct Secret {
    /// What it is.
    pub(crate) name: &'static str,
    /// As whoever needs it is given it.
    pub(crate) text: String,
    /// The part that is looked for: letters and digits, which no encoding of text changes but base64.
    pub(crate) core: String,
}

/// All secrets of a test, and the files that hold them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Planted {
    pub(crate) secrets: Vec<Secret>,
    pub(crate) files: Vec<PathBuf>,
}

impl Planted {
    /// Plants a secret that looks like one of its kind, and no other test has.
    pub(crate) fn plant(&mut self, name: &'static str) -> String {
        let kind: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let core = format!("Planted{kind}{:016x}", fastrand::u64(..));
        // Keys of AWS have slashes and plus signs; and whoever cuts a secret short shows its beginning.
        self.known(name, &format!("{core}/x+Y="), &core)
    }

    /// Plants the id of a key of AWS, which has letters and digits alone.
    pub(crate) fn plant_key_id(&mut self) -> String {
        let core = format!("AKIA{:016X}", fastrand::u64(..));
        self.known(KEY_ID, &core, &core)
    }

    /// Plants what somebody else has made.
    pub(crate) fn known(&mut self, name: &'static str, text: &str, core: &str) -> String {
        self.secrets.push(Secret { name, text: text.to_owned(), core: core.to_owned() });
        text.to_owned()
    }

    /// Plants the private key of a PEM file.
    pub(crate) fn key_of(&mut self, name: &'static str, file: &Path) -> Result<()> {
        let text = fs::read_to_string(file).map_err(|error| Failure::new("read a key", error))?;
        let core: String = text.lines().nth(1).unwrap_or_default().chars().take(40).collect();
        self.known(name, &text, &core);
        self.files.push(file.to_owned());
        Ok(())
    }

    /// Writes a file that holds secrets, for this user alone.
    pub(crate) fn file(&mut self, path: PathBuf, text: &str) -> Result<String> {
        fs::write(&path, text)
            .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o600)))
            .map_err(|error| Failure::new("write a file with a secret", error))?;
        let told = path.to_string_lossy().into_owned();
        self.files.push(path);
        Ok(told)
    }
}

/// Clouds are told it with every call, as part of a signature; nobody else is.
pub(crate) const KEY_ID: &str = "access key id";
