//! `docs/reference.md`: every option, made of the declarations.

use std::{fs, path::Path};

use scaler_wm_core::options::{Alias, COMMON, OptionSpec, Preset, grouped};
use scaler_wm_options::{MANAGERS, PARTS, PYTHON_MANAGERS, provision::Action};
use scaler_wm_tests::{Failure, Result};

use crate::shell;

const FILE: &str = "docs/reference.md";

const HEAD: &str = "\
<!-- Made by `cargo xtask codegen` of the declarations in `crates/scaler-wm-options` and `crates/scaler-wm-core`. -->

# Reference of options

Every option is a flag and a key of the TOML file. Where several places give one, the command line goes before the
environment, that before the file, and that before the default.

- A key is the long flag with underscores; hyphens are accepted as well.
- Long flags may be abbreviated as long as only one begins so; `--flag value` and `--flag=value` are the same.
- `scaler-wm TYPE [FLAGS] ADDRESS [-c FILE]` reads the one `[[worker_manager]]` entry of that type;
  `scaler-wm up FILE [FLAGS]` starts every section. There a flag goes before the key of its name in every section that has
  it, and all flags have their long name only, but for those that every manager has.
- A key that nobody knows is an error that names the nearest known one; `--allow-unknown-keys` makes it a warning. Called
  as `scaler_worker_manager` or `scaler`, the program only warns.
- A `[policy]` table holds the policy keys for every manager of the file that has none of its own.
- A `[control]` table does the same for the keys of the control plane; managers with the same address share its listener.
- `scaler-wm config show FILE` prints what would run; `scaler-wm config init TYPE` writes a file with every key.

Options without a default, and without the word *required*, have no value unless somebody gives one.
";

/// Writes the page, or with `check` compares it and writes nothing.
pub(crate) fn run(check: bool) -> Result<()> {
    let path = shell::root().join(FILE);
    let page = page();
    if !check {
        return write(&path, &page);
    }
    if fs::read_to_string(&path).is_ok_and(|found| found == page) {
        return Ok(());
    }
    Err(Failure::new(format!("find {FILE} fresh"), "run `cargo xtask codegen` and commit what it writes"))
}

fn write(path: &Path, page: &str) -> Result<()> {
    let failed = |error| Failure::new(format!("write {}", path.display()), error);
    fs::create_dir_all(path.parent().unwrap_or(Path::new("."))).map_err(failed)?;
    fs::write(path, page).map_err(failed)
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    page.push_str("\n## Every manager\n\nWhat all managers have; the OCI ones lack what only ours have.\n");
    page.push_str(&options("Every manager", COMMON.iter().copied().flatten()));
    page.push_str(SIZES);
    let managers = MANAGERS.iter().map(|section| (section, format!("`{}`", section.name)));
    let python = PYTHON_MANAGERS.iter().map(|section| (section, format!("`{}`", section.name)));
    let parts = PARTS.iter().map(|section| (section, format!("`[{}]`", section.name)));
    for (section, title) in managers.chain(parts).chain(python) {
        page.push_str(&format!("\n## {title}\n\n{}.\n", section.about));
        let is_manager = !PARTS.iter().any(|part| part.name == section.name);
        // An option of every manager is told of once more where its default is another one.
        let is_same = |spec: &OptionSpec, common: &OptionSpec| common.key == spec.key && common.preset == spec.preset;
        let is_told =
            |spec: &&OptionSpec| is_manager && COMMON.iter().copied().flatten().any(|common| is_same(spec, common));
        page.push_str(&options(section.name, section.specs().filter(|spec| !is_told(spec))));
        let renamed = section.declared().filter(|other| other.stands_for.is_some());
        for other in renamed {
            let names: Vec<String> = names(other).into_iter().map(|name| format!("`{name}`")).collect();
            let key = other.stands_for.unwrap_or_default().replace('_', "-");
            page.push_str(&format!(
                "\n{} are other names of `--{key}`, on the command line only.\n",
                names.join(" and ")
            ));
        }
    }
    page.push_str(ACTIONS);
    for action in Action::ALL {
        page.push_str(&format!("\n### `{}`\n\n{}.\n", action.word(), action.about()));
        let shown = action.options().filter(|(_, is_shown)| *is_shown).map(|(spec, _)| spec);
        page.push_str(&format!("\n{TABLE}"));
        shown.for_each(|spec| page.push_str(&row(spec)));
    }
    page
}

/// What is not a section of a file.
const ACTIONS: &str = "
## `aws_hpc provision` and its like

`scaler-wm aws_hpc ACTION [FLAGS]` makes and removes what `aws_hpc` needs in AWS. These are flags only, and no keys of a
file. Every action takes the flags of the released provisioner, those that it has no use for included.
";

/// The head of a table of options.
const TABLE: &str = "| flag | short | default | takes | what it is |\n|---|---|---|---|---|\n";

/// How options become a number of units.
const SIZES: &str = "
### How much is started

The cooldown: fewer workers are honoured only once they have been asked for during `scale_down_cooldown_seconds` in a row.
A further decrease does not begin it anew; a wish for as much as there is, or more, cancels it.

A manager whose unit holds several workers (an ECS task, an EC2 instance) starts workers divided by workers per unit,
rounded up, and offers the scheduler whole units. A manager whose unit is an agent that hands tasks on (AWS Batch,
Symphony) counts the task concurrency of one agent instead. The policy `scaling=vanilla` asks for one more than is
connected, which one agent can serve for long: give such managers a policy that asks for what is needed, such as
`scaling=capability`.
";

fn options<'a>(of: &str, specs: impl Iterator<Item = &'a OptionSpec>) -> String {
    let mut text = String::new();
    for (group, specs) in grouped(specs) {
        let heading = group.heading().to_lowercase();
        text.push_str(&format!("\n### {of}: {heading}\n\n{TABLE}"));
        specs.into_iter().for_each(|spec| text.push_str(&row(spec)));
    }
    text
}

fn row(spec: &OptionSpec) -> String {
    let long = if spec.is_positional {
        format!("{} (key `{}`)", spec.value_name, spec.key)
    } else {
        format!("`--{}`", spec.long())
    };
    let short = spec.short.map(|short| format!("`-{short}`")).unwrap_or_default();
    let default = match (spec.preset, spec.preset_text()) {
        (Preset::Required, _) => {
            format!("*required*{}", spec.unless.map(|key| format!(" without `{key}`")).unwrap_or_default())
        }
        (Preset::Described(text), _) => text.to_owned(),
        (Preset::Cpus, Some(text)) => text,
        (_, Some(text)) if !text.is_empty() => format!("`{text}`"),
        _ => String::new(),
    };
    let variable = spec.environment.map(|variable| format!(" Environment: `{variable}`.")).unwrap_or_default();
    let cells = [long, short, default, spec.kind.takes(), format!("{}{variable}", spec.help)];
    // A bar would end the cell.
    format!("| {} |\n", cells.map(|cell| cell.replace('|', "\\|")).join(" | "))
}

/// The names of an option that stands for another one.
fn names(other: &OptionSpec) -> Vec<String> {
    let aliases = other.aliases.iter().map(|alias| match alias {
        Alias::Long(name) => format!("--{name}"),
        Alias::Short(name) => format!("-{name}"),
    });
    aliases.chain([format!("--{}", other.long())]).collect()
}
