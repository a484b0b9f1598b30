//! The processes that evaluate, seen from the server.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::sync::Semaphore;

use crate::error::Verdict;
use crate::snippet::Snippets;
use crate::worker::{READY, Task};
use crate::{Input, JsonnetError, MAX_OUTPUT_BYTES};

/// How long one evaluation may take (hooks.md §4.1).
const TIME_LIMIT: Duration = Duration::from_secs(1);

/// How long a process may take to start, on a machine that is busy.
const START_LIMIT: Duration = Duration::from_secs(10);

/// After so many evaluations a process is replaced: what it may have kept is bounded.
const EVALUATIONS: u32 = 1000;

/// A verdict is an output in JSON's escapes, at most six bytes for one, and some words.
const MAX_LINE_BYTES: u64 = 6 * MAX_OUTPUT_BYTES as u64 + 1024;

/// How a process that evaluates is started.
#[derive(Debug, Clone)]
pub struct Command {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

impl Command {
    /// `bia jsonnet`, where the running program is `bia`.
    #[must_use]
    pub fn this_program() -> Command {
        // The link stays right when the file has been replaced by another version meanwhile.
        let link = PathBuf::from("/proc/self/exe");
        let program = if link.exists() {
            link
        } else {
            std::env::current_exe().unwrap_or_else(|_| PathBuf::from("bia"))
        };
        Command {
            program,
            arguments: vec![OsString::from("jsonnet")],
        }
    }
}

/// Evaluates snippets. Processes are started when they are needed and kept for the next evaluation.
pub struct Jsonnet {
    command: Command,
    places: Semaphore,
    idle: Mutex<Vec<Worker>>,
    snippets: Snippets,
}

impl Jsonnet {
    /// Evaluates with processes that `command` starts, as many at once as there are processors.
    #[must_use]
    pub fn new(command: Command) -> Jsonnet {
        let places = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Jsonnet {
            command,
            places: Semaphore::new(places),
            idle: Mutex::default(),
            snippets: Snippets::new(),
        }
    }

    /// Evaluates the snippet at a URL: `file://`, `base64://`, `http(s)://` or, as old configurations have it, a bare
    /// path. What a server gave is used for an hour.
    ///
    /// # Errors
    /// [`JsonnetError`].
    pub async fn evaluate_at(&self, url: &str, input: Input) -> Result<Value, JsonnetError> {
        let snippet = self.snippets.read(url).await?;
        self.evaluate(snippet, input).await
    }

    /// Evaluates a snippet; one that is a function is called with the arguments.
    ///
    /// # Errors
    /// [`JsonnetError`].
    pub async fn evaluate(&self, snippet: String, input: Input) -> Result<Value, JsonnetError> {
        let task = serde_json::to_vec(&Task { snippet, input })
            .map_err(|error| JsonnetError::Worker(error.to_string()))?;
        let broken = |error: std::io::Error| JsonnetError::Worker(error.to_string());
        let _place = self
            .places
            .acquire()
            .await
            .map_err(|error| JsonnetError::Worker(error.to_string()))?;
        let mut worker = match self.take() {
            Some(worker) => worker,
            None => tokio::time::timeout(START_LIMIT, Worker::start(&self.command))
                .await
                .map_err(|_| JsonnetError::Worker("it did not start in time".to_owned()))?
                .map_err(broken)?,
        };
        // A worker that is not given back is dropped, which ends its process.
        let verdict = tokio::time::timeout(TIME_LIMIT, worker.ask(&task))
            .await
            .map_err(|_| JsonnetError::TimedOut)?
            .map_err(broken)?;
        self.give_back(worker);
        judged(verdict)
    }

    fn take(&self) -> Option<Worker> {
        self.idle.lock().ok()?.pop()
    }

    fn give_back(&self, worker: Worker) {
        if worker.evaluations < EVALUATIONS
            && let Ok(mut idle) = self.idle.lock()
        {
            idle.push(worker);
        }
    }
}

fn judged(verdict: Verdict) -> Result<Value, JsonnetError> {
    match verdict {
        Verdict::Output(output) => {
            serde_json::from_str(&output).map_err(|error| JsonnetError::Failed(error.to_string()))
        }
        Verdict::Syntax(message) => Err(JsonnetError::Syntax(message)),
        Verdict::Raised(message) => Err(JsonnetError::Raised(message)),
        Verdict::Failed(message) => Err(JsonnetError::Failed(message)),
        Verdict::TooLarge => Err(JsonnetError::TooLarge),
    }
}

struct Worker {
    tasks: ChildStdin,
    verdicts: BufReader<ChildStdout>,
    evaluations: u32,
    /// Ends with this value.
    _process: Child,
}

impl Worker {
    /// The environment is empty: a snippet's process has no business with the server's secrets.
    async fn start(command: &Command) -> std::io::Result<Worker> {
        let mut process = tokio::process::Command::new(&command.program)
            .args(&command.arguments)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let lost = || std::io::Error::other("it has no pipes");
        let mut worker = Worker {
            tasks: process.stdin.take().ok_or_else(lost)?,
            verdicts: BufReader::new(process.stdout.take().ok_or_else(lost)?),
            evaluations: 0,
            _process: process,
        };
        let line = worker.line().await?;
        if line.trim_end() != READY {
            return Err(std::io::Error::other("it is another program"));
        }
        Ok(worker)
    }

    async fn ask(&mut self, task: &[u8]) -> std::io::Result<Verdict> {
        self.evaluations += 1;
        self.tasks.write_all(task).await?;
        self.tasks.write_all(b"\n").await?;
        self.tasks.flush().await?;
        Ok(serde_json::from_str(&self.line().await?)?)
    }

    async fn line(&mut self) -> std::io::Result<String> {
        let mut line = String::new();
        (&mut self.verdicts)
            .take(MAX_LINE_BYTES)
            .read_line(&mut line)
            .await?;
        if line.is_empty() {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line)
    }
}
