//! Nodes as rows of a form.

use bia_model::text::{Message, MessageType};
use bia_model::ui::{Attributes, Input, InputType, Meta, Node};
use serde_json::{Map, Value};

use crate::link;
use crate::wording::Wording;

/// A message as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    pub(crate) id: u32,
    /// `info`, `error` or `success`: also the style class.
    pub(crate) kind: &'static str,
    pub(crate) text: String,
}

impl Note {
    pub(crate) fn of(message: &Message) -> Note {
        Note {
            id: message.id,
            kind: message.r#type.as_str(),
            text: message.text.clone(),
        }
    }

    pub(crate) fn all(messages: &[Message]) -> Vec<Note> {
        messages.iter().map(Note::of).collect()
    }
}

/// One visible part of a form.
#[derive(Debug)]
pub(crate) enum Row {
    Field(Field),
    Button(Button),
    Anchor {
        id: String,
        href: String,
        text: String,
    },
    Image {
        id: String,
        src: String,
        width: u32,
        height: u32,
        alt: String,
    },
    Text {
        id: String,
        label: String,
        text: String,
    },
    Codes {
        id: String,
        label: String,
        codes: Vec<Code>,
    },
    Div {
        id: String,
        class: String,
        data: Vec<(String, String)>,
    },
    Divider,
}

/// One backup code.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) text: String,
    pub(crate) used: bool,
}

/// A field to fill in.
#[derive(Debug, Default)]
pub(crate) struct Field {
    /// Unique on the page.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) kind: &'static str,
    pub(crate) value: String,
    pub(crate) checked: bool,
    pub(crate) required: bool,
    pub(crate) optional: bool,
    pub(crate) disabled: bool,
    pub(crate) autofocus: bool,
    pub(crate) autocomplete: Option<String>,
    pub(crate) inputmode: Option<&'static str>,
    pub(crate) pattern: Option<String>,
    pub(crate) maxlength: Option<u64>,
    /// A one-time code: large, spaced digits.
    pub(crate) code: bool,
    pub(crate) hint: Option<&'static str>,
    pub(crate) options: Vec<Choice>,
    pub(crate) messages: Vec<Note>,
}

impl Field {
    pub(crate) fn invalid(&self) -> bool {
        self.messages
            .iter()
            .any(|note| note.kind == MessageType::Error.as_str())
    }

    /// The ids of what explains the field.
    pub(crate) fn described_by(&self) -> String {
        let mut ids: Vec<String> = (0..self.messages.len())
            .map(|n| format!("{}-m{n}", self.id))
            .collect();
        if self.hint.is_some() {
            ids.push(format!("{}-hint", self.id));
        }
        ids.join(" ")
    }
}

/// One value to choose from.
#[derive(Debug)]
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) selected: bool,
}

/// A button.
#[derive(Debug)]
pub(crate) struct Button {
    pub(crate) name: String,
    pub(crate) value: String,
    pub(crate) label: String,
    pub(crate) submits: bool,
    pub(crate) disabled: bool,
    /// Whether it works without the form's required fields.
    pub(crate) novalidate: bool,
    pub(crate) look: Look,
    /// The dialog that it opens.
    pub(crate) trigger: Option<&'static str>,
    /// Social sign-in: the provider's first letter.
    pub(crate) initial: Option<char>,
    pub(crate) messages: Vec<Note>,
}

/// How much a button stands out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    Primary,
    Plain,
    Danger,
    Quiet,
}

impl Look {
    pub(crate) fn class(self) -> &'static str {
        match self {
            Look::Primary => "primary",
            Look::Plain => "plain-button",
            Look::Danger => "danger",
            Look::Quiet => "quiet",
        }
    }
}

/// A hidden field.
#[derive(Debug)]
pub(crate) struct Hidden {
    pub(crate) name: String,
    pub(crate) value: String,
    /// The script function to run when the page is shown.
    pub(crate) trigger: Option<&'static str>,
}

/// The functions of `webauthn.js` that a node may name. Anything else is not run.
const TRIGGERS: [&str; 6] = [
    "oryWebAuthnRegistration",
    "oryWebAuthnLogin",
    "oryPasskeyLogin",
    "oryPasskeyLoginAutocompleteInit",
    "oryPasskeyRegistration",
    "oryPasskeySettingsRegistration",
];

pub(crate) fn trigger(name: Option<&String>) -> Option<&'static str> {
    name.and_then(|name| TRIGGERS.into_iter().find(|known| known == name))
}

/// A value as it stands in a form field.
pub(crate) fn form_value(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

pub(crate) fn hidden(input: &Input) -> Hidden {
    Hidden {
        name: input.name.clone(),
        value: form_value(input.value.as_ref()),
        trigger: trigger(input.onload_trigger.as_ref()),
    }
}

/// The row of a node; `None` for scripts and hidden fields. `id` is unique on the page.
pub(crate) fn row(node: &Node, id: String, wording: &'static Wording) -> Option<Row> {
    match &node.attributes {
        Attributes::Input(input) => input_row(node, input, id, wording),
        Attributes::Img {
            src,
            id,
            width,
            height,
        } => Some(Row::Image {
            id: id.clone(),
            src: link::picture(src).into(),
            width: *width,
            height: *height,
            alt: label_of(&node.meta).unwrap_or_default(),
        }),
        Attributes::A { href, title, id } => Some(Row::Anchor {
            id: id.clone(),
            href: link::safe(href).into(),
            text: title.text.clone(),
        }),
        Attributes::Text { text, id } => Some(text_row(node, text, id)),
        Attributes::Script(_) => None,
        Attributes::Div { class, id, data } => Some(Row::Div {
            id: id.clone(),
            class: class.clone().unwrap_or_default(),
            data: data
                .as_ref()
                .and_then(Value::as_object)
                .map(data_attributes)
                .unwrap_or_default(),
        }),
    }
}

fn input_row(node: &Node, input: &Input, id: String, wording: &'static Wording) -> Option<Row> {
    match input.r#type {
        InputType::Hidden => None,
        InputType::Submit | InputType::Button => Some(Row::Button(button(node, input))),
        _ => Some(Row::Field(field(node, input, id, wording))),
    }
}

fn button(node: &Node, input: &Input) -> Button {
    let value = form_value(input.value.as_ref());
    let label =
        label_of(&node.meta).or_else(|| input.label.as_ref().map(|label| label.text.clone()));
    let provider = node
        .meta
        .label
        .as_ref()
        .and_then(|label| label.context.as_ref()?.get("provider")?.as_str());
    Button {
        label: label
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| humanized(&value)),
        look: look(node, &input.name),
        submits: input.r#type == InputType::Submit,
        disabled: input.disabled,
        novalidate: false,
        trigger: trigger(input.onclick_trigger.as_ref()),
        initial: provider
            .and_then(|name| name.chars().next())
            .and_then(|first| first.to_uppercase().next()),
        messages: Note::all(&node.messages),
        name: input.name.clone(),
        value,
    }
}

/// Message 1070008: the label of buttons that send a code again.
const RESEND: u32 = 1_070_008;

fn look(node: &Node, name: &str) -> Look {
    let resend = node
        .meta
        .label
        .as_ref()
        .is_some_and(|label| label.id == RESEND);
    if removes(name) {
        Look::Danger
    } else if resend || name == "screen" {
        Look::Quiet
    } else {
        Look::Plain
    }
}

/// Whether a button takes something away.
pub(crate) fn removes(name: &str) -> bool {
    name == "unlink"
        || ["_unlink", "_remove", "_disable"]
            .iter()
            .any(|end| name.ends_with(end))
}

fn field(node: &Node, input: &Input, id: String, wording: &'static Wording) -> Field {
    let is_trait = input.name.starts_with("traits.");
    let checkbox = input.r#type == InputType::Checkbox;
    let code = matches!(input.name.as_str(), "code" | "totp_code");
    let value = form_value(input.value.as_ref());
    let label =
        label_of(&node.meta).or_else(|| input.label.as_ref().map(|label| label.text.clone()));
    Field {
        id,
        label: label
            .filter(|text| !text.is_empty())
            .unwrap_or_else(|| humanized(&input.name)),
        kind: html_type(input.r#type),
        checked: checkbox && value == "true",
        // "Required" of a yes-or-no trait means that it must be answered, not that the answer is yes.
        required: input.required && !checkbox,
        optional: is_trait && !input.required && !checkbox && !input.disabled,
        disabled: input.disabled,
        autofocus: false,
        autocomplete: input
            .autocomplete
            .clone()
            .or_else(|| code.then(|| "one-time-code".into())),
        inputmode: code.then_some("numeric"),
        pattern: input.pattern.as_ref().map(|pattern| {
            if is_trait {
                anywhere(pattern)
            } else {
                pattern.clone()
            }
        }),
        maxlength: input.maxlength.filter(|most| *most > 0),
        code,
        hint: (input.r#type == InputType::DatetimeLocal).then_some(wording.hint_time),
        options: choices(input, &value),
        messages: Note::all(&node.messages),
        // A password never goes back to the page.
        value: if input.r#type == InputType::Password {
            String::new()
        } else {
            value
        },
        name: input.name.clone(),
    }
}

fn choices(input: &Input, chosen: &str) -> Vec<Choice> {
    let values = input
        .options
        .iter()
        .map(|option| form_value(Some(&option.value)));
    values
        .map(|value| Choice {
            selected: value == chosen,
            value,
        })
        .collect()
}

/// HTML matches a pattern against the whole value, JSON Schema looks for it anywhere.
fn anywhere(pattern: &str) -> String {
    format!(".*(?:{pattern}).*")
}

fn html_type(kind: InputType) -> &'static str {
    match kind {
        // HTML's own widget drops the time zone, which RFC 3339 needs: the text is asked for as it is.
        InputType::Text | InputType::DatetimeLocal => "text",
        InputType::Password => "password",
        InputType::Number => "number",
        InputType::Checkbox => "checkbox",
        InputType::Hidden => "hidden",
        InputType::Email => "email",
        InputType::Tel => "tel",
        InputType::Submit => "submit",
        InputType::Button => "button",
        InputType::Date => "date",
        InputType::Url => "url",
    }
}

/// Message 1050014: a backup code that was used.
const USED: u32 = 1_050_014;

fn text_row(node: &Node, text: &Message, id: &str) -> Row {
    let label = label_of(&node.meta).unwrap_or_default();
    let secrets = text
        .context
        .as_ref()
        .and_then(|context| context.get("secrets"))
        .and_then(Value::as_array);
    match secrets {
        None => Row::Text {
            id: id.into(),
            label,
            text: text.text.clone(),
        },
        Some(secrets) => Row::Codes {
            id: id.into(),
            label,
            codes: secrets.iter().filter_map(code).collect(),
        },
    }
}

fn code(secret: &Value) -> Option<Code> {
    let text = secret.get("text")?.as_str()?.to_owned();
    Some(Code {
        text,
        used: secret.get("id").and_then(Value::as_u64) == Some(u64::from(USED)),
    })
}

fn data_attributes(data: &Map<String, Value>) -> Vec<(String, String)> {
    let plain = |key: &str| {
        !key.is_empty()
            && key
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    data.iter()
        .filter(|(key, _)| plain(key))
        .map(|(key, value)| (key.clone(), form_value(Some(value))))
        .collect()
}

fn label_of(meta: &Meta) -> Option<String> {
    meta.label.as_ref().map(|label| label.text.clone())
}

/// The last part of a node's name as words: `traits.name.first_name` is "First name".
fn humanized(name: &str) -> String {
    let words = name
        .rsplit('.')
        .next()
        .unwrap_or(name)
        .replace(['_', '-'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_without_a_title_is_named_after_its_path() {
        assert_eq!(humanized("traits.name.first_name"), "First name");
        assert_eq!(humanized(""), "");
    }

    #[test]
    fn only_known_dialogs_are_opened() {
        assert_eq!(
            trigger(Some(&"oryPasskeyLogin".into())),
            Some("oryPasskeyLogin")
        );
        assert_eq!(trigger(Some(&"eval".into())), None);
    }

    #[test]
    fn removing_is_told_from_adding() {
        for name in [
            "totp_unlink",
            "unlink",
            "webauthn_remove",
            "lookup_secret_disable",
        ] {
            assert!(removes(name), "{name}");
        }
        assert!(!removes("link") && !removes("method"));
    }
}
