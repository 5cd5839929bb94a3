//! Every command in one tree, for what is made of all of them. The command line itself is read command by command.

use clap::{Command, builder::PossibleValuesParser};
use scaler_wm_core::options::{Kind as Takes, OptionSpec};
use scaler_wm_options::{AWS_HPC, Section, provision::Action};

use super::{command, every_option, manual, policy::COMMANDS};
use crate::{backends::KINDS, exit::EXIT_CODES};

/// Whom the tree is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum For {
    /// A shell: with the words that a flag takes, and the types that a command takes.
    Shell,
    /// A page for each command: what takes types refers to the pages of these.
    Pages,
}

/// Every command.
pub(super) fn tree(whom: For) -> Command {
    let config = group("config", "Checks, shows and writes configuration files")
        .subcommands([of_types("config show", "show", whom, &std::convert::identity), command::init().name("init")]);
    let policies = COMMANDS.map(|(name, _, about)| command::policy(name, about).name(name));
    let policy = group("policy", "Checks a policy of the scheduler, and tries it out").subcommands(policies);
    let tree = Command::new("scaler-wm")
        .bin_name("scaler-wm")
        .version(env!("CARGO_PKG_VERSION"))
        .about("Worker managers for OpenGRIS Scaler: workers as its scheduler wants them")
        .override_usage("scaler-wm TYPE [FLAGS] [ADDRESS] [-c FILE]\nscaler-wm COMMAND …")
        .after_help(EXIT_CODES)
        .disable_help_subcommand(true)
        .subcommand_help_heading("COMMANDS")
        .subcommands(KINDS.iter().map(|kind| {
            let name = kind.section.name;
            let actions = Action::ALL.into_iter().filter(|_| name == AWS_HPC.name).map(|action| {
                command::provision(&format!("scaler-wm {name} {}", action.word()), action).name(action.word())
            });
            manager("scaler-wm", kind.section, whom).subcommands(actions)
        }))
        .subcommand(stack("scaler-wm up", whom).name("up"))
        .subcommands([config, of_types("preflight", "preflight", whom, &command::preflight)])
        .subcommands([of_types("doctor", "doctor", whom, &command::doctor), policy]);
    #[cfg(feature = "control")]
    let tree = tree.subcommand(super::ctl::command().name("ctl"));
    #[cfg(feature = "top")]
    let tree = tree.subcommand(super::top::command().name("top"));
    #[cfg(feature = "simulate")]
    let tree = tree.subcommands([command::simulate().name("simulate"), command::record().name("record")]);
    let completions = manual::command().name("completions");
    tree.subcommand(match whom {
        For::Shell => completions.mut_arg(manual::SHELL, |arg| arg.value_parser(manual::SHELLS.map(|(name, _)| name))),
        For::Pages => completions,
    })
}

fn group(name: &'static str, about: &'static str) -> Command {
    Command::new(name).bin_name(format!("scaler-wm {name}")).about(about).disable_help_subcommand(true)
}

/// A command that takes a file, or a type with the flags of that.
fn of_types(words: &str, name: &'static str, whom: For, shaped: &dyn Fn(Command) -> Command) -> Command {
    let program = format!("scaler-wm {words}");
    let command = shaped(stack(&program, whom)).name(name).disable_help_subcommand(true);
    if whom == For::Pages {
        return command;
    }
    let kinds = KINDS.iter().map(|kind| shaped(manager(&program, kind.section, whom)));
    command.subcommands(kinds)
}

fn manager(program: &str, section: &'static Section, whom: For) -> Command {
    let command = command::manager(&format!("{program} {}", section.name), section);
    with_words(command, section.specs(), whom).name(section.name).disable_help_subcommand(true)
}

fn stack(program: &str, whom: For) -> Command {
    let specs = every_option();
    with_words(command::stack(program, &specs), specs.iter().copied(), whom)
}

/// Lets a shell know which words a flag takes. The command line is read without that: it takes them in any case, and has
/// better words for those that nobody knows.
fn with_words<'a>(command: Command, specs: impl Iterator<Item = &'a OptionSpec>, whom: For) -> Command {
    specs.fold(command, |command, spec| match spec.kind {
        Takes::Choice(words) if whom == For::Shell => {
            command.mut_arg(spec.key, |arg| arg.value_parser(PossibleValuesParser::new(words)))
        }
        _ => command,
    })
}
