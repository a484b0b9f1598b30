//! `bia import identities --bulk`: any number of identities, one a line, in batches.

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::PathBuf;

use anyhow::Context as _;
use http::Method;
use serde_json::{Value, json};

use super::super::progress::{Progress, bar};
use super::{Admin, input};

/// The longest line, as long as the longest body that the server takes for one identity.
const MAX_LINE_BYTES: u64 = 1024 * 1024;

/// What one request may carry (admin.md §7): in all, and with a password that is still to be hashed.
const BATCH: usize = 1000;
const BATCH_OF_PASSWORDS: usize = 200;

/// The most bytes of one request.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// One request's worth of lines.
#[derive(Default)]
struct Batch {
    lines: Vec<(u64, Value)>,
    /// Those that are no identity, and why.
    unreadable: Vec<(u64, String)>,
    passwords: usize,
    bytes: usize,
}

/// How an import goes.
struct Tally {
    imported: u64,
    rejected: u64,
    /// The last line that has been dealt with.
    line: u64,
    /// How many bytes have been read, and how many there are, where that is known.
    bytes: u64,
    size: Option<u64>,
    progress: Progress,
}

/// Where the lines come from.
struct Input {
    lines: Box<dyn BufRead>,
    /// In bytes, if it is a file.
    size: Option<u64>,
}

/// Imports the lines of one file, or of standard input, beginning with line `from`, counted from 1. Memory does not
/// grow with the file. Each line that is refused is told on standard error, and the rest goes on.
///
/// # Errors
/// When the input breaks or the server does not answer, with the line at which to go on; when a line was refused.
pub(super) async fn import(admin: &Admin, file: Option<&PathBuf>, from: u64) -> anyhow::Result<()> {
    let mut input = open(file)?;
    let mut tally = Tally {
        imported: 0,
        rejected: 0,
        line: 0,
        bytes: 0,
        size: input.size,
        progress: Progress::new(),
    };
    let outcome = all(admin, input.lines.as_mut(), from, &mut tally).await;
    let (imported, rejected) = (tally.imported, tally.rejected);
    let summary = format!("{imported} imported, {rejected} rejected.");
    tally.progress.line(&summary);
    outcome.with_context(|| {
        format!(
            "The import stopped. Go on with --from-line {}.",
            tally.line + 1
        )
    })?;
    anyhow::ensure!(rejected == 0, "Not every line was imported.");
    Ok(())
}

fn open(file: Option<&PathBuf>) -> anyhow::Result<Input> {
    let Some(path) = file else {
        return Ok(Input {
            lines: Box::new(BufReader::new(std::io::stdin())),
            size: None,
        });
    };
    let file = File::open(path).with_context(|| format!("{} cannot be read.", path.display()))?;
    // A pipe has a name and no size.
    let known = file.metadata().ok().filter(std::fs::Metadata::is_file);
    Ok(Input {
        size: known.map(|known| known.len()),
        lines: Box::new(BufReader::new(file)),
    })
}

async fn all(
    admin: &Admin,
    lines: &mut dyn BufRead,
    from: u64,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let mut batch = Batch::default();
    let mut number = 0;
    loop {
        let line = next_line(lines)?;
        let ended = line.is_none();
        if let Some(line) = line {
            number += 1;
            tally.bytes += u64::try_from(line.len()).unwrap_or_default();
            if number >= from && !line.trim().is_empty() {
                match parsed(&line) {
                    Ok(identity) => batch.add(number, identity, line.len()),
                    Err(error) => batch.unreadable.push((number, format!("{error:#}"))),
                }
            }
        }
        if ended || batch.is_full() {
            send(admin, std::mem::take(&mut batch), tally).await?;
            tally.line = number;
            show_progress(tally);
        }
        if ended {
            return Ok(());
        }
    }
}

/// The next line; `None` at the end.
fn next_line(lines: &mut dyn BufRead) -> anyhow::Result<Option<String>> {
    let mut line = String::new();
    let mut limited = lines.take(MAX_LINE_BYTES);
    if limited.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    anyhow::ensure!(
        line.ends_with('\n') || (line.len() as u64) < MAX_LINE_BYTES,
        "A line has more than 1 MiB. The file has to hold one identity a line."
    );
    Ok(Some(line))
}

fn parsed(line: &str) -> anyhow::Result<Value> {
    let identity: Value = serde_json::from_str(line).context("It is not JSON.")?;
    input::check(&identity)?;
    Ok(identity)
}

impl Batch {
    fn add(&mut self, line: u64, identity: Value, bytes: usize) {
        let password = identity.pointer("/credentials/password/config/password");
        self.passwords += usize::from(password.is_some_and(|value| value.is_string()));
        self.bytes += bytes;
        self.lines.push((line, identity));
    }

    fn is_full(&self) -> bool {
        self.lines.len() + self.unreadable.len() >= BATCH
            || self.passwords >= BATCH_OF_PASSWORDS
            || self.bytes >= BATCH_BYTES
    }
}

async fn send(admin: &Admin, batch: Batch, tally: &mut Tally) -> anyhow::Result<()> {
    for (line, reason) in batch.unreadable {
        reject(tally, line, &reason);
    }
    if batch.lines.is_empty() {
        return Ok(());
    }
    send_readable(admin, batch.lines, tally).await
}

async fn send_readable(
    admin: &Admin,
    lines: Vec<(u64, Value)>,
    tally: &mut Tally,
) -> anyhow::Result<()> {
    let numbers: Vec<u64> = lines.iter().map(|(number, _)| *number).collect();
    let create = |(_, identity)| json!({"create": identity});
    let items: Vec<Value> = lines.into_iter().map(create).collect();
    let body = json!({"identities": items});
    let path = ["admin", "identities"];
    let answers = match admin.send(Method::PATCH, &path, &body).await {
        Ok(reply) => reply.body["identities"]
            .as_array()
            .cloned()
            .unwrap_or_default(),
        // One item that cannot be read spoils the whole request: then each is sent by itself.
        Err(error) if was_refused(&error) => {
            return one_by_one(admin, items, &numbers, tally).await;
        }
        Err(error) => return Err(error),
    };
    anyhow::ensure!(
        answers.len() == numbers.len(),
        "The server answered {} of {} identities. Is it one of Bia?",
        answers.len(),
        numbers.len()
    );
    for (number, answer) in numbers.iter().zip(&answers) {
        if answer["action"] == "create" {
            tally.imported += 1;
        } else {
            let error = &answer["error"];
            let reason = error["reason"].as_str().or(error["message"].as_str());
            reject(
                tally,
                *number,
                reason.unwrap_or("The server gave no reason."),
            );
        }
    }
    Ok(())
}

async fn one_by_one(
    admin: &Admin,
    items: Vec<Value>,
    numbers: &[u64],
    tally: &mut Tally,
) -> anyhow::Result<()> {
    for (number, item) in numbers.iter().zip(items) {
        let path = ["admin", "identities"];
        match admin.send(Method::POST, &path, &item["create"]).await {
            Ok(_) => tally.imported += 1,
            Err(error) if was_refused(&error) => reject(tally, *number, &error.to_string()),
            Err(error) => return Err(error),
        }
        tally.line = *number;
    }
    Ok(())
}

/// Whether the server answered, and the fault is in what was sent.
fn was_refused(error: &anyhow::Error) -> bool {
    let refused = error.downcast_ref::<super::Refused>();
    refused.is_some_and(|refused| refused.status < 500)
}

fn reject(tally: &mut Tally, line: u64, reason: &str) {
    tally.rejected += 1;
    let text = format!("line {line}: {}", reason.replace('\n', " "));
    tally.progress.line(&text);
}

fn show_progress(tally: &mut Tally) {
    let Tally {
        imported,
        rejected,
        line,
        bytes,
        size,
        progress,
    } = tally;
    progress.tell(|| {
        let done = size.map(|size| bar(*bytes, size) + " ").unwrap_or_default();
        format!("{done}{line} lines, {imported} imported, {rejected} rejected")
    });
}
