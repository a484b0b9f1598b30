//! Lines for whoever started the command. A reader that has gone (`bia list identities | head -1`) ends nothing: what is
//! begun is finished, and nobody hears of it. These take the place of the macros of the same names, which panic there.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write};
use std::sync::OnceLock;

/// Why standard output could not take all of the answer.
static LOST: OnceLock<String> = OnceLock::new();

macro_rules! print {
    ($($text:tt)*) => { $crate::cli::out::say(::std::format_args!($($text)*)) };
}

macro_rules! println {
    () => { $crate::cli::out::say(::std::format_args!("\n")) };
    ($($text:tt)*) => {{
        $crate::cli::out::say(::std::format_args!($($text)*));
        $crate::cli::out::say(::std::format_args!("\n"));
    }};
}

macro_rules! eprint {
    ($($text:tt)*) => { $crate::cli::out::tell(::std::format_args!($($text)*)) };
}

macro_rules! eprintln {
    ($($text:tt)*) => { $crate::cli::out::tell(::std::format_args!("{}\n", ::std::format_args!($($text)*))) };
}

/// Writes to standard output.
pub(in crate::cli) fn say(text: Arguments<'_>) {
    note(std::io::stdout().lock().write_fmt(text));
}

/// Writes to standard error. There is nobody else to tell when that fails.
pub(in crate::cli) fn tell(text: Arguments<'_>) {
    let _ = std::io::stderr().lock().write_fmt(text);
}

/// Writes what is still kept back.
///
/// # Errors
/// When somebody reads, and did not get everything: the disk is full, for example.
pub(in crate::cli) fn finish() -> anyhow::Result<()> {
    note(std::io::stdout().lock().flush());
    match LOST.get() {
        Some(reason) => anyhow::bail!("The answer could not be written: {reason}."),
        None => Ok(()),
    }
}

fn note(written: std::io::Result<()>) {
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            LOST.get_or_init(|| error.to_string());
        }
        _ => {}
    }
}
