//! How far long work has come, on standard error: one line that changes on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// How often the line on a terminal changes, and how often there is a new one elsewhere.
const BLINK: Duration = Duration::from_millis(100);
const PAUSE: Duration = Duration::from_secs(10);

/// How wide a bar is, in characters.
const BAR: u64 = 24;

/// The line that is told.
pub(super) struct Progress {
    terminal: bool,
    told: Option<Instant>,
    shown: bool,
}

impl Progress {
    pub(super) fn new() -> Progress {
        Progress {
            terminal: std::io::stderr().is_terminal(),
            told: None,
            shown: false,
        }
    }

    /// Tells how far it is, unless that was told just now.
    pub(super) fn tell(&mut self, text: impl FnOnce() -> String) {
        let pause = if self.terminal { BLINK } else { PAUSE };
        if self.told.is_none_or(|told| told.elapsed() >= pause) {
            self.tell_now(text);
        }
    }

    /// Tells that something new begins.
    pub(super) fn tell_now(&mut self, text: impl FnOnce() -> String) {
        self.told = Some(Instant::now());
        if self.terminal {
            eprint!("\r\x1b[K{}", text());
            self.shown = true;
            // What cannot be shown is not missed.
            let _ = std::io::stderr().flush();
        } else {
            eprintln!("{}", text());
        }
    }

    /// Prints a line that stays.
    pub(super) fn line(&mut self, text: &str) {
        self.clear();
        eprintln!("{text}");
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            eprint!("\r\x1b[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// How much is done as a bar and in percent: `[######------------------]  25 %`. Never more than all.
pub(super) fn bar(done: u64, total: u64) -> String {
    let done = done.min(total);
    let part = |of: u64| u128::from(done) * u128::from(of) / u128::from(total.max(1));
    let full = usize::try_from(part(BAR)).unwrap_or_default();
    let rest = usize::try_from(BAR)
        .unwrap_or_default()
        .saturating_sub(full);
    format!(
        "[{}{}] {:>3} %",
        "#".repeat(full),
        "-".repeat(rest),
        part(100)
    )
}

#[cfg(test)]
mod tests {
    use super::bar;

    #[test]
    fn a_bar_grows_with_what_is_done() {
        for (done, total, expected) in [
            (0, 10, "[------------------------]   0 %"),
            (1, 4, "[######------------------]  25 %"),
            (u64::MAX, u64::MAX, "[########################] 100 %"),
            // The total was counted before more came.
            (11, 10, "[########################] 100 %"),
            (0, 0, "[------------------------]   0 %"),
        ] {
            assert_eq!(bar(done, total), expected);
        }
    }
}
