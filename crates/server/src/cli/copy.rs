//! `bia copy`: everything durable, from one database to another of any kind.

use anyhow::Context as _;
use bia_store::copy::{self, Compared, CopyError, Precision, Watcher};
use bia_store::{Dsn, Store, migrate, network};
use clap::Args;
use time::OffsetDateTime;

use super::progress::{Progress, bar};
use super::{Threads, block_on, connect};

#[derive(Args)]
pub(super) struct Copy {
    /// The database to copy: one of Bia, or of the current release of Ory Kratos. Nothing is changed in it.
    #[arg(
        long,
        value_name = "DSN",
        env = "BIA_COPY_FROM",
        hide_env_values = true
    )]
    from: String,

    /// The database to copy into: an empty one, or one into which the same copy was begun.
    #[arg(long, value_name = "DSN", env = "BIA_COPY_TO", hide_env_values = true)]
    to: String,
}

impl Copy {
    pub(super) fn run(self) -> anyhow::Result<()> {
        block_on(Threads::OnePerProcessor, self.copied())
    }

    async fn copied(self) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.from != self.to,
            "--from and --to name the same database. Give another one to copy into."
        );
        let from = parsed(&self.from, "--from")?.existing();
        let to = parsed(&self.to, "--to")?;
        anyhow::ensure!(
            !to.is_memory(),
            "A database in memory is gone when this command ends. Give --to one that stays."
        );
        let from = open(&from, "--from").await?;
        let to = open(&to, "--to").await?;
        let mut watched = Watched {
            progress: Progress::new(),
            stage: None,
        };
        let copied = copy::copy(&from, &to, OffsetDateTime::now_utc(), &mut watched).await;
        drop(watched);
        let compared = match copied {
            Err(refused @ CopyError::Refused(_)) if is_same_network(&from, &to).await => {
                return Err(refused).context(
                    "Both databases belong to the same network: this copy was made and finished before. Serve the target, \
                     or give an empty one to copy again.",
                );
            }
            copied => copied?,
        };
        let precision = Precision::between(from.dialect(), to.dialect());
        from.close().await;
        to.close().await;
        print(&compared, precision);
        let different = compared.iter().filter(|table| !table.is_equal()).count();
        anyhow::ensure!(
            different == 0,
            "{different} tables are not the same on both sides. Was a server working on one of them meanwhile? Stop it, and copy \
             into an empty database again."
        );
        Ok(())
    }
}

fn parsed(dsn: &str, flag: &str) -> anyhow::Result<Dsn> {
    Dsn::parse(dsn).with_context(|| format!("{flag} is not usable."))
}

async fn open(dsn: &Dsn, flag: &str) -> anyhow::Result<Store> {
    let store = connect::open(dsn).await;
    store.with_context(|| format!("The database of {flag} cannot be opened."))
}

/// Whether the target is in use already, with what was once the source's.
async fn is_same_network(from: &Store, to: &Store) -> bool {
    let of = async |store: &Store| network::recall(store).await.ok().flatten();
    let is_whole = match to.read().await {
        Ok(mut conn) => migrate::inspect(&mut conn).await.is_ok(),
        Err(_) => false,
    };
    let (from, to) = (of(from).await, of(to).await);
    is_whole && from.is_some() && from == to
}

fn print(compared: &[Compared], precision: Precision) {
    println!(
        "{:<34}{:>12}{:>12}  {:<18}Result",
        "Table", "Source", "Target", "Digest"
    );
    for table in compared {
        let result = if table.is_equal() {
            "equal".to_owned()
        } else {
            let ids: Vec<String> = table.named.iter().map(ToString::to_string).collect();
            format!("{} differ, of these {}", table.different, ids.join(", "))
        };
        let [high, _] = table.to.digest;
        println!(
            "{:<34}{:>12}{:>12}  {:<18}{result}",
            table.table,
            table.from.rows,
            table.to.rows,
            format!("{:016x}", high >> 64),
        );
    }
    if precision == Precision::Seconds {
        println!("MySQL keeps whole seconds: times were compared as exactly as that.");
    }
    println!("Flows, codes and what else lives shortly was not copied.");
}

/// A line for each table, which grows with its rows.
struct Watched {
    progress: Progress,
    stage: Option<(Stage, &'static str)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Copying,
    Comparing,
}

impl Watched {
    fn tell(&mut self, stage: Stage, table: &'static str, text: impl FnOnce() -> String) {
        if self.stage.replace((stage, table)) == Some((stage, table)) {
            self.progress.tell(text);
        } else {
            self.progress.tell_now(text);
        }
    }
}

impl Watcher for Watched {
    fn copying(&mut self, table: &'static str, done: u64, total: u64) {
        self.tell(Stage::Copying, table, || match total {
            0 => format!("Copying {table}: no rows"),
            _ => format!(
                "Copying {table}: {} {done} of {total} rows",
                bar(done, total)
            ),
        });
    }

    fn comparing(&mut self, table: &'static str, read: u64) {
        self.tell(Stage::Comparing, table, || {
            format!("Comparing {table}: {read} rows")
        });
    }
}
