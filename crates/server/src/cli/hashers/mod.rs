//! `bia hashers argon2`: finds out which costs of password hashes a machine can bear (cli.md §7).

mod calibrate;
mod measure;

use std::time::{Duration, Instant};

use bia_config::section::hasher::Argon2;
use bia_config::{duration, size};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::client::output::{self, Format, Shown};
use super::{ConfigFiles, Threads, block_on, sources};
use crate::start;
use measure::{Load, Measured};

#[derive(Subcommand)]
pub(super) enum Hashers {
    /// Costs of Argon2id.
    #[command(subcommand)]
    Argon2(Command),
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Looks for memory and iterations with which a number of logins a minute can be served.
    Calibrate(calibrate::Calibrate),
    /// Hashes passwords, and tells how long that takes.
    Hash(Hash),
    /// Serves a number of logins a minute, and tells how long each takes.
    #[command(alias = "loadtest")]
    LoadTest(LoadTest),
}

/// The costs that are not looked for. What is not given is as configured (-c), else the default of hashers.argon2.
#[derive(Args)]
struct Fixed {
    /// Lanes; twice the number of processors when nothing is said.
    #[arg(long)]
    parallelism: Option<u32>,

    /// Bytes of the salt; 16 when nothing is said.
    #[arg(long, value_name = "BYTES")]
    salt_length: Option<u32>,

    /// Bytes of the hash; 32 when nothing is said.
    #[arg(long, value_name = "BYTES")]
    key_length: Option<u32>,

    /// How long one password should take at least; 500ms when nothing is said.
    #[arg(long, value_name = "TIME", value_parser = time)]
    min_duration: Option<Duration>,

    /// By how much that may be off; 500ms when nothing is said.
    #[arg(long, value_name = "TIME", value_parser = time)]
    expected_deviation: Option<Duration>,

    /// How much memory may be used for hashing at a time; 1GB when nothing is said.
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    dedicated_memory: Option<u64>,

    #[command(flatten)]
    files: ConfigFiles,
}

/// The costs that calibration looks for.
#[derive(Args)]
struct Costs {
    /// The memory of one password; 128MB when nothing is said.
    #[arg(long, value_name = "SIZE", value_parser = bytes)]
    memory: Option<u64>,

    /// Passes over the memory; 1 when nothing is said.
    #[arg(long)]
    iterations: Option<u32>,

    #[command(flatten)]
    fixed: Fixed,
}

#[derive(Args)]
pub(super) struct Hash {
    /// The passwords. They are not shown, and neither are the hashes.
    #[arg(required = true, value_name = "PASSWORD")]
    passwords: Vec<String>,

    /// Hash all at once.
    #[arg(long)]
    parallel: bool,

    #[command(flatten)]
    costs: Costs,
}

#[derive(Args)]
pub(super) struct LoadTest {
    /// How many logins come in a minute.
    #[arg(value_name = "REQUESTS-PER-MINUTE")]
    per_minute: u32,

    /// How long to try.
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = time)]
    sample_time: Duration,

    #[command(flatten)]
    costs: Costs,

    #[command(flatten)]
    form: Form,
}

/// How the answer is shown.
#[derive(Args)]
struct Form {
    /// How the answer is shown: table, json, json-pretty, yaml, jsonpath=PATH or jsonpointer=POINTER.
    #[arg(long, default_value = "table", value_parser = Format::parse)]
    format: Format,

    /// Show the first column only.
    #[arg(short, long)]
    quiet: bool,
}

fn time(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no length of time; write for example 500ms or 20s");
    duration::parse(text).map_err(|_| wrong())
}

fn bytes(text: &str) -> Result<u64, String> {
    let wrong = || format!("{text:?} is no size; write for example 128MB or 1GB");
    size::parse(text).ok_or_else(wrong)
}

impl Hashers {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Hashers::Argon2(Command::Calibrate(command)) => command.run(),
            Hashers::Argon2(Command::Hash(command)) => command.run(),
            Hashers::Argon2(Command::LoadTest(command)) => command.run(),
        }
    }
}

impl Fixed {
    /// What is configured, with what was said on the command line.
    fn costs(&self) -> anyhow::Result<Argon2> {
        let sources = sources::of_a_tool(&self.files);
        let mut costs = block_on(Threads::One, async {
            let config = start::load(&sources).await;
            let config = config.map_err(|findings| anyhow::anyhow!("{findings}"))?;
            Ok(config.hashers.argon2.clone())
        })?;
        costs.parallelism = self.parallelism.unwrap_or(costs.parallelism);
        costs.salt_length = self.salt_length.unwrap_or(costs.salt_length);
        costs.key_length = self.key_length.unwrap_or(costs.key_length);
        costs.expected_duration = self.min_duration.unwrap_or(costs.expected_duration);
        costs.expected_deviation = self.expected_deviation.unwrap_or(costs.expected_deviation);
        costs.dedicated_memory = self.dedicated_memory.unwrap_or(costs.dedicated_memory);
        Ok(costs)
    }
}

impl Costs {
    fn read(&self) -> anyhow::Result<Argon2> {
        let mut costs = self.fixed.costs()?;
        costs.memory = self.memory.unwrap_or(costs.memory);
        costs.iterations = self.iterations.unwrap_or(costs.iterations);
        Ok(costs)
    }
}

impl Hash {
    fn run(self) -> anyhow::Result<()> {
        let hasher = start::argon2(&self.costs.read()?);
        let timed = |password: &String| {
            let begun = Instant::now();
            hasher.hash_blocking(password).map(|_| begun.elapsed())
        };
        let begun = Instant::now();
        let times: Vec<_> = if self.parallel {
            std::thread::scope(|scope| {
                let all = self.passwords.iter();
                let running: Vec<_> = all.map(|p| scope.spawn(move || timed(p))).collect();
                running.into_iter().filter_map(|t| t.join().ok()).collect()
            })
        } else {
            self.passwords.iter().map(timed).collect()
        };
        for (index, time) in times.into_iter().enumerate() {
            println!("password {index}: {:?}", time?);
        }
        println!("total: {:?}", begun.elapsed());
        Ok(())
    }
}

impl LoadTest {
    fn run(self) -> anyhow::Result<()> {
        let costs = self.costs.read()?;
        if !self.form.quiet {
            eprintln!("These are the costs:");
            eprint!("{}", output::table(&shown_costs(&costs)));
            eprintln!("It takes about {:?}.", self.sample_time);
        }
        let load = Load {
            per_minute: self.per_minute,
            sample_time: self.sample_time,
            most_at_once: None,
        };
        let measured = load.run(&costs)?;
        self.form.show(&shown_measured(&measured))
    }
}

impl Form {
    fn show(&self, shown: &Shown) -> anyhow::Result<()> {
        output::print(shown, &self.format, self.quiet)
    }
}

const COST_TITLES: [&str; 8] = [
    "MEMORY",
    "ITERATIONS",
    "PARALLELISM",
    "SALT LENGTH",
    "KEY LENGTH",
    "EXPECTED DURATION",
    "EXPECTED DEVIATION",
    "DEDICATED MEMORY",
];

/// Costs as they are configured under `hashers.argon2`.
fn shown_costs(costs: &Argon2) -> Shown {
    let cells = vec![
        size_text(costs.memory),
        costs.iterations.to_string(),
        costs.parallelism.to_string(),
        costs.salt_length.to_string(),
        costs.key_length.to_string(),
        format!("{:?}", costs.expected_duration),
        format!("{:?}", costs.expected_deviation),
        size_text(costs.dedicated_memory),
    ];
    Shown {
        titles: COST_TITLES.to_vec(),
        rows: vec![cells],
        is_list: false,
        next_page_token: None,
        json: json!({
            "memory": whole_size(costs.memory),
            "iterations": costs.iterations,
            "parallelism": costs.parallelism,
            "salt_length": costs.salt_length,
            "key_length": costs.key_length,
            "expected_duration": format!("{:?}", costs.expected_duration),
            "expected_deviation": format!("{:?}", costs.expected_deviation),
            "dedicated_memory": whole_size(costs.dedicated_memory),
        }),
    }
}

const MEASURED_TITLES: [&str; 6] = [
    "TOTAL SAMPLE TIME",
    "MEDIAN REQUEST TIME",
    "STANDARD DEVIATION",
    "MIN REQUEST TIME",
    "MAX REQUEST TIME",
    "MEMORY USED",
];

fn measured_cells(measured: &Measured) -> Vec<String> {
    let times = [
        measured.total,
        measured.median,
        measured.deviation,
        measured.min,
        measured.max,
    ];
    let mut cells: Vec<String> = times.iter().map(|time| format!("{time:?}")).collect();
    cells.push(size_text(measured.memory));
    cells
}

/// Times in nanoseconds, memory in bytes.
fn measured_json(measured: &Measured) -> Value {
    let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    json!({
        "total_time": nanos(measured.total),
        "median_request_time": nanos(measured.median),
        "std_deviation": nanos(measured.deviation),
        "min_request_time": nanos(measured.min),
        "max_request_time": nanos(measured.max),
        "mem_used": measured.memory,
    })
}

fn shown_measured(measured: &Measured) -> Shown {
    Shown {
        titles: MEASURED_TITLES.to_vec(),
        rows: vec![measured_cells(measured)],
        is_list: false,
        next_page_token: None,
        json: measured_json(measured),
    }
}

const UNITS: [&str; 4] = ["B", "KB", "MB", "GB"];

/// A size for people: `128.00MB`.
fn size_text(bytes: u64) -> String {
    let mut powers = (0..UNITS.len() as u32).rev();
    let power = powers
        .find(|power| bytes >= 1024_u64.pow(*power))
        .unwrap_or(0);
    let unit = UNITS.get(power as usize).copied().unwrap_or_default();
    format!("{:.2}{unit}", bytes as f64 / 1024_f64.powi(power as i32))
}

/// A size as the configuration takes it: a whole number of the largest unit that it is a multiple of.
fn whole_size(bytes: u64) -> String {
    let (mut number, mut unit) = (bytes, 0);
    while number > 0 && number.is_multiple_of(1024) && unit + 1 < UNITS.len() {
        (number, unit) = (number / 1024, unit + 1);
    }
    format!("{number}{}", UNITS.get(unit).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_shown_with_two_decimals_and_written_whole() {
        for (bytes, shown, whole) in [
            (0, "0.00B", "0B"),
            (1536, "1.50KB", "1536B"),
            (128 << 20, "128.00MB", "128MB"),
            (3 << 30, "3.00GB", "3GB"),
        ] {
            assert_eq!(size_text(bytes), shown);
            assert_eq!(whole_size(bytes), whole);
            assert_eq!(size::parse(&whole_size(bytes)), Some(bytes));
        }
    }
}
