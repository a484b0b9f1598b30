//! Calls that came to the wrong listener and are sent to the right one (admin.md §1).

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodFilter, MethodRouter, on};
use bia_selfservice::cx::App;
use http::{StatusCode, Uri, header};
use url::Url;

use crate::middleware::ADMIN;

const GET: MethodFilter = MethodFilter::GET;
const POST: MethodFilter = MethodFilter::POST;
const DELETE: MethodFilter = MethodFilter::DELETE;
const PUT: MethodFilter = MethodFilter::PUT;
const PATCH: MethodFilter = MethodFilter::PATCH;

/// Public paths, also below `/admin` where `.2` says so, that are calls to the admin API.
const TO_ADMIN: [(&str, &[MethodFilter], bool); 9] = [
    ("/identities", &[GET, POST], true),
    ("/identities/{id}", &[GET, DELETE, PUT, PATCH], true),
    ("/identities/by/external/{id}", &[GET], true),
    ("/identities/{id}/credentials/{type}", &[DELETE], true),
    ("/identities/{id}/sessions", &[DELETE], false),
    ("/admin/courier/messages", &[GET], false),
    ("/admin/courier/messages/{id}", &[GET], false),
    ("/recovery/code", &[POST], false),
    ("/recovery/link", &[POST], false),
];

/// Paths of the admin listener, without `/admin`, that are calls to the public API.
const TO_PUBLIC: [(&str, &[MethodFilter]); 8] = [
    ("/schemas", &[GET]),
    ("/schemas/{id}", &[GET]),
    ("/self-service/errors", &[GET]),
    ("/self-service/logout/browser", &[GET]),
    ("/self-service/logout/api", &[DELETE]),
    ("/self-service/logout", &[GET]),
    ("/sessions/whoami", &[GET]),
    ("/sessions", &[DELETE]),
];

/// The flows whose paths are the same but for the name.
const FLOWS: [&str; 5] = [
    "login",
    "registration",
    "settings",
    "recovery",
    "verification",
];

/// What the public listener sends to the admin listener.
pub(super) fn to_admin() -> Router<Arc<App>> {
    TO_ADMIN
        .iter()
        .fold(Router::new(), |router, (path, methods, twice)| {
            let router = router.route(path, redirect(methods, send_to_admin));
            if *twice {
                router.route(&format!("{ADMIN}{path}"), redirect(methods, send_to_admin))
            } else {
                router
            }
        })
}

/// What the admin listener sends to the public listener.
pub(super) fn to_public() -> Router<Arc<App>> {
    let add = |router: Router<Arc<App>>, path: &str, methods: &[MethodFilter]| {
        router.route(&format!("{ADMIN}{path}"), redirect(methods, send_to_public))
    };
    let router = TO_PUBLIC
        .iter()
        .fold(Router::new(), |router, (path, methods)| {
            add(router, path, methods)
        });
    FLOWS.iter().fold(router, |router, flow| {
        let path = format!("/self-service/{flow}");
        let router = add(router, &path, &[GET, POST]);
        ["browser", "api", "flows"]
            .iter()
            .fold(router, |router, end| {
                add(router, &format!("{path}/{end}"), &[GET])
            })
    })
}

fn redirect<H, T>(methods: &[MethodFilter], handler: H) -> MethodRouter<Arc<App>>
where
    H: axum::handler::Handler<T, Arc<App>>,
    T: 'static,
{
    let (first, rest) = methods.split_first().unwrap_or((&GET, &[]));
    on(
        rest.iter().fold(*first, |all, method| all.or(*method)),
        handler,
    )
}

async fn send_to_admin(State(app): State<Arc<App>>, uri: Uri) -> Response {
    temporary(&app.runtime.load().config.serve.admin.base_url, ADMIN, &uri)
}

async fn send_to_public(State(app): State<Arc<App>>, uri: Uri) -> Response {
    temporary(&app.runtime.load().config.serve.public.base_url, "", &uri)
}

/// 307 to the same path, without `/admin`, below a base URL and a prefix. The query stays as it is.
fn temporary(base: &Url, prefix: &str, uri: &Uri) -> Response {
    let path = uri.path().strip_prefix(ADMIN).unwrap_or(uri.path());
    let mut target = base.clone();
    target.set_path(&format!(
        "{}{prefix}{path}",
        base.path().trim_end_matches('/')
    ));
    target.set_query(uri.query());
    (
        StatusCode::TEMPORARY_REDIRECT,
        [(header::LOCATION, String::from(target))],
    )
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn location(base: &str, prefix: &str, uri: &str) -> String {
        let response = temporary(&base.parse().unwrap(), prefix, &uri.parse().unwrap());
        assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
        response.headers()[header::LOCATION]
            .to_str()
            .unwrap()
            .to_owned()
    }

    #[test]
    fn the_path_is_kept_below_the_base_url_and_the_query_as_it_was() {
        assert_eq!(
            location("http://127.0.0.1:4434/", ADMIN, "/identities?page_size=1"),
            "http://127.0.0.1:4434/admin/identities?page_size=1"
        );
        assert_eq!(
            location("http://127.0.0.1:4434", ADMIN, "/admin/identities"),
            "http://127.0.0.1:4434/admin/identities"
        );
        assert_eq!(
            location(
                "https://id.app.local/auth",
                "",
                "/admin/self-service/login/browser?aal=aal1"
            ),
            "https://id.app.local/auth/self-service/login/browser?aal=aal1"
        );
    }

    #[test]
    fn no_path_leads_to_another_host() {
        assert_eq!(
            location("https://id.app.local/", "", "/admin//evil.example"),
            "https://id.app.local//evil.example"
        );
    }
}
