//! The error page.

use askama::Template;
use serde_json::Value;

use crate::context::PageContext;
use crate::page::{Frame, Way, finish};
use crate::wording::Wording;

/// What went wrong, as far as the reader may know it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorDetails {
    /// The HTTP status; 0 when unknown.
    pub code: u16,
    /// The error's id (`session_aal2_required` …).
    pub id: Option<String>,
    /// The short sentence.
    pub message: Option<String>,
    /// What was wrong with the request.
    pub reason: Option<String>,
    /// One more sentence on this very request.
    pub hint: Option<String>,
    /// The id by which the log knows the request.
    pub request: Option<String>,
}

impl ErrorDetails {
    /// Reads an error object of the API (`{"code", "id", "message", "reason", "request", "bia": {"hint"}}`), with
    /// or without the `error` member around it. What is missing or of another type stays empty.
    pub fn from_json(json: &Value) -> ErrorDetails {
        let error = json
            .get("error")
            .filter(|inner| inner.is_object())
            .unwrap_or(json);
        let text = |key: &str| {
            error
                .get(key)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let code = error
            .get("code")
            .and_then(Value::as_u64)
            .and_then(|code| u16::try_from(code).ok());
        ErrorDetails {
            code: code.unwrap_or(0),
            id: text("id"),
            message: text("message"),
            reason: text("reason"),
            hint: error
                .pointer("/bia/hint")
                .and_then(Value::as_str)
                .map(str::to_owned),
            request: text("request"),
        }
    }

    /// The sentences to show, each once. The short one says nothing that the reason does not say better.
    fn sentences(&self) -> Vec<&str> {
        let what = self.reason.as_ref().or(self.message.as_ref());
        let hint = self.hint.as_ref().filter(|hint| what != Some(*hint));
        [what, hint]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect()
    }
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    frame: Frame,
    error: &'a ErrorDetails,
    sentences: Vec<&'a str>,
    ways: Vec<Way>,
}

/// The page for an error that has no form to go back to.
pub fn error_page(error: &ErrorDetails, ctx: &PageContext<'_>) -> String {
    let w = Wording::of(ctx.lang);
    let mut frame = Frame::new(ctx, w.error);
    frame.failed = true;
    let mut sentences = error.sentences();
    if sentences.is_empty() {
        sentences.push(w.error_unknown);
    }
    let links = ctx.links;
    let entrance = if links.logout.is_some() {
        None
    } else {
        Way::to(links.login.as_ref(), w.to_login, "login")
    };
    let ways = [Way::to(links.home.as_ref(), w.to_home, "home"), entrance];
    finish(&ErrorPage {
        frame,
        error,
        sentences,
        ways: ways.into_iter().flatten().collect(),
    })
}
