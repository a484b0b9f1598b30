use std::sync::atomic::{AtomicUsize, Ordering};

use bia_config::section::clients::HttpClient;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use url::Url;

use super::*;

fn config() -> PolicyConfig {
    PolicyConfig {
        min_bytes: 8,
        max_bytes: 72,
        similarity_check: true,
        breach: None,
    }
}

fn outbound(public_only: bool) -> Arc<Outbound> {
    let rules = HttpClient {
        disallow_private_ip_ranges: public_only,
        ..HttpClient::default()
    };
    Arc::new(Outbound::new(&rules))
}

fn policy() -> PasswordPolicy {
    PasswordPolicy::new(config(), &outbound(false)).unwrap()
}

async fn violation(
    policy: &PasswordPolicy,
    password: &str,
    identifiers: &[&str],
) -> Option<PolicyViolation> {
    let identifiers: Vec<String> = identifiers.iter().map(|id| (*id).to_owned()).collect();
    match policy.check(password, &identifiers).await {
        Ok(()) => None,
        Err(PolicyError::Violation(violation)) => Some(violation),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn length_counts_bytes() {
    let policy = policy();
    let short = Some(PolicyViolation::TooShort { min: 8, actual: 7 });
    assert_eq!(
        violation(&policy, "seven77", &["user-1@example.org"]).await,
        short
    );
    assert_eq!(
        violation(&policy, "ääää", &["user-1@example.org"]).await,
        None
    );
    assert_eq!(
        violation(&policy, &"xy".repeat(36), &["user-1@example.org"]).await,
        None
    );
    let long = Some(PolicyViolation::TooLong {
        max: 72,
        actual: 73,
    });
    assert_eq!(
        violation(&policy, &"z".repeat(73), &["user-1@example.org"]).await,
        long
    );
}

#[tokio::test]
async fn a_password_may_not_resemble_any_identifier() {
    let policy = policy();
    let similar = Some(PolicyViolation::TooSimilar);
    assert_eq!(
        violation(&policy, "user-1@example.org", &["user-1@example.org"]).await,
        similar
    );
    assert_eq!(
        violation(&policy, "USER-1@example.com", &["user-1@example.org"]).await,
        similar
    );
    assert_eq!(
        violation(&policy, "wholly different", &["user-1@example.org"]).await,
        None
    );
    assert_eq!(
        violation(
            &policy,
            "wholly different",
            &["user-1@example.org", "holly differ"]
        )
        .await,
        similar
    );
    let mut lenient = config();
    lenient.similarity_check = false;
    let lenient = PasswordPolicy::new(lenient, &outbound(false)).unwrap();
    assert_eq!(
        violation(&lenient, "user-1@example.org", &["user-1@example.org"]).await,
        None
    );
}

#[test]
fn similarity_has_its_bounds() {
    let cases = [
        // Four and five edits.
        ("abcdefghijkl", "1bc2ef3hi4kl", true),
        ("abcdefghijkl", "1bc2ef3hi4k5", false),
        // A common run of exactly half, and of more.
        ("qwertzui", "qwer----::::qwer", false),
        ("zzqwertzz-and-more", "--qwert--", true),
        ("zzqwerzz-and-more", "--qwer--", false),
        ("", "anything", false),
        ("Straße-9", "STRASSE-9", true),
    ];
    for (identifier, password, expected) in cases {
        assert_eq!(
            are_similar(identifier, password),
            expected,
            "{identifier} {password}"
        );
    }
    let long = "a".repeat(257);
    assert!(!are_similar(&long, &long));
    assert!(!are_similar(&"a".repeat(10), &long));
}

#[test]
fn the_longest_run_is_found_wherever_it_is() {
    let run = |left: &str, right: &str| {
        longest_common_run(
            &left.chars().collect::<Vec<_>>(),
            &right.chars().collect::<Vec<_>>(),
        )
    };
    assert_eq!(run("thisisatest", "testing123testing"), 4);
    assert_eq!(run("aaaa", "aa"), 2);
    assert_eq!(run("abc", "xyz"), 0);
    assert_eq!(run("müller", "müller-1"), 6);
    assert_eq!(run("", "x"), 0);
}

/// A range API on the loopback that gives the same answer to everybody and counts the requests.
struct Stub {
    base_url: Url,
    requests: Arc<AtomicUsize>,
}

async fn stub(status: &'static str, body: &'static str) -> Stub {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}/", listener.local_addr().unwrap())
        .parse()
        .unwrap();
    let requests = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&requests);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = vec![0; 2048];
            let read = stream.read(&mut request).await.unwrap();
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            // The SHA-1 of the password below starts with these digits.
            assert!(
                request.starts_with("GET /range/ABF7A HTTP/1.1\r\n"),
                "{request}"
            );
            counter.fetch_add(1, Ordering::SeqCst);
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    Stub { base_url, requests }
}

const LEAKED: &str = "correct horse battery staple";

async fn with_lookup(
    base_url: Url,
    max_breaches: u64,
    ignore_network_errors: bool,
) -> PasswordPolicy {
    let breach = Some(BreachConfig {
        base_url,
        max_breaches,
        ignore_network_errors,
    });
    PasswordPolicy::new(PolicyConfig { breach, ..config() }, &outbound(false)).unwrap()
}

#[tokio::test]
async fn a_leaked_password_is_refused_and_asked_for_once() {
    let stub = stub(
        "200 OK",
        "0018A45C4D1DEF81644B54AB7F969B88D65:3\r\nAD6438836DBE526AA231ABDE2D0EEF74D42:1,024\r\n",
    )
    .await;
    let policy = with_lookup(stub.base_url, 0, false).await;
    let breached = Some(PolicyViolation::Breached { count: 1024 });
    assert_eq!(
        violation(&policy, LEAKED, &["user-1@example.org", "user-1"]).await,
        breached
    );
    assert_eq!(violation(&policy, LEAKED, &[]).await, breached);
    assert_eq!(stub.requests.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn as_many_leaks_as_configured_are_tolerated() {
    let stub = stub("200 OK", "AD6438836DBE526AA231ABDE2D0EEF74D42:2").await;
    assert_eq!(
        violation(
            &with_lookup(stub.base_url.clone(), 2, false).await,
            LEAKED,
            &[]
        )
        .await,
        None
    );
    let refused = violation(&with_lookup(stub.base_url, 1, false).await, LEAKED, &[]).await;
    assert_eq!(refused, Some(PolicyViolation::Breached { count: 2 }));
}

#[tokio::test]
async fn a_line_without_a_count_counts_once_and_an_absent_one_not() {
    let listed = stub("200 OK", "AD6438836DBE526AA231ABDE2D0EEF74D42").await;
    let refused = violation(&with_lookup(listed.base_url, 0, false).await, LEAKED, &[]).await;
    assert_eq!(refused, Some(PolicyViolation::Breached { count: 1 }));
    let absent = stub("200 OK", "0018A45C4D1DEF81644B54AB7F969B88D65:3").await;
    assert_eq!(
        violation(&with_lookup(absent.base_url, 0, false).await, LEAKED, &[]).await,
        None
    );
}

#[tokio::test]
async fn a_failing_service_is_ignored_or_reported_as_configured() {
    let failing = stub("503 Service Unavailable", "").await;
    assert_eq!(
        violation(
            &with_lookup(failing.base_url.clone(), 0, true).await,
            LEAKED,
            &[]
        )
        .await,
        None
    );
    let strict = with_lookup(failing.base_url, 0, false).await;
    assert!(matches!(
        strict.check(LEAKED, &[]).await,
        Err(PolicyError::Unavailable(_))
    ));
    assert_eq!(
        failing.requests.load(Ordering::SeqCst),
        4,
        "each look-up tries twice"
    );
    let nobody = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let strict = with_lookup(format!("http://{nobody}/").parse().unwrap(), 0, false).await;
    assert!(matches!(
        strict.check(LEAKED, &[]).await,
        Err(PolicyError::Unavailable(_))
    ));
}

#[tokio::test]
async fn a_mirror_in_a_private_network_is_asked_only_where_that_is_allowed() {
    let stub = stub("200 OK", "AD6438836DBE526AA231ABDE2D0EEF74D42:2").await;
    let breach = Some(BreachConfig {
        base_url: stub.base_url,
        max_breaches: 0,
        ignore_network_errors: false,
    });
    let closed = PolicyConfig { breach, ..config() };
    let closed = PasswordPolicy::new(closed, &outbound(true)).unwrap();
    let refused = closed.check(LEAKED, &[]).await;
    assert!(
        matches!(refused, Err(PolicyError::Unavailable(_))),
        "{refused:?}"
    );
    assert_eq!(stub.requests.load(Ordering::SeqCst), 0);
}

/// Leaves a connection without an answer, or cuts the answer.
async fn broken(answer: Option<&'static str>) -> Url {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            if let Some(answer) = answer {
                let mut request = vec![0; 2048];
                let _ = stream.read(&mut request).await.unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
            } else {
                kept.push(stream);
            }
        }
    });
    url.parse().unwrap()
}

#[tokio::test]
async fn b30_a_black_hole_and_a_cut_answer_count_as_network_errors_and_take_seconds() {
    let cut = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nAD6438";
    for answer in [None, Some(cut)] {
        let url = broken(answer).await;
        let began = std::time::Instant::now();
        let (lenient, strict) = tokio::join!(
            with_lookup(url.clone(), 0, true),
            with_lookup(url, 0, false)
        );
        let (passed, refused) = tokio::join!(lenient.check(LEAKED, &[]), strict.check(LEAKED, &[]));
        assert_eq!(passed, Ok(()), "{answer:?}");
        assert!(
            matches!(refused, Err(PolicyError::Unavailable(_))),
            "{answer:?}"
        );
        assert!(began.elapsed().as_secs() < 10, "{answer:?}");
    }
}

#[test]
fn the_configured_host_is_asked_over_https() {
    let config = BreachConfig::for_host("api.pwnedpasswords.com", 0, true).unwrap();
    assert_eq!(
        config.base_url.join("range/ABCDE").unwrap().as_str(),
        "https://api.pwnedpasswords.com/range/ABCDE"
    );
    assert_eq!(BreachConfig::for_host("not a host", 0, true), None);
}
