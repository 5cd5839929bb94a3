//! Whom the control plane lets in over TCP.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use scaler_wm_tests::{Authority, Failure, Good, Ports, Result, Told};

use crate::{ctl, options, told};

const TOKEN: &str = "a-token-that-nobody-guesses-4711";

fn token(folder: &Path, name: &str, text: &str) -> Result<String> {
    let file = folder.join(name);
    fs::write(&file, text)
        .and_then(|()| fs::set_permissions(&file, fs::Permissions::from_mode(0o600)))
        .map_err(|error| Failure::new("write a token", error))?;
    Ok(file.to_string_lossy().into_owned())
}

fn port() -> Result<String> {
    Ok(Ports::reserve()?.scheduler.to_string())
}

fn made(error: impl std::fmt::Display) -> Failure {
    Failure::new("make certificates", error)
}

fn is_out(told: &Told) -> bool {
    told.code == Some(1) && told.output.is_empty()
}

#[test]
fn with_a_token_nobody_else_is_let_in_and_it_is_shown_nowhere() -> Result<()> {
    let stack = told()?;
    let folder = stack.folder();
    let authority = Authority::new(folder, "authority").map_err(made)?;
    let shown = authority.sign(folder, "control", &["127.0.0.1"], Good::Now).map_err(made)?;
    let (right, wrong) = (token(folder, "right", TOKEN)?, token(folder, "wrong", "another-token-of-that-length-4711")?);
    let address = format!("127.0.0.1:{}", port()?);
    let (cert, key) = (shown.file.display().to_string(), shown.key.display().to_string());
    let flags = ["--control-address", &address, "--control-tls-cert", &cert, "--control-tls-key", &key];
    let flags = [&flags[..], &["--control-token-file", &right]].concat();
    let manager = stack.connected_manager(&options("wm1", &flags))?;

    let ca = authority.file.display().to_string();
    let ask = |more: &[&str]| ctl(&[&["status", "--json", "--address", &address, "--ca", &ca], more].concat());
    let told = ask(&["--token-file", &right])?;
    stack.check(
        told.code == Some(0) && told.json()?["managers"][0]["manager"] == "wm1",
        "an answer",
        format!("{told:?}"),
    )?;
    let told = ask(&["--token-file", &wrong])?;
    stack.check(
        is_out(&told) && told.errors.contains("token is required"),
        "a wrong token refused",
        format!("{told:?}"),
    )?;
    let told = ask(&[])?;
    stack.check(is_out(&told) && told.errors.contains("--token-file"), "no token refused", format!("{told:?}"))?;
    let plain = ctl(&["status", "--address", &address, "--token-file", &right])?;
    stack.check(is_out(&plain), "plain text refused", format!("{plain:?}"))?;
    let other = Authority::new(folder, "other").map_err(made)?;
    let other = other.file.display().to_string();
    let untrusted = ctl(&["status", "--address", &address, "--ca", &other, "--token-file", &right])?;
    stack.check(is_out(&untrusted), "a certificate of somebody else refused by ctl", format!("{untrusted:?}"))?;

    let command = fs::read(format!("/proc/{}/cmdline", manager.pid())).unwrap_or_default();
    let environment = fs::read(format!("/proc/{}/environ", manager.pid())).unwrap_or_default();
    let shown = [command, environment, manager.log().text().into_bytes()].concat();
    stack.check(!String::from_utf8_lossy(&shown).contains(TOKEN), "no token in `ps` and logs", "it is there")?;
    for file in walk(folder) {
        let content = fs::read(&file).unwrap_or_default();
        let has = content.windows(TOKEN.len()).any(|part| part == TOKEN.as_bytes());
        stack.check(!has || file.ends_with("right"), "no token in any other file", file.display())?;
    }
    Ok(())
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    files.into_iter().filter(|file| file.is_file()).chain(folders.iter().flat_map(|folder| walk(folder))).collect()
}

#[test]
fn with_certificates_only_those_of_the_authority_are_let_in() -> Result<()> {
    let stack = told()?;
    let folder = stack.folder();
    let authority = Authority::new(folder, "authority").map_err(made)?;
    let clients = Authority::new(folder, "clients").map_err(made)?;
    let shown = authority.sign(folder, "control", &["127.0.0.1"], Good::Now).map_err(made)?;
    let known = clients.sign(folder, "known", &["client"], Good::Now).map_err(made)?;
    let strange = authority.sign(folder, "strange", &["client"], Good::Now).map_err(made)?;
    let address = format!("127.0.0.1:{}", port()?);
    let text = |path: &Path| path.display().to_string();
    let [cert, key, client_ca] = [text(&shown.file), text(&shown.key), text(&clients.file)];
    let flags = ["--control-address", &address, "--control-tls-cert", &cert, "--control-tls-key", &key];
    let flags = [&flags[..], &["--control-client-ca", &client_ca]].concat();
    let _manager = stack.connected_manager(&options("wm1", &flags))?;

    let ca = text(&authority.file);
    let ask = |more: &[&str]| ctl(&[&["status", "--json", "--address", &address, "--ca", &ca], more].concat());
    let [cert, key] = [text(&known.file), text(&known.key)];
    let told = ask(&["--cert", &cert, "--key", &key])?;
    stack.check(told.code == Some(0), "an answer", format!("{told:?}"))?;
    let [cert, key] = [text(&strange.file), text(&strange.key)];
    let told = ask(&["--cert", &cert, "--key", &key])?;
    stack.check(is_out(&told), "another authority's certificate refused", format!("{told:?}"))?;
    let told = ask(&[])?;
    stack.check(is_out(&told) && told.errors.contains("--cert"), "none refused", format!("{told:?}"))
}

#[test]
fn what_would_let_everybody_in_is_refused_at_start() -> Result<()> {
    let stack = told()?;
    let folder = stack.folder();
    let authority = Authority::new(folder, "authority").map_err(made)?;
    let shown = authority.sign(folder, "control", &["127.0.0.1"], Good::Now).map_err(made)?;
    let (cert, key) = (shown.file.display().to_string(), shown.key.display().to_string());
    let (good, short) = (token(folder, "good", TOKEN)?, token(folder, "short", "guess")?);
    let port = port()?;
    let [everywhere, loopback] = [format!("0.0.0.0:{port}"), format!("127.0.0.1:{port}")];
    let tls = ["--control-tls-cert", &cert, "--control-tls-key", &key];
    for (flags, words) in [
        (vec!["--control-address", &everywhere], "is not at loopback"),
        (vec!["--control-address", &everywhere, "--control-token-file", &good], "is not at loopback"),
        ([&["--control-address", &everywhere][..], &tls].concat(), "lets everybody in"),
        (vec!["--control-address", &loopback, "--control-tls-cert", &cert], "needs its private key"),
        (vec!["--control-address", &loopback, "--control-token-file", &short], "of 5 characters can be guessed"),
        (vec!["--control-address", "nonsense"], "no address to listen at"),
        (vec!["--control-token-file", &good], "without control_address"),
        (vec!["--control-address", &loopback, "--control-client-ca", &cert], "in TLS only"),
        (vec!["--control-socket", "/nowhere/at/all.sock"], "failed to listen at /nowhere/at/all.sock"),
    ] {
        let mut manager = stack.manager(&options("wm1", &flags))?;
        let status = manager.wait(20.0)?;
        let log = manager.log().text();
        stack.check(status.code() == Some(2) && log.contains(words), &format!("{flags:?} refused: {words}"), &log)?;
        stack.check(!log.contains(TOKEN) && stack.workers(&manager).is_empty(), "nothing started or shown", &log)?;
    }
    Ok(())
}
