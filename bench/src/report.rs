//! The result, printed three ways.

use std::fmt::Write as _;

use serde_json::json;

use crate::args::{Args, Format};
use crate::load::Tally;

/// Rates that are divided by a ceiling of the same run.
const RATIOS: [(&str, &str, &str); 4] = [
    ("whoami / SELECT", "whoami", "select"),
    ("whoami / health", "whoami", "health"),
    ("flow creation / INSERT", "flow", "insert"),
    ("password logins / bare hash", "login", "hash"),
];

/// One measured row.
#[derive(Debug)]
pub(crate) struct Measure {
    /// The word that ratios and JSON know it by.
    pub(crate) name: &'static str,
    /// The words for people.
    pub(crate) title: String,
    /// What was counted in all rounds.
    pub(crate) tally: Tally,
}

/// All rows of a run and how they came about.
#[derive(Debug)]
pub(crate) struct Report {
    conditions: String,
    measures: Vec<Measure>,
}

impl Report {
    /// Keeps the conditions beside the numbers.
    pub(crate) fn new(args: &Args, database: Option<&str>, measures: Vec<Measure>) -> Self {
        let conditions = format!(
            "{} cores shared with the server, {} connections ({} where a password is hashed), {} s each in {} rounds, {} people, {} further identities, database: {}",
            crate::hashing::cores(),
            args.connections,
            args.hash_connections(),
            args.seconds,
            args.rounds,
            args.people,
            args.fill,
            database.unwrap_or("not measured"),
        );
        Self {
            conditions,
            measures,
        }
    }

    /// The text in the form asked for, with a line end.
    pub(crate) fn render(&self, format: Format) -> anyhow::Result<String> {
        Ok(match format {
            Format::Table => self.table(),
            Format::Markdown => self.markdown(),
            Format::Json => serde_json::to_string_pretty(&self.json())? + "\n",
        })
    }

    fn ratios(&self) -> Vec<(&'static str, f64)> {
        let rate = |name: &str| {
            self.measures
                .iter()
                .find(|m| m.name == name)
                .map(|m| m.tally.rate())
                .filter(|rate| *rate > 0.0)
        };
        RATIOS
            .iter()
            .filter_map(|(title, of, to)| Some((*title, rate(of)? / rate(to)?)))
            .collect()
    }

    fn errors(&self) -> impl Iterator<Item = (&str, &str)> {
        self.measures
            .iter()
            .filter_map(|m| Some((m.name, m.tally.first_error.as_deref()?)))
    }

    fn table(&self) -> String {
        let mut out = format!(
            "{}\n\n{:<46} {:>11} {:>9} {:>9} {:>8} {:>7}\n",
            self.conditions, "", "per second", "p50 ms", "p99 ms", "done", "errors"
        );
        for m in &self.measures {
            let [rate, p50, p99] = figures(&m.tally);
            line(
                &mut out,
                format_args!(
                    "{:<46} {rate:>11} {p50:>9} {p99:>9} {:>8} {:>7}",
                    m.title, m.tally.done, m.tally.errors
                ),
            );
        }
        out.push('\n');
        for (title, ratio) in self.ratios() {
            line(&mut out, format_args!("{title:<46} {ratio:>11.2}"));
        }
        for (name, error) in self.errors() {
            line(&mut out, format_args!("first error of {name}: {error}"));
        }
        out
    }

    fn markdown(&self) -> String {
        let mut out = format!(
            "{}\n\n| Measured | per second | p50 ms | p99 ms | done | errors |\n|---|---:|---:|---:|---:|---:|\n",
            self.conditions
        );
        for m in &self.measures {
            let [rate, p50, p99] = figures(&m.tally);
            line(
                &mut out,
                format_args!(
                    "| {} | {rate} | {p50} | {p99} | {} | {} |",
                    m.title, m.tally.done, m.tally.errors
                ),
            );
        }
        out.push_str("\n| Ratio | |\n|---|---:|\n");
        for (title, ratio) in self.ratios() {
            line(&mut out, format_args!("| {title} | {ratio:.2} |"));
        }
        for (name, error) in self.errors() {
            line(&mut out, format_args!("\nFirst error of {name}: `{error}`"));
        }
        out
    }

    fn json(&self) -> serde_json::Value {
        let measures: serde_json::Map<_, _> = self
            .measures
            .iter()
            .map(|m| {
                let t = &m.tally;
                let value = json!({
                    "title": m.title, "per_second": t.rate(), "p50_ms": t.latencies.percentile_ms(50),
                    "p99_ms": t.latencies.percentile_ms(99), "done": t.done, "errors": t.errors, "first_error": t.first_error,
                });
                (m.name.to_owned(), value)
            })
            .collect();
        let ratios: serde_json::Map<_, _> = self
            .ratios()
            .into_iter()
            .map(|(title, ratio)| (title.to_owned(), json!(ratio)))
            .collect();
        json!({"conditions": self.conditions, "measures": measures, "ratios": ratios})
    }
}

fn figures(tally: &Tally) -> [String; 3] {
    let ms = |percent| {
        tally
            .latencies
            .percentile_ms(percent)
            .map_or_else(|| "–".to_owned(), |ms| format!("{ms:.2}"))
    };
    let rate = tally.rate();
    [
        if rate < 100.0 {
            format!("{rate:.1}")
        } else {
            format!("{rate:.0}")
        },
        ms(50),
        ms(99),
    ]
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing into a String cannot fail.
    let _written = writeln!(out, "{text}");
}

#[cfg(test)]
mod tests {
    use super::{Measure, Report};
    use crate::args::Format;
    use crate::load::Tally;
    use std::time::Duration;

    fn measure(name: &'static str, done: u64) -> Measure {
        let mut tally = Tally {
            busy: Duration::from_secs(1),
            ..Tally::default()
        };
        (0..done).for_each(|_| tally.succeeded(Duration::from_millis(2)));
        Measure {
            name,
            title: format!("the {name}"),
            tally,
        }
    }

    #[test]
    fn a_ratio_is_told_only_when_both_sides_were_measured() -> anyhow::Result<()> {
        let mut report = Report {
            conditions: "two cores".to_owned(),
            measures: vec![
                measure("health", 200),
                measure("whoami", 150),
                measure("select", 0),
            ],
        };
        if let Some(whoami) = report.measures.get_mut(1) {
            whoami.tally.first_error = Some("401 instead of 200".to_owned());
        }
        assert_eq!(report.ratios(), [("whoami / health", 0.75)]);
        let markdown = report.render(Format::Markdown)?;
        assert!(
            markdown.contains("| the whoami | 150 | 2.00 | 2.00 | 150 | 0 |"),
            "{markdown}"
        );
        assert!(
            markdown.contains("| whoami / health | 0.75 |"),
            "{markdown}"
        );
        assert!(
            report
                .render(Format::Table)?
                .contains("first error of whoami: 401 instead of 200")
        );
        let json: serde_json::Value = serde_json::from_str(&report.render(Format::Json)?)?;
        assert_eq!(json.pointer("/measures/whoami/done"), Some(&150.into()));
        Ok(())
    }
}
