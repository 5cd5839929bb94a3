//! Rust code of the Protocol Buffers under `proto/scaler_wm`: messages, clients and servers, and the descriptors that the
//! reflection service shows.
//!
//! The compiler is a library, so that neither building nor generating needs a tool.

use std::{
    fs,
    path::{Path, PathBuf},
};

use protox::prost::Message;
use scaler_wm_tests::{Failure, Result};

const SCHEMAS: &str = "proto/scaler_wm/v1";
const REPAIR: &str = "run `cargo xtask codegen` and commit what it writes";
/// The package of all schemas.
const PACKAGE: &str = "scaler_wm.v1";

/// What is made of some schemas, and where it goes.
struct Target {
    schemas: &'static [&'static str],
    folder: &'static str,
    /// Fields that are numbers of an enumeration, written as its names where a message is told as JSON.
    enumerations: &'static [(&'static str, &'static str)],
    /// How messages become bytes, if not as usual.
    codec: Option<&'static str>,
    /// Whether clients are made with the transport of tonic.
    has_transport: bool,
    /// Whether messages are told as JSON, and the schemas by the reflection service.
    is_told: bool,
}

const TARGETS: &[Target] = &[
    Target {
        schemas: &["control.proto", "policy.proto"],
        folder: "crates/scaler-wm-control/src/generated",
        enumerations: &[("ManagerStatus.stage", "crate::json::stage"), ("Unit.state", "crate::json::unit_state")],
        // Small buffers, as there is one for each of ten thousand readers.
        codec: Some("crate::codec::Codec"),
        has_transport: false,
        is_told: true,
    },
    Target {
        schemas: &["link.proto", "provider.proto"],
        folder: "crates/scaler-wm-external/src/generated",
        enumerations: &[],
        // A bound on what a plug-in can make of few bytes.
        codec: Some("crate::codec::Codec"),
        has_transport: false,
        is_told: false,
    },
];

/// Writes the code afresh, or with `check` compares what is committed and writes nothing.
///
/// # Errors
/// What is stale or missing, and what to do.
pub(crate) fn run(root: &Path, check: bool) -> Result<()> {
    TARGETS.iter().try_for_each(|target| target.run(root, check))
}

impl Target {
    fn run(&self, root: &Path, check: bool) -> Result<()> {
        let made = self.make(root)?;
        let folder = root.join(self.folder);
        if !check {
            fs::create_dir_all(&folder).map_err(|error| Failure::new("make the folder of generated code", error))?;
        }
        for (name, content) in made {
            let path = folder.join(name);
            if check {
                if fs::read(&path).ok().as_deref() != Some(&content) {
                    return Err(Failure::new("find generated code fresh", format!("{}: {REPAIR}", path.display())));
                }
            } else {
                fs::write(&path, content).map_err(|error| Failure::new(format!("write {}", path.display()), error))?;
            }
        }
        Ok(())
    }

    /// The files, by name.
    fn make(&self, root: &Path) -> Result<Vec<(&'static str, Vec<u8>)>> {
        let failed = |error: &dyn std::fmt::Display| Failure::new("compile the schemas", error);
        let mut compiler = protox::Compiler::new([root.join(SCHEMAS)]).map_err(|error| failed(&error))?;
        compiler.include_imports(true).include_source_info(true);
        compiler.open_files(self.schemas).map_err(|error| failed(&error))?;
        let described = compiler.file_descriptor_set();
        let folder = tempfile::tempdir().map_err(|error| failed(&error))?;
        let mut builder = tonic_prost_build::configure().out_dir(folder.path()).build_transport(self.has_transport);
        if self.is_told {
            builder = builder.message_attribute(".", "#[derive(serde::Serialize)]");
        }
        if let Some(codec) = self.codec {
            builder = builder.codec_path(codec);
        }
        for (field, with) in self.enumerations {
            let attribute = format!("#[serde(serialize_with = \"{with}\")]");
            builder = builder.field_attribute(format!("{PACKAGE}.{field}"), attribute);
        }
        builder.compile_fds(described).map_err(|error| failed(&error))?;
        let code: PathBuf = folder.path().join(format!("{PACKAGE}.rs"));
        let code = fs::read(&code).map_err(|error| failed(&error))?;
        if !self.is_told {
            return Ok(vec![("scaler_wm.v1.rs", code)]);
        }
        // Without comments: they are for readers of the schemas.
        compiler.include_source_info(false);
        let descriptors = compiler.file_descriptor_set().encode_to_vec();
        Ok(vec![("scaler_wm.v1.rs", code), ("descriptors.bin", descriptors)])
    }
}
