//! `bia migrate sql`: brings a database to the shape that this version works with, and back.

use std::io::{BufRead as _, Write as _};
use std::time::Duration;

use anyhow::Context as _;
use bia_config::Flags;
use bia_store::migrate::{self, Step};
use bia_store::{Dsn, Store, StoreError};
use clap::{Args, Subcommand};
use time::OffsetDateTime;

use super::client::output::{self, Format, Shown};
use super::phones::NormalizePhoneNumbers;
use super::{ConfigFiles, Threads, block_on, connect, sources};

/// How long `--block` waits before it looks again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

#[derive(Subcommand)]
pub(super) enum Migrate {
    /// Makes and changes the tables of a SQL database.
    ///
    /// On a database of the reference's current release only tables of Bia's own are added. SQLite databases are
    /// prepared by `bia serve` itself; for others run `up` before a new release is started.
    #[command(args_conflicts_with_subcommands = true)]
    Sql(Sql),
    /// Brings phone numbers that older versions of the reference kept as they were typed to one spelling (E.164).
    ///
    /// It may be run any number of times, and stopped and taken up again with --start-after. Make a backup first.
    NormalizePhoneNumbers(NormalizePhoneNumbers),
}

#[derive(Args)]
pub(super) struct Sql {
    #[command(subcommand)]
    direction: Option<Direction>,

    /// Deprecated form of `bia migrate sql up`.
    #[command(flatten)]
    up: Up,
}

#[derive(Subcommand)]
enum Direction {
    /// Takes all steps that are still to be taken.
    Up(Up),
    /// Takes back the last steps. Accounts are never taken away.
    Down(Down),
    /// Shows which steps were taken. Fails when some are still to be taken.
    Status(Status),
}

#[derive(Args)]
struct Up {
    #[command(flatten)]
    database: Database,

    /// Do not ask before the database is changed.
    #[arg(short, long)]
    yes: bool,
}

#[derive(Args)]
struct Down {
    #[command(flatten)]
    database: Database,

    /// How many steps to take back; at least 1.
    #[arg(long, default_value_t = 0, allow_negative_numbers = true)]
    steps: i64,

    /// Do not ask before the database is changed.
    #[arg(short, long)]
    yes: bool,
}

#[derive(Args)]
struct Status {
    #[command(flatten)]
    database: Database,

    /// Wait, looking once a second, until no step is still to be taken.
    #[arg(long)]
    block: bool,

    /// How the steps are shown: table, json, json-pretty, yaml, jsonpath=PATH or jsonpointer=POINTER.
    #[arg(long, default_value = "table", value_parser = Format::parse)]
    format: Format,

    /// Show nothing but numbers.
    #[arg(short, long)]
    quiet: bool,
}

#[derive(Args)]
pub(super) struct Database {
    /// The database, for example postgres://user:password@host:5432/name or sqlite:///path/to/file?_fk=true.
    dsn: Option<String>,

    /// Take the database from the environment variable DSN, or from dsn in the configuration.
    #[arg(short = 'e', long)]
    read_from_env: bool,

    #[command(flatten)]
    pub(super) files: ConfigFiles,
}

impl Migrate {
    pub(super) fn run(self) -> anyhow::Result<()> {
        block_on(Threads::One, async {
            let sql = match self {
                Migrate::Sql(sql) => sql,
                Migrate::NormalizePhoneNumbers(command) => return command.run().await,
            };
            match sql.direction {
                Some(Direction::Up(command)) => command.run().await,
                Some(Direction::Down(command)) => command.run().await,
                Some(Direction::Status(command)) => command.run().await,
                None => {
                    eprintln!("`bia migrate sql` is deprecated. Use `bia migrate sql up`.");
                    sql.up.run().await
                }
            }
        })
    }
}

impl Up {
    async fn run(self) -> anyhow::Result<()> {
        let store = self.database.open().await?;
        let steps = migrate::status(&store).await?;
        print_table(&steps);
        let pending = pending(&steps);
        if pending == 0 {
            println!("Nothing is to be done: all migrations are applied.");
            return Ok(());
        }
        if !self.yes && !asked(&format!("Apply {pending} migrations?"))? {
            println!("Nothing was changed.");
            return Ok(());
        }
        let taken = migrate::up(&store, OffsetDateTime::now_utc())
            .await
            .context("The migrations failed.")?;
        println!("Applied {} migrations. The database is ready.", taken.len());
        Ok(())
    }
}

impl Down {
    async fn run(self) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.steps > 0,
            "Say how many migrations to take back, for example with --steps 1."
        );
        let steps = usize::try_from(self.steps)?;
        let store = self.database.open_existing().await?;
        print_table(&migrate::status(&store).await?);
        if !self.yes
            && !asked(&format!(
                "Take back up to {steps} migrations, with all that is in their tables?"
            ))?
        {
            println!("Nothing was changed.");
            return Ok(());
        }
        let undone = migrate::down(&store, steps, OffsetDateTime::now_utc())
            .await
            .context("The migrations failed.")?;
        for step in &undone {
            println!("{:04}\t{}\tRollback", step.number, step.name);
        }
        println!("Took back {} migrations.", undone.len());
        Ok(())
    }
}

impl Status {
    async fn run(self) -> anyhow::Result<()> {
        let store = self.open().await?;
        loop {
            let steps = migrate::status(&store).await?;
            let pending = pending(&steps);
            if pending > 0 && self.block {
                eprintln!("Waiting for {pending} migrations.");
                tokio::time::sleep(LOOK_AGAIN).await;
                continue;
            }
            self.show(&steps)?;
            anyhow::ensure!(
                pending == 0,
                "{pending} migrations are pending. Run `bia migrate sql up`."
            );
            return Ok(());
        }
    }

    fn show(&self, steps: &[Step]) -> anyhow::Result<()> {
        if self.format == Format::Table && !self.quiet {
            print_table(steps);
            return Ok(());
        }
        let row = |step: &Step| vec![version(step), step.name.to_owned(), state(step).to_owned()];
        let shown = Shown {
            titles: vec!["VERSION", "NAME", "STATUS"],
            rows: steps.iter().map(row).collect(),
            is_list: true,
            next_page_token: None,
            json: as_json(steps),
        };
        output::print(&shown, &self.format, self.quiet)
    }

    /// Looks at a database and makes none. With `--block` a SQLite file that is not there yet is waited for.
    async fn open(&self) -> anyhow::Result<Store> {
        loop {
            let error = match self.database.open_existing().await {
                Ok(store) => return Ok(store),
                Err(error) => error,
            };
            let is_missing = matches!(error.downcast_ref(), Some(StoreError::Unavailable { .. }));
            if !self.block || !is_missing {
                return Err(error);
            }
            eprintln!("Waiting for the database: {error:#}");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

impl Database {
    pub(super) async fn open(&self) -> anyhow::Result<Store> {
        open(&Dsn::parse(&self.dsn()?)?).await
    }

    /// As [`Database::open`], but a SQLite file that is not there is not made.
    pub(super) async fn open_existing(&self) -> anyhow::Result<Store> {
        open(&Dsn::parse(&self.dsn()?)?.existing()).await
    }

    /// The rest of the configuration does not have to be right for a migration.
    fn dsn(&self) -> anyhow::Result<String> {
        const WHERE: &str = "Say which database: as an argument, or with -e by the environment variable DSN or dsn in a file (-c).";
        match (&self.dsn, self.read_from_env) {
            (Some(dsn), _) => Ok(dsn.clone()),
            (None, true) => {
                let sources = sources::from_files(&self.files, Flags::default());
                let dsn = sources
                    .dsn()
                    .map_err(|findings| anyhow::anyhow!("{findings}"))?;
                dsn.map(|dsn| dsn.expose().to_owned())
                    .with_context(|| format!("There is no DSN. {WHERE}"))
            }
            (None, false) => anyhow::bail!("{WHERE}"),
        }
    }
}

async fn open(dsn: &Dsn) -> anyhow::Result<Store> {
    let store = connect::open(dsn).await;
    store.context("The database cannot be opened.")
}

/// Whether a database can be worked on.
///
/// # Errors
/// When steps are still to be taken, or it is no database of ours. Nothing was changed.
pub(super) async fn ensure_complete(store: &Store) -> anyhow::Result<()> {
    let steps = migrate::status(store).await?;
    anyhow::ensure!(
        pending(&steps) == 0,
        "Migrations are pending. Run `bia migrate sql up` first. Nothing was changed."
    );
    Ok(())
}

fn pending(steps: &[Step]) -> usize {
    let pending = steps.iter().filter(|step| step.applied_at.is_none());
    pending.count()
}

fn version(step: &Step) -> String {
    format!("{:04}", step.number)
}

fn print_table(steps: &[Step]) {
    println!("{:<8}{:<24}Status", "Version", "Name");
    for step in steps {
        println!("{:<8}{:<24}{}", version(step), step.name, state(step));
    }
}

fn state(step: &Step) -> &'static str {
    if step.applied_at.is_some() {
        "Applied"
    } else {
        "Pending"
    }
}

fn as_json(steps: &[Step]) -> serde_json::Value {
    let step = |step: &Step| serde_json::json!({"state": state(step), "version": version(step), "name": step.name});
    steps.iter().map(step).collect()
}

/// Asks the person at the terminal.
///
/// # Errors
/// When nobody answers: whoever runs this in a script is to hear that nothing was done.
fn asked(question: &str) -> anyhow::Result<bool> {
    loop {
        print!("{question} [y/n] ");
        // A question that nobody can see is answered by nobody.
        let _ = std::io::stdout().flush();
        let mut answer = String::new();
        if std::io::stdin().lock().read_line(&mut answer)? == 0 {
            println!();
            anyhow::bail!(
                "Nobody answered, so nothing was changed. Without somebody at the terminal, say --yes."
            );
        }
        match answer.trim().to_ascii_lowercase().as_str() {
            "y" | "yes" => return Ok(true),
            "n" | "no" => return Ok(false),
            _ => {}
        }
    }
}
