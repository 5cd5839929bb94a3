//! Libraries that are none, or not for us: each tells what is wrong with it and what to do.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use scaler_wm_core::ErrorKind;
use scaler_wm_symphony::{SymphonyConfig, SymphonyExecutor};
use scaler_wm_tests::{Failure, Result};

use crate::setup::refuses;

/// Nothing more is said in the environment.
const NOTHING: (&str, &str) = ("SCALER_WM_NOTHING", "");
/// Each member of the table.
const FUNCTIONS: [&str; 11] = [
    "initialize",
    "shutdown",
    "connect",
    "connection_id",
    "connection_close",
    "session_create",
    "session_open",
    "session_id",
    "session_close",
    "task_submit",
    "task_cancel",
];

fn cc(arguments: &[&str], source: &str, library: &Path) -> Result<()> {
    let mut command = Command::new("cc");
    command.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"]).arg(library).arg(source);
    let output = command.args(arguments).output().map_err(|error| Failure::new("start a compiler", error))?;
    let said = || Failure::new("compile a library", String::from_utf8_lossy(&output.stderr));
    output.status.success().then_some(()).ok_or_else(said)
}

/// A library of `broken.c` in this folder.
fn broken(folder: &Path, name: &str, defines: &[&str]) -> Result<PathBuf> {
    let library = folder.join(name);
    let include = concat!(env!("CARGO_MANIFEST_DIR"), "/../crates/scaler-wm-symphony/include");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/symphony/broken.c");
    cc(&[&["-I", include][..], defines].concat(), source, &library)?;
    Ok(library)
}

fn folder() -> Result<tempfile::TempDir> {
    tempfile::tempdir().map_err(|error| Failure::new("make a folder", error))
}

#[test]
fn a_library_that_lacks_any_one_function_is_refused_before_it_is_used() -> Result<()> {
    let folder = folder()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    for function in FUNCTIONS {
        let library = broken(folder.path(), function, &[&format!("-DMISSING={function}")])?;
        let config = SymphonyConfig { library: library.clone(), ..SymphonyConfig::new("ScalerService") };
        let error = runtime.block_on(SymphonyExecutor::start(config)).expect_err(function);
        let said = error.to_string();
        assert!(said.contains("has functions missing that version 1.0 has: build the shim"), "{function}: {said}");
        assert!(said.contains(&library.display().to_string()), "{function}: {said}");
        assert_eq!(error.kind(), ErrorKind::Invalid, "{function}");
    }
    println!("{} libraries, each without one function: all refused", FUNCTIONS.len());
    Ok(())
}

#[test]
fn a_manager_tells_what_is_wrong_with_its_library() -> Result<()> {
    let folder = folder()?;
    let cases: [(&str, &[&str], &[&str]); 4] = [
        ("missing", &["-DMISSING=task_submit"], &["has functions missing that version 1.0 has", "build the shim"]),
        ("younger", &["-DVERSION=2"], &["has another table than that of version 1.0", "build the shim"]),
        ("short", &["-DSIZE=16"], &["has another table than that of version 1.0", "build the shim"]),
        ("refuses", &[], &["initialize the library", "EGO_CONFDIR is not set", "profile.soam"]),
    ];
    for (name, defines, said) in cases {
        let library = broken(folder.path(), name, defines)?;
        refuses(&["--soam-library", &library.to_string_lossy()], NOTHING, said)?;
        println!("{name}: {said:?}");
    }
    Ok(())
}

/// What happens where nobody has sourced `profile.soam`: the loader does not find what the shim stands on.
#[test]
fn an_environment_that_was_not_sourced_is_told_with_what_to_source() -> Result<()> {
    let folder = folder()?;
    let failed = |error| Failure::new("make a library", error);
    let empty = folder.path().join("empty.c");
    fs::write(&empty, "int soam;\n").map_err(failed)?;
    let needed = folder.path().join("libsoambase.so");
    cc(&["-Wl,-soname,libsoambase.so"], &empty.to_string_lossy(), &needed)?;
    let search = format!("-L{}", folder.path().display());
    let shim = broken(folder.path(), "libscaler_soam.so", &["-Wl,--no-as-needed", &search, "-lsoambase"])?;
    fs::remove_file(needed).map_err(failed)?;
    let said = ["libsoambase.so: cannot open shared object file", "SOAM_HOME is not set: source", "conf/profile.soam"];
    refuses(&["--soam-library", &shim.to_string_lossy()], NOTHING, &said)?;
    println!("{said:?}");
    Ok(())
}
