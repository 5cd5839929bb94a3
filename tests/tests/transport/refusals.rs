//! A scheduler that is not the one that is meant, or speaks otherwise than its address says: said plainly, tried again at
//! a bounded pace, and nobody hangs.

use std::path::Path;

use scaler_wm_tests::{
    Certificate, Failure, Good, ManagerOptions, Result, Stack, StackOptions, Transport, is_listening, self_signed,
};

use crate::{folder, signed, tls};

/// The SHA-256 of a certificate, by another way than the manager has.
fn pin(certificate: &Certificate) -> Result<String> {
    let failed = |error: std::io::Error| Failure::new("take the SHA-256 of a certificate", error);
    let file = certificate.file.with_extension("der");
    std::fs::write(&file, &certificate.der).map_err(failed)?;
    let output = std::process::Command::new("sha256sum").arg(&file).output().map_err(failed)?;
    Ok(String::from_utf8_lossy(&output.stdout).split(' ').next().unwrap_or_default().to_owned())
}

/// Starts a manager, waits for the reason, and sees it end when told.
fn refused(stack: &Stack, address: &str, flags: &[&str], words: &[&str]) -> Result<()> {
    let extra = flags.iter().map(|flag| (*flag).to_owned()).collect();
    let options = ManagerOptions { extra, ..ManagerOptions::default() };
    let mut manager = stack.manager_at(address, &options)?;
    let said = || manager.log().lines_with(&["the scheduler does not answer", words[0]]).first().cloned();
    let line = stack.until("the reason", 15.0, said)?;
    for word in words {
        stack.check(line.contains(word), word, &line)?;
    }
    println!("{address} {flags:?}: {line}");
    // Breaking off a greeting of TLS ends the released scheduler: nobody here does.
    stack.check(is_listening(stack.ports().scheduler), "the scheduler still there", "it has gone")?;
    stack.check(manager.exited().is_none(), "it tries on", manager.log().tail(5))?;
    manager.terminate();
    stack.until("the manager end", 5.0, || manager.exited().map(|_| ()))
}

#[test]
fn whom_nobody_vouches_for_is_refused_and_the_ways_out_are_named() -> Result<()> {
    let folder = folder()?;
    let (authority, shown) = signed(folder.path())?;
    let failed = |error| Failure::new("make certificates", error);
    let other = self_signed(folder.path(), "other", &["127.0.0.1"], Good::Now, true).map_err(failed)?;
    let (authority, other) = (authority.file.display().to_string(), other.file.display().to_string());
    let stack = Stack::start(StackOptions { transport: tls(&shown), ..StackOptions::default() })?;
    let address = stack.address();
    let ways_out = ["--tls-ca", "--tls-pin", "--tls-skip-verify"];
    refused(&stack, &address, &[], &[&["nobody whom this system trusts"], &ways_out[..]].concat())?;
    refused(&stack, &address, &["--tls-ca", &other], &[&["vouches for its certificate"], &ways_out[..]].concat())?;
    refused(&stack, &address, &["--tls-pin", &"ab".repeat(32)], &["another one than --tls-pin names"])?;
    let localhost = address.replace("127.0.0.1", "localhost");
    refused(&stack, &localhost, &["--tls-ca", &authority], &["its certificate is for another host"])?;

    // What the error names is a way out.
    let pin = pin(&shown)?;
    let _pinned = stack
        .connected_manager(&ManagerOptions { extra: vec!["--tls-pin".to_owned(), pin], ..ManagerOptions::default() })?;
    let skipping = stack.manager(&ManagerOptions {
        id: "wm2".to_owned(),
        extra: vec!["--tls-skip-verify".to_owned()],
        ..ManagerOptions::default()
    })?;
    for words in [&["WARN", "whoever answers is taken for the scheduler"][..], &["the scheduler answers"]] {
        stack.until(words[words.len() - 1], 20.0, || (skipping.log().lines_with(words).len() == 1).then_some(()))?;
    }
    Ok(())
}

#[test]
fn an_expired_certificate_is_named_as_such() -> Result<()> {
    let folder = folder()?;
    let (authority, _) = signed(folder.path())?;
    let old = authority.sign(folder.path(), "old", &["127.0.0.1"], Good::UntilLastYear);
    let old = old.map_err(|error| Failure::new("make certificates", error))?;
    let stack = Stack::start(StackOptions { transport: tls(&old), ..StackOptions::default() })?;
    let authority = authority.file.display().to_string();
    refused(&stack, &stack.address(), &["--tls-ca", &authority], &["its certificate has expired"])
}

/// `openssl x509 -req` makes such ones unless told otherwise, and the package shows them. (These files do so for a hundred
/// years: nobody makes them anew in Rust.)
#[test]
fn a_certificate_of_version_1_is_named_and_trusted_by_those_who_trust_anybody() -> Result<()> {
    let at = |name: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("certificates").join(name);
    let (file, key) = (at("version1.pem"), at("version1.key"));
    let transport = Transport::Tls(file.clone(), key);
    let stack = Stack::start(StackOptions { transport, ..StackOptions::default() })?;
    refused(&stack, &stack.address(), &["--tls-ca", &file.display().to_string()], &["X.509 version 1"])?;
    let extra = vec!["--tls-skip-verify".to_owned()];
    let _manager = stack.connected_manager(&ManagerOptions { extra, ..ManagerOptions::default() })?;
    Ok(())
}

#[test]
fn another_transport_than_the_address_says_is_named() -> Result<()> {
    let folder = folder()?;
    let (_, shown) = signed(folder.path())?;
    for (there, expected) in [
        (Transport::Tcp, vec![("tls", "what it says is no TLS"), ("ws", "what it says is no WebSocket")]),
        (tls(&shown), vec![("tcp", "begins with tls://")]),
        (Transport::Ws, vec![("tcp", "ws:// or wss://"), ("tls", "")]),
    ] {
        let stack = Stack::start(StackOptions { transport: there, ..StackOptions::default() })?;
        for (said, words) in expected {
            let address = format!("{said}://127.0.0.1:{}", stack.ports().scheduler);
            refused(&stack, &address, &["--tls-skip-verify"], &[words])?;
        }
    }
    Ok(())
}
