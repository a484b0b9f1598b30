//! One evaluation, in this process.

use rsjsonnet_lang::arena::Arena;
use rsjsonnet_lang::interner::InternedStr;
use rsjsonnet_lang::lexer::LexError;
use rsjsonnet_lang::program::{
    Callbacks, EvalError, EvalErrorKind, EvalStackTraceItem, ImportError, LoadError, NativeError,
    Program, Thunk, Value as Evaluated, ValueKind,
};
use rsjsonnet_lang::span::{SpanId, SpanManager};
use serde_json::Value;

use crate::error::Verdict;
use crate::{Input, MAX_OUTPUT_BYTES};

/// Whether a text is Jsonnet, without running it.
///
/// # Errors
/// What is wrong with it, with line and column.
pub fn check(snippet: &str) -> Result<(), String> {
    let arena = Arena::new();
    let mut program = Program::new(&arena);
    load(&mut program, snippet).map(|_| ())
}

/// Evaluates `snippet`; a function is called with the arguments.
pub(crate) fn evaluate(snippet: &str, input: &Input) -> Verdict {
    let arena = Arena::new();
    let mut program = Program::new(&arena);
    for (name, value) in &input.ext {
        let (name, value) = (program.intern_str(name), converted(&mut program, value));
        let thunk = program.value_to_thunk(&value);
        program.add_ext_var(name, &thunk);
    }
    let thunk = match load(&mut program, snippet) {
        Ok(thunk) => thunk,
        Err(message) => return Verdict::Syntax(message),
    };
    match run(&mut program, &thunk, input) {
        Ok(output) if output.len() > MAX_OUTPUT_BYTES => Verdict::TooLarge,
        Ok(output) => Verdict::Output(output),
        Err(error) => failed(&program, snippet, &error),
    }
}

fn load<'p>(program: &mut Program<'p>, snippet: &str) -> Result<Thunk<'p>, String> {
    let (context, _) = program
        .span_manager_mut()
        .insert_source_context(snippet.len());
    program
        .load_source(context, snippet.as_bytes(), true, "snippet")
        .map_err(|error| {
            let (what, span) = explained(&error);
            with_place(program.span_manager(), snippet, &what, span)
        })
}

fn run<'p>(
    program: &mut Program<'p>,
    thunk: &Thunk<'p>,
    input: &Input,
) -> Result<String, EvalError> {
    let mut value = program.eval_value(thunk, &mut Closed)?;
    if matches!(value.kind(), ValueKind::Function) {
        let mut named = Vec::with_capacity(input.args.len());
        for (name, argument) in &input.args {
            let value = converted(program, argument);
            named.push((program.intern_str(name), program.value_to_thunk(&value)));
        }
        value = program.eval_call(thunk, &[], &named, &mut Closed)?;
    }
    program.manifest_json(&value, false)
}

/// JSON as a value of the program. JSON that has been parsed is at most 128 levels deep, so recursion is bounded.
fn converted<'p>(program: &mut Program<'p>, value: &Value) -> Evaluated<'p> {
    match value {
        Value::Null => Evaluated::null(),
        Value::Bool(value) => Evaluated::bool(*value),
        Value::Number(value) => Evaluated::number(value.as_f64().unwrap_or_default()),
        Value::String(value) => Evaluated::string(value),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| converted(program, item)).collect();
            program.make_array(&items)
        }
        Value::Object(members) => {
            let members: Vec<_> = members
                .iter()
                .map(|(name, value)| {
                    let value = converted(program, value);
                    (program.intern_str(name), value)
                })
                .collect();
            program.make_object(&members)
        }
    }
}

fn failed(program: &Program<'_>, snippet: &str, error: &EvalError) -> Verdict {
    if let EvalErrorKind::ExplicitError { message, .. } = &error.kind {
        return Verdict::Raised(message.clone());
    }
    let span =
        place_of_failure(&error.kind).or_else(|| error.stack_trace.iter().rev().find_map(place_of));
    let what = match &error.kind {
        EvalErrorKind::StackOverflow => "it calls itself too deeply".to_owned(),
        EvalErrorKind::InfiniteRecursion => "a value depends on itself".to_owned(),
        EvalErrorKind::ImportFailed { .. } => "imports are not allowed".to_owned(),
        EvalErrorKind::UnknownObjectField { field_name, .. } => {
            format!("there is no field {field_name:?}")
        }
        EvalErrorKind::UnknownExtVar { name } => {
            format!("there is no external variable {name:?}")
        }
        // The name of the variant says what kind of failure it was; its members can hold values of the input.
        other => kind_of(other),
    };
    Verdict::Failed(with_place(program.span_manager(), snippet, &what, span))
}

/// Where the failures happen that people run into most.
fn place_of_failure(kind: &EvalErrorKind) -> Option<SpanId> {
    match kind {
        EvalErrorKind::UnknownObjectField { span, .. }
        | EvalErrorKind::FieldOfNonObject { span }
        | EvalErrorKind::InvalidIndexedType { span, .. }
        | EvalErrorKind::CondIsNotBool { span, .. }
        | EvalErrorKind::ImportFailed { span, .. } => Some(*span),
        EvalErrorKind::InvalidBinaryOpTypes { span, .. }
        | EvalErrorKind::CallParamNotBound { span, .. }
        | EvalErrorKind::UnknownCallParam { span, .. }
        | EvalErrorKind::CalleeIsNotFunction { span, .. } => *span,
        _ => None,
    }
}

fn place_of(item: &EvalStackTraceItem) -> Option<SpanId> {
    match item {
        EvalStackTraceItem::Expr { span } | EvalStackTraceItem::Variable { span, .. } => {
            Some(*span)
        }
        EvalStackTraceItem::Call { span, .. } | EvalStackTraceItem::ObjectField { span, .. } => {
            *span
        }
        _ => None,
    }
}

/// `UnknownObjectField { … }` as `unknown object field`.
fn kind_of(kind: &EvalErrorKind) -> String {
    let text = format!("{kind:?}");
    let name = text
        .split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default();
    words(name)
}

fn words(name: &str) -> String {
    let mut words = String::new();
    for c in name.chars() {
        if c.is_uppercase() && !words.is_empty() {
            words.push(' ');
        }
        words.extend(c.to_lowercase());
    }
    words
}

fn explained(error: &LoadError) -> (String, Option<SpanId>) {
    let text = match error {
        LoadError::Lex(error) => format!("{error:?}"),
        LoadError::Parse(error) => format!("{error:?}"),
        LoadError::Analyze(error) => format!("{error:?}"),
    };
    let name = text
        .split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default();
    (words(name), span_of(error))
}

fn span_of(error: &LoadError) -> Option<SpanId> {
    use rsjsonnet_lang::parser::ParseError;
    use rsjsonnet_lang::program::AnalyzeError;
    match error {
        LoadError::Lex(
            LexError::InvalidChar { span, .. } | LexError::UnfinishedString { span, .. },
        )
        | LoadError::Parse(ParseError::Expected { span, .. })
        | LoadError::Analyze(AnalyzeError::UnknownVariable { span, .. }) => Some(*span),
        _ => None,
    }
}

fn with_place(spans: &SpanManager, snippet: &str, what: &str, span: Option<SpanId>) -> String {
    let Some(span) = span else {
        return what.to_owned();
    };
    let (_, start, _) = spans.get_span(span);
    // A place in the standard library lies beyond the snippet's end.
    let Some(before) = snippet.get(..start) else {
        return what.to_owned();
    };
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .map_or(0, |line| line.chars().count())
        + 1;
    format!("{what} at line {line}, column {column}")
}

/// Snippets reach nothing outside.
struct Closed;

impl<'p> Callbacks<'p> for Closed {
    fn import(
        &mut self,
        _: &mut Program<'p>,
        _: SpanId,
        _: &str,
    ) -> Result<Thunk<'p>, ImportError> {
        Err(ImportError)
    }

    fn import_str(
        &mut self,
        _: &mut Program<'p>,
        _: SpanId,
        _: &str,
    ) -> Result<String, ImportError> {
        Err(ImportError)
    }

    fn import_bin(
        &mut self,
        _: &mut Program<'p>,
        _: SpanId,
        _: &str,
    ) -> Result<Vec<u8>, ImportError> {
        Err(ImportError)
    }

    fn trace(&mut self, _: &mut Program<'p>, _: &str, _: &[EvalStackTraceItem]) {}

    fn native_call(
        &mut self,
        _: &mut Program<'p>,
        _: InternedStr<'p>,
        _: &[Evaluated<'p>],
    ) -> Result<Evaluated<'p>, NativeError> {
        Err(NativeError)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn output(snippet: &str, input: &Input) -> String {
        match evaluate(snippet, input) {
            Verdict::Output(output) => output,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_function_gets_its_argument_and_a_mapper_its_variables() {
        let ctx =
            Input::ctx(json!({"identity": {"traits": {"email": "user-1@example.org"}}, "n": 3}));
        let body = "function(ctx) {to: ctx.identity.traits.email, twice: 2 * ctx.n}";
        assert_eq!(
            output(body, &ctx),
            r#"{"to": "user-1@example.org", "twice": 6}"#
        );

        let claims = Input::default().with_ext("claims", json!({"sub": "s-1", "hd": null}));
        let mapper = "local claims = std.extVar('claims'); {identity: {traits: {id: claims.sub, [if claims.hd != null then 'hd']: 1}}}";
        assert_eq!(
            output(mapper, &claims),
            r#"{"identity": {"traits": {"id": "s-1"}}}"#
        );
    }

    #[test]
    fn an_error_of_the_snippet_keeps_its_text() {
        let verdict = evaluate("function(ctx) error 'cancel'", &Input::ctx(json!({})));
        assert_eq!(verdict, Verdict::Raised("cancel".to_owned()));
    }

    #[test]
    fn failures_name_the_place_and_no_value() {
        let verdict = evaluate(
            "function(ctx)\n  {a: ctx.missing}",
            &Input::ctx(json!({"secret": "hush"})),
        );
        let Verdict::Failed(message) = verdict else {
            panic!("{verdict:?}")
        };
        assert!(
            message.contains("\"missing\"") && message.contains("line 2"),
            "{message}"
        );
        assert!(!message.contains("hush"));
        let message = check("{a: }").unwrap_err();
        assert!(message.contains("line 1, column 5"), "{message}");
        let message = check("nobody").unwrap_err();
        assert!(message.contains("unknown variable"), "{message}");
    }

    #[test]
    fn nothing_outside_is_reached() {
        for snippet in [
            "import '/etc/hostname'",
            "importstr '/etc/hostname'",
            "importbin '/etc/hostname'",
        ] {
            let verdict = evaluate(snippet, &Input::default());
            assert!(matches!(verdict, Verdict::Failed(_)), "{verdict:?}");
        }
    }

    #[test]
    fn a_large_output_is_refused() {
        let verdict = evaluate("std.repeat('x', 300 * 1024)", &Input::default());
        assert_eq!(verdict, Verdict::TooLarge);
    }
}
