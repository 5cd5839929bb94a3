//! `cargo xtask bench`: scaler-wm beside the released Python package, in one run on one machine.

mod agent;
mod all;
mod batch;
mod cases;
mod cloud;
mod control;
mod ec2;
mod ecs;
mod entry;
mod features;
mod figures;
mod flood;
mod list;
mod machine;
mod native;
mod policy;
mod quote;
mod reconcile;
mod record;
mod report;
mod sheet;
mod sim;
mod small;
mod surfaces;
mod surfaces_top;
mod symphony;
mod tls;

use std::time::Instant;

use scaler_wm_tests::{Failure, LATEST, Result, Venv};

use crate::terminal;
use record::Record;

pub(crate) use cases::median;
pub(crate) use list::{BENCHES, with_cloud};
pub(crate) use machine::head;
pub(crate) use record::write_text;
pub(crate) use report::{Row, table};

/// `bench NAME`: measures, prints the table and writes it as JSON. Fails when a target is missed.
pub(crate) fn run(name: &str) -> Result<()> {
    terminal::clean_up_on_signals()?;
    let bench = list::named(name).ok_or_else(|| {
        let names = BENCHES.map(|bench| bench.name).join(", ");
        Failure::new(format!("find the bench {name}"), format!("there are all, {names}"))
    })?;
    let (_, mut sheet) = measured(bench)?;
    if let Some(other) = bench.and.and_then(list::named) {
        sheet.append(measured(other)?.1);
    }
    sheet.verdict()
}

/// `bench all`: every bench, and one table of all of them. Fails when one of them does, or a target is missed.
pub(crate) fn all(arguments: &[&str]) -> Result<()> {
    let plan = all::Plan::read(arguments)?;
    terminal::clean_up_on_signals()?;
    plan.run()
}

/// `bench native --released-only`: the released manager alone, and no table.
pub(crate) fn released_only() -> Result<()> {
    terminal::clean_up_on_signals()?;
    Venv::ensure(LATEST, &say)?;
    native::released_only()
}

/// Makes what it needs, measures, and puts what came of it on the terminal and on record.
fn measured(bench: &list::Bench) -> Result<(Record, sheet::Sheet)> {
    Venv::ensure(LATEST, &say)?;
    bench.needs.iter().try_for_each(|make| make().map(drop))?;
    let began = Instant::now();
    let sheet = (bench.measure)()?;
    println!("{}", table(&sheet.rows));
    sheet.notes.iter().for_each(|note| println!("{note}"));
    let record = Record::new(bench.name, began.elapsed(), &sheet)?;
    eprintln!("written to {}", record.write()?.display());
    if let Some(picture) = &sheet.picture {
        let path = record::picture(bench.name);
        write_text(&path, picture)?;
        eprintln!("written to {}", path.display());
    }
    Ok((record, sheet))
}

fn say(line: &str) {
    eprintln!("{line}");
}
