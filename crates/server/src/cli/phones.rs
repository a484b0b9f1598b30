//! `bia migrate normalize-phone-numbers`: brings phone numbers to one spelling (E.164).

use std::collections::HashMap;
use std::time::Duration;

use anyhow::Context as _;
use bia_model::normalise;
use bia_store::phones::{self, PhoneRow, PhoneTable};
use bia_store::{Store, StoreError, network, transact};
use clap::Args;
use time::OffsetDateTime;
use uuid::Uuid;

use super::migrate::{self, Database};
use super::progress::Progress;

#[derive(Args)]
pub(super) struct NormalizePhoneNumbers {
    #[command(flatten)]
    database: Database,

    /// How many rows are read at a time.
    #[arg(short, long, value_name = "ROWS", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    batch_size: u32,

    /// How long to rest after each batch.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = time_text)]
    batch_delay: Duration,

    /// Tell what would be changed, and change nothing.
    #[arg(long)]
    dry_run: bool,

    /// Go on behind a row, as the progress names it: ci=ID (identifiers), va=ID (verifiable addresses), ra=ID (recovery
    /// addresses). May be given several times.
    #[arg(long, value_name = "KEY=ID", value_delimiter = ',', value_parser = start_after)]
    start_after: Vec<(&'static str, Uuid)>,
}

fn time_text(text: &str) -> Result<Duration, String> {
    bia_config::duration::parse(text)
        .map_err(|_| format!("{text:?} is no length of time; write for example 100ms or 1s"))
}

fn start_after(text: &str) -> Result<(&'static str, Uuid), String> {
    let wrong = || {
        format!(
            "{text:?}: write for example ci=5d1f6c0a-0f4e-4f1b-9d53-0d1c1a6b7a11; the keys are ci, va and ra"
        )
    };
    let (key, id) = text.split_once('=').ok_or_else(wrong)?;
    let known = PhoneTable::ALL.map(key_of);
    let key = known.into_iter().find(|known| *known == key);
    Ok((
        key.ok_or_else(wrong)?,
        Uuid::try_parse(id).map_err(|_| wrong())?,
    ))
}

fn key_of(table: PhoneTable) -> &'static str {
    match table {
        PhoneTable::Identifiers => "ci",
        PhoneTable::Verifiable => "va",
        PhoneTable::Recovery => "ra",
    }
}

fn name_of(table: PhoneTable) -> &'static str {
    match table {
        PhoneTable::Identifiers => "Credential identifiers",
        PhoneTable::Verifiable => "Verifiable addresses",
        PhoneTable::Recovery => "Recovery addresses",
    }
}

/// What became of the rows.
#[derive(Clone, Copy, Default)]
struct Tally {
    scanned: u64,
    updated: u64,
    skipped: u64,
    errors: u64,
}

impl NormalizePhoneNumbers {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let store = self.database.open_existing().await?;
        migrate::ensure_complete(&store).await?;
        network::ensure(&store, OffsetDateTime::now_utc()).await?;
        if self.dry_run {
            eprintln!("Nothing will be changed.");
        }
        let starts: HashMap<&str, Uuid> = self.start_after.iter().copied().collect();
        let mut tallies = Vec::new();
        for table in PhoneTable::ALL {
            let start = starts.get(key_of(table)).copied().unwrap_or_default();
            let tally = self.work_through(&store, table, start).await;
            tallies.push((
                name_of(table),
                tally.with_context(|| format!("{} cannot be worked through.", name_of(table)))?,
            ));
        }
        print_summary(&tallies);
        store.close().await;
        Ok(())
    }

    async fn work_through(
        &self,
        store: &Store,
        table: PhoneTable,
        mut after: Uuid,
    ) -> anyhow::Result<Tally> {
        let mut tally = Tally::default();
        let mut progress = Progress::new();
        loop {
            let rows =
                phones::page(&mut store.read().await?, table, after, self.batch_size).await?;
            let Some(last) = rows.last() else {
                return Ok(tally);
            };
            let before = std::mem::replace(&mut after, last.id);
            for row in &rows {
                let line = self.mend(store, table, row, &mut tally).await;
                let line = line.with_context(|| {
                    format!(
                        "It stopped. Go on with --start-after {}={before}.",
                        key_of(table)
                    )
                })?;
                if let Some(line) = line {
                    progress.line(&format!("{} {}: {line}", name_of(table), row.id));
                }
            }
            progress.tell(|| {
                format!(
                    "{}: {} rows so far (--start-after {}={after})",
                    name_of(table),
                    tally.scanned,
                    key_of(table)
                )
            });
            if rows.len() < usize::try_from(self.batch_size)? {
                return Ok(tally);
            }
            tokio::time::sleep(self.batch_delay).await;
        }
    }

    /// Gives a row its spelling, and what there is to tell about it.
    async fn mend(
        &self,
        store: &Store,
        table: PhoneTable,
        row: &PhoneRow,
        tally: &mut Tally,
    ) -> anyhow::Result<Option<String>> {
        tally.scanned += 1;
        let number = Some(row.value.as_str()).filter(|value| is_typed_number(value));
        let spelling = number
            .and_then(normalise::e164)
            .filter(|spelling| *spelling != row.value);
        let Some(spelling) = spelling else {
            tally.skipped += 1;
            return Ok(None);
        };
        if self.dry_run {
            tally.updated += 1;
            return Ok(Some(format!("{:?} would be {spelling:?}", row.value)));
        }
        let now = OffsetDateTime::now_utc();
        let done = transact!(store, tx => phones::respell(tx, table, row, &spelling, now).await);
        match done {
            Ok(true) => tally.updated += 1,
            Ok(false) => tally.skipped += 1,
            Err(StoreError::Conflict { .. }) => {
                tally.errors += 1;
                return Ok(Some(format!(
                    "{:?} cannot be {spelling:?}, which another row has already.",
                    row.value
                )));
            }
            Err(error) => return Err(error.into()),
        }
        Ok(None)
    }
}

/// Whether a text is a number as people type them (as the reference has it: `^\+[\d\s\-().]+$`), and nothing else that
/// begins with a plus, such as a user name.
fn is_typed_number(text: &str) -> bool {
    let typed = |c: char| {
        c.is_ascii_digit() || matches!(c, '\t' | '\n' | '\x0c' | '\r' | ' ' | '-' | '(' | ')' | '.')
    };
    let rest = text.strip_prefix('+');
    rest.is_some_and(|rest| !rest.is_empty() && rest.chars().all(typed))
}

fn print_summary(tallies: &[(&str, Tally)]) {
    let mut total = Tally::default();
    println!(
        "{:<24}{:<9}{:<9}{:<9}ERRORS",
        "", "SCANNED", "UPDATED", "SKIPPED"
    );
    for (name, tally) in tallies {
        print_line(name, tally);
        total.scanned += tally.scanned;
        total.updated += tally.updated;
        total.skipped += tally.skipped;
        total.errors += tally.errors;
    }
    print_line("TOTAL", &total);
}

fn print_line(name: &str, tally: &Tally) {
    println!(
        "{name:<24}{:<9}{:<9}{:<9}{}",
        tally.scanned, tally.updated, tally.skipped, tally.errors
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_as_people_type_them_are_respelt() {
        for number in ["+49 (30) 901-820", "+1.415.555.2671", "+14155552671"] {
            assert!(is_typed_number(number), "{number}");
        }
        for other in [
            "+",
            "+49 30 901820 ext. 5",
            "+14155552671;ext=5",
            "+1 415 CALL NOW",
            "14155552671",
        ] {
            assert!(!is_typed_number(other), "{other}");
        }
    }
}
