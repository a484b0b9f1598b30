//! The `bia` command.

#[macro_use]
mod out;

mod cleanup;
mod client;
mod connect;
mod copy;
mod courier;
mod doctor;
mod explain;
mod hashers;
mod migrate;
mod phones;
mod progress;
mod reference;
mod search;
mod serve;
mod snippets;
mod sources;
mod spelling;
mod stop;
mod version;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Args, CommandFactory as _, Parser, Subcommand};

/// An identity server: sign-up, login, recovery, verification, profile, second factors, sessions.
///
/// Bia answers the API of Ory Kratos: the public API on port 4433, the admin API on port 4434. It reads the same
/// configuration and identity schemas.
///
/// To try it out without any configuration: `bia serve --dev`.
#[derive(Parser)]
#[command(name = "bia", version = crate::version::VERSION, arg_required_else_help = true, propagate_version = false)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the server: the public and the admin listener.
    Serve(serve::Serve),
    /// Prepares databases.
    #[command(subcommand)]
    Migrate(migrate::Migrate),
    /// Copies all accounts, sessions and messages into an empty database, of any kind.
    ///
    /// For example from SQLite to PostgreSQL. Stop the servers of both databases first. A copy that was ended goes on
    /// where it was when the same command is run again; until it is whole, no server starts on the target. At the end
    /// both sides are compared, row by row. Configuration and secrets are not in a database: keep them.
    Copy(copy::Copy),
    /// Delivers messages.
    #[command(subcommand)]
    Courier(courier::Courier),
    /// Removes what has expired from a database.
    #[command(subcommand)]
    Cleanup(cleanup::Cleanup),
    /// Keeps identities searchable.
    #[command(subcommand)]
    Search(search::Search),
    /// Works with identities of a running server: `bia identities list` is the same as `bia list identities`.
    #[command(subcommand)]
    Identities(Identities),
    /// Shows identities.
    #[command(subcommand)]
    Get(Get),
    /// Lists identities.
    #[command(subcommand, visible_alias = "ls")]
    List(List),
    /// Makes identities of files.
    #[command(subcommand)]
    Import(Import),
    /// Deletes identities.
    #[command(subcommand)]
    Delete(Delete),
    /// Checks identities.
    #[command(subcommand)]
    Validate(Validate),
    /// Finds out what password hashes cost on this machine.
    #[command(subcommand)]
    Hashers(hashers::Hashers),
    /// Asks a running server how it is.
    #[command(subcommand)]
    Remote(client::remote::Remote),
    /// Looks a configuration over: addresses, cookies, keys, messages, methods and traits, hooks, the database.
    Doctor(doctor::Doctor),
    /// Explains an error, a message or a configuration key: what happened, usual causes, what to do, an example.
    Explain(explain::Explain),
    /// Prints what a shell needs to complete commands, for example `bia completion bash`.
    Completion {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Formats files.
    #[command(subcommand)]
    Format(Format),
    /// Looks for mistakes in files.
    #[command(subcommand)]
    Lint(Lint),
    /// Works with Jsonnet files. Without a command it evaluates them for a server, which starts it: tasks are read from
    /// standard input.
    Jsonnet {
        #[command(subcommand)]
        command: Option<snippets::Snippets>,
    },
    /// Writes the reference pages of the book: for whoever works on the server.
    #[command(hide = true)]
    Reference(reference::Reference),
    /// Prints which build this is.
    Version,
}

#[derive(Subcommand)]
enum Identities {
    /// Shows identities by their ids.
    Get(client::identities::Get),
    /// Lists identities, a page at a time.
    List(client::identities::List),
    /// Makes identities of files.
    Import(client::identities::Import),
    /// Deletes identities by their ids.
    Delete(client::identities::Delete),
    /// Tells how an identity can sign in, and whether it needs a second factor and why.
    Explain(client::explain::Explain),
    /// Lets the wrong attempts on accounts be forgotten, so that their owners need not wait.
    Unlock(client::locks::Unlock),
    /// Checks files of identities without sending them.
    Validate(client::validate::Validate),
}

#[derive(Subcommand)]
enum Format {
    /// Brings Jsonnet files to one layout.
    Jsonnet(snippets::Format),
}

#[derive(Subcommand)]
enum Lint {
    /// Looks for mistakes in Jsonnet files.
    #[command(alias = "jsonnet")]
    Lint(snippets::Lint),
}

#[derive(Subcommand)]
enum Validate {
    /// Checks files of identities without sending them.
    #[command(alias = "identities")]
    Identity(client::validate::Validate),
}

#[derive(Subcommand)]
enum Get {
    /// Shows identities by their ids.
    #[command(alias = "identities")]
    Identity(client::identities::Get),
}

#[derive(Subcommand)]
enum List {
    /// Lists identities, a page at a time.
    #[command(alias = "identity")]
    Identities(client::identities::List),
}

#[derive(Subcommand)]
enum Import {
    /// Makes identities of files.
    #[command(alias = "identity")]
    Identities(client::identities::Import),
}

#[derive(Subcommand)]
enum Delete {
    /// Deletes identities by their ids.
    #[command(alias = "identities")]
    Identity(client::identities::Delete),
}

/// Where the configuration comes from, for every command that has one.
#[derive(Args, Clone, Debug, Default)]
struct ConfigFiles {
    /// A configuration file (.yaml, .yml, .json, .toml). May be given several times, or with commas between
    /// files: what a later file says counts. Environment variables named like keys (LOG_LEVEL for log.level)
    /// count more than files.
    #[arg(
        short = 'c',
        long = "config",
        value_name = "FILE",
        value_delimiter = ','
    )]
    config: Vec<std::path::PathBuf>,
}

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let line: Vec<OsString> = std::env::args_os().collect();
    let cli = match spelling::parsed::<Cli>(&line) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors, but come this way.
            let failed = error.use_stderr();
            let _ = error.print();
            return if failed {
                ExitCode::FAILURE
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    let outcome = match cli.command {
        Command::Serve(command) => command.run(),
        Command::Migrate(command) => command.run(),
        Command::Copy(command) => command.run(),
        Command::Courier(command) => command.run(),
        Command::Cleanup(command) => command.run(),
        Command::Identities(Identities::Explain(command)) => command.run(),
        Command::Identities(Identities::Unlock(command)) => command.run(),
        Command::Search(command) => command.run(),
        Command::Get(Get::Identity(command)) | Command::Identities(Identities::Get(command)) => {
            command.run()
        }
        Command::List(List::Identities(command))
        | Command::Identities(Identities::List(command)) => command.run(),
        Command::Import(Import::Identities(command))
        | Command::Identities(Identities::Import(command)) => command.run(),
        Command::Delete(Delete::Identity(command))
        | Command::Identities(Identities::Delete(command)) => command.run(),
        Command::Validate(Validate::Identity(command))
        | Command::Identities(Identities::Validate(command)) => command.run(),
        Command::Hashers(command) => command.run(),
        Command::Remote(command) => command.run(),
        Command::Doctor(command) => command.run(),
        Command::Explain(command) => command.run(),
        Command::Completion { shell } => completion(shell),
        Command::Jsonnet { command: None } => jsonnet(),
        Command::Jsonnet {
            command: Some(command),
        } => command.run(),
        Command::Format(Format::Jsonnet(command)) => command.run(),
        Command::Lint(Lint::Lint(command)) => command.run(),
        Command::Reference(command) => command.run(Cli::command()),
        Command::Version => version::print(),
    };
    match outcome.and_then(|()| out::finish()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}", explained(&error));
            ExitCode::FAILURE
        }
    }
}

/// Offers what people call: not what is hidden from them.
fn completion(shell: clap_complete::Shell) -> anyhow::Result<()> {
    let all = Cli::command();
    let seen = all
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    let mut offered = clap::Command::new("bia")
        .version(crate::version::VERSION)
        .args(all.get_arguments())
        .subcommands(seen);
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut offered, "bia", &mut text);
    print!("{}", String::from_utf8(text)?);
    Ok(())
}

fn jsonnet() -> anyhow::Result<()> {
    bia_jsonnet::serve_worker(std::io::stdin().lock(), std::io::stdout().lock())?;
    Ok(())
}

/// An error with its causes, one a line, without saying the same twice.
fn explained(error: &anyhow::Error) -> String {
    let mut lines: Vec<String> = Vec::new();
    for cause in error.chain().map(ToString::to_string) {
        if !lines.iter().any(|line| line.contains(&cause)) {
            lines.push(cause);
        }
    }
    lines.join("\n  ")
}

/// Runs `work` on the threads that it needs: as many as there are processors for the server, one for a command.
fn block_on<T>(
    threads: Threads,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    // One provider for everything in this process that speaks TLS. A second installation only happens in tests.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut builder = match threads {
        Threads::OnePerProcessor => tokio::runtime::Builder::new_multi_thread(),
        Threads::One => tokio::runtime::Builder::new_current_thread(),
    };
    builder.enable_all().build()?.block_on(work)
}

/// How many threads a command works with.
enum Threads {
    OnePerProcessor,
    One,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_command_and_every_flag_has_a_help_text() {
        fn check(command: &clap::Command) {
            assert!(
                command.get_about().is_some(),
                "{} has no help",
                command.get_name()
            );
            for argument in command.get_arguments() {
                let id = argument.get_id().as_str();
                let built_in = matches!(id, "help" | "version");
                assert!(
                    built_in || argument.get_help().is_some(),
                    "{} {id} has no help",
                    command.get_name()
                );
            }
            command.get_subcommands().for_each(check);
        }
        Cli::command().debug_assert();
        check(&Cli::command());
    }

    #[test]
    fn the_reference_pages_of_the_book_are_what_the_tables_say() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/reference");
        let mut stale = Vec::new();
        for page in crate::reference::pages(Cli::command()) {
            let there = std::fs::read_to_string(format!("{folder}/{}", page.file));
            if there.ok().as_deref() != Some(page.text.as_str()) {
                stale.push(page.file);
            }
        }
        assert!(
            stale.is_empty(),
            "{} in docs/src/reference: the tables say something else by now. Renew with \
             `cargo run -p bia-server -- reference --out docs/src/reference`, and look at the difference.",
            stale.join(", ")
        );
    }

    #[test]
    fn causes_are_told_once() {
        let error = anyhow::anyhow!("the disk is full")
            .context("It failed: the disk is full")
            .context("No start");
        assert_eq!(explained(&error), "No start\n  It failed: the disk is full");
    }

    #[test]
    fn files_can_be_repeated_or_listed() {
        let cli = Cli::try_parse_from(["bia", "serve", "-c", "a.yml,b.yml", "--config", "c.toml"])
            .unwrap();
        let Command::Serve(serve) = cli.command else {
            unreachable!("serve was asked for")
        };
        assert_eq!(serve.files.config.len(), 3);
    }
}
