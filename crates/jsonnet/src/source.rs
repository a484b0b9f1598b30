//! The text of a file as its parts: for the formatter and the linter. Nothing is evaluated.

use rsjsonnet_lang::arena::Arena;
use rsjsonnet_lang::ast::Expr;
use rsjsonnet_lang::interner::StrInterner;
use rsjsonnet_lang::lexer::Lexer;
use rsjsonnet_lang::parser::Parser;
use rsjsonnet_lang::span::SpanManager;
use rsjsonnet_lang::token::TokenKind;

/// What a part of the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Whitespace,
    Comment,
    /// A name or a keyword.
    Word,
    Number,
    Text,
    /// `|||` to `|||`.
    Block,
    Symbol,
}

/// A part of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part<'s> {
    pub(crate) kind: Kind,
    pub(crate) text: &'s str,
}

/// The parts of a text, without a gap; `None` when it is not Jsonnet.
pub(crate) fn parts(source: &str) -> Option<Vec<Part<'_>>> {
    let (arena, tokens_arena, names) = (Arena::new(), Arena::new(), StrInterner::new());
    let mut spans = SpanManager::new();
    let (context, _) = spans.insert_source_context(source.len());
    let lexer = Lexer::new(
        &arena,
        &tokens_arena,
        &names,
        &mut spans,
        context,
        source.as_bytes(),
    );
    let tokens = lexer.lex_to_eof(true).ok()?;
    let mut parts = Vec::with_capacity(tokens.len());
    for token in &tokens {
        let (_, start, end) = spans.get_span(token.span);
        let text = source.get(start..end)?;
        let kind = match token.kind {
            TokenKind::EndOfFile => break,
            TokenKind::Whitespace => Kind::Whitespace,
            TokenKind::Comment => Kind::Comment,
            TokenKind::Ident(_) => Kind::Word,
            TokenKind::Simple(_) if text.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                Kind::Word
            }
            TokenKind::Simple(_) | TokenKind::OtherOp(_) => Kind::Symbol,
            TokenKind::Number(_) => Kind::Number,
            TokenKind::String(_) => Kind::Text,
            TokenKind::TextBlock(_) => Kind::Block,
        };
        parts.push(Part { kind, text });
    }
    Some(parts)
}

/// Gives the tree of a text to `look`; `None` when it is not Jsonnet.
pub(crate) fn with_tree<T>(
    source: &str,
    look: impl FnOnce(&Expr<'_, '_>, &SpanManager) -> T,
) -> Option<T> {
    let (arena, tree_arena, names) = (Arena::new(), Arena::new(), StrInterner::new());
    let mut spans = SpanManager::new();
    let (context, _) = spans.insert_source_context(source.len());
    let lexer = Lexer::new(
        &arena,
        &tree_arena,
        &names,
        &mut spans,
        context,
        source.as_bytes(),
    );
    let tokens = lexer.lex_to_eof(false).ok()?;
    let parser = Parser::new(&arena, &tree_arena, &names, &mut spans, tokens);
    let tree = parser.parse_root_expr().ok()?;
    Some(look(&tree, &spans))
}
