//! What is odd about a file, though it may work: locals that nobody uses.

use rsjsonnet_lang::ast::{
    Arg, Assert, Bind, CompSpecPart, Expr, ExprKind, Field, FieldName, Ident, Member, ObjInside,
    ObjLocal, Param,
};
use rsjsonnet_lang::span::SpanManager;

use crate::{check, source};

/// What is wrong or odd about a text, one sentence each, with the place; nothing when all is well.
pub fn lint(text: &str) -> Vec<String> {
    if let Err(problem) = check(text) {
        return vec![problem];
    }
    let unused = source::with_tree(text, |tree, spans| {
        let mut walk = Walk {
            text,
            spans,
            scopes: Vec::new(),
            unused: Vec::new(),
        };
        walk.expr(tree);
        walk.unused
    });
    unused.unwrap_or_default()
}

/// A name in scope.
struct Name<'p> {
    name: &'p str,
    /// Where it is named, when nobody using it is worth telling.
    told: Option<usize>,
    used: bool,
}

struct Walk<'w, 'p> {
    text: &'w str,
    spans: &'w SpanManager,
    scopes: Vec<Name<'p>>,
    unused: Vec<String>,
}

impl<'p> Walk<'_, 'p> {
    /// Looks at something within which the names are known.
    fn within(&mut self, names: Vec<Name<'p>>, look: impl FnOnce(&mut Self)) {
        let outside = self.scopes.len();
        self.scopes.extend(names);
        look(self);
        for name in self.scopes.split_off(outside) {
            if let (false, Some(start)) = (name.used, name.told) {
                let before = self.text.get(..start).unwrap_or_default();
                let line = before.matches('\n').count() + 1;
                self.unused.push(format!(
                    "nobody uses the local {:?} at line {line}",
                    name.name
                ));
            }
        }
    }

    fn local(&self, name: &Ident<'p>) -> Name<'p> {
        let (_, start, _) = self.spans.get_span(name.span);
        Name {
            name: name.value.value(),
            told: Some(start),
            used: false,
        }
    }

    /// A parameter, or the variable of a comprehension: it may be there for its place.
    fn given(name: &Ident<'p>) -> Name<'p> {
        Name {
            name: name.value.value(),
            told: None,
            used: false,
        }
    }

    fn expr(&mut self, expr: &Expr<'p, '_>) {
        match &expr.kind {
            ExprKind::Ident(name) => {
                let wanted = name.value.value();
                if let Some(known) = self.scopes.iter_mut().rev().find(|n| n.name == wanted) {
                    known.used = true;
                }
            }
            ExprKind::Paren(inner)
            | ExprKind::Field(inner, _)
            | ExprKind::SuperIndex(_, inner)
            | ExprKind::Unary(_, inner)
            | ExprKind::Import(inner)
            | ExprKind::ImportStr(inner)
            | ExprKind::ImportBin(inner)
            | ExprKind::Error(inner)
            | ExprKind::InSuper(inner, _) => self.expr(inner),
            ExprKind::Index(left, right) | ExprKind::Binary(left, _, right) => {
                self.all([*left, *right]);
            }
            ExprKind::Slice(list, from, to, step) => {
                self.expr(list);
                self.all([from, to, step].into_iter().flatten().copied());
            }
            ExprKind::If(condition, then, otherwise) => {
                self.all([*condition, *then]);
                self.all(otherwise.iter().copied());
            }
            ExprKind::Array(items) => self.all(items.iter()),
            ExprKind::ArrayComp(item, parts) => self.comprehension(parts, |walk| walk.expr(item)),
            ExprKind::Object(inside) => self.object(inside),
            ExprKind::ObjExt(base, inside, _) => {
                self.expr(base);
                self.object(inside);
            }
            ExprKind::Call(function, arguments, _) => {
                self.expr(function);
                for argument in arguments.iter() {
                    match argument {
                        Arg::Positional(value) | Arg::Named(_, value) => self.expr(value),
                    }
                }
            }
            ExprKind::Local(binds, body) => {
                let names = binds.iter().map(|bind| self.local(&bind.name)).collect();
                self.within(names, |walk| {
                    binds.iter().for_each(|bind| walk.bind(bind));
                    walk.expr(body);
                });
            }
            ExprKind::Func(params, body) => self.function(params, body),
            ExprKind::Assert(assert, body) => {
                self.assert(assert);
                self.expr(body);
            }
            ExprKind::Null
            | ExprKind::Bool(_)
            | ExprKind::SelfObj
            | ExprKind::Dollar
            | ExprKind::String(_)
            | ExprKind::TextBlock(_)
            | ExprKind::Number(_)
            | ExprKind::SuperField(..) => {}
        }
    }

    fn all<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr<'p, 'e>>)
    where
        'p: 'e,
    {
        exprs.into_iter().for_each(|expr| self.expr(expr));
    }

    fn bind(&mut self, bind: &Bind<'p, '_>) {
        match bind.params {
            Some((params, _)) => self.function(params, &bind.value),
            None => self.expr(&bind.value),
        }
    }

    fn function(&mut self, params: &[Param<'p, '_>], body: &Expr<'p, '_>) {
        let names = params.iter().map(|p| Self::given(&p.name)).collect();
        self.within(names, |walk| {
            let defaults = params.iter().filter_map(|p| p.default_value.as_ref());
            defaults.for_each(|value| walk.expr(value));
            walk.expr(body);
        });
    }

    fn assert(&mut self, assert: &Assert<'p, '_>) {
        self.expr(&assert.cond);
        assert.msg.iter().for_each(|message| self.expr(message));
    }

    fn object(&mut self, inside: &ObjInside<'p, '_>) {
        match inside {
            ObjInside::Members(members) => {
                let local = |member: &Member<'p, '_>| match member {
                    Member::Local(local) => Some(self.local(&local.bind.name)),
                    Member::Assert(_) | Member::Field(_) => None,
                };
                let names = members.iter().filter_map(local).collect();
                self.within(names, |walk| members.iter().for_each(|m| walk.member(m)));
            }
            ObjInside::Comp {
                locals1,
                name,
                body,
                locals2,
                comp_spec,
                ..
            } => {
                let locals: Vec<&ObjLocal<'p, '_>> = locals1.iter().chain(locals2.iter()).collect();
                let names = locals.iter().map(|l| self.local(&l.bind.name)).collect();
                self.comprehension(comp_spec, |walk| {
                    walk.within(names, |walk| {
                        locals.iter().for_each(|local| walk.bind(&local.bind));
                        walk.expr(name);
                        walk.expr(body);
                    });
                });
            }
        }
    }

    fn member(&mut self, member: &Member<'p, '_>) {
        match member {
            Member::Local(local) => self.bind(&local.bind),
            Member::Assert(assert) => self.assert(assert),
            Member::Field(field) => {
                if let FieldName::Expr(name, _) = field.name() {
                    self.expr(name);
                }
                match field {
                    Field::Value(_, _, _, value) => self.expr(value),
                    Field::Func(_, params, _, _, body) => self.function(params, body),
                }
            }
        }
    }

    fn comprehension(&mut self, parts: &[CompSpecPart<'p, '_>], look: impl FnOnce(&mut Self)) {
        let mut names = Vec::new();
        for part in parts {
            match part {
                CompSpecPart::For(part) => names.push(Self::given(&part.var)),
                CompSpecPart::If(_) => {}
            }
        }
        self.within(names, |walk| {
            for part in parts {
                match part {
                    CompSpecPart::For(part) => walk.expr(&part.inner),
                    CompSpecPart::If(part) => walk.expr(&part.cond),
                }
            }
            look(walk);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locals_that_nobody_uses_are_told_with_their_line() {
        for (text, expected) in [
            ("local a = 1;\nlocal b = 2;\na", 1),
            ("{local a = 1, b: 2}", 1),
            ("local f(x) = 1; f(2)", 0),
            ("function(ctx) {a: 1}", 0),
            ("local a = 1; {[std.toString(a)]: 1}", 0),
            ("local a = [1]; [x for x in a if x > 0]", 0),
            ("local a = 1; local g = function(a) a; g(2)", 1),
            ("{['a' + x]: y + x for x in ['b'] for y in ['c']}", 0),
            (
                "local o = {local k = 1, v: k, w: self.v}; o {x: super.v}",
                0,
            ),
        ] {
            assert_eq!(lint(text).len(), expected, "{text}: {:?}", lint(text));
        }
        let told = lint("local a = 1;\nlocal b = 2;\na");
        assert!(
            told[0].contains("\"b\"") && told[0].contains("line 2"),
            "{told:?}"
        );
    }

    #[test]
    fn what_does_not_work_is_told_first() {
        assert!(lint("{a: }")[0].contains("line 1"));
        assert!(lint("nobody")[0].contains("unknown variable"));
    }
}
