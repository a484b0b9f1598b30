//! What a flow shows: nodes, messages, where to send them (spec: flows.md §4). The only place with node shapes.

mod build;
mod order;
#[cfg(test)]
mod tests;

pub use build::{
    anchor, csrf_token, hidden, hidden_input, image, input, script, submit, submit_as, text,
    trait_input,
};
pub use order::{
    GroupOrder, LOGIN, LOGIN_KEYS, REGISTRATION, SETTINGS, registration_keys, settings_keys, sort,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::text::Message;

/// The form of a flow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ui {
    /// Where to send it.
    pub action: String,
    /// `POST`, or `GET` when only a link is left.
    pub method: String,
    /// The parts of the form, in order; null on the wire where there are none.
    #[serde(with = "null_when_empty")]
    pub nodes: Vec<Node>,
    /// What concerns the whole form.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Message>,
}

/// A list that is null where it is empty.
mod null_when_empty {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Node;

    pub(super) fn serialize<S: Serializer>(nodes: &[Node], s: S) -> Result<S::Ok, S::Error> {
        (!nodes.is_empty()).then_some(nodes).serialize(s)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<Node>, D::Error> {
        Option::<Vec<Node>>::deserialize(d).map(Option::unwrap_or_default)
    }
}

/// Which section of the form a node belongs to; most are named after a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// What all methods share.
    Default,
    /// Password.
    Password,
    /// Social sign-in.
    Oidc,
    /// Traits in settings, the first registration screen.
    Profile,
    /// Links by mail.
    Link,
    /// Codes by mail or SMS.
    Code,
    /// Authenticator app.
    Totp,
    /// Printed codes.
    LookupSecret,
    /// Security keys.
    Webauthn,
    /// Passkeys.
    Passkey,
    /// The first of two login screens.
    IdentifierFirst,
    /// Enterprise sign-in.
    Saml,
    /// Proof of being human.
    Captcha,
}

impl Group {
    /// The wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            Group::Default => "default",
            Group::Password => "password",
            Group::Oidc => "oidc",
            Group::Profile => "profile",
            Group::Link => "link",
            Group::Code => "code",
            Group::Totp => "totp",
            Group::LookupSecret => "lookup_secret",
            Group::Webauthn => "webauthn",
            Group::Passkey => "passkey",
            Group::IdentifierFirst => "identifier_first",
            Group::Saml => "saml",
            Group::Captcha => "captcha",
        }
    }
}

/// One part of the form.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// `input`, `img`, `a`, `text`, `script` or `div`.
    pub r#type: NodeType,
    /// The section it belongs to.
    pub group: Group,
    /// What it is.
    pub attributes: Attributes,
    /// What concerns this part.
    #[serde(default)]
    pub messages: Vec<Message>,
    /// Its label.
    #[serde(default)]
    pub meta: Meta,
}

/// The kinds of nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NodeType {
    /// A form field or button.
    Input,
    /// A picture.
    Img,
    /// A link.
    A,
    /// A text to read.
    Text,
    /// A script to load.
    Script,
    /// A place for a script to draw into.
    Div,
}

/// What is said beside a node.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Meta {
    /// The label, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Message>,
}

/// The attributes of a node, by its type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "node_type", rename_all = "lowercase")]
pub enum Attributes {
    /// See [`Input`].
    Input(Box<Input>),
    /// A picture.
    Img {
        /// Where it is.
        src: String,
        /// The node's id.
        id: String,
        /// In pixels.
        width: u32,
        /// In pixels.
        height: u32,
    },
    /// A link.
    A {
        /// Where it leads.
        href: String,
        /// What it is called.
        title: Message,
        /// The node's id.
        id: String,
    },
    /// A text.
    Text {
        /// What it says.
        text: Message,
        /// The node's id.
        id: String,
    },
    /// See [`Script`].
    Script(Script),
    /// A place for a script to draw into.
    Div {
        /// Style class.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        class: Option<String>,
        /// The node's id.
        id: String,
        /// Data attributes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<Value>,
    },
}

/// A script to load.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(
    missing_docs,
    reason = "the attributes of HTML's script element, by their names"
)]
pub struct Script {
    pub src: String,
    pub r#async: bool,
    pub referrerpolicy: String,
    pub crossorigin: String,
    pub integrity: String,
    pub r#type: String,
    pub id: String,
    pub nonce: String,
}

/// The kinds of fields and buttons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    missing_docs,
    reason = "the values of HTML's input type, by their names"
)]
pub enum InputType {
    #[default]
    Text,
    Password,
    Number,
    Checkbox,
    Hidden,
    Email,
    Tel,
    Submit,
    Button,
    DatetimeLocal,
    Date,
    Url,
}

impl InputType {
    /// The kind of field for a value that no schema describes.
    fn of_value(name: &str, value: &Value) -> InputType {
        match value {
            _ if name == "password" => InputType::Password,
            Value::Number(_) => InputType::Number,
            Value::Bool(_) => InputType::Checkbox,
            _ => InputType::Text,
        }
    }
}

/// A field or button.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// The field's name; also the node's id.
    pub name: String,
    /// What kind of field.
    pub r#type: InputType,
    /// What is in it; absent only when null.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    /// Whether it must be filled.
    #[serde(default, skip_serializing_if = "is_false")]
    pub required: bool,
    /// HTML's autocomplete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub autocomplete: Option<String>,
    /// A label of the field itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Message>,
    /// What a value must look like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    /// Whether it can be changed.
    pub disabled: bool,
    /// Script to run on a click.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onclick: Option<String>,
    /// The name of that script.
    #[serde(
        default,
        rename = "onclickTrigger",
        skip_serializing_if = "Option::is_none"
    )]
    pub onclick_trigger: Option<String>,
    /// Script to run when shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub onload: Option<String>,
    /// The name of that script.
    #[serde(
        default,
        rename = "onloadTrigger",
        skip_serializing_if = "Option::is_none"
    )]
    pub onload_trigger: Option<String>,
    /// The most characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maxlength: Option<u64>,
    /// The values to choose from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<InputOption>,
}

/// One value to choose from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InputOption {
    /// The value.
    pub value: Value,
}

fn is_false(b: &bool) -> bool {
    !*b
}

impl Node {
    /// The node's id: an input's name, else its id.
    pub fn id(&self) -> &str {
        match &self.attributes {
            Attributes::Input(input) => &input.name,
            Attributes::Img { id, .. }
            | Attributes::A { id, .. }
            | Attributes::Text { id, .. }
            | Attributes::Div { id, .. } => id,
            Attributes::Script(script) => &script.id,
        }
    }

    /// The field, when it is one.
    pub fn as_input(&self) -> Option<&Input> {
        match &self.attributes {
            Attributes::Input(input) => Some(input),
            _ => None,
        }
    }

    /// As [`Node::as_input`], to be changed.
    pub fn as_input_mut(&mut self) -> Option<&mut Input> {
        match &mut self.attributes {
            Attributes::Input(input) => Some(input),
            _ => None,
        }
    }

    /// With a label.
    pub fn labelled(mut self, label: Message) -> Node {
        self.meta.label = Some(label);
        self
    }

    /// With a value.
    pub fn with_value(mut self, value: impl Into<Value>) -> Node {
        self.set_value(Some(value.into()));
        self
    }

    /// As a required field.
    pub fn required(mut self) -> Node {
        if let Some(input) = self.as_input_mut() {
            input.required = true;
        }
        self
    }

    /// With HTML's autocomplete.
    pub fn autocomplete(mut self, value: &str) -> Node {
        if let Some(input) = self.as_input_mut() {
            input.autocomplete = Some(value.into());
        }
        self
    }

    /// Sets or clears the value of a field; other nodes have none.
    pub fn set_value(&mut self, value: Option<Value>) {
        if let Some(input) = self.as_input_mut() {
            input.value = value.filter(|v| !v.is_null());
        }
    }
}

impl Ui {
    /// An empty form that is sent to `action`.
    pub fn new(action: impl Into<String>) -> Ui {
        Ui {
            action: action.into(),
            method: "POST".into(),
            nodes: Vec::new(),
            messages: Vec::new(),
        }
    }

    /// The first node with an id.
    pub fn find(&self, id: &str) -> Option<&Node> {
        self.nodes.iter().find(|n| n.id() == id)
    }

    /// As [`Ui::find`], to be changed.
    pub fn find_mut(&mut self, id: &str) -> Option<&mut Node> {
        self.nodes.iter_mut().find(|n| n.id() == id)
    }

    /// Adds a node at the end.
    pub fn append(&mut self, node: Node) {
        self.nodes.push(node);
    }

    /// Puts a node in the place of the first one with its id, or at the end.
    pub fn upsert(&mut self, node: Node) {
        match self.find_mut(node.id()) {
            Some(old) => *old = node,
            None => self.nodes.push(node),
        }
    }

    /// Takes away all nodes with an id.
    pub fn remove(&mut self, id: &str) {
        self.nodes.retain(|n| n.id() != id);
    }

    /// Sets the value of the field with a name; where there is none, one is added (flows.md §4).
    pub fn set_value(&mut self, name: &str, value: Value, group: Group) {
        match self.find_mut(name) {
            Some(node) => node.set_value(Some(value)),
            None => {
                self.append(input(name, InputType::of_value(name, &value), group).with_value(value))
            }
        }
    }

    /// The masked token that the form carries; an empty text in native flows.
    pub fn set_csrf(&mut self, masked: &str) {
        match self.find_mut("csrf_token") {
            Some(node) => node.set_value(Some(masked.into())),
            None => self.append(csrf_token(masked)),
        }
    }

    /// Clears all messages, of the form and of its nodes.
    pub fn clear_messages(&mut self) {
        self.messages.clear();
        self.nodes.iter_mut().for_each(|n| n.messages.clear());
    }

    /// Adds a message to the node with a dotted name; an empty name means the whole form. Where
    /// there is no such node one is made, so that nothing gets lost (flows.md §4.2).
    pub fn add_message(&mut self, name: &str, message: Message) {
        if name.is_empty() {
            self.messages.push(message);
            return;
        }
        if self.find(name).is_none() {
            self.append(input(name, InputType::Text, Group::Default));
        }
        if let Some(node) = self.find_mut(name) {
            node.messages.push(message);
        }
    }
}
