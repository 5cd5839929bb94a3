//! What a process was built of.

/// What a process was built of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Build {
    /// Its version.
    pub version: &'static str,
    /// The features of cargo that it has, sorted.
    pub features: Vec<&'static str>,
    /// The versions of the scheduler's wire that it speaks.
    pub wire_versions: Vec<u8>,
}

impl Build {
    pub(super) fn features(&self) -> String {
        self.features.join(",")
    }

    pub(super) fn wire_versions(&self) -> String {
        self.wire_versions.iter().map(u8::to_string).collect::<Vec<_>>().join(",")
    }
}
