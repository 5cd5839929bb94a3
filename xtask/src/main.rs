//! Tasks of this repository, run by `cargo xtask`.

#![forbid(unsafe_code)]

mod bench;
mod codegen;
mod compat;
mod demo;
mod deny;
mod dist;
mod features;
mod fuzz;
mod plot;
mod protos;
mod reference;
mod shell;
mod soak;
mod tasks;
mod terminal;
mod test;
mod tools;

use std::process::ExitCode;

use scaler_wm_tests::is_interrupted;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match tasks::run(&arguments) {
        Ok(code) => code,
        Err(_) if is_interrupted() => {
            eprintln!("\ninterrupted; what was started has been stopped");
            ExitCode::from(130)
        }
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}
