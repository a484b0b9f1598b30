//! Snippets are evaluated by processes of the built binary, within their limits.

use std::time::Instant;

use bia_jsonnet::{Input, Jsonnet, JsonnetError};
use serde_json::json;

use crate::world::jsonnet;

fn evaluator() -> Jsonnet {
    Jsonnet::new(jsonnet())
}

async fn outcome(evaluator: &Jsonnet, snippet: &str) -> Result<serde_json::Value, JsonnetError> {
    evaluator
        .evaluate(snippet.to_owned(), Input::ctx(json!({"n": 20})))
        .await
}

#[tokio::test]
async fn one_process_serves_many_evaluations() {
    let evaluator = evaluator();
    for n in 0..50 {
        let snippet = format!("function(ctx) {{sum: ctx.n + {n}}}");
        assert_eq!(
            outcome(&evaluator, &snippet).await.unwrap(),
            json!({"sum": 20 + n})
        );
    }
}

#[tokio::test]
async fn a_snippet_without_end_is_stopped_and_hinders_nobody() {
    let evaluator = evaluator();
    let began = Instant::now();
    let endless = "function(ctx) std.length([x + y for x in std.range(0, 100000) for y in std.range(0, 100000)])";
    let error = outcome(&evaluator, endless).await.unwrap_err();
    assert!(
        matches!(error, JsonnetError::TimedOut | JsonnetError::Worker(_)),
        "{error:?}"
    );
    assert!(began.elapsed().as_secs() < 8, "{:?}", began.elapsed());
    assert_eq!(
        outcome(&evaluator, "function(ctx) ctx.n").await.unwrap(),
        json!(20)
    );
}

#[tokio::test]
async fn a_snippet_that_calls_itself_for_ever_fails() {
    let error = outcome(&evaluator(), "local f(x) = f(x + 1) + 1; f(0)")
        .await
        .unwrap_err();
    assert!(matches!(error, JsonnetError::Failed(_)), "{error:?}");
}

#[tokio::test]
async fn snippets_see_no_secret_of_the_server() {
    let error = outcome(&evaluator(), "importstr '/proc/self/environ'")
        .await
        .unwrap_err();
    assert!(
        matches!(&error, JsonnetError::Failed(text) if text.contains("imports are not allowed")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_program_that_is_no_evaluator_is_an_error() {
    let evaluator = Jsonnet::new(bia_jsonnet::Command {
        program: "/nowhere/bia".into(),
        arguments: Vec::new(),
    });
    let error = outcome(&evaluator, "1").await.unwrap_err();
    assert!(matches!(error, JsonnetError::Worker(_)), "{error:?}");
}
