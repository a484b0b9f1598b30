//! Numbers of users and groups, from the system's own lists.

use std::io;

/// The number of a user, given by name or as a number.
pub(super) fn user_id(name: &str) -> io::Result<u32> {
    find("/etc/passwd", name).ok_or_else(|| unknown("user", name, "/etc/passwd"))
}

/// The number of a group, given by name or as a number.
pub(super) fn group_id(name: &str) -> io::Result<u32> {
    find("/etc/group", name).ok_or_else(|| unknown("group", name, "/etc/group"))
}

fn unknown(kind: &str, name: &str, list: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::NotFound,
        format!("there is no {kind} {name} in {list}; its number can be given instead"),
    )
}

/// Both lists have the name first and the number third.
fn find(list: &str, name: &str) -> Option<u32> {
    if let Ok(number) = name.parse() {
        return Some(number);
    }
    let text = std::fs::read_to_string(list).ok()?;
    number_in(&text, name)
}

fn number_in(list: &str, name: &str) -> Option<u32> {
    let fields = |line: &str| line.split(':').map(str::to_owned).collect::<Vec<_>>();
    let line = list
        .lines()
        .map(fields)
        .find(|fields| fields.first().is_some_and(|first| first == name))?;
    line.get(2)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_looked_up_and_numbers_are_taken_as_they_are() {
        let list = "root:x:0:0:root:/root:/bin/sh\nwww-data:x:33:33::/var/www:/bin/false\n";
        assert_eq!(number_in(list, "www-data"), Some(33));
        assert_eq!(number_in(list, "www"), None);
        assert_eq!(user_id("1234").unwrap(), 1234);
    }
}
