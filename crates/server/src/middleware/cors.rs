//! Which other origins' scripts may call the public listener (config.md §6).

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

/// What the configuration says about other origins, borrowed for one request.
pub(super) struct Policy<'a> {
    /// Whether an origin, as the browser sent it, is welcome.
    pub(super) welcomes: &'a dyn Fn(&str) -> bool,
    /// Methods that such scripts may use; OPTIONS always.
    pub(super) methods: &'a [String],
    /// Headers that they may send, in any case; `*` for all.
    pub(super) headers: &'a [String],
    /// Headers of the answer that they may read.
    pub(super) exposed: &'a [String],
    /// Whether cookies go with their requests.
    pub(super) credentials: bool,
    /// For how long a browser may remember the answer to a preflight, in seconds.
    pub(super) max_age_seconds: u64,
    /// Whether preflights are passed on to the routes.
    pub(super) passthrough: bool,
}

/// What a request means for this policy.
pub(super) enum Verdict {
    /// A preflight: to be answered with this status and nothing but these headers.
    Answer(StatusCode, HeaderMap),
    /// To be served, and these headers added.
    Serve(HeaderMap),
}

impl Policy<'_> {
    /// Decides on a request.
    pub(super) fn judge(&self, method: &Method, request: &HeaderMap) -> Verdict {
        let asked = request
            .get(header::ACCESS_CONTROL_REQUEST_METHOD)
            .filter(|asked| !asked.is_empty());
        match asked {
            Some(asked) if method == Method::OPTIONS => {
                let answer = self.preflight(asked, request);
                match self.passthrough {
                    true => Verdict::Serve(answer),
                    false => Verdict::Answer(StatusCode::NO_CONTENT, answer),
                }
            }
            _ => Verdict::Serve(self.actual(method, request)),
        }
    }

    fn preflight(&self, method: &HeaderValue, request: &HeaderMap) -> HeaderMap {
        const VARY: &str = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
        let mut answer = HeaderMap::new();
        answer.insert(header::VARY, HeaderValue::from_static(VARY));
        let headers = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS);
        let Some(origin) = self.welcome(request) else {
            return answer;
        };
        if !self.permits_method(method.as_bytes())
            || !headers.is_none_or(|headers| self.permits_headers(headers))
        {
            return answer;
        }
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        answer.insert(header::ACCESS_CONTROL_ALLOW_METHODS, method.clone());
        if let Some(headers) = headers.filter(|headers| !headers.is_empty()) {
            answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, headers.clone());
        }
        self.allow_credentials(&mut answer);
        if self.max_age_seconds > 0 {
            answer.insert(
                header::ACCESS_CONTROL_MAX_AGE,
                HeaderValue::from(self.max_age_seconds),
            );
        }
        answer
    }

    fn actual(&self, method: &Method, request: &HeaderMap) -> HeaderMap {
        let mut answer = HeaderMap::new();
        answer.insert(header::VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = self
            .welcome(request)
            .filter(|_| self.permits_method(method.as_str().as_bytes()))
        else {
            return answer;
        };
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        let exposed: Vec<String> = self.exposed.iter().map(|name| canonical(name)).collect();
        if let Some(exposed) = HeaderValue::from_str(&exposed.join(", "))
            .ok()
            .filter(|exposed| !exposed.is_empty())
        {
            answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
        self.allow_credentials(&mut answer);
        answer
    }

    fn welcome<'r>(&self, request: &'r HeaderMap) -> Option<&'r HeaderValue> {
        let origin = request.get(header::ORIGIN)?;
        let text = origin.to_str().ok().filter(|text| !text.is_empty())?;
        (self.welcomes)(text).then_some(origin)
    }

    fn permits_method(&self, method: &[u8]) -> bool {
        method == b"OPTIONS"
            || self
                .methods
                .iter()
                .any(|permitted| permitted.as_bytes() == method)
    }

    /// Browsers send the names in lower case; other spellings are refused, as the reference does.
    fn permits_headers(&self, asked: &HeaderValue) -> bool {
        if self.headers.iter().any(|permitted| permitted == "*") {
            return true;
        }
        let Ok(asked) = asked.to_str() else {
            return false;
        };
        let mut names = asked
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty());
        names.all(|name| {
            self.headers
                .iter()
                .any(|permitted| permitted.to_ascii_lowercase() == name)
        })
    }

    fn allow_credentials(&self, answer: &mut HeaderMap) {
        if self.credentials {
            answer.insert(
                header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
                HeaderValue::from_static("true"),
            );
        }
    }
}

/// Adds the policy's headers to an answer; what the answer varies by is added to, not replaced.
pub(super) fn add(policy: HeaderMap, answer: &mut HeaderMap) {
    for (name, value) in policy.iter() {
        if name == header::VARY {
            answer.append(name.clone(), value.clone());
        } else {
            answer.insert(name.clone(), value.clone());
        }
    }
}

/// A header's name with capitals at the start of its words, as the reference writes it.
fn canonical(name: &str) -> String {
    if HeaderName::from_bytes(name.as_bytes()).is_err() {
        return String::new();
    }
    let mut start = true;
    name.chars()
        .map(|c| {
            let written = if start {
                c.to_ascii_uppercase()
            } else {
                c.to_ascii_lowercase()
            };
            start = c == '-';
            written
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(list: &[&str]) -> Vec<String> {
        list.iter().map(|text| (*text).to_owned()).collect()
    }

    /// Asks a policy that welcomes one origin, and gives status and headers as texts.
    fn ask(method: &str, request: &[(&str, &str)]) -> (u16, Vec<(String, String)>) {
        let headers: HeaderMap = request
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_bytes(name.as_bytes()).unwrap(),
                    value.parse().unwrap(),
                )
            })
            .collect();
        let welcomes = |origin: &str| origin == "https://app.example.org";
        let (methods, permitted, exposed) = (
            texts(&["GET", "POST"]),
            texts(&["Content-Type", "X-Own"]),
            texts(&["x-seen"]),
        );
        let policy = Policy {
            welcomes: &welcomes,
            methods: &methods,
            headers: &permitted,
            exposed: &exposed,
            credentials: true,
            max_age_seconds: 600,
            passthrough: false,
        };
        let (status, answer) =
            match policy.judge(&Method::from_bytes(method.as_bytes()).unwrap(), &headers) {
                Verdict::Answer(status, answer) => (status.as_u16(), answer),
                Verdict::Serve(answer) => (0, answer),
            };
        let mut answer: Vec<_> = answer
            .iter()
            .filter(|(name, _)| *name != header::VARY)
            .map(|(name, value)| {
                (
                    name.as_str().replace("access-control-", ""),
                    value.to_str().unwrap().to_owned(),
                )
            })
            .collect();
        answer.sort();
        (status, answer)
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter()
            .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
            .collect()
    }

    fn preflight(origin: &str, method: &str, headers: &str) -> (u16, Vec<(String, String)>) {
        let mut request = vec![
            ("origin", origin),
            ("access-control-request-method", method),
        ];
        if !headers.is_empty() {
            request.push(("access-control-request-headers", headers));
        }
        ask("OPTIONS", &request)
    }

    #[test]
    fn a_preflight_from_a_welcome_origin_gets_back_what_it_asked_for() {
        let common = [
            ("allow-credentials", "true"),
            ("allow-methods", "POST"),
            ("allow-origin", "https://app.example.org"),
            ("max-age", "600"),
        ];
        let mut expected = pairs(&common);
        assert_eq!(
            preflight("https://app.example.org", "POST", ""),
            (204, expected.clone())
        );
        expected.insert(1, ("allow-headers".into(), "content-type,x-own".into()));
        assert_eq!(
            preflight("https://app.example.org", "POST", "content-type,x-own"),
            (204, expected)
        );
    }

    #[test]
    fn other_preflights_are_answered_without_leave() {
        for (origin, method, headers) in [
            ("https://evil.example.com", "POST", "content-type"),
            ("null", "POST", ""),
            ("https://app.example.org", "DELETE", ""),
            ("https://app.example.org", "POST", "x-other"),
            ("https://app.example.org", "POST", "Content-Type"),
        ] {
            assert_eq!(
                preflight(origin, method, headers),
                (204, vec![]),
                "{origin} {method} {headers}"
            );
        }
    }

    #[test]
    fn requests_are_served_with_the_headers_that_fit() {
        let expected = pairs(&[
            ("allow-credentials", "true"),
            ("allow-origin", "https://app.example.org"),
            ("expose-headers", "X-Seen"),
        ]);
        assert_eq!(
            ask("GET", &[("origin", "https://app.example.org")]),
            (0, expected)
        );
        assert_eq!(
            ask("GET", &[("origin", "https://evil.example.com")]),
            (0, vec![])
        );
        assert_eq!(
            ask("DELETE", &[("origin", "https://app.example.org")]),
            (0, vec![])
        );
        assert_eq!(
            ask("OPTIONS", &[]),
            (0, vec![]),
            "OPTIONS without a question is no preflight"
        );
    }
}
