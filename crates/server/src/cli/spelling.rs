//! What scripts write that call the reference's commands, and that its library for command lines (cobra) takes: flags of
//! a group before the command, switches with a value, the same flag twice, arguments that nobody reads.

use clap::builder::TypedValueParser as _;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, Args as _, Command};

use super::client::Client;

/// The commands below which all take the flags of a client.
const OF_CLIENTS: [&str; 7] = [
    "identities",
    "get",
    "list",
    "import",
    "delete",
    "validate",
    "remote",
];

/// Reads a command line. Help is shown without the spellings that are only there for old scripts.
pub(super) fn parsed<T: clap::Parser>(line: &[std::ffi::OsString]) -> Result<T, clap::Error> {
    let matches = lenient(T::command()).try_get_matches_from(line);
    match matches.and_then(|mut matches| T::from_arg_matches_mut(&mut matches)) {
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            let plain = T::command().try_get_matches_from(line).err();
            Err(plain
                .filter(|plain| plain.kind() == ErrorKind::DisplayHelp)
                .unwrap_or(error))
        }
        outcome => outcome,
    }
}

/// The same commands, less particular about how they are spelt.
fn lenient(mut root: Command) -> Command {
    for group in OF_CLIENTS {
        root = root.mut_subcommand(group, Client::augment_args);
    }
    root = root
        .mut_subcommand("serve", ignoring(0..))
        .mut_subcommand("courier", |courier| {
            courier.mut_subcommand("watch", ignoring(0..))
        })
        .mut_subcommand("list", |list| {
            list.mut_subcommand("identities", ignoring(2))
        })
        .mut_subcommand("identities", |all| all.mut_subcommand("list", ignoring(2)))
        .mut_subcommand("migrate", |migrate| {
            migrate.mut_subcommand("sql", with_flags_of_below)
        });
    with_values(root.args_override_self(true))
}

/// Takes arguments that nothing is done with.
fn ignoring(count: impl Into<clap::builder::ValueRange>) -> impl FnOnce(Command) -> Command {
    let ignored = Arg::new("ignored").num_args(count).hide(true);
    move |command| command.arg(ignored)
}

/// `bia migrate sql -e up`: where the database is may be said before the command.
fn with_flags_of_below(sql: Command) -> Command {
    let shared = |name: &str| matches!(name, "read_from_env" | "config");
    sql.args_conflicts_with_subcommands(false)
        .mut_args(|arg| match shared(arg.get_id().as_str()) {
            true => arg.global(true),
            false => arg,
        })
}

/// Lets switches have a value behind `=`.
fn with_values(command: Command) -> Command {
    command
        .mut_args(|arg| match arg.get_action() {
            ArgAction::SetTrue => arg
                .action(ArgAction::Set)
                .num_args(0..=1)
                .require_equals(true)
                .default_value("false")
                .default_missing_value("true")
                .value_parser(
                    clap::builder::NonEmptyStringValueParser::new().try_map(|text| boolean(&text)),
                ),
            _ => arg,
        })
        .mut_subcommands(with_values)
}

/// The spellings that Go knows of yes and no.
fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("write true or false".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::PathBuf;

    use clap::{ArgMatches, CommandFactory as _};

    use super::super::Cli;
    use super::super::client::Format;
    use super::*;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    /// What the innermost command of a line gets.
    fn read(line: &str) -> ArgMatches {
        let mut matches = lenient(Cli::command())
            .try_get_matches_from(words(line))
            .unwrap();
        while let Some((_, below)) = matches.remove_subcommand() {
            matches = below;
        }
        matches
    }

    #[test]
    fn what_old_scripts_write_is_understood() {
        // All of these the reference takes (commit b86338d, run).
        for line in [
            "bia remote -e http://a status",
            "bia remote --endpoint http://a status --format json",
            "bia list --format json identities",
            "bia ls -q identities",
            "bia get -e http://a --quiet=false identity x --external-id=true",
            "bia delete -q=true identity x",
            "bia import -e http://a identities file.json",
            "bia validate -e http://a identity file.json",
            "bia serve all --dev=true --watch-courier=true --sqa-opt-out=true",
            "bia serve --dev --dev=false",
            "bia courier watch all -c a.yml",
            "bia migrate sql up -e=true --yes=true",
            "bia migrate sql up -e -y -y",
            "bia migrate sql up -ey",
            "bia migrate sql -e -y",
            "bia migrate sql -e up -y",
            "bia migrate sql status -e --block=True --format json --format yaml",
            "bia list identities 1 2",
            "bia identities list 1 2",
            "bia cleanup sql -e=false -e sqlite://x",
        ] {
            let outcome = parsed::<Cli>(&words(line)).map(drop);
            assert!(outcome.is_ok(), "{line}: {outcome:?}");
        }
    }

    #[test]
    fn what_is_said_last_counts_wherever_it_stands() {
        let told = |line: &str| {
            let matches = read(line);
            let endpoint = matches.get_one::<String>("endpoint").cloned();
            let format = matches.get_one::<Format>("format").cloned();
            (
                endpoint.unwrap(),
                format.unwrap(),
                matches.get_flag("quiet"),
            )
        };
        assert_eq!(
            told(
                "bia list -e http://a --format json -q identities -e http://b -e http://c -q=false"
            ),
            ("http://c".to_owned(), Format::Json, false)
        );
        assert_eq!(
            told("bia list -e http://a -q identities --format json --format=yaml"),
            ("http://a".to_owned(), Format::Yaml, true)
        );
        let serve = read("bia serve --dev --watch-courier=false --sqa-opt-out=t -c a.yml -c b.yml");
        let flags = ["dev", "watch_courier", "sqa_opt_out"].map(|name| serve.get_flag(name));
        assert_eq!(flags, [true, false, true]);
        assert_eq!(serve.get_many::<PathBuf>("config").unwrap().len(), 2);
        let up = read("bia migrate sql -e -c a.yml up -y -y=false");
        assert!(up.get_flag("read_from_env") && !up.get_flag("yes"));
        assert_eq!(up.get_many::<PathBuf>("config").unwrap().len(), 1);
    }

    #[test]
    fn what_nobody_takes_is_still_refused() {
        for line in [
            "bia list identities 1",
            "bia serve --dev=perhaps",
            "bia serve --dev= all",
            "bia get identity",
            "bia remote status x",
            "bia migrate sql down sqlite://x 1",
        ] {
            assert!(parsed::<Cli>(&words(line)).is_err(), "{line:?}");
        }
    }

    #[test]
    fn help_shows_nothing_that_is_there_for_old_scripts_only() {
        let help = parsed::<Cli>(&words("bia serve --help")).map(drop);
        let help = help.unwrap_err().to_string();
        assert!(
            help.contains("--dev ") && !help.contains("--dev["),
            "{help}"
        );
    }
}
