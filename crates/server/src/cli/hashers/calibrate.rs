//! `bia hashers argon2 calibrate`: the costs that a machine can bear.

use std::time::Duration;

use bia_config::section::hasher::Argon2;
use clap::Args;

use super::measure::{self, Load, Measured};
use super::{Fixed, Form, Shown, bytes, measured_cells, measured_json, shown_costs, time};

/// How often a load is tried with other costs.
const TRIES: usize = 5;

/// Below this, memory does not protect a password.
const LEAST_MEMORY: u64 = 1 << 20;

/// More passes are not looked for.
const MOST_ITERATIONS: u32 = 64;

#[derive(Args)]
pub(in crate::cli) struct Calibrate {
    /// How many logins come in a minute.
    #[arg(value_name = "REQUESTS-PER-MINUTE")]
    per_minute: u32,

    /// The memory to begin with.
    #[arg(short = 'm', long, value_name = "SIZE", default_value = "0B", value_parser = bytes)]
    start_memory: u64,

    /// The most memory for one password; 0B: what --dedicated-memory says.
    #[arg(long, value_name = "SIZE", default_value = "0B", value_parser = bytes)]
    max_memory: u64,

    /// By how much memory is changed at first.
    #[arg(long, value_name = "SIZE", default_value = "512MB", value_parser = bytes)]
    adjust_memory_by: u64,

    /// The passes over the memory to begin with.
    #[arg(short = 'i', long, default_value_t = 1)]
    start_iterations: u32,

    /// How many passwords are hashed at a time at most.
    #[arg(long, default_value_t = 16)]
    max_concurrent: u32,

    /// How many passwords are hashed for one probe.
    #[arg(short = 'r', long, default_value_t = 2)]
    probe_runs: u32,

    /// How long each load is tried.
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = time)]
    sample_time: Duration,

    #[command(flatten)]
    fixed: Fixed,

    #[command(flatten)]
    form: Form,
}

impl Calibrate {
    pub(super) fn run(self) -> anyhow::Result<()> {
        let mut costs = self.fixed.costs()?;
        costs.iterations = self.start_iterations.max(1);
        self.find_memory(&mut costs)?;
        self.find_iterations(&mut costs)?;
        let floor = self.floor(&costs);
        let mut tried = Vec::new();
        for _ in 0..TRIES {
            self.say(
                &format!("Trying {} logins a minute.", self.per_minute),
                &costs,
            );
            let measured = match self.load().run(&costs) {
                Ok(measured) => measured,
                Err(error) => {
                    self.tell(&error.to_string());
                    ease(&mut costs, floor);
                    continue;
                }
            };
            if fits(&measured, &costs) {
                return self.form.show(&shown_costs(&costs));
            }
            tried.push((measured, costs.clone()));
            ease(&mut costs, floor);
        }
        self.tell("No costs were found that fit. These were tried:");
        self.form.show(&shown_tries(&tried))
    }

    fn load(&self) -> Load {
        Load {
            per_minute: self.per_minute,
            sample_time: self.sample_time,
            most_at_once: Some(self.max_concurrent),
        }
    }

    /// Argon2 needs 8 KiB for each lane.
    fn floor(&self, costs: &Argon2) -> u64 {
        LEAST_MEMORY.max(u64::from(costs.parallelism) * 8 * 1024)
    }

    /// Raises memory until a password takes long enough, then lowers it in ever smaller steps while it takes too long.
    fn find_memory(&self, costs: &mut Argon2) -> anyhow::Result<()> {
        let floor = self.floor(costs);
        let most = match self.max_memory {
            0 => costs.dedicated_memory,
            most => most,
        }
        .max(floor);
        let mut step = self.adjust_memory_by.max(LEAST_MEMORY);
        let begin = if self.start_memory == 0 {
            step
        } else {
            self.start_memory
        };
        costs.memory = begin.clamp(floor, most);
        let mut took = self.probe(costs)?;
        while took < costs.expected_duration && costs.memory < most {
            costs.memory = (costs.memory + step).min(most);
            took = self.probe(costs)?;
        }
        while took > costs.expected_duration && costs.memory > floor && step >= LEAST_MEMORY {
            let before = costs.memory;
            costs.memory = costs.memory.saturating_sub(step).max(floor);
            took = self.probe(costs)?;
            if took < costs.expected_duration {
                costs.memory = before;
                took = costs.expected_duration + Duration::from_nanos(1);
                step /= 2;
            }
        }
        Ok(())
    }

    fn find_iterations(&self, costs: &mut Argon2) -> anyhow::Result<()> {
        while self.probe(costs)? < costs.expected_duration && costs.iterations < MOST_ITERATIONS {
            costs.iterations += 1;
        }
        while costs.iterations > 1 {
            costs.iterations -= 1;
            if self.probe(costs)? < costs.expected_duration {
                costs.iterations += 1;
                break;
            }
        }
        Ok(())
    }

    fn probe(&self, costs: &Argon2) -> anyhow::Result<Duration> {
        let took = measure::probe(costs, self.probe_runs)?;
        self.say(&format!("One password took {took:?}."), costs);
        Ok(took)
    }

    fn say(&self, sentence: &str, costs: &Argon2) {
        let memory = super::size_text(costs.memory);
        self.tell(&format!(
            "{memory}, {} iterations: {sentence}",
            costs.iterations
        ));
    }

    fn tell(&self, sentence: &str) {
        if !self.form.quiet {
            eprintln!("{sentence}");
        }
    }
}

/// Whether people would wait as long as they are meant to, and memory would suffice.
fn fits(measured: &Measured, costs: &Argon2) -> bool {
    measured.median <= costs.expected_duration + costs.expected_deviation
        && measured.deviation <= costs.expected_deviation
        && measured.memory <= costs.dedicated_memory
}

/// A tenth less of memory; fewer passes when memory is at its least.
fn ease(costs: &mut Argon2, floor: u64) {
    if costs.memory > floor {
        costs.memory = (costs.memory / 10 * 9 / LEAST_MEMORY * LEAST_MEMORY).max(floor);
    } else {
        costs.iterations = costs.iterations.saturating_sub(1).max(1);
    }
}

fn shown_tries(tried: &[(Measured, Argon2)]) -> Shown {
    let mut titles = super::MEASURED_TITLES.to_vec();
    titles.extend(["MEMORY PARAM", "ITERATIONS PARAM"]);
    let row = |(measured, costs): &(Measured, Argon2)| {
        let mut cells = measured_cells(measured);
        cells.extend([super::size_text(costs.memory), costs.iterations.to_string()]);
        cells
    };
    Shown {
        titles,
        rows: tried.iter().map(row).collect(),
        is_list: true,
        next_page_token: None,
        json: tried
            .iter()
            .map(|(measured, _)| measured_json(measured))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn costs_are_eased_down_to_their_least_and_no_further() {
        let mut costs = Argon2 {
            memory: 10 << 20,
            iterations: 2,
            ..Argon2::default()
        };
        ease(&mut costs, LEAST_MEMORY);
        assert_eq!((costs.memory, costs.iterations), (9 << 20, 2));
        for _ in 0..20 {
            ease(&mut costs, LEAST_MEMORY);
        }
        assert_eq!((costs.memory, costs.iterations), (LEAST_MEMORY, 1));
    }
}
