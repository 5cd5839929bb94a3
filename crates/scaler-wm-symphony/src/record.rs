//! A file of session ids: what a process that was killed has left with Symphony is found by the next one.

use std::{collections::BTreeSet, fs, io, path::PathBuf};

use scaler_wm_core::{Error, ErrorKind, Result, files};

/// The sessions that may be there, one a line.
#[derive(Debug, Default)]
pub(crate) struct SessionFile {
    path: Option<PathBuf>,
    ids: BTreeSet<String>,
}

impl SessionFile {
    /// What is in the file; none where there is no file.
    pub(crate) fn open(path: Option<PathBuf>) -> Result<Self> {
        let text = match path.as_ref().map(fs::read_to_string) {
            None => String::new(),
            Some(Ok(text)) => text,
            Some(Err(error)) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Some(Err(error)) => {
                let path = path.unwrap_or_default();
                let context = path.display().to_string();
                return Err(Error::new(ErrorKind::Failed, "read which sessions there are", context).with_source(error));
            }
        };
        let ids = text.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
        Ok(Self { path, ids })
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.ids.iter().cloned().collect()
    }

    /// A session is there, before any task is in it.
    pub(crate) fn add(&mut self, id: &str) -> Result<()> {
        if !self.ids.insert(id.to_owned()) {
            return Ok(());
        }
        self.write()
            .map_err(|error| Error::new(ErrorKind::Failed, "record a session of Symphony", "").with_source(error))
    }

    /// A session is not there any more.
    pub(crate) fn remove(&mut self, id: &str) {
        if self.ids.remove(id)
            && let Err(error) = self.write()
        {
            // It is looked for once more, and not found.
            tracing::debug!(%error, "a session stays on record");
        }
    }

    fn write(&self) -> io::Result<()> {
        let Some(path) = &self.path else { return Ok(()) };
        let text = self.ids.iter().fold(String::new(), |text, id| text + id + "\n");
        files::replace(path, text.as_bytes())
    }
}
