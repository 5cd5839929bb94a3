//! Man pages and completions, read by those who read them for users.

use std::fs;
use std::path::Path;
use std::process::Command;

use scaler_wm_tests::{Failure, Result, manager_binary, write_papers};

use crate::is_there;

/// Sources what is completed, and prints what it offers for a command line, one word per argument.
const ASK: &str = r#"
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
# The function that `complete` was given for the program.
words=($(complete -p scaler-wm))
for at in "${!words[@]}"; do [[ ${words[at]} == -F ]] && function=${words[at + 1]}; done
"$function" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
"#;

fn papers() -> Result<tempfile::TempDir> {
    let folder = tempfile::tempdir().map_err(|error| Failure::new("make a folder", error))?;
    write_papers(&manager_binary()?, folder.path())?;
    Ok(folder)
}

fn said(command: &mut Command) -> Result<(String, String)> {
    let text = format!("{command:?}");
    let output = command.output().map_err(|error| Failure::new(format!("run {text}"), error))?;
    let [said, complaints] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    if output.status.success() {
        return Ok((said, complaints));
    }
    Err(Failure::new(format!("run {text}"), output.status).with_context(complaints))
}

fn offers(share: &Path, line: &[&str]) -> Result<Vec<String>> {
    let script = share.join("bash-completion/completions/scaler-wm");
    let mut command = Command::new("bash");
    command.args(["--norc", "-c", ASK, "bash"]).arg(script).arg("scaler-wm").args(line);
    let (said, complaints) = said(&mut command)?;
    if complaints.is_empty() {
        return Ok(said.lines().map(str::to_owned).collect());
    }
    Err(Failure::new("complete a command line", complaints))
}

#[test]
fn bash_completes_commands_flags_and_words() -> Result<()> {
    let papers = papers()?;
    for (line, offered) in [
        (&["bare"][..], &["baremetal_native"][..]),
        (&["baremetal_native", "--drain"], &["--drain-timeout-seconds"]),
        (&["baremetal_native", "--log-format", ""], &["text", "json"]),
        (&["aws_hpc", "prov"], &["provision"]),
        (&["aws_hpc", "build-image", "--python-v"], &["--python-version"]),
        (&["config", "sh"], &["show"]),
        (&["config", "show", "baremetal_native", "--drain"], &["--drain-timeout-seconds"]),
        (&["policy", "eval", "--policy-c"], &["--policy-content"]),
        (&["up", "--allow"], &["--allow-unknown-keys"]),
        (&["completions", "z"], &["zsh"]),
    ] {
        let found = offers(papers.path(), line)?;
        assert_eq!(found, offered, "{line:?}");
    }
    Ok(())
}

#[test]
fn other_shells_read_their_completions() -> Result<()> {
    let papers = papers()?;
    let share = papers.path();
    if is_there("zsh") {
        said(Command::new("zsh").args(["-f", "-n"]).arg(share.join("zsh/site-functions/_scaler-wm")))?;
    }
    if is_there("fish") {
        let ask = "source $argv[1]; complete -C 'scaler-wm baremetal_native --drain'";
        let script = share.join("fish/vendor_completions.d/scaler-wm.fish");
        let (offered, _) = said(Command::new("fish").args(["--no-config", "-c", ask]).arg(script))?;
        assert!(offered.starts_with("--drain-timeout-seconds\t"), "{offered}");
    }
    Ok(())
}

#[test]
fn man_has_no_complaint_about_any_page() -> Result<()> {
    let papers = papers()?;
    let pages = fs::read_dir(papers.path().join("man/man1")).map_err(|error| Failure::new("list pages", error))?;
    let pages: Vec<_> = pages.flatten().map(|entry| entry.path()).collect();
    assert!(pages.len() > 20, "{pages:?}");
    let (has_man, has_groff) = (is_there("man"), is_there("groff"));
    for page in &pages {
        let text = fs::read_to_string(page).map_err(|error| Failure::new("read a page", error))?;
        for part in [".TH scaler-wm", ".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION"] {
            assert!(text.contains(part), "{}: no {part}", page.display());
        }
        assert!(text.is_ascii(), "{}: not every formatter reads it", page.display());
        if has_groff {
            let (_, complaints) = said(Command::new("groff").args(["-man", "-Tutf8", "-ww", "-z"]).arg(page))?;
            assert_eq!(complaints, "", "{}", page.display());
        }
        if has_man {
            let (text, complaints) =
                said(Command::new("man").args(["--warnings", "-l"]).arg(page).env("MANWIDTH", "80"))?;
            assert_eq!(complaints, "", "{}", page.display());
            assert!(text.contains("SYNOPSIS"), "{}", page.display());
        }
    }
    Ok(())
}
