//! Builders of nodes.

use serde_json::Value;

use super::{Attributes, Group, Input, InputOption, InputType, Meta, Node, NodeType, Script};
use crate::schema::TraitField;
use crate::text::{self as messages, Message};

/// A field.
pub fn input(name: &str, kind: InputType, group: Group) -> Node {
    Node {
        r#type: NodeType::Input,
        group,
        attributes: Attributes::Input(Box::new(Input {
            name: name.into(),
            r#type: kind,
            ..Input::default()
        })),
        messages: Vec::new(),
        meta: Meta::default(),
    }
}

/// A field that is not shown and has a value.
pub fn hidden(name: &str, value: impl Into<Value>, group: Group) -> Node {
    input(name, InputType::Hidden, group).with_value(value)
}

/// A field that is not shown.
pub fn hidden_input(name: &str, group: Group) -> Node {
    input(name, InputType::Hidden, group)
}

/// The button `method` of a method.
pub fn submit(method: &str, group: Group, label: Message) -> Node {
    submit_as("method", method, group, label)
}

/// A button with a name and a value.
pub fn submit_as(name: &str, value: &str, group: Group, label: Message) -> Node {
    input(name, InputType::Submit, group)
        .with_value(value)
        .labelled(label)
}

/// The anti-CSRF token; an empty one in native flows.
pub fn csrf_token(masked: &str) -> Node {
    hidden("csrf_token", masked, Group::Default).required()
}

/// A link.
pub fn anchor(id: &str, href: &str, group: Group, title: Message) -> Node {
    let attributes = Attributes::A {
        href: href.into(),
        title: title.clone(),
        id: id.into(),
    };
    Node {
        r#type: NodeType::A,
        group,
        attributes,
        messages: Vec::new(),
        meta: Meta { label: Some(title) },
    }
}

/// A text to read.
pub fn text(id: &str, content: Message, group: Group) -> Node {
    let attributes = Attributes::Text {
        text: content,
        id: id.into(),
    };
    Node {
        r#type: NodeType::Text,
        group,
        attributes,
        messages: Vec::new(),
        meta: Meta::default(),
    }
}

/// A picture of `width` × `height` pixels.
pub fn image(id: &str, src: &str, (width, height): (u32, u32), group: Group) -> Node {
    let attributes = Attributes::Img {
        src: src.into(),
        id: id.into(),
        width,
        height,
    };
    Node {
        r#type: NodeType::Img,
        group,
        attributes,
        messages: Vec::new(),
        meta: Meta::default(),
    }
}

/// A script to load.
pub fn script(script: Script, group: Group) -> Node {
    let attributes = Attributes::Script(script);
    Node {
        r#type: NodeType::Script,
        group,
        attributes,
        messages: Vec::new(),
        meta: Meta::default(),
    }
}

/// The field of a trait.
pub fn trait_input(field: &TraitField, group: Group) -> Node {
    let mut node = input(&field.name, field.input_type, group);
    if let Some(input) = node.as_input_mut() {
        input.required = field.required;
        input.autocomplete = field.autocomplete.map(str::to_owned);
        input.pattern = field.pattern.clone();
        input.disabled = field.disabled;
        input.options = field
            .options
            .iter()
            .map(|value| InputOption {
                value: value.clone(),
            })
            .collect();
    }
    match &field.title {
        Some(title) => node.labelled(messages::trait_label(title, &field.name)),
        None => node,
    }
}
