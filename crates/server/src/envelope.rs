//! The body of an error that is not shown in a flow (errors.tsv, scope ENVELOPE).

use std::borrow::Cow;

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;

/// Says which error a body holds; always sent with an error, empty when the error has no id.
pub const ERROR_ID: HeaderName = HeaderName::from_static("ory-error-id");

/// A generic error.
#[derive(Clone, Debug, Serialize)]
pub struct Envelope {
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'static str,
    code: u16,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: Cow<'static, str>,
    message: Cow<'static, str>,
}

#[derive(Serialize)]
struct Body<'a> {
    error: &'a Envelope,
}

impl Envelope {
    /// An error with a status and a sentence that says what was wrong.
    pub fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Envelope {
        Envelope {
            id: "",
            code: status.as_u16(),
            status: status.canonical_reason().unwrap_or_default(),
            request: None,
            reason: Cow::Borrowed(""),
            message: message.into(),
        }
    }

    /// The same with a second sentence that says what to do about it.
    #[must_use]
    pub fn because(mut self, reason: impl Into<Cow<'static, str>>) -> Envelope {
        self.reason = reason.into();
        self
    }

    /// The same with the id that the client gave its request.
    #[must_use]
    pub fn about(mut self, request: Option<&str>) -> Envelope {
        self.request = request.map(str::to_owned);
        self
    }

    /// The answer, with another status than the one in the body: the readiness probe's needs that.
    pub fn into_response_with(self, status: StatusCode) -> Response {
        let body = crate::json::body(&Body { error: &self });
        let json = HeaderValue::from_static("application/json");
        (
            status,
            [
                (header::CONTENT_TYPE, json),
                (ERROR_ID, HeaderValue::from_static(self.id)),
            ],
            body,
        )
            .into_response()
    }
}

impl IntoResponse for Envelope {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        self.into_response_with(status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn empty_members_are_left_out_and_the_id_header_is_there() {
        let error = Envelope::new(StatusCode::NOT_FOUND, "There is no such schema.")
            .because("Ask for another.");
        let text = String::from_utf8(crate::json::body(&Body { error: &error })).unwrap();
        let expected = r#"{"error":{"code":404,"status":"Not Found","reason":"Ask for another.","message":"There is no such schema."}}"#;
        assert_eq!(text.trim_end(), expected);
        let response = error.into_response();
        assert_eq!(
            response.headers().get(ERROR_ID).map(HeaderValue::as_bytes),
            Some(b"".as_slice())
        );
    }
}
