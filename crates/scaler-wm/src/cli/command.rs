//! clap's commands, made of the declarations.

use clap::{Arg, ArgAction, Command, builder::StyledStr};
use scaler_wm_core::options::{Kind, OptionSpec, Preset};
#[cfg(feature = "simulate")]
use scaler_wm_options::TRUST;
use scaler_wm_options::{AWS_HPC, POLICY, Section, provision::Action};

use super::{help, provision};
use crate::{exit::EXIT_CODES, wrap::wrap};

/// The id of `-c`.
pub(super) const CONFIG: &str = "config";
/// The id of `--allow-unknown-keys`.
pub(super) const ALLOW_UNKNOWN_KEYS: &str = "allow_unknown_keys";
/// The id of `--json`.
pub(super) const JSON: &str = "json";
/// The id of `--delete`.
pub(super) const DELETE: &str = "delete";
/// The id of `--yes`.
pub(super) const YES: &str = "yes";
/// The id of a file that is given by position.
pub(super) const FILE: &str = "FILE";
/// The id of a type that is given by position.
pub(super) const TYPE: &str = "TYPE";

/// The id of a monitor's address that is given by position.
#[cfg(feature = "simulate")]
pub(super) const MONITOR: &str = "MONITOR_ADDRESS";
/// The id of `-o`.
#[cfg(feature = "simulate")]
pub(super) const OUTPUT: &str = "output";

/// Columns of a help text: 80, less the indentation that clap gives it.
const COLUMNS: usize = 70;

/// One manager.
pub(super) fn manager(program: &str, section: &'static Section) -> Command {
    let examples: String = section.examples.iter().map(|example| shell(&format!("scaler-wm {example}"))).collect();
    let actions = if section.name == AWS_HPC.name { provision::actions(program) } else { String::new() };
    base(program)
        .about(section.about)
        .override_usage(format!("{program} [FLAGS] [ADDRESS] [-c FILE]"))
        .args(section.specs().map(argument))
        .arg(
            Arg::new(CONFIG)
                .short('c')
                .long("config")
                .value_name("FILE")
                .overrides_with(CONFIG)
                .help_heading("Files")
                .help(wrapped("TOML file; its one [[worker_manager]] entry of this type gives what no flag gives.")),
        )
        .arg(allow_unknown_keys())
        .after_help(format!(
            "Every flag is also a TOML key, with underscores. Flags go before environment\nvariables, these before \
             keys. Long flags may be abbreviated.\n\n{actions}{EXIT_CODES}\n\nExamples:\n{examples}  scaler-wm {} -c config.toml",
            section.name
        ))
}

/// A whole file.
pub(super) fn stack(program: &str, specs: &[&'static OptionSpec]) -> Command {
    let shown = ["python", "logging_level", "logging_paths"];
    base(program)
        .about(if program.ends_with("show") {
            "Checks a TOML file and shows what `up` would start, every default filled in, as JSON.\n`config show TYPE [FLAGS] \
             [ADDRESS] [-c FILE]` shows one manager."
        } else {
            "Starts everything in a TOML file"
        })
        .override_usage(format!("{program} FILE [FLAGS]"))
        .arg(Arg::new(FILE).value_name("FILE").required(true).help(wrapped(
            "TOML file with any of [object_storage_server], [scheduler], [[worker_manager]] and [gui].",
        )))
        .args(specs.iter().map(|spec| {
            // Given by position to one part, it is a flag to all.
            let flag = OptionSpec { is_positional: false, ..**spec };
            argument_of(flag, spec).hide(!shown.contains(&spec.key))
        }))
        .arg(allow_unknown_keys())
        .after_help(format!(
            "Managers run in this process. The other parts, and managers that only the\nPython package has, are its own \
             commands, taken from the folder of the\ninterpreter (--python, else the first `python` key, else the active \
             virtual\nenvironment, else the one that scaler-wm lies in, else python3). They start in\nthe order object \
             storage, scheduler, managers, GUI; when one ends, or on SIGINT\nor SIGTERM, all stop in the reverse order.\n\nEvery flag of a section works here, \
             too, and goes before the key of that name\nin every section that has it: see `scaler-wm TYPE --help` and \
             docs/reference.md.\n\n{EXIT_CODES}\n\nExamples:\n  {program} config.toml\n  {program} config.toml --logging-level \
             DEBUG"
        ))
}

/// The same command for `preflight`, which runs nothing.
pub(super) fn preflight(command: Command) -> Command {
    let usage = match command.get_name().strip_prefix("scaler-wm preflight ") {
        Some(kind) => format!("scaler-wm preflight {kind} [FLAGS] [ADDRESS] [-c FILE] [--json]"),
        None => {
            "scaler-wm preflight FILE [FLAGS] [--json]\n       scaler-wm preflight TYPE [FLAGS] [ADDRESS] [-c FILE] \
                 [--json]"
                .to_owned()
        }
    };
    command
        .about("Looks at what would go wrong, before anything is started and money is spent")
        .override_usage(usage)
        .arg(
            Arg::new(JSON)
                .long(JSON)
                .action(ArgAction::SetTrue)
                .overrides_with(JSON)
                .help("Tell what is found as JSON, not in lines."),
        )
        .after_help(help::PREFLIGHT)
}

/// The same command for `doctor`, which starts nothing.
pub(super) fn doctor(command: Command) -> Command {
    let kind = command.get_name().strip_prefix("scaler-wm doctor ").map(str::to_owned);
    let flag = |name: &'static str, help: &str| {
        Arg::new(name).long(name).action(ArgAction::SetTrue).overrides_with(name).help(wrapped(help))
    };
    let flags = "[--delete [--yes]] [--json]";
    let usage = match kind {
        Some(kind) => format!("scaler-wm doctor {kind} [FLAGS] [ADDRESS] [-c FILE]\n           {flags}"),
        None => format!(
            "scaler-wm doctor FILE [FLAGS] {flags}\n       scaler-wm doctor TYPE [FLAGS] [ADDRESS] [-c FILE]\n           \
             {flags}"
        ),
    };
    command
        .about("Finds what managers have left behind, and deletes it if asked to")
        .override_usage(usage)
        .arg(flag(DELETE, "Delete what can go, after a question."))
        .arg(flag(YES, "Ask nothing. Without a terminal there is nobody to ask."))
        .arg(flag(JSON, "Tell what is found as JSON, not in lines."))
        .after_help(super::doctor::HELP)
}

/// `config init`.
pub(super) fn init() -> Command {
    base("scaler-wm config init")
        .about("Writes a commented file with every key of a section")
        .override_usage("scaler-wm config init TYPE [FILE]")
        .arg(
            Arg::new(TYPE)
                .value_name("TYPE")
                .required(true)
                .help(wrapped("Type of a worker manager, or scheduler, object_storage_server or gui.")),
        )
        .arg(
            Arg::new(FILE)
                .value_name("FILE")
                .help(wrapped("File to write, which must not be there yet. [default: standard output]")),
        )
}

/// One of the commands of `policy`.
pub(super) fn policy(name: &str, about: &'static str) -> Command {
    let program = format!("scaler-wm policy {name}");
    let options = POLICY.iter().map(|spec| match spec.key {
        // What a scheduler does when nobody says is of no use here.
        "policy_content" => argument_of(OptionSpec { preset: Preset::Nothing, ..*spec }, spec).required(true),
        _ => argument(spec),
    });
    let usage = format!("{program} [-et TYPE] -pc POLICY");
    base(&program).about(about).override_usage(usage).args(options).after_help(help::policy_command(name))
}

/// One of the actions around what `aws_hpc` needs in AWS.
pub(super) fn provision(program: &str, action: Action) -> Command {
    // The released command takes every flag for every action, and so does this one.
    let options = action.options().map(|(spec, is_shown)| argument(spec).hide(!is_shown));
    base(program)
        .about(action.about())
        .override_usage(format!("{program} [FLAGS]"))
        .args(options)
        .after_help(provision::after_flags(action))
}

/// `simulate`.
#[cfg(feature = "simulate")]
pub(super) fn simulate() -> Command {
    let flag = |name, help| Arg::new(name).long(name).action(ArgAction::SetTrue).help(wrapped(help));
    base("scaler-wm simulate")
        .about("Runs policies on a workload in simulated time: what would they have done?")
        .override_usage("scaler-wm simulate FILE [--json] [--plot FILE.svg]")
        .arg(Arg::new(FILE).value_name("FILE").required(true).help(wrapped("TOML file, as below.")))
        .arg(flag("json", "Print figures as JSON, not as a table."))
        .arg(
            Arg::new("plot")
                .long("plot")
                .value_name("FILE.svg")
                .overrides_with("plot")
                .help(wrapped("Draw tasks waiting, workers wanted, workers there and cost over time.")),
        )
        .after_help(help::SIMULATE)
}

/// `record`.
#[cfg(feature = "simulate")]
pub(super) fn record() -> Command {
    base("scaler-wm record")
        .about("Records a live scheduler's tasks, from its monitor, for `scaler-wm simulate`")
        .override_usage("scaler-wm record MONITOR_ADDRESS -o TRACE")
        .arg(Arg::new(MONITOR).value_name(MONITOR).required(true).help(wrapped(
            "Where the scheduler publishes, such as tcp://127.0.0.1:8518: its port + 2 unless it was told another.",
        )))
        .arg(
            Arg::new(OUTPUT)
                .short('o')
                .long("output")
                .value_name("TRACE")
                .required(true)
                .overrides_with(OUTPUT)
                .help(wrapped("File to write, which must not be there yet.")),
        )
        .args(TRUST.iter().map(argument))
        .after_help(help::RECORD)
}

/// A command without flags.
pub(super) fn base(program: &str) -> Command {
    Command::new(program.to_owned()).bin_name(program.to_owned()).next_line_help(true)
}

fn allow_unknown_keys() -> Arg {
    Arg::new(ALLOW_UNKNOWN_KEYS)
        .long("allow-unknown-keys")
        .action(ArgAction::SetTrue)
        .overrides_with(ALLOW_UNKNOWN_KEYS)
        .help_heading("Files")
        .help("Warn of keys that nobody knows, instead of refusing them.")
}

fn argument(spec: &'static OptionSpec) -> Arg {
    argument_of(*spec, spec)
}

/// The argument of an option in the form `shape`.
fn argument_of(shape: OptionSpec, spec: &'static OptionSpec) -> Arg {
    let argument = Arg::new(spec.key).hide(spec.is_hidden).help(help(&shape));
    if shape.is_positional {
        return argument.value_name(spec.value_name).required(false);
    }
    let argument = argument.long(spec.long()).help_heading(spec.group.heading());
    match spec.kind {
        Kind::Flag => argument.action(ArgAction::SetTrue).overrides_with(spec.key),
        // The last one counts, as with the released package.
        Kind::Texts => {
            argument.value_name(spec.value_name).num_args(1..).action(ArgAction::Set).overrides_with(spec.key)
        }
        _ => argument
            .value_name(spec.value_name)
            .action(ArgAction::Set)
            .overrides_with(spec.key)
            .allow_negative_numbers(matches!(spec.kind, Kind::Integer { .. } | Kind::Float | Kind::PositiveFloat)),
    }
}

/// Short flag, help and default, as one text: clap knows nothing of short flags with several letters.
fn help(spec: &OptionSpec) -> StyledStr {
    let short = spec.short.map(|short| format!("[-{short}] ")).unwrap_or_default();
    let variable = match spec.environment {
        Some(variable) if !spec.is_hidden => format!(" [environment: {variable}]"),
        _ => String::new(),
    };
    let preset = match (spec.preset_text(), spec.preset) {
        (Some(text), _) if !text.is_empty() => format!(" [default: {text}]"),
        (_, Preset::Required) => {
            let unless = spec.unless.map(|key| format!(" without --{}", key.replace('_', "-"))).unwrap_or_default();
            format!(" [required{unless}, here or in the file]")
        }
        _ => String::new(),
    };
    wrapped(&format!("{short}{}{variable}{preset}", spec.help)).into()
}

/// A command line for a shell, in lines of at most 78 columns.
pub(super) fn shell(line: &str) -> String {
    let mut text = String::from(" ");
    let mut column = 1;
    let mut words = line.split(' ').peekable();
    while let Some(word) = words.next() {
        // A flag stays with its value.
        let value = words
            .peek()
            .filter(|next| word.starts_with('-') && !next.starts_with('-'))
            .map_or(0, |next| 1 + next.len());
        if column + 1 + word.len() + value > 76 {
            text.push_str(" \\\n     ");
            column = 5;
        }
        text.push(' ');
        text.push_str(word);
        column += 1 + word.len();
    }
    text.push('\n');
    text
}

/// The same words in lines: clap wraps none without a feature that asks the terminal for its size.
fn wrapped(text: &str) -> String {
    wrap(text, COLUMNS).join("\n")
}
