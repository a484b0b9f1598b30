//! The page of commands: what `--help` says of each.

use std::fmt::Write as _;

use clap::Command;

use super::markdown::code;

pub(super) fn page(commands: Command) -> String {
    let mut page = String::from(
        "# Commands\n\nWhat `--help` says. Exit code 0: all went well; 1: anything did not.\n\n",
    );
    // Values of the environment of whoever makes the page are none of its readers' business.
    let mut commands = quiet(commands);
    commands.build();
    one(&mut commands, &mut page);
    page
}

fn quiet(command: Command) -> Command {
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    let command = command.mut_args(|argument| argument.hide_env_values(true));
    names
        .into_iter()
        .fold(command, |command, name| command.mut_subcommand(name, quiet))
}

fn one(command: &mut Command, page: &mut String) {
    if command.is_hide_set() || command.get_name() == "help" {
        return;
    }
    let name = command
        .get_bin_name()
        .unwrap_or(command.get_name())
        .to_owned();
    let _ = write!(page, "## {name}\n\n");
    page.push_str(&code(&command.render_long_help().to_string()));
    for sub in command.get_subcommands_mut() {
        one(sub, page);
    }
}
