//! The log: lines on stderr, as text or JSON (ops.md §4).
//!
//! Nothing that is secret is given to it in the first place, so there is nothing to take out again:
//! `log.leak_sensitive_values` and `log.redaction_text` have nothing to act on.

mod format;

use tracing::Level;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::trace::{self, Traces};
use format::Lines;

/// How lines are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// From which level on events are written.
///
/// The configuration's levels `fatal` and `panic` are [`LevelFilter::OFF`]: what ends the process is told by the
/// command itself.
pub type Threshold = LevelFilter;

/// Starts the log, and with it the traces that go somewhere. Only the first call in a process does something.
pub fn start(threshold: Threshold, format: Format, traces: Option<&Traces>) {
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .event_format(Lines { format });
    let registry = tracing_subscriber::registry();
    // A second start happens in tests only, where the first log serves as well.
    let _ = match traces {
        None => registry.with(lines).with(targets(threshold)).try_init(),
        // What each of them wants is asked one by one then, which costs every line and every span a little.
        Some(traces) => registry
            .with(lines.with_filter(targets(threshold)))
            .with(traces.layer())
            .try_init(),
    };
    std::panic::set_hook(Box::new(|panic| {
        let place = panic
            .location()
            .map(ToString::to_string)
            .unwrap_or_default();
        let payload = panic.payload();
        let said = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        tracing::error!(
            place,
            "A part of the server panicked: {}",
            said.unwrap_or("it did not say why")
        );
    }));
}

/// Libraries below us speak up only when something is wrong, except while somebody looks for a fault.
fn targets(threshold: Threshold) -> Targets {
    let libraries = if threshold > LevelFilter::INFO {
        LevelFilter::INFO
    } else {
        threshold.min(LevelFilter::WARN)
    };
    Targets::new()
        .with_default(libraries)
        .with_target("bia", threshold)
        .with_target(trace::PART, LevelFilter::OFF)
}

/// The level's name, as the reference writes it.
fn level_name(level: Level) -> &'static str {
    match level {
        Level::TRACE => "trace",
        Level::DEBUG => "debug",
        Level::INFO => "info",
        Level::WARN => "warning",
        Level::ERROR => "error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_stay_quiet_unless_something_is_wrong() {
        let enabled = |threshold, target, level| targets(threshold).would_enable(target, &level);
        assert!(enabled(
            LevelFilter::INFO,
            "bia_server::listen",
            Level::INFO
        ));
        assert!(enabled(LevelFilter::INFO, "bia::request", Level::INFO));
        assert!(!enabled(LevelFilter::INFO, "sqlx::query", Level::INFO));
        assert!(enabled(LevelFilter::INFO, "sqlx::query", Level::WARN));
        assert!(enabled(LevelFilter::TRACE, "sqlx::query", Level::INFO));
        assert!(!enabled(
            LevelFilter::ERROR,
            "bia_server::listen",
            Level::INFO
        ));
        assert!(!enabled(
            LevelFilter::OFF,
            "bia_server::listen",
            Level::ERROR
        ));
        assert!(!enabled(LevelFilter::OFF, "hyper", Level::ERROR));
        for target in ["traced", "traced::whole"] {
            assert!(
                !enabled(LevelFilter::TRACE, target, Level::INFO),
                "spans are no lines"
            );
        }
    }
}
