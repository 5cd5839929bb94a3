//! What the program says about itself as a whole.

use scaler_wm_core::policy::{ALLOCATION_NAMES, SCALING_NAMES};

use super::{command::shell, name::Name, policy::COMMANDS};
use crate::{
    backends::KINDS,
    exit::{EXIT_CODES, Failure},
};

/// What it is for, beside a manager.
const USES: &str = "       scaler-wm up FILE [FLAGS]
       scaler-wm config show|init …
       scaler-wm preflight FILE|TYPE … [--json]
       scaler-wm policy check|eval|replay …
       scaler-wm ctl status|units|events|explain|limits|drain|stop …
       scaler-wm top [--manager ID]
       scaler-wm doctor FILE|TYPE … [--delete] [--json]
       scaler-wm simulate FILE [--json] [--plot FILE.svg]
       scaler-wm record MONITOR_ADDRESS -o TRACE
       scaler-wm aws_hpc provision|show|cleanup|build-image …
";

/// Its commands, and what they do.
const COMMAND_LIST: &str = "
Commands:
  up FILE           Start everything in a TOML file: object storage, scheduler,
                    managers, GUI
  config show FILE  Check a file and show what it would start, as JSON
  config init TYPE  Write a commented file to start from
  preflight FILE    Look at what would go wrong, and start nothing
  policy            Check a scaling policy, and try it out
  ctl COMMAND       Watch a manager that runs, ask it why, tell it what to do
  top               Watch a manager that runs, live in the terminal
  doctor FILE       Find what managers have left behind; --delete removes it
  simulate FILE     Run policies on a workload in simulated time
  record ADDRESS    Record a scheduler's tasks for simulate
  completions SHELL Print completions for bash, zsh or fish
  aws_hpc provision Make in AWS what aws_hpc runs tasks on; cleanup removes it
";

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
        text.push_str(USES);
    }
    text.push_str("\nTypes of worker managers:\n");
    for kind in KINDS {
        let missing = if kind.what_is_missing().is_some() { " (not in this build)" } else { "" };
        text.push_str(&format!("  {:<18}{}{missing}\n", kind.section.name, kind.section.about));
    }
    if name == Name::Own {
        text.push_str(COMMAND_LIST);
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

/// `policy --help`.
pub(super) fn policy() -> String {
    let mut text = String::from(
        "Check a policy of the scheduler, and try it out: it decides as the released\nscheduler does.\n\nUsage: scaler-wm policy COMMAND [-et TYPE] -pc POLICY\n\n",
    );
    for (name, _, about) in COMMANDS {
        text.push_str(&format!("  {name:<8}{about}\n"));
    }
    text.push_str(&format!("\nExamples:\n{POLICY_CHECKS}"));
    text.push_str("\n`scaler-wm policy COMMAND --help` shows what goes in and what comes out.\n");
    text
}

const POLICY_CHECKS: &str = "  scaler-wm policy check --policy-content \"allocate=even_load; scaling=vanilla\"
  scaler-wm policy check --policy-engine-type waterfall_v1 \\
      --policy-content $'1,local\\n2,cloud,20'
";

/// What follows the flags of a command of `policy`.
pub(super) fn policy_command(name: &str) -> String {
    let policies = format!(
        "\
Policies:
  simple        allocate={};
                scaling={}
                (target_wait also takes target_seconds=5)
  waterfall_v1  one line for each manager, which are filled by priority:
                priority,worker_manager_id[,max_task_concurrency]
  waterfall_v2  the same by what managers deliver, each task counted once:
                priority,worker_manager_id[,[max][,price_per_unit_hour]]
                budget_per_hour,AMOUNT
                budget_per_day,AMOUNT
",
        ALLOCATION_NAMES.join("|"),
        SCALING_NAMES.join("|")
    );
    match name {
        "eval" => format!(
            "{policies}
Each line of standard input is a snapshot, in JSON:
  tasks     [{{\"capabilities\": {{\"gpu\": -1}}, \"count\": 3}}, ...], the oldest first;
            no capabilities and a count of 1 where they are left out
  workers   [{{\"id\": \"w1\", \"manager\": \"m1\"}}, ...], those that are connected
  managers  [{{\"id\": \"m1\", \"max_task_concurrency\": 8, \"capabilities\": {{}}}}, ...];
            -1, or nothing, for no limit (which waterfall_v1 takes for nothing);
            also \"workers_per_unit\": 4, \"is_failing\": true

For each one there is a line of standard output: {{\"decisions\": [...]}}, for each
manager {{\"manager\", \"requests\": [...] or null for no command, \"because\"}}.
{BAD_LINES}
Example:
  echo '{{\"tasks\": [{{\"count\": 30}}], \"managers\": [{{\"id\": \"m1\"}}]}}' |
    scaler-wm policy eval -pc \"allocate=even_load; scaling=vanilla\""
        ),
        "replay" => format!(
            "{policies}
Each line of standard input is an operation in JSON, and gets a line of standard
output:
  {{\"op\": \"add_worker\", \"worker\": \"w1\", \"capabilities\": {{}}, \"queue_size\": 10}}
      -> true, or false if it is there
  {{\"op\": \"assign\", \"task\": \"t1\", \"capabilities\": {{}}}}
      -> the worker that gets it: \"w1\", or null
  {{\"op\": \"remove_task\", \"task\": \"t1\"}}
      -> the worker that had it: \"w1\", or null
  {{\"op\": \"remove_worker\", \"worker\": \"w1\"}}
      -> the tasks that it had: [\"t1\"]
  {{\"op\": \"balance\"}}
      -> what to take back: {{\"w1\": [\"t5\"]}}
  {{\"op\": \"loads\"}}
      -> tasks per worker: {{\"w1\": 3}}
{BAD_LINES}"
        ),
        _ => format!(
            "{policies}
Exit codes:
    0  it can be followed
    2  it cannot, and why; or a flag is wrong

Examples:
{POLICY_CHECKS}"
        ),
    }
}

/// What becomes of a line that cannot be read.
const BAD_LINES: &str = "
A line that cannot be answered gets {\"error\": ...}, and is named on standard
error; the others are answered all the same. Blank lines are passed over.

Exit codes:
    0  every line is answered
    1  not every line
    2  wrong flag or policy: nothing was read
";

/// What `preflight` looks at.
pub(super) const PREFLIGHT: &str = "\
Nothing is started, made or changed. Looked at are: the places where parts of
the file listen, Python and the package on this host, the scheduler and the
version of its wire, whether the manager's id and state folder are free, whether
the policy ever asks for something, and what the kind of manager needs:
credentials, permissions, subnets, images, queue, job definition, bucket,
library.

A line for each check: its result, what it is of, what was found, what to do.
  ok        as it should be
  warning   it works, but hardly as it was meant
  failed    it would not work
  skipped   not looked at, and why

Exit codes:
    0  nothing failed
    1  a check has failed
    2  wrong flag, file or environment: nothing was looked at

Examples:
  scaler-wm preflight config.toml
  scaler-wm preflight baremetal_native tcp://127.0.0.1:8516 -mtc 8
  scaler-wm preflight config.toml --json | jq '.checks[] | select(.todo)'
";

/// What a file for `simulate` looks like.
#[cfg(feature = "simulate")]
pub(super) const SIMULATE: &str = "\
The engine, the planner and the loop are the real ones; time, scheduler, workers
and infrastructure are simulated. The same seed gives the same output.

  seed = 1                         # of everything that happens by chance
  most_hours = 168                 # simulated, after which it ends

  [[policy]]                       # one or several, side by side
  name = \"vanilla\"
  engine_type = \"simple\"
  content = \"allocate=even_load; scaling=vanilla\"

  [[manager]]                      # one or several
  id = \"cloud\"
  max_task_concurrency = 100
  workers_per_unit = 4
  start_seconds = { p50 = 40, p95 = 90 }
  failure_rate = 0.01              # units that never come up
  no_capacity_rate = 0.05          # launch calls that get nothing
  price_per_unit_hour = 0.20
  # and per_worker_capabilities, per_worker_task_queue_size, rebalances,
  # scale_down_cooldown_seconds, heartbeat_interval_seconds

  [workload]                       # one of these:
  kind = \"trace\"                   # what `scaler-wm record` wrote: file = ...
  kind = \"constant\"                # tasks_per_second, hours, task_seconds
  kind = \"bursts\"                  # tasks, bursts, every_seconds, task_seconds
  kind = \"daily\"                   # tasks_per_second, days, task_seconds
  kind = \"heavy_tail\"              # tasks_per_second, hours,
                                   # shortest_seconds, alpha
  task_seconds = { p50 = 10, p95 = 60 }

Exit codes:
    0  done
    1  failed, or what was asked for cannot be written
    2  wrong flag or file: nothing was run
";

/// What a trace is.
#[cfg(feature = "simulate")]
pub(super) const RECORD: &str = "\
It records until Ctrl-C or SIGTERM. Tasks that came before it began, that were
cancelled, or that have not ended are left out, and counted.

A trace is lines of JSON:
  {\"scaler_wm_trace\":1}                            the format and its version
  {\"at\":12.5,\"seconds\":0.2,\"capabilities\":{\"gpu\":-1}}
                                                   a task: when it came, in
                                                   seconds; how long it ran;
                                                   what it needs, if anything

Exit codes:
    0  ended as asked
    1  the trace cannot be written
    2  wrong flag, or no monitor is heard: nothing was recorded
";
