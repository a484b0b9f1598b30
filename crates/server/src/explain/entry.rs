//! The form in which explanations are written: headings, a sentence or two, lists, an example.

/// What somebody wrote about one thing, or several of a kind.
#[derive(Debug, Default)]
pub struct Entry {
    /// The names that it is about; for keys they may be patterns.
    pub names: Vec<&'static str>,
    /// What happened, or what it is for.
    pub what: String,
    /// Why that usually is.
    pub causes: Vec<&'static str>,
    /// What to do about it.
    pub mend: Vec<&'static str>,
    /// What that looks like.
    pub example: Option<String>,
    /// What else to ask for.
    pub see: Vec<&'static str>,
}

/// Which part of an entry a line belongs to.
#[derive(Clone, Copy)]
enum Part {
    What,
    Causes,
    Mend,
    Example,
}

/// Reads a text of entries. What stands before the first heading is for its readers only.
pub(super) fn parse(text: &'static str) -> Vec<Entry> {
    text.split("\n## ").skip(1).map(one).collect()
}

fn one(text: &'static str) -> Entry {
    let (names, body) = text.split_once('\n').unwrap_or((text, ""));
    let mut entry = Entry {
        names: names.split(", ").collect(),
        ..Entry::default()
    };
    let mut part = Part::What;
    for line in body.lines() {
        match line {
            "Usual causes:" => part = Part::Causes,
            "What to do:" => part = Part::Mend,
            "Example:" => part = Part::Example,
            _ => match line.strip_prefix("See also: ") {
                Some(names) => entry.see = names.split(", ").collect(),
                None => entry.add(part, line),
            },
        }
    }
    if let Some(example) = &mut entry.example {
        example.truncate(example.trim_end().len());
    }
    entry
}

impl Entry {
    fn add(&mut self, part: Part, line: &'static str) {
        let item = line.strip_prefix("- ");
        match (part, item) {
            (Part::Causes, Some(item)) => self.causes.push(item),
            (Part::Mend, Some(item)) => self.mend.push(item),
            (Part::Example, _) => {
                let example = self.example.get_or_insert_default();
                example.push_str(line.strip_prefix("    ").unwrap_or(line));
                example.push('\n');
            }
            _ if line.is_empty() => {}
            _ => {
                if !self.what.is_empty() {
                    self.what.push(' ');
                }
                self.what.push_str(line);
            }
        }
    }
}
