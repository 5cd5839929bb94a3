//! Rust code of the Cap'n Proto schemas under `proto/scaler`.
//!
//! Three things are committed per version: the schemas, the request that the `capnp` program makes of them
//! (`codegen.request`, with a digest of the schemas in `codegen.digest`), and the Rust code that capnpc makes of the
//! request. So building needs no tool, and checking needs none either: only changing a schema needs `capnp`.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Folders under `proto/scaler`, each a module of the same name in the generated code.
const VERSIONS: [&str; 2] = ["v1", "v2"];
const SCHEMAS: &str = "proto/scaler";
const GENERATED: &str = "crates/scaler-wm-wire/src/generated";
const INSTALL: &str = "install it with `apt-get install capnproto` (or `brew install capnp`)";
const REPAIR: &str = "run `cargo xtask codegen` and commit what it writes";

/// Writes requests and Rust code afresh, or with `check` compares what is committed and writes nothing.
///
/// # Errors
///
/// One sentence: what is stale or missing, and what to do.
pub(crate) fn run(check: bool) -> Result<(), String> {
    let root = root()?;
    for version in VERSIONS {
        let schema =
            Schema { folder: root.join(SCHEMAS).join(version), output: root.join(GENERATED).join(version), version };
        if check { schema.check()? } else { schema.write()? }
    }
    Ok(())
}

/// The nearest folder upwards that holds the schemas.
pub(crate) fn root() -> Result<PathBuf, String> {
    let here = std::env::current_dir().map_err(|error| format!("failed to find the current folder: {error}"))?;
    here.ancestors()
        .find(|folder| folder.join(SCHEMAS).is_dir())
        .map(Path::to_owned)
        .ok_or_else(|| format!("no {SCHEMAS} here: run this in the repository"))
}

/// One version of the wire.
struct Schema {
    folder: PathBuf,
    output: PathBuf,
    version: &'static str,
}

impl Schema {
    fn write(&self) -> Result<(), String> {
        let request = self.compile()?.ok_or_else(|| format!("the `capnp` program is missing: {INSTALL}"))?;
        write(&self.request(), &request)?;
        write(&self.digest(), self.digest_now()?.as_bytes())?;
        for (name, code) in self.generate(&request)? {
            write(&self.output.join(name), &code)?;
        }
        Ok(())
    }

    fn check(&self) -> Result<(), String> {
        let request = read(&self.request())?;
        let digest = String::from_utf8_lossy(&read(&self.digest())?).into_owned();
        if digest != self.digest_now()? {
            return Err(format!("{} changed after its code was made: {REPAIR}", self.folder.display()));
        }
        let code = self.generate(&request)?;
        for (name, expected) in &code {
            let path = self.output.join(name);
            if read(&path)? != *expected {
                return Err(format!("{} is not what its schema makes: {REPAIR}", path.display()));
            }
        }
        if let Some(fresh) = self.compile()? {
            // Another release of the compiler may write another request; what it stands for must not differ.
            let same = if compiler(&fresh)? == compiler(&request)? {
                fresh == request
            } else {
                self.generate(&fresh)? == code
            };
            if !same {
                return Err(format!("{} is not what its schemas make: {REPAIR}", self.request().display()));
            }
        }
        Ok(())
    }

    fn request(&self) -> PathBuf {
        self.folder.join("codegen.request")
    }

    fn digest(&self) -> PathBuf {
        self.folder.join("codegen.digest")
    }

    /// The schema files of this version, in a fixed order.
    fn sources(&self) -> Result<Vec<PathBuf>, String> {
        let entries = fs::read_dir(&self.folder).map_err(|error| failed("list", &self.folder, &error))?;
        let mut files = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| failed("list", &self.folder, &error))?.path();
            if path.extension().is_some_and(|extension| extension == "capnp") {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }

    /// FNV-1a over names and contents: it guards against forgetting, not against forgery.
    fn digest_now(&self) -> Result<String, String> {
        let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
        for path in self.sources()? {
            let name = path.file_name().map(|name| name.as_encoded_bytes().to_owned()).unwrap_or_default();
            for byte in name.iter().chain(&[0]).chain(&read(&path)?) {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
        }
        Ok(format!("fnv1a64 {hash:016x}\n"))
    }

    /// The request that `capnp` makes of the schemas; `None` without that program.
    fn compile(&self) -> Result<Option<Vec<u8>>, String> {
        let mut command = Command::new("capnp");
        // Names in the request must not depend on where the repository lies.
        command.current_dir(&self.folder).env_remove("PWD").args(["compile", "-o", "-"]);
        for path in self.sources()? {
            command.args(path.file_name());
        }
        match command.output() {
            Ok(output) if output.status.success() => Ok(Some(output.stdout)),
            Ok(output) => Err(format!(
                "capnp refuses {}: {}",
                self.folder.display(),
                String::from_utf8_lossy(&output.stderr).trim_end()
            )),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("failed to run capnp: {error}")),
        }
    }

    /// Rust code by file name.
    fn generate(&self, request: &[u8]) -> Result<Vec<(String, Vec<u8>)>, String> {
        let folder = Scratch::new(self.version)?;
        capnpc::codegen::CodeGenerationCommand::new()
            .output_directory(&folder.0)
            .default_parent_module(vec!["generated".to_owned(), self.version.to_owned()])
            .run(request)
            .map_err(|error| format!("failed to generate code from {}: {error}", self.request().display()))?;
        let mut files = Vec::new();
        for entry in fs::read_dir(&folder.0).map_err(|error| failed("list", &folder.0, &error))? {
            let path = entry.map_err(|error| failed("list", &folder.0, &error))?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            files.push((name, read(&path)?));
        }
        files.sort();
        Ok(files)
    }
}

/// Which release of the compiler made a request.
fn compiler(mut request: &[u8]) -> Result<(u16, u8, u8), String> {
    let message = capnp::serialize::read_message_from_flat_slice(&mut request, capnp::message::ReaderOptions::new());
    let read = || -> capnp::Result<(u16, u8, u8)> {
        let message = message?;
        let version =
            message.get_root::<capnp::schema_capnp::code_generator_request::Reader<'_>>()?.get_capnp_version()?;
        Ok((version.get_major(), version.get_minor(), version.get_micro()))
    };
    read().map_err(|error| format!("failed to read a code generator request: {error}"))
}

/// A folder that goes when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Result<Self, String> {
        let folder = std::env::temp_dir().join(format!("scaler-wm-codegen-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| failed("make", &folder, &error))?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing stands on it: a folder left behind in the temporary folder harms nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    fs::read(path).map_err(|error| failed("read", path, &error))
}

fn write(path: &Path, content: &[u8]) -> Result<(), String> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|error| failed("make", folder, &error))?;
    fs::write(path, content).map_err(|error| failed("write", path, &error))
}

fn failed(what: &str, path: &Path, error: &std::io::Error) -> String {
    format!("failed to {what} {}: {error}", path.display())
}
