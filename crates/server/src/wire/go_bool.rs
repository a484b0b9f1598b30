//! Truth values in queries and forms, as Go's `strconv.ParseBool` spells them (`spec/flows.md` §1.1).

/// `Some` for the twelve spellings; `None` for everything else, which most parameters treat as false and some refuse.
pub fn parse(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn only_the_spellings_of_go_are_known() {
        for text in ["1", "t", "T", "TRUE", "true", "True"] {
            assert_eq!(parse(text), Some(true), "{text}");
        }
        for text in ["0", "f", "F", "FALSE", "false", "False"] {
            assert_eq!(parse(text), Some(false), "{text}");
        }
        for text in ["", "yes", "on", "tRUE", " true", "2", "01"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
