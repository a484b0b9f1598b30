//! A load tool for any server that speaks the Kratos API.
//!
//! It measures requests per second and latencies in a closed loop, and beside them, in turns within the same
//! run, the ceilings of the machine: an empty request, the database's own row rates, the bare password hash.
//! What each number means stands in `bench/README.md`.

mod args;
mod connection;
mod database;
mod hashing;
mod histogram;
mod load;
mod people;
mod report;
mod run;
mod scenario;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match measure_and_print() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bia-bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure_and_print() -> anyhow::Result<()> {
    let args = args::Args::parse();
    let report = run::run(&args)?;
    std::io::stdout().write_all(report.render(args.format)?.as_bytes())?;
    Ok(())
}
