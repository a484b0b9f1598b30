//! Prints values as Go does: the library prints a million as `1000000`, Go as `1e+06`.

use std::sync::Arc;

use gotmpl::parse::{BranchNode, CommandNode, Expr, ListNode, Node};
use gotmpl::{Template, Value};

use super::value::text;

/// A name that no template can call.
const PRINTED: &str = "~printed";

/// The template with each value that it prints going through Go's way of printing.
pub(super) fn as_go(template: Template) -> Template {
    let trees: Vec<(String, ListNode)> = template
        .templates()
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), template.lookup(name)?.clone())))
        .collect();
    let template = template.func(PRINTED, |values| {
        Ok(match values.first() {
            Some(value @ (Value::Float(_) | Value::List(_) | Value::Map(_))) => {
                Value::String(Arc::from(text(value)))
            }
            Some(value) => value.clone(),
            None => Value::Nil,
        })
    });
    trees
        .into_iter()
        .fold(template, |template, (name, mut tree)| {
            list(&mut tree);
            template.add_parse_tree(&name, tree)
        })
}

fn list(tree: &mut ListNode) {
    tree.nodes.iter_mut().for_each(node);
}

fn node(node: &mut Node) {
    match node {
        Node::List(tree) => list(tree),
        Node::Action(action) if action.pipe.decl.is_empty() => {
            let args = vec![Expr::Identifier(action.pos, PRINTED.into())];
            let pos = action.pos;
            action.pipe.commands.push(CommandNode { pos, args });
        }
        Node::If(inner) | Node::Range(inner) | Node::With(inner) => branch(inner),
        _ => {}
    }
}

fn branch(branch: &mut BranchNode) {
    list(&mut branch.body);
    if let Some(otherwise) = &mut branch.else_body {
        list(otherwise);
    }
}
