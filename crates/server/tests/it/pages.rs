//! The built-in pages, as a browser gets them.

use http::StatusCode;
use serde_json::json;

use crate::world::{Answer, World};

const HTML: (&str, &str) = ("accept", "text/html");

async fn get(world: &World, path: &str) -> Answer {
    world.public("GET", path, &[HTML]).await
}

/// Path and query of a redirect to the server itself.
fn redirect(answer: &Answer) -> &str {
    assert!(answer.status.is_redirection(), "{answer:?}");
    let to = answer.header("location").unwrap();
    to.strip_prefix("http://public.example.org").unwrap()
}

#[tokio::test]
async fn pages_load_nothing_from_elsewhere_and_are_kept_nowhere() {
    let world = World::with(json!({"dev": true})).await;
    for path in ["/ui/", "/ui/welcome", "/ui/error", "/ui/inbox"] {
        let page = get(&world, path).await;
        assert_eq!(
            page.header("content-security-policy"),
            Some(bia_ui::CSP),
            "{path}"
        );
        assert_eq!(
            page.header("cache-control"),
            Some("private, no-store"),
            "{path}"
        );
        assert_eq!(
            page.header("content-type"),
            Some("text/html; charset=utf-8"),
            "{path}"
        );
        assert!(page.body.contains(r#"href="assets/bia.css""#), "{path}");
    }
    let css = get(&world, "/ui/assets/bia.css").await;
    assert_eq!(css.header("content-type"), Some("text/css; charset=utf-8"));
    assert!(css.body.contains("--accent"));
    for missing in [
        "/ui/assets/theme.css",
        "/ui/assets/../assets/bia.css",
        "/ui/assets/",
        "/ui/nothing",
    ] {
        assert_eq!(
            get(&world, missing).await.status,
            StatusCode::NOT_FOUND,
            "{missing}"
        );
    }
}

#[tokio::test]
async fn a_page_without_a_flow_leads_to_one_and_back_to_its_page() {
    let allowed = json!({"selfservice": {"allowed_return_urls": ["http://app.example.org/"]}});
    let world = World::with(allowed).await;
    let begins = get(
        &world,
        "/ui/login?return_to=http%3A%2F%2Fapp.example.org%2F&flow=&x=1",
    )
    .await;
    let begins = redirect(&begins);
    assert_eq!(
        begins,
        "/self-service/login/browser?return_to=http%3A%2F%2Fapp.example.org%2F"
    );
    let created = get(&world, begins).await;
    let page = redirect(&created).to_owned();
    assert!(page.starts_with("/ui/login?flow="), "{page}");
    let cookie = created
        .header("set-cookie")
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    let shown = world
        .public("GET", &page, &[HTML, ("cookie", cookie)])
        .await;
    assert_eq!(shown.status, StatusCode::OK);
    assert!(
        shown.body.contains(r#"name="csrf_token""#),
        "{}",
        shown.body
    );
    let keeps = "http://public.example.org/self-service/registration/browser?return_to=http%3A%2F%2Fapp.example.org%2F";
    assert!(
        shown.body.contains(&format!("href=\"{keeps}\"")),
        "{}",
        shown.body
    );
}

#[tokio::test]
async fn a_browser_without_cookies_is_told_instead_of_being_sent_in_circles() {
    let world = World::new().await;
    let mut path = "/ui/login".to_owned();
    let mut hops = 0;
    let told = loop {
        let answer = get(&world, &path).await;
        if !answer.status.is_redirection() {
            break answer;
        }
        redirect(&answer).clone_into(&mut path);
        hops += 1;
        assert!(hops < 10, "still going at {path}");
    };
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    assert!(told.body.contains("Allow cookies"), "{}", told.body);
}

#[tokio::test]
async fn behind_a_path_prefix_every_address_has_it() {
    let world =
        World::with(json!({"serve": {"public": {"base_url": "http://public.example.org/id/"}}}))
            .await;
    assert_eq!(redirect(&get(&world, "/ui").await), "/id/ui/");
    assert_eq!(
        redirect(&get(&world, "/ui/login").await),
        "/id/self-service/login/browser"
    );
    let created = get(&world, "/self-service/login/browser").await;
    assert!(redirect(&created).starts_with("/id/ui/login?flow="));
    let home = get(&world, "/ui/").await.body;
    let own: Vec<&str> = home
        .split("href=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    for link in own.iter().filter(|link| link.starts_with("http")) {
        assert!(link.starts_with("http://public.example.org/id/"), "{link}");
    }
    assert!(own.contains(&"assets/bia.css"), "{own:?}");
}

#[tokio::test]
async fn only_development_mode_shows_everybodys_mail_and_only_the_public_listener_has_pages() {
    let world = World::new().await;
    assert_eq!(get(&world, "/ui/inbox").await.status, StatusCode::NOT_FOUND);
    assert!(!get(&world, "/ui/").await.body.contains("inbox"));
    assert_eq!(
        world.admin("GET", "/ui/", &[HTML]).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn broken_ids_are_answered_with_a_page() {
    let world = World::new().await;
    for id in [
        "",
        "x",
        "00000000-0000-4000-8000-000000000000",
        "%00",
        "%F0%9F%92%A3",
    ] {
        let page = get(&world, &format!("/ui/error?id={id}")).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{id}");
        assert!(
            page.body.contains("There is no error with this id"),
            "{}",
            page.body
        );
        for flow in ["login", "registration", "settings"] {
            let answer = get(&world, &format!("/ui/{flow}?flow={id}")).await;
            assert_eq!(
                redirect(&answer),
                format!("/self-service/{flow}/browser"),
                "{id}"
            );
        }
    }
}
