//! What shows without data: variables, functions and templates that do not exist.

use std::collections::HashSet;

use gotmpl::Template;
use gotmpl::parse::{BranchNode, Expr, ListNode, Node, PipeNode, Pos, TemplateNode};

use super::{FUNCTIONS, Fault};

/// The language's own functions.
const BUILT_IN: [&str; 20] = [
    "and", "or", "not", "len", "index", "slice", "print", "printf", "println", "html", "js",
    "urlquery", "call", "eq", "ne", "lt", "le", "gt", "ge", "break",
];

/// Errs with the first thing that the template names and that is not there.
pub(super) fn check(template: &Template, variables: &[&str]) -> Result<(), Fault> {
    let mut walk = Walk {
        template,
        variables,
        seen: HashSet::new(),
    };
    let Some(main) = template.lookup(template.name()) else {
        return Ok(());
    };
    walk.list(
        main,
        Scope {
            dot: true,
            dollar: true,
        },
    )
}

/// What of the two is the message's data.
#[derive(Clone, Copy)]
struct Scope {
    dot: bool,
    dollar: bool,
}

struct Walk<'t> {
    template: &'t Template,
    variables: &'t [&'t str],
    /// Templates that were looked through, each with and without the message's data.
    seen: HashSet<(String, bool)>,
}

impl Walk<'_> {
    fn list(&mut self, list: &ListNode, scope: Scope) -> Result<(), Fault> {
        list.nodes
            .iter()
            .try_for_each(|node| self.node(node, scope))
    }

    fn node(&mut self, node: &Node, scope: Scope) -> Result<(), Fault> {
        let inner = Scope {
            dot: false,
            ..scope
        };
        match node {
            Node::List(list) => self.list(list, scope),
            Node::Action(action) => self.pipe(&action.pipe, scope),
            Node::If(branch) => self.branch(branch, scope, scope),
            Node::Range(branch) | Node::With(branch) => self.branch(branch, scope, inner),
            Node::Template(call) => self.call(call, scope),
            Node::Text(_) | Node::Define(_) | Node::Break(_) | Node::Continue(_) => Ok(()),
        }
    }

    fn branch(&mut self, branch: &BranchNode, scope: Scope, body: Scope) -> Result<(), Fault> {
        self.pipe(&branch.pipe, scope)?;
        self.list(&branch.body, body)?;
        match &branch.else_body {
            Some(otherwise) => self.list(otherwise, scope),
            None => Ok(()),
        }
    }

    fn call(&mut self, call: &TemplateNode, scope: Scope) -> Result<(), Fault> {
        let mut gets_all = false;
        if let Some(pipe) = &call.pipe {
            self.pipe(pipe, scope)?;
            gets_all = passes_all(pipe, scope);
        }
        let name = call.name.as_str();
        let Some(tree) = self.template.lookup(name).cloned() else {
            return Err(fault(call.pos, format!("there is no template {name:?}")));
        };
        if !self.seen.insert((name.to_owned(), gets_all)) {
            return Ok(());
        }
        let scope = Scope {
            dot: gets_all,
            dollar: gets_all,
        };
        self.list(&tree, scope)
    }

    fn pipe(&self, pipe: &PipeNode, scope: Scope) -> Result<(), Fault> {
        let all = pipe.commands.iter().flat_map(|command| &command.args);
        all.into_iter().try_for_each(|expr| self.expr(expr, scope))
    }

    fn expr(&self, expr: &Expr, scope: Scope) -> Result<(), Fault> {
        match expr {
            Expr::Field(pos, names) if scope.dot => self.variable(*pos, names.first()),
            Expr::Variable(pos, name, names) if scope.dollar && name == "$" => {
                self.variable(*pos, names.first())
            }
            Expr::Identifier(pos, name) => {
                let name = name.as_str();
                if FUNCTIONS.contains_key(name) || BUILT_IN.contains(&name) {
                    return Ok(());
                }
                Err(fault(*pos, format!("there is no function {name:?}")))
            }
            Expr::Pipe(_, pipe) => self.pipe(pipe, scope),
            Expr::Chain(_, inner, _) => self.expr(inner, scope),
            _ => Ok(()),
        }
    }

    fn variable(&self, pos: Pos, name: Option<&impl AsRef<str>>) -> Result<(), Fault> {
        let Some(name) = name.map(AsRef::as_ref) else {
            return Ok(());
        };
        if self.variables.contains(&name) {
            return Ok(());
        }
        let known = self.variables.join(", .");
        Err(fault(
            pos,
            format!("there is no variable .{name}; this message has .{known}"),
        ))
    }
}

fn passes_all(pipe: &PipeNode, scope: Scope) -> bool {
    match pipe.commands.as_slice() {
        [only] => match only.args.as_slice() {
            [Expr::Dot(_)] => scope.dot,
            [Expr::Variable(_, name, fields)] => scope.dollar && name == "$" && fields.is_empty(),
            _ => false,
        },
        _ => false,
    }
}

fn fault(pos: Pos, problem: String) -> Fault {
    Fault {
        line: Some(pos.line),
        problem,
    }
}
