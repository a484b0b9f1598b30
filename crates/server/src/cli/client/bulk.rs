//! `bia import identities --bulk`: any number of identities, one a line, in batches.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind};
use std::path::PathBuf;

use anyhow::Context as _;
use http::Method;
use serde_json::{Value, json};

use super::super::progress::{Progress, bar};
use super::{Admin, identities, input};

/// The longest line, as long as the longest body that the server takes for one identity.
const MAX_LINE_BYTES: usize = 1024 * 1024;

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
        let wanted = number + 1 >= from;
        let line = next_line(lines, if wanted { MAX_LINE_BYTES } else { 0 })?;
        let ended = line.is_none();
        if let Some(line) = line {
            number += 1;
            tally.bytes += line.length;
            if wanted {
                match line.identity(number == 1) {
                    Ok(None) => {}
                    Ok(Some(identity)) => batch.add(number, identity, line.text.len()),
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

/// A line, and what was kept of it.
#[derive(Default)]
struct Line {
    text: Vec<u8>,
    /// In bytes, all of it.
    length: u64,
}

/// The next line with at most `most` of its bytes; `None` at the end. What is longer is read to its end and forgotten.
fn next_line(lines: &mut dyn BufRead, most: usize) -> std::io::Result<Option<Line>> {
    let mut line = Line::default();
    loop {
        let there = match lines.fill_buf() {
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            there => there?,
        };
        if there.is_empty() {
            return Ok((line.length > 0).then_some(line));
        }
        let end = there.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(there.len(), |at| at + 1);
        let room = most - line.text.len();
        line.text.extend(there.iter().take(taken.min(room)));
        line.length += taken as u64;
        lines.consume(taken);
        if end.is_some() {
            return Ok(Some(line));
        }
    }
}

impl Line {
    /// The identity in it; `None` in an empty line. The first line of a file may begin with a byte order mark.
    fn identity(&self, is_first: bool) -> anyhow::Result<Option<Value>> {
        anyhow::ensure!(
            self.length <= self.text.len() as u64,
            "It has more than 1 MiB. Each line holds one identity."
        );
        let text = std::str::from_utf8(&self.text).context("It is not UTF-8 text.")?;
        let marked = text.strip_prefix(input::BYTE_ORDER_MARK);
        let text = marked.filter(|_| is_first).unwrap_or(text).trim();
        if text.is_empty() {
            return Ok(None);
        }
        let identity: Value = serde_json::from_str(text).context("It is not JSON.")?;
        input::check(&identity)?;
        Ok(Some(identity))
    }
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
        match identities::create(admin, &item["create"]).await {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_holds_one_line_at_most_and_a_long_one_is_passed_over() {
        let long = "x".repeat(3 * MAX_LINE_BYTES);
        let text = format!("\u{feff}{{}}\n{long}\n  \n{{}}");
        let mut lines = BufReader::with_capacity(100, text.as_bytes());
        let mut next = |most| next_line(&mut lines, most).unwrap();
        let first = next(MAX_LINE_BYTES).unwrap();
        let lacking = first.identity(true).unwrap_err().to_string();
        assert!(lacking.contains("schema_id"), "{lacking}");
        let second = next(MAX_LINE_BYTES).unwrap();
        assert_eq!(second.text.len(), MAX_LINE_BYTES);
        assert_eq!(second.length, 3 * MAX_LINE_BYTES as u64 + 1);
        let refused = second.identity(false).unwrap_err().to_string();
        assert!(refused.contains("1 MiB"), "{refused}");
        assert_eq!(next(MAX_LINE_BYTES).unwrap().identity(false).unwrap(), None);
        let skipped = next(0).unwrap();
        assert_eq!((skipped.text.capacity(), skipped.length), (0, 2));
        assert!(next(0).is_none());
    }
}
