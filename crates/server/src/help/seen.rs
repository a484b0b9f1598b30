//! What of the request can be said back to whoever sent it. Names only, never values.

use bia_selfservice::cx::Cx;

use crate::wire::csrf;

/// How many cookies are named.
const MOST_NAMES: usize = 5;

/// How much of a name is shown.
const MOST_CHARACTERS: usize = 100;

/// The length of a flow's id.
const ID_CHARACTERS: usize = 36;

/// The path of the request. Its URL may have no host, and then is none for the parser.
pub(crate) fn path(cx: &Cx) -> &str {
    let url = cx.request.url.as_str();
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/')
        .and_then(|slash| rest.get(slash..))
        .unwrap_or("/")
}

/// The name of the anti-CSRF cookie of this server.
pub(crate) fn csrf_cookie_name(cx: &Cx) -> String {
    csrf::cookie_name(&cx.config().serve.public.base_url_text)
}

/// The names of the cookies that came, as many and as much of them as fit into a sentence.
pub(crate) fn cookie_names(cx: &Cx) -> Vec<String> {
    let cookies = cx.request.cookies.by_name();
    cookies
        .keys()
        .take(MOST_NAMES)
        .map(|name| shown(name))
        .collect()
}

/// `The cookies a and b came.`, or that none came.
pub(super) fn cookies(cx: &Cx) -> String {
    match cookie_names(cx).as_slice() {
        [] => "No cookie came at all.".to_owned(),
        [one] => format!("Only the cookie {one} came."),
        names => format!("These cookies came: {}.", names.join(", ")),
    }
}

/// A text of the client's, cut, and without what could be anything but a name.
pub(super) fn shown(text: &str) -> String {
    let fits = |c: &char| c.is_ascii_graphic() && !matches!(c, '<' | '>' | '&' | '"' | '\'');
    text.chars().filter(fits).take(MOST_CHARACTERS).collect()
}

/// What is wrong with an id of a flow; `None` when it is one.
pub(super) fn bad_id(name: &str, id: Option<&str>) -> Option<String> {
    let Some(id) = id.filter(|id| !id.is_empty()) else {
        return Some(format!(
            "The parameter {name} did not come; it is the id of the flow, of {ID_CHARACTERS} characters."
        ));
    };
    let length = id.chars().count();
    if length != ID_CHARACTERS {
        return Some(format!(
            "An id has {ID_CHARACTERS} characters, and the parameter {name} has {length}: part of it was lost, or something was added."
        ));
    }
    uuid::Uuid::try_parse(id).err().map(|_| {
        format!("The parameter {name} has {ID_CHARACTERS} characters, but is no id: an id is made of digits, a to f, and dashes.")
    })
}

/// What kept the server from finding a session in the request.
pub(super) fn no_session(cx: &Cx) -> String {
    let credentials = &cx.request.credentials;
    let cookie = &cx.config().session.cookie.name;
    let cookies = cx.request.cookies.by_name();
    if credentials.token.is_some() {
        let from = if credentials.from_cookie {
            "the session cookie"
        } else {
            "the header"
        };
        return format!("The session token in {from} is not valid, or not any more.");
    }
    if cookies.contains_key(cookie.as_str()) {
        return format!(
            "The cookie {cookie} came, but this server cannot read it: another server or another key made it, or it has ended."
        );
    }
    let header = cx.request.headers.allowed(&["Authorization".to_owned()]);
    if !header.is_empty() {
        return "The header Authorization came, but without a token that begins with Bearer."
            .to_owned();
    }
    format!(
        "Neither a session cookie ({cookie}) nor a session token came. {}",
        self::cookies(cx)
    )
}
