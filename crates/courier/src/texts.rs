//! Texts of an operator's own: behind an address of the configuration, or in a folder (spec courier.md §5).
//!
//! Each part of a message is looked for by itself; what is nowhere is the built-in text. Files are read each time, so
//! that a change shows at once. What a server gave is kept as long as the configuration is in force.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bia_config::section::courier::{Courier as Config, MessageTemplate, Template as Addresses};
use bia_config::{Finding, fetch};
use bia_model::Channel;

use crate::error::CourierError;
use crate::gotmpl::{Fault, Source};
use crate::template::{Template, TemplateKind, variables};

/// A part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// The subject of a mail.
    Subject,
    /// The HTML of a mail.
    Html,
    /// The plain text of a mail, or the text message.
    Plain,
}

/// Where an operator's texts are.
#[derive(Default)]
pub(crate) struct Texts {
    folder: Option<PathBuf>,
    addresses: BTreeMap<String, Addresses>,
    /// By address: what servers gave.
    remote: Arc<Mutex<HashMap<String, Arc<str>>>>,
}

/// A text that was found, and where.
struct Found {
    source: Source,
    place: Place,
}

enum Place {
    Key(String),
    File(PathBuf),
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Key(key) => f.write_str(key),
            Place::File(path) => write!(f, "{}", path.display()),
        }
    }
}

impl Texts {
    /// As configured.
    pub(crate) fn new(config: &Config) -> Texts {
        Texts {
            folder: config.template_override_path.clone(),
            addresses: config.templates.clone(),
            remote: Arc::default(),
        }
    }

    /// A part of a message in the operator's words. `None` where the built-in text is to be used.
    pub(crate) async fn own(
        &self,
        template: &Template,
        request_headers: &BTreeMap<String, Vec<String>>,
        part: Part,
    ) -> Result<Option<String>, CourierError> {
        let (kind, via) = (template.kind(), template.channel());
        let broken = |place: &Place, problem: &dyn std::fmt::Display| CourierError::Template {
            kind: kind.as_str(),
            reason: format!("{place}: {problem}"),
        };
        let found = self.find(kind, via, part).await;
        let Some(found) = found.map_err(|(place, problem)| broken(&place, &problem))? else {
            return Ok(None);
        };
        let data = variables::data(template, request_headers)?;
        let parsed = found.source.parse(&variables::variables(kind, via));
        let made = parsed.and_then(|parsed| match part {
            Part::Html => parsed.html(&data),
            Part::Subject | Part::Plain => parsed.text(&data),
        });
        made.map(Some).map_err(|fault| broken(&found.place, &fault))
    }

    async fn find(
        &self,
        kind: TemplateKind,
        via: Channel,
        part: Part,
    ) -> Result<Option<Found>, (Place, String)> {
        if let Some((key, address)) = self.address(kind, via, part) {
            let text = self.read(address).await;
            let place = Place::Key(key.clone());
            return match text {
                Ok(text) => Ok(Some(Found {
                    source: Source {
                        name: key,
                        text,
                        partials: Vec::new(),
                    },
                    place,
                })),
                Err(problem) => Err((place, problem)),
            };
        }
        self.in_folder(kind, via, part).await
    }

    /// The address that is configured for a part, with its key.
    fn address(&self, kind: TemplateKind, via: Channel, part: Part) -> Option<(String, &str)> {
        let (name, level) = kind.folder();
        let addresses = self.addresses.get(name)?;
        let set = match level {
            Some("valid") => &addresses.valid,
            Some(_) => &addresses.invalid,
            None => &addresses.always,
        };
        let message: &MessageTemplate = match via {
            Channel::Email => &set.email,
            Channel::Sms => &set.sms,
        };
        let (below, address) = match part {
            Part::Subject => ("subject", &message.subject),
            Part::Html => ("body.html", &message.body.html),
            Part::Plain => ("body.plaintext", &message.body.plaintext),
        };
        let address = address.as_deref().filter(|address| !address.is_empty())?;
        let level = level.map(|level| format!(".{level}")).unwrap_or_default();
        let key = format!("courier.templates.{name}{level}.{}.{below}", via.as_str());
        Some((key, address))
    }

    async fn read(&self, address: &str) -> Result<String, String> {
        let is_remote = address.starts_with("http://") || address.starts_with("https://");
        if !is_remote {
            let bytes = fetch::fetch(address)
                .await
                .map_err(|error| error.to_string())?;
            return Ok(String::from_utf8_lossy(&bytes).into_owned());
        }
        let kept = self
            .remote
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(address)
            .cloned();
        if let Some(text) = kept {
            return Ok(text.to_string());
        }
        // A message is rendered while a transaction is open, which must not wait for a server. So the next message
        // of this kind may have it.
        let (remote, address) = (Arc::clone(&self.remote), address.to_owned());
        tokio::spawn(async move { load(&remote, &address).await });
        Err("the template could not be loaded from its server; it is being tried again".to_owned())
    }

    async fn in_folder(
        &self,
        kind: TemplateKind,
        via: Channel,
        part: Part,
    ) -> Result<Option<Found>, (Place, String)> {
        let Some(folder) = &self.folder else {
            return Ok(None);
        };
        let (name, level) = kind.folder();
        let folder = level.map_or(folder.join(name), |level| folder.join(name).join(level));
        let stem = match (via, part) {
            (Channel::Email, Part::Subject) => "email.subject",
            (Channel::Email, Part::Html) => "email.body",
            (Channel::Email, Part::Plain) => "email.body.plaintext",
            (Channel::Sms, _) => "sms.body",
        };
        let file = format!("{stem}.gotmpl");
        let path = folder.join(&file);
        if !tokio::fs::try_exists(&path).await.unwrap_or(false) {
            return Ok(None);
        }
        let place = Place::File(path);
        match files(&folder, stem).await {
            Ok(mut files) => {
                let text = files.remove(&file).unwrap_or_default();
                let source = Source {
                    name: file,
                    text,
                    partials: files.into_iter().collect(),
                };
                Ok(Some(Found { source, place }))
            }
            Err(problem) => Err((place, problem)),
        }
    }

    /// Loads what is behind addresses of servers, and names everything that is wrong: templates that cannot be read,
    /// and those that name what is not there.
    pub(crate) async fn findings(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        for kind in TemplateKind::ALL {
            for via in [Channel::Email, Channel::Sms] {
                for part in [Part::Subject, Part::Html, Part::Plain] {
                    if via == Channel::Sms && part != Part::Plain {
                        continue;
                    }
                    findings.extend(self.finding(kind, via, part).await);
                }
            }
        }
        findings
    }

    async fn finding(&self, kind: TemplateKind, via: Channel, part: Part) -> Option<Finding> {
        if let Some((key, address)) = self.address(kind, via, part)
            && address.starts_with("http")
            && let Err(problem) = load(&self.remote, address).await
        {
            return Some(wrong(
                &Place::Key(key),
                &Fault {
                    line: None,
                    problem,
                },
            ));
        }
        match self.find(kind, via, part).await {
            Ok(None) => None,
            Ok(Some(found)) => {
                let fault = found.source.parse(&variables::variables(kind, via)).err()?;
                Some(wrong(&found.place, &fault))
            }
            Err((place, problem)) => Some(wrong(
                &place,
                &Fault {
                    line: None,
                    problem,
                },
            )),
        }
    }
}

fn wrong(place: &Place, fault: &Fault) -> Finding {
    const MEND: &str = "Messages of this kind cannot be made, and the flows that send them fail. Correct the template.";
    let problem = |fault: &dyn std::fmt::Display| format!("The template cannot be used: {fault}.");
    match place {
        Place::Key(key) => Finding::warning(key.clone(), problem(fault), MEND),
        Place::File(path) => {
            let file = bia_config::Place::File {
                path: path.display().to_string(),
                line: fault.line.and_then(|line| u32::try_from(line).ok()),
            };
            Finding::warning(
                "courier.template_override_path",
                problem(&fault.problem),
                MEND,
            )
            .at(Some(file))
        }
    }
}

/// The files of a folder whose names begin with `stem`, by name.
async fn files(folder: &std::path::Path, stem: &str) -> Result<BTreeMap<String, String>, String> {
    /// More are not parts of one template.
    const MOST: usize = 200;
    let mut found = BTreeMap::new();
    let mut entries = tokio::fs::read_dir(folder)
        .await
        .map_err(|error| error.to_string())?;
    while let Some(entry) = entries
        .next_entry()
        .await
        .map_err(|error| error.to_string())?
    {
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        if !name.starts_with(stem) {
            continue;
        }
        if found.len() == MOST {
            return Err(format!("there are more than {MOST} files beside it"));
        }
        let address = format!("file://{}", entry.path().display());
        let bytes = fetch::fetch(&address)
            .await
            .map_err(|error| format!("{name}: {error}"))?;
        found.insert(name, String::from_utf8_lossy(&bytes).into_owned());
    }
    Ok(found)
}

async fn load(remote: &Mutex<HashMap<String, Arc<str>>>, address: &str) -> Result<(), String> {
    let bytes = fetch::fetch(address)
        .await
        .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&bytes);
    let mut remote = remote.lock().unwrap_or_else(PoisonError::into_inner);
    remote.insert(address.to_owned(), Arc::from(text));
    Ok(())
}
