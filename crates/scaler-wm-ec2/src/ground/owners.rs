//! On whose behalf a manager has made temporary things. The address of the workers' scheduler is part of an owner's name:
//! when it changes, the next process would not find what the last one made. So a small file has every owner of the state
//! folder, from before anything is made until all of it has been removed.

use std::{
    fs,
    io::ErrorKind as IoErrorKind,
    path::{Path, PathBuf},
};

use scaler_wm_core::{Error, ErrorKind, Result, files};

/// Its name in the state folder.
const FILE: &str = "ec2-owners";

/// The owners on record, a line each: region and owner.
#[derive(Debug)]
pub(crate) struct Owners {
    path: Option<PathBuf>,
    region: String,
    own: String,
}

impl Owners {
    /// Puts `own` on record, where there is a state folder.
    pub(crate) fn open(folder: Option<&Path>, region: &str, own: String) -> Result<Self> {
        let owners = Self::look(folder, region, own);
        owners.change(|lines| lines.push(owners.line(&owners.own)))?;
        Ok(owners)
    }

    /// The same for somebody who only looks: nothing is put on record.
    pub(crate) fn look(folder: Option<&Path>, region: &str, own: String) -> Self {
        Self { path: folder.map(|folder| folder.join(FILE)), region: region.to_owned(), own }
    }

    /// Who this process makes things for.
    pub(crate) fn own(&self) -> &str {
        &self.own
    }

    /// All of this region, `own` first.
    pub(crate) fn all(&self) -> Result<Vec<String>> {
        let mut owners = vec![self.own.clone()];
        if let Some(path) = &self.path {
            let lines = read(path)?;
            let here =
                lines.iter().filter_map(|line| line.split_once(' ')).filter(|(region, _)| *region == self.region);
            owners.extend(here.map(|(_, owner)| owner.to_owned()).filter(|owner| *owner != self.own));
        }
        Ok(owners)
    }

    /// Nothing of this owner is left.
    pub(crate) fn forget(&self, owner: &str) -> Result<()> {
        let line = self.line(owner);
        self.change(|lines| lines.retain(|other| *other != line))
    }

    fn line(&self, owner: &str) -> String {
        format!("{} {owner}", self.region)
    }

    fn change(&self, change: impl FnOnce(&mut Vec<String>)) -> Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let mut lines = read(path)?;
        change(&mut lines);
        lines.sort_unstable();
        lines.dedup();
        write(path, &lines).map_err(|error| failed(path, "cannot be written", error))
    }
}

fn read(path: &Path) -> Result<Vec<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text.lines().map(str::to_owned).collect()),
        Err(error) if error.kind() == IoErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(failed(path, "cannot be read", error)),
    }
}

fn write(path: &Path, lines: &[String]) -> std::io::Result<()> {
    if lines.is_empty() {
        return match fs::remove_file(path) {
            Err(error) if error.kind() != IoErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
    }
    let text = lines.iter().fold(String::new(), |text, line| text + line + "\n");
    files::replace(path, text.as_bytes())
}

fn failed(path: &Path, what: &str, error: std::io::Error) -> Error {
    let context =
        format!("{} {what}: make it so, or name another state folder by --state-dir (state_dir)", path.display());
    Error::new(ErrorKind::Invalid, "keep on record what is made for instances", context).with_source(error)
}
