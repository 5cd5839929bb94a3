//! What the program says about itself as a whole.

use super::{command::shell, name::Name};
use crate::{
    backends::KINDS,
    exit::{EXIT_CODES, Failure},
};

/// `--help`.
pub(super) fn asked(name: Name) -> Failure {
    Failure::Told(text(name))
}

/// No argument at all.
pub(super) fn nothing(name: Name) -> Failure {
    Failure::Usage(format!("nothing to do\n\n{}", text(name)))
}

/// `--version`.
pub(super) fn version(name: Name) -> Failure {
    Failure::Told(format!("{} {}\n", name.program(), env!("CARGO_PKG_VERSION")))
}

/// How a manager is run, in half a sentence.
pub(super) fn usage(name: Name) -> String {
    format!("write it like `{} TYPE [FLAGS] ADDRESS`; --help lists the types", name.program())
}

fn text(name: Name) -> String {
    let program = name.program();
    let mut text = String::from("Worker managers for OpenGRIS Scaler: workers as its scheduler wants them.\n\n");
    text.push_str(&format!("Usage: {program} TYPE [FLAGS] [ADDRESS] [-c FILE]\n"));
    if name == Name::Own {
        text.push_str("       scaler-wm up FILE [FLAGS]\n       scaler-wm config show|init …\n");
    }
    text.push_str("\nTypes of worker managers:\n");
    for kind in KINDS {
        let missing = if kind.what_is_missing().is_some() { " (not in this build)" } else { "" };
        text.push_str(&format!("  {:<18}{}{missing}\n", kind.section.name, kind.section.about));
    }
    if name == Name::Own {
        text.push_str(
            "\nCommands:\n  up FILE           Start everything in a TOML file: object storage, scheduler,\n                    \
             managers, GUI\n  config show FILE  Check a file and show what it would start, as JSON\n  config init TYPE  \
             Write a commented file to start from\n",
        );
    }
    text.push_str(&format!(
        "\nOptions:\n  -h, --help        This text; `{program} TYPE --help` lists the flags of a type\n  -V, --version     The \
         version\n\n{EXIT_CODES}\n\nExamples:\n"
    ));
    for kind in KINDS.iter().take(1) {
        for example in kind.section.examples {
            text.push_str(&shell(&format!("{program} {example}")));
        }
    }
    if name == Name::Own {
        text.push_str("  scaler-wm config init baremetal_native config.toml\n  scaler-wm up config.toml\n");
    }
    text
}

/// `config --help`.
pub(super) fn config() -> String {
    "\
Check, show and write configuration files.

Usage: scaler-wm config show FILE [FLAGS]
       scaler-wm config show TYPE [FLAGS] [ADDRESS] [-c FILE]
       scaler-wm config init TYPE [FILE]

  show  Print what `up FILE`, or a manager, would run, with every default filled
        in, as JSON; secrets are hidden
  init  Write a commented file with every key of a section

Examples:
  scaler-wm config show config.toml
  scaler-wm config show baremetal_native tcp://127.0.0.1:8516 -mtc 8
  scaler-wm config init aws_raw_ecs ecs.toml
"
    .to_owned()
}
