//! Explanations for people and for programs.

use std::fmt;

use bia_config::KeyInfo;
use serde_json::{Map, Value, json};

use super::{Entry, Explanation, key};

impl Explanation {
    /// What is being explained.
    fn name(&self) -> String {
        match self {
            Self::Error { id, .. } => (*id).to_owned(),
            Self::Message { message, .. } => message.id.to_string(),
            Self::Key { path, .. } => path.clone(),
        }
    }

    /// What somebody wrote about it.
    pub fn entry(&self) -> Option<&'static Entry> {
        match self {
            Self::Error { entry, .. } | Self::Message { entry, .. } => Some(entry),
            Self::Key { entry, .. } => *entry,
        }
    }

    /// The example: the one that was written, else for a key one made of its type.
    pub fn example(&self) -> Option<String> {
        let written = self.entry().and_then(|entry| entry.example.clone());
        match self {
            Self::Key { path, info, .. } => {
                written.or_else(|| Some(key::example(path, info).trim_end().to_owned()))
            }
            _ => written,
        }
    }

    /// The first sentences: what it is.
    pub fn what(&self) -> String {
        match self.entry() {
            Some(entry) => entry.what.clone(),
            None => "A setting that only its type is known of.".to_owned(),
        }
    }

    /// Facts from the tables, as pairs of a name and a text.
    pub fn facts(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Error { .. } => Vec::new(),
            Self::Message { message, .. } => {
                let mut facts = vec![
                    ("Kind", message.kind.as_str().to_owned()),
                    ("Name", message.slug.to_owned()),
                ];
                if !message.english.is_empty() {
                    facts.push(("Text", message.english.to_owned()));
                }
                if !message.context_keys.is_empty() {
                    facts.push(("Context", message.context_keys.join(", ")));
                }
                facts
            }
            Self::Key { info, .. } => key_facts(info),
        }
    }

    /// The same for a program.
    pub fn json(&self) -> Value {
        let mut all = Map::new();
        all.insert("id".into(), json!(self.name()));
        all.insert("what".into(), json!(self.what()));
        for (name, text) in self.facts() {
            all.insert(name.to_lowercase(), json!(text));
        }
        if let Some(entry) = self.entry() {
            all.insert("causes".into(), json!(entry.causes));
            all.insert("mend".into(), json!(entry.mend));
            all.insert("see".into(), json!(entry.see));
        }
        all.insert("example".into(), json!(self.example()));
        Value::Object(all)
    }
}

fn key_facts(info: &KeyInfo) -> Vec<(&'static str, String)> {
    let form = info
        .form
        .map_or_else(String::new, |form| format!(", {form}"));
    let mut facts = vec![("Type", format!("{}{form}", info.kind))];
    if let Some(default) = &info.default {
        facts.push(("Default", default.to_string()));
    }
    if !info.choices.is_empty() {
        facts.push(("Allowed", info.choices.join(", ")));
    }
    if info.required {
        facts.push((
            "Required",
            "yes, where the object that it stands in is".to_owned(),
        ));
    }
    if !info.children.is_empty() {
        facts.push(("Keys", info.children.join(", ")));
    }
    facts
}

/// Paragraphs for a terminal.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n\n{}", self.name(), self.what())?;
        let facts = self.facts();
        if !facts.is_empty() {
            writeln!(f)?;
        }
        for (name, text) in facts {
            writeln!(f, "{:<10}{text}", format!("{name}:"))?;
        }
        if let Some(entry) = self.entry() {
            list(f, "Usual causes", &entry.causes)?;
            list(f, "What to do", &entry.mend)?;
        }
        if let Some(example) = self.example() {
            writeln!(f, "\nExample:")?;
            example
                .lines()
                .try_for_each(|line| writeln!(f, "    {line}"))?;
        }
        match self.entry().map(|entry| &entry.see) {
            Some(see) if !see.is_empty() => writeln!(f, "\nSee also: {}", see.join(", ")),
            _ => Ok(()),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, title: &str, items: &[&str]) -> fmt::Result {
    if items.is_empty() {
        return Ok(());
    }
    writeln!(f, "\n{title}:")?;
    items.iter().try_for_each(|item| writeln!(f, "- {item}"))
}
