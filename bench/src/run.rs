//! One run: prepare, measure in rounds, clean up, report.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::runtime::{Builder, Runtime};

use crate::args::Args;
use crate::connection::Endpoint;
use crate::database::{Access, Ceiling, Database};
use crate::hashing::cores;
use crate::load::{Tally, closed_loop};
use crate::people::Site;
use crate::report::{Measure, Report};
use crate::scenario::{Scenario, Targets, Visitor};

/// Everything that is measured in a round, one after the other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Item {
    Scenario(Scenario),
    Database(Access),
    Hash,
}

impl Item {
    fn name(self) -> &'static str {
        match self {
            Self::Scenario(scenario) => scenario.name(),
            Self::Database(Access::Select) => "select",
            Self::Database(Access::Insert) => "insert",
            Self::Hash => "hash",
        }
    }
}

/// Puts each ceiling right before what is held against it.
fn plan(scenarios: &[Scenario], with_database: bool) -> Vec<Item> {
    let mut items = Vec::new();
    for &scenario in scenarios {
        match scenario {
            Scenario::Whoami if with_database => items.push(Item::Database(Access::Select)),
            Scenario::Flow if with_database => items.push(Item::Database(Access::Insert)),
            Scenario::Login => items.push(Item::Hash),
            _ => {}
        }
        items.push(Item::Scenario(scenario));
    }
    items
}

/// Does the whole run that the command line asks for.
pub(crate) fn run(args: &Args) -> anyhow::Result<Report> {
    args.check()?;
    let database = args.dsn.as_deref().map(Database::parse).transpose()?;
    let scenarios = args.scenarios()?;
    // One thread is enough to load a server that has two cores, and the cheapest: nothing is handed over.
    let client = Builder::new_current_thread().enable_all().build()?;
    // The ceiling's client gets what a server would have.
    let rows = Builder::new_multi_thread()
        .worker_threads(cores())
        .enable_all()
        .build()?;

    let (public, admin) = (Endpoint::new(&args.public)?, Endpoint::new(&args.admin)?);
    let site = client
        .block_on(Site::find(public, admin, args.schema.as_deref()))
        .context("asking for the identity schemas")?;
    let measured = Bench::prepare(args, &client, &rows, &site, database.clone())
        .and_then(|mut bench| bench.rounds(&plan(&scenarios, database.is_some())));
    if !args.keep {
        client
            .block_on(site.delete_created())
            .context("cleaning up")?;
    }
    if let Some(database) = &database {
        rows.block_on(database.clean_up()).context("cleaning up")?;
    }
    Ok(Report::new(
        args,
        database.as_ref().map(Database::name),
        measured?,
    ))
}

struct Bench<'a> {
    args: &'a Args,
    client: &'a Runtime,
    rows: &'a Runtime,
    visitors: Vec<Visitor>,
    ceiling: Option<Ceiling>,
}

impl<'a> Bench<'a> {
    fn prepare(
        args: &'a Args,
        client: &'a Runtime,
        rows: &'a Runtime,
        site: &Site,
        database: Option<Database>,
    ) -> anyhow::Result<Self> {
        eprintln!(
            "preparing {} people and {} further identities",
            args.people, args.fill
        );
        client.block_on(site.fill(usize::try_from(args.fill)?))?;
        let people = client.block_on(site.make_people(usize::from(args.people)))?;
        let targets = Arc::new(Targets::new(site.clone(), people)?);
        let count = usize::from(args.connections).max(args.hash_connections());
        Ok(Self {
            args,
            client,
            rows,
            visitors: (0..count).map(|n| Visitor::new(&targets, n)).collect(),
            ceiling: database
                .map(|d| rows.block_on(Ceiling::prepare(d, usize::from(args.connections))))
                .transpose()?,
        })
    }

    fn rounds(&mut self, items: &[Item]) -> anyhow::Result<Vec<Measure>> {
        let mut measures: Vec<(Item, Tally)> =
            items.iter().map(|item| (*item, Tally::default())).collect();
        for round in 1..=self.args.rounds {
            for (item, total) in &mut measures {
                let warm_up = Duration::from_millis(self.args.warm_up_ms);
                if !warm_up.is_zero() && *item != Item::Hash {
                    self.measure(*item, warm_up)
                        .with_context(|| format!("warming up {}", item.name()))?;
                }
                let tally = self
                    .measure(*item, self.args.slice())
                    .with_context(|| format!("measuring {}", item.name()))?;
                eprintln!(
                    "round {round}/{}: {:<12} {:>10.1}/s, {} errors",
                    self.args.rounds,
                    item.name(),
                    tally.rate(),
                    tally.errors
                );
                total.append(tally);
            }
        }
        Ok(measures
            .into_iter()
            .map(|(item, tally)| self.describe(item, tally))
            .collect())
    }

    fn measure(&mut self, item: Item, length: Duration) -> anyhow::Result<Tally> {
        match item {
            Item::Scenario(scenario) => self.visit(scenario, length),
            Item::Hash => self.args.hash.measure(length),
            Item::Database(access) => {
                let ceiling = self.ceiling.as_mut().context("no database was named")?;
                self.rows.block_on(ceiling.measure(access, length))
            }
        }
    }

    fn visit(&mut self, scenario: Scenario, length: Duration) -> anyhow::Result<Tally> {
        let count = if scenario.hashes() {
            self.args.hash_connections()
        } else {
            usize::from(self.args.connections)
        };
        let resting = self.visitors.split_off(count.min(self.visitors.len()));
        for visitor in &mut self.visitors {
            visitor.scenario = scenario;
        }
        let (visitors, tally) = self
            .client
            .block_on(closed_loop(std::mem::take(&mut self.visitors), length))?;
        self.visitors = visitors;
        self.visitors.extend(resting);
        Ok(tally)
    }

    fn describe(&self, item: Item, tally: Tally) -> Measure {
        let title = match item {
            Item::Scenario(scenario) => scenario.title().to_owned(),
            Item::Database(Access::Select) => {
                "SELECT of one row (ceiling: the database)".to_owned()
            }
            Item::Database(Access::Insert) => {
                "INSERT of one row (ceiling: the database)".to_owned()
            }
            Item::Hash => format!("hash, {} (ceiling: the cores)", self.args.hash),
        };
        Measure {
            name: item.name(),
            title,
            tally,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Item, plan};
    use crate::database::Access;
    use crate::scenario::Scenario;

    #[test]
    fn a_ceiling_is_measured_right_before_what_it_is_held_against() {
        let items = plan(&Scenario::ALL, true);
        let before = |scenario| {
            items
                .iter()
                .position(|i| *i == Item::Scenario(scenario))
                .and_then(|at| items.get(at - 1))
        };
        assert_eq!(
            before(Scenario::Whoami),
            Some(&Item::Database(Access::Select))
        );
        assert_eq!(
            before(Scenario::Flow),
            Some(&Item::Database(Access::Insert))
        );
        assert_eq!(before(Scenario::Login), Some(&Item::Hash));
        assert!(
            !plan(&[Scenario::Health, Scenario::Whoami], false)
                .contains(&Item::Database(Access::Select))
        );
    }
}
