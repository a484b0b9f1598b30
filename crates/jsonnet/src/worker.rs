//! The process that evaluates.

use std::io::{BufRead, Write};
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

use crate::error::Verdict;
use crate::{Input, evaluate};

/// The line by which a worker says that it has started.
pub(crate) const READY: &str = "ready";

const ADDRESS_SPACE_BYTES: u64 = 2 << 30;

/// After this time a worker ends itself, also when nobody is left who would end it.
const PATIENCE: Duration = Duration::from_secs(3);

const STACK_BYTES: usize = 64 << 20;

/// One evaluation, as it is sent to a worker: a line of JSON.
#[derive(Serialize, Deserialize)]
pub(crate) struct Task {
    pub(crate) snippet: String,
    pub(crate) input: Input,
}

/// Reads tasks and writes verdicts, one a line, until the input ends: `bia jsonnet`.
///
/// # Errors
/// When the limits cannot be set, or input or output break.
pub fn serve_worker(input: impl BufRead, mut output: impl Write) -> std::io::Result<()> {
    let limit = Some(ADDRESS_SPACE_BYTES);
    setrlimit(
        Resource::As,
        Rlimit {
            current: limit,
            maximum: limit,
        },
    )?;
    let (tasks, verdicts) = evaluator()?;
    writeln!(output, "{READY}")?;
    output.flush()?;
    for line in input.lines() {
        let task: Task = serde_json::from_str(&line?)?;
        let ended = || std::io::Error::other("the evaluation ended its thread");
        tasks.send(task).map_err(|_| ended())?;
        let verdict = verdicts.recv_timeout(PATIENCE).map_err(|_| ended())?;
        serde_json::to_writer(&mut output, &verdict)?;
        writeln!(output)?;
        output.flush()?;
    }
    Ok(())
}

/// A thread with a large stack that evaluates; one that never ends does not keep the process alive.
fn evaluator() -> std::io::Result<(mpsc::Sender<Task>, mpsc::Receiver<Verdict>)> {
    let (tasks, receiver) = mpsc::channel::<Task>();
    let (sender, verdicts) = mpsc::channel();
    std::thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(move || {
            while let Ok(task) = receiver.recv() {
                if sender
                    .send(evaluate::evaluate(&task.snippet, &task.input))
                    .is_err()
                {
                    return;
                }
            }
        })?;
    Ok((tasks, verdicts))
}
