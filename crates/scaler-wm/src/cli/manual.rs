//! Completions for shells, and man pages: made of the same commands that read the command line.

use std::{fs, io, path::Path};

use clap::{Arg, Command};
use clap_complete::Shell;
use clap_mangen::Man;
use scaler_wm_core::options::nearest;

use super::{
    command::base,
    matches,
    tree::{For, tree},
};
use crate::exit::Failure;

/// The word by which the maker of packages asks for man pages; no user needs it.
pub(super) const MAN_PAGES: &str = "man-pages";

/// The id of the shell that is given by position.
pub(super) const SHELL: &str = "SHELL";
/// Shells for which there are completions.
pub(super) const SHELLS: [(&str, Shell); 3] = [("bash", Shell::Bash), ("zsh", Shell::Zsh), ("fish", Shell::Fish)];

const WHERE: &str = "\
They know the commands, the long flags, and the words that some of these take.

Where they go:
  bash  ~/.local/share/bash-completion/completions/scaler-wm
  zsh   _scaler-wm, in a folder of $fpath
  fish  ~/.config/fish/completions/scaler-wm.fish

Exit codes:
    0  printed
    2  no such shell

Examples:
  eval \"$(scaler-wm completions bash)\"
  scaler-wm completions fish > ~/.config/fish/completions/scaler-wm.fish
";

/// `completions`.
pub(super) fn command() -> Command {
    base("scaler-wm completions")
        .about("Prints completions for a shell")
        .override_usage("scaler-wm completions bash|zsh|fish")
        .arg(Arg::new(SHELL).value_name(SHELL).required(true).help("bash, zsh or fish."))
        .after_help(WHERE)
}

/// Reads what follows `completions`, and does it.
///
/// # Errors
/// Always: with the completions, or with why there are none.
pub(super) fn completions(arguments: &[String]) -> Failure {
    let matches = match matches(command(), &[], arguments) {
        Ok(matches) => matches,
        Err(failure) => return failure,
    };
    let word = matches.get_one::<String>(SHELL).cloned().unwrap_or_default();
    let Some((_, shell)) = SHELLS.iter().find(|(name, _)| *name == word) else {
        let names = SHELLS.map(|(name, _)| name);
        let problem = match nearest(&word, names) {
            Some(meant) => format!("there are no completions for `{word}`; did you mean `{meant}`?"),
            None => format!("there are no completions for `{word}`; there are some for {}", names.join(", ")),
        };
        return Failure::Usage(problem);
    };
    Failure::Told(script(*shell))
}

fn script(shell: Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut tree(For::Shell), "scaler-wm", &mut text);
    // clap_complete 4.6.11 writes the hyphen of a program's name in two ways: bash then knows nothing below the first word.
    String::from_utf8_lossy(&text).replace("scaler__subcmd__wm", "scaler__wm")
}

/// Writes a page for each command into a folder that is there.
///
/// # Errors
/// Always: with where they are, or with why they cannot be written.
pub(super) fn man_pages(arguments: &[String]) -> Failure {
    let [folder] = arguments else {
        return Failure::Usage(format!("write it like `scaler-wm {MAN_PAGES} FOLDER`"));
    };
    let mut tree = tree(For::Pages);
    tree.build();
    match write(&tree, Path::new(folder)) {
        Ok(pages) => Failure::Told(format!("{pages} pages are in {folder}\n")),
        Err(error) => {
            Failure::Usage(format!("{folder}: pages cannot be written ({error}); name a folder that is there"))
        }
    }
}

fn write(command: &Command, folder: &Path) -> io::Result<usize> {
    let mut pages = 1;
    for inner in command.get_subcommands() {
        pages += write(inner, folder)?;
    }
    let man = Man::new(command.clone()).manual("scaler-wm").source(concat!("scaler-wm ", env!("CARGO_PKG_VERSION")));
    fs::write(folder.join(man.get_filename()), escaped(&page(command, &man)?))?;
    Ok(pages)
}

/// In characters that every formatter reads.
fn escaped(page: &[u8]) -> String {
    let text = String::from_utf8_lossy(page);
    let escaped = |letter: char| match letter {
        '…' => "...".to_owned(),
        _ if letter.is_ascii() => letter.to_string(),
        _ => format!("\\[u{:04X}]", u32::from(letter)),
    };
    text.chars().map(escaped).collect()
}

/// One page. What follows the flags in the help has lines and columns of its own, which are kept.
fn page(command: &Command, man: &Man) -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    if let Some(text) = command.get_after_help() {
        page.extend(as_it_is("NOTES", &text.to_string()).into_bytes());
    }
    Ok(page)
}

/// A section whose lines stay as they are.
fn as_it_is(heading: &str, text: &str) -> String {
    let mut section = format!(".SH {heading}\n.nf\n");
    for line in text.trim_end().lines() {
        // At its begin these two would be orders to the formatter.
        if line.starts_with(['.', '\'']) {
            section.push_str("\\&");
        }
        section.push_str(&line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq").replace('`', "\\(ga"));
        section.push('\n');
    }
    section.push_str(".fi\n");
    section
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_a_page_and_reads_like_its_help() {
        let folder = tempfile::tempdir().unwrap();
        let told = man_pages(&[folder.path().to_string_lossy().into_owned()]).text();
        let mut names: Vec<String> = fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        assert!(told.starts_with(&format!("{} pages", names.len())), "{told}");
        for name in ["scaler-wm.1", "scaler-wm-up.1", "scaler-wm-config-show.1", "scaler-wm-aws_hpc-provision.1"] {
            assert!(names.iter().any(|there| there == name), "{name} of {names:?}");
        }
        assert!(!names.iter().any(|name| name.contains("help")), "{names:?}");
        let page = fs::read_to_string(folder.path().join("scaler-wm-baremetal_native.1")).unwrap();
        assert!(page.contains("--stop-timeout-seconds") || page.contains("\\-\\-stop\\-timeout\\-seconds"), "{page}");
        assert!(page.contains("Exit codes:"), "{page}");
    }

    #[test]
    fn pages_are_ascii() {
        assert_eq!(escaped("a…é".as_bytes()), "a...\\[u00E9]");
    }

    #[test]
    fn lines_stay_lines_and_are_no_orders() {
        assert_eq!(as_it_is("NOTES", ".a\n  'b' \\ -c\n"), ".SH NOTES\n.nf\n\\&.a\n  \\(aqb\\(aq \\e \\-c\n.fi\n");
    }

    #[test]
    fn a_shell_that_nobody_knows_is_told() {
        let text = completions(&["bosh".to_owned()]).text();
        assert!(text.contains("did you mean `bash`"), "{text}");
    }
}
