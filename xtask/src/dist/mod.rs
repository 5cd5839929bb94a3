//! `cargo xtask dist`: what users install: an archive, a wheel, what they are made of, and the sums of all.

mod again;
mod materials;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use scaler_wm_tests::{Failure, Result, build_wheel, musl_target, write_papers};

use crate::shell;

pub(crate) use again::again;

/// What lies in the archive as it lies in the repository, and where there.
const FILES: [(&str, &str); 4] = [
    ("README.md", "README.md"),
    ("LICENSE", "LICENSE"),
    ("packaging/systemd/scaler-wm@.service", "lib/systemd/system/scaler-wm@.service"),
    ("packaging/systemd/scaler-wm-up.service", "lib/systemd/system/scaler-wm-up.service"),
];

/// Builds all of it, with these cargo features beside the default ones, and says how large it has become.
pub(crate) fn run(features: &str) -> Result<()> {
    let Packages { binary, archive, wheel, materials } = build(features)?;
    println!("\nin {}:", archive.parent().unwrap_or(&archive).display());
    for path in [&binary, &archive, &wheel, &materials] {
        println!("  {:>8.2} MB  {}", megabytes(path)?, path.file_name().unwrap_or_default().display());
    }
    println!("  {:>11}  SHA256SUMS", "");
    Ok(())
}

/// What was built.
pub(crate) struct Packages {
    pub(crate) binary: PathBuf,
    pub(crate) archive: PathBuf,
    pub(crate) wheel: PathBuf,
    /// What the binary is made of.
    pub(crate) materials: PathBuf,
}

/// Builds all of it, with these cargo features beside the default ones.
///
/// The binary stands alone, on no library of the system, but for one with Symphony, which has to load IBM's.
pub(crate) fn build(features: &str) -> Result<Packages> {
    let features = &*format!("{features},manual");
    let features = features.trim_start_matches(',');
    let packages = shell::target().join("packages");
    if packages.exists() {
        fs::remove_dir_all(&packages).map_err(|error| Failure::new("empty target/packages", error))?;
    }
    let is_static = features.split([',', ' ']).all(|feature| feature != "symphony");
    let target = if is_static {
        musl_target(&|line| println!("{line}"))?
    } else {
        shell::host_of("ask rustc for its platform", &mut Command::new("rustc"))?
    };
    let (paths, day) = (nameless_paths(&target)?, format!("env.{DAY} = {FIRST_DAY:?}"));
    let words =
        ["--profile", "dist", "--target", &target, "--features", features, "--config", &paths, "--config", &day];
    let binary = shell::build_binary(&[&words[..], &["--locked"]].concat())?;

    println!("man pages and completions");
    let name = format!("scaler-wm-{}-{target}", env!("CARGO_PKG_VERSION"));
    let tree = packages.join("made").join(&name);
    write_papers(&binary, &tree.join("share"))?;
    copy(&binary, &tree.join("bin/scaler-wm"))?;
    for (from, to) in FILES {
        copy(&shell::root().join(from), &tree.join(to))?;
    }
    let archive = packages.join(format!("{name}.tar.gz"));
    pack(&tree, &archive)?;

    println!("what it is made of");
    let materials = packages.join(format!("{name}.cdx.json"));
    materials::write(features, &target, &packages.join("made/materials"), &materials)?;

    println!("wheel");
    // Cargo has built it by the same words: it is taken as it is.
    let within = format!("--sbom-include={}", materials.display());
    let words = [&words[..], &[&within]].concat();
    let made = build_wheel(&words, &[(DAY, FIRST_DAY)], &tree.join("share"), &packages.join("wheel"))?;
    let wheel = packages.join(made.file_name().unwrap_or_default());
    copy(&made, &wheel)?;

    sum_up(&packages, &[&archive, &wheel, &materials])?;
    Ok(Packages { binary, archive, wheel, materials })
}

/// When everything in the packages was made: so the same source gives the same packages. The C code of our cryptography is
/// told, too.
const DAY: &str = "SOURCE_DATE_EPOCH";

/// The first day that a wheel can tell.
const FIRST_DAY: &str = "315532800";

/// A setting of cargo by which its folder does not stand in the binary: wherever it is built, it is the same, byte for byte.
/// (Paths of this repository are relative to its root, and AWS-LC's build sees to those of its C code.)
fn nameless_paths(target: &str) -> Result<String> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".cargo")));
    let home = home.ok_or_else(|| Failure::new("find cargo's folder", "neither CARGO_HOME nor HOME is set"))?;
    Ok(format!("target.{target}.rustflags = {:?}", [format!("--remap-path-prefix={}=/cargo", home.display())]))
}

/// The same tree gives the same archive, whenever and by whomever it is packed.
fn pack(tree: &Path, archive: &Path) -> Result<()> {
    let (Some(folder), Some(name)) = (tree.parent(), tree.file_name()) else {
        return Err(Failure::new("pack the archive", "its folder has no name"));
    };
    let mut command = Command::new("tar");
    command.args(["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner", "--mode=u+rw,go=rX"]);
    command.args(["--use-compress-program", "gzip -9n", "-cf"]).arg(archive).arg("-C").arg(folder).arg(name);
    shell::run("pack the archive", &mut command)
}

/// As `sha256sum --check SHA256SUMS` reads them.
fn sum_up(folder: &Path, files: &[&Path]) -> Result<()> {
    let names = files.iter().filter_map(|file| file.file_name());
    let sums = shell::output_of("sum up the packages", Command::new("sha256sum").current_dir(folder).args(names))?;
    fs::write(folder.join("SHA256SUMS"), sums).map_err(|error| Failure::new("write SHA256SUMS", error))
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let failed = |error: std::io::Error| Failure::new(format!("copy {}", from.display()), error);
    fs::create_dir_all(to.parent().unwrap_or(to)).map_err(failed)?;
    fs::copy(from, to).map(drop).map_err(failed)
}

pub(crate) fn megabytes(path: &Path) -> Result<f64> {
    let failed = |error: std::io::Error| Failure::new(format!("look at {}", path.display()), error);
    // Far below what a float counts exactly.
    Ok(fs::metadata(path).map_err(failed)?.len() as f64 / 1e6)
}
