//! The cookies that browsers get.
//!
//! | report | where it is proven |
//! |---|---|
//! | B94 | [`both_cookies_follow_the_configuration_and_the_session_has_its_own_words`], `findings.rs` of the configuration |
//! | B95 | [`a_flow_is_fetched_with_its_browsers_cookie_and_those_of_other_servers_do_no_harm`] |
//! | B96 | [`many_flows_in_one_browser_need_no_more_cookies_than_one`] |

use http::StatusCode;
use serde_json::{Value, json};

use crate::client::Client;
use crate::folk::{MAIL, PASSWORD, person, settings, town};
use crate::provider::{Browser, Provider};
use crate::world::{Answer, World, merge};

/// The attributes of a cookie that an answer sets, by its name's beginning.
fn attributes(answer: &Answer, name: &str) -> Vec<String> {
    let all = answer.headers.get_all("set-cookie").iter();
    let mut all = all.map(|line| line.to_str().unwrap().to_owned());
    let line = all
        .find(|line| line.starts_with(name))
        .unwrap_or_else(|| panic!("{name}: {answer:?}"));
    let parts = line.split("; ").skip(1);
    let mut parts: Vec<String> = parts.map(str::to_lowercase).collect();
    parts.retain(|p| !p.starts_with("max-age") && !p.starts_with("expires") && p != "httponly");
    parts.sort();
    parts
}

async fn cookies(more: Value) -> (Vec<String>, Vec<String>) {
    let world = town(more).await;
    world
        .create(&person(json!({"email": MAIL}), json!({})))
        .await;
    let first = world
        .public(
            "GET",
            "/self-service/login/browser",
            &[("accept", "text/html")],
        )
        .await;
    let answer = Client::browser(&world).sign_in(MAIL, PASSWORD).await;
    (
        attributes(&first, "csrf_token_"),
        attributes(&answer, "ory_kratos_session"),
    )
}

#[tokio::test]
async fn both_cookies_follow_the_configuration_and_the_session_has_its_own_words() {
    let general =
        json!({"cookies": {"domain": "example.org", "path": "/auth", "same_site": "Strict"}});
    let own = json!({"cookie": {"domain": "app.example.org", "path": "/app", "same_site": "Lax"}});
    let words = |domain: &str, path: &str, same_site: &str, secure: bool| {
        let mut all = vec![
            format!("domain={domain}"),
            format!("path={path}"),
            format!("samesite={same_site}"),
        ];
        all.extend(secure.then(|| "secure".to_owned()));
        all
    };
    for dev in [false, true] {
        let mut more = json!({"dev": dev});
        merge(&mut more, general.clone());
        // As the reference's; the configuration warns of it.
        let csrf = words(
            "example.org",
            "/auth",
            if dev { "lax" } else { "strict" },
            !dev,
        );
        let session = words("example.org", "/auth", "strict", !dev);
        let seen = cookies(more.clone()).await;
        assert_eq!(seen, (csrf.clone(), session), "dev: {dev}");
        merge(&mut more, json!({"session": own}));
        let session = words("app.example.org", "/app", "lax", !dev);
        assert_eq!(cookies(more).await, (csrf, session), "dev: {dev}");
    }
}

#[tokio::test]
async fn a_flow_is_fetched_with_its_browsers_cookie_and_those_of_other_servers_do_no_harm() {
    let world = town(json!({})).await;
    let begun = world
        .public(
            "GET",
            "/self-service/login/browser",
            &[("accept", "application/json")],
        )
        .await;
    let path = format!(
        "/self-service/login/flows?id={}",
        begun.json()["id"].as_str().unwrap()
    );
    let line = begun.header("set-cookie").unwrap();
    let own = line.split(';').next().unwrap();
    let elsewhere = format!("csrf_token_{}=c3RhbGU=", "ab".repeat(32));
    let fetch = async |cookie: &str| {
        let headers = [("accept", "application/json"), ("cookie", cookie)];
        world.public("GET", &path, &headers).await
    };
    for cookie in [
        own.to_owned(),
        format!("{elsewhere}; {own}"),
        format!("{own}; {elsewhere}; csrf_token_806060=x"),
    ] {
        let answer = fetch(&cookie).await;
        assert_eq!(answer.status, StatusCode::OK, "{cookie}: {}", answer.body);
    }
    for cookie in ["", "a=b", elsewhere.as_str()] {
        let answer = fetch(cookie).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{cookie}");
        let error = &answer.json()["error"];
        assert_eq!(error["id"], "security_csrf_violation", "{cookie}");
        assert!(
            error["reason"]
                .as_str()
                .unwrap()
                .to_lowercase()
                .contains("cookie"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn many_flows_in_one_browser_need_no_more_cookies_than_one() {
    let provider = Provider::start().await;
    provider.user(json!({"sub": "s-1", "email": MAIL}));
    let config = json!({"providers": [provider.entry()]});
    let oidc = json!({"selfservice": {"methods": {"oidc": {"enabled": true, "config": config}}}});
    let world = World::with(settings(oidc)).await;
    let mut browser = Browser::default();
    let mut sizes = Vec::new();
    for round in 0..50 {
        let kind = ["login", "registration", "recovery", "verification"][round % 4];
        let flow = browser.flow(&world, kind, None).await;
        if kind == "login" {
            browser
                .visit(&world, &flow, json!({"method": "oidc", "provider": "acme"}))
                .await;
        }
        sizes.push(browser.cookie_bytes());
    }
    assert!(sizes.iter().all(|size| *size < 2048), "{sizes:?}");
    assert_eq!(
        browser
            .cookie_names()
            .iter()
            .filter(|n| n.starts_with("csrf_token_"))
            .count(),
        1
    );
}
