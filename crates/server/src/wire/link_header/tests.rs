use proptest::prelude::*;
use time::macros::datetime;
use time::{Duration, OffsetDateTime};
use uuid::{Uuid, uuid};

use super::*;

fn query(text: &str) -> Vec<(String, String)> {
    url::form_urlencoded::parse(text.as_bytes())
        .into_owned()
        .collect()
}

/// The links of a header, without the escaped quotes.
fn links(fill: impl FnOnce(&mut HeaderMap)) -> String {
    let mut headers = HeaderMap::new();
    fill(&mut headers);
    headers[LINK].to_str().unwrap().to_owned()
}

const FIRST: &str = "00000000-0000-0000-0000-000000000000";
const ID: Uuid = uuid!("78c1b41d-8341-4507-aa60-aff1d4369670");
const NOW: OffsetDateTime = datetime!(2026-11-25 12:00:00 UTC);

fn identities(text: &str, last: Option<Uuid>, total: i64) -> String {
    let paging = IdentityPaging::from_query(&query(text)).unwrap();
    links(|headers| paging.add_headers("/admin/identities", last, || total, headers))
}

#[test]
fn identities_go_on_by_id() {
    assert_eq!(
        identities("", None, 0),
        format!("</admin/identities?page_size=250&page_token={FIRST}>; rel=\"first\"")
    );
    assert_eq!(
        identities("page_size=2", Some(ID), 0),
        format!(
            "</admin/identities?page_size=2&page_token={FIRST}>; rel=\"first\",\
             </admin/identities?page_size=2&page_token={ID}>; rel=\"next\""
        )
    );
    let paging = IdentityPaging::from_query(&query(&format!("page_token={ID}"))).unwrap();
    assert_eq!(
        paging.page(),
        Page::Keyset {
            after: ID,
            limit: 250
        }
    );
}

#[test]
fn other_parameters_stay_sorted_and_escaped() {
    assert_eq!(
        identities(
            "preview_credentials_identifier_similar=%25&page_size=501&ids=b&ids=a",
            None,
            0
        ),
        format!(
            "</admin/identities?ids=b&ids=a&page_size=500&page_token={FIRST}\
             &preview_credentials_identifier_similar=%25>; rel=\"first\""
        )
    );
    assert_eq!(
        identities(
            "credentials_identifier=user-1~a*%20b%40example.org",
            None,
            0
        ),
        format!(
            "</admin/identities?credentials_identifier=user-1~a%2A+b%40example.org\
             &page_size=250&page_token={FIRST}>; rel=\"first\""
        )
    );
}

#[test]
fn per_page_alone_is_a_page_size_and_beside_one_it_stays() {
    assert_eq!(
        identities("per_page=7", None, 0),
        format!("</admin/identities?page_size=7&page_token={FIRST}>; rel=\"first\"")
    );
    assert_eq!(
        identities("per_page=1&page_size=2", None, 0),
        format!("</admin/identities?page_size=2&page_token={FIRST}&per_page=1>; rel=\"first\"")
    );
}

#[test]
fn sizes_have_their_rules() {
    let limit = |text: &str| IdentityPaging::from_query(&query(text)).map(|paging| paging.page());
    let keyset = |limit| {
        Ok(Page::Keyset {
            after: Uuid::nil(),
            limit,
        })
    };
    for (text, expected) in [
        ("page_size=0", keyset(250)),
        ("page_size=-3", keyset(250)),
        ("page_size=", keyset(250)),
        ("page_size=&page_size=5", keyset(5)),
        ("page_size=99999999999", keyset(500)),
        ("page_token=&page_size=3", keyset(3)),
        ("page_size=many", Err(PagingError::Size)),
        ("page_token=nothing", Err(PagingError::Token)),
        ("page_token=%25zz", Err(PagingError::Token)),
        (
            "page=many&per_page=many",
            Ok(Page::Counted {
                offset: 0,
                limit: 250,
            }),
        ),
        (
            "page=-1&per_page=0",
            Ok(Page::Counted {
                offset: 0,
                limit: 1,
            }),
        ),
        (
            "page=2&per_page=500",
            Ok(Page::Counted {
                offset: 1000,
                limit: 500,
            }),
        ),
        ("page=3&per_page=500", Err(PagingError::TooFar)),
        (
            "page=9223372036854775807&per_page=500",
            Err(PagingError::TooFar),
        ),
        ("page=1&page_size=3", keyset(3)),
    ] {
        assert_eq!(limit(text), expected, "{text}");
    }
}

#[test]
fn counted_identities_have_the_links_of_old_clients() {
    let cases = [
        // As recorded from the reference.
        (
            "page=0&per_page=2",
            5,
            "</admin/identities?page=1&per_page=2>; rel=\"next\",</admin/identities?page=2&per_page=2>; rel=\"last\"",
        ),
        (
            "page=1&per_page=2",
            5,
            "</admin/identities?page=0&per_page=2>; rel=\"first\",</admin/identities?page=2&per_page=2>; rel=\"next\",</admin/identities?page=0&per_page=2>; rel=\"prev\",</admin/identities?page=2&per_page=2>; rel=\"last\"",
        ),
        (
            "page=2&per_page=2",
            5,
            "</admin/identities?page=0&per_page=2>; rel=\"first\",</admin/identities?page=1&per_page=2>; rel=\"prev\"",
        ),
        (
            "page=9&per_page=2",
            5,
            "</admin/identities?page=0&per_page=2>; rel=\"first\",</admin/identities?page=1&per_page=2>; rel=\"prev\"",
        ),
        (
            "page=0&per_page=9",
            5,
            "</admin/identities?page=0&per_page=5>; rel=\"first\"",
        ),
    ];
    for (text, total, expected) in cases {
        assert_eq!(identities(text, None, total), expected, "{text}");
    }
    let mut headers = HeaderMap::new();
    IdentityPaging::from_query(&query("page=0"))
        .unwrap()
        .add_headers("/x", None, || 5, &mut headers);
    assert_eq!(headers[TOTAL_COUNT], "5");
}

#[test]
fn an_empty_list_of_sessions_has_its_odd_links() {
    let token = "eyJvZmZzZXQiOiIwIiwidiI6Mn0";
    let empty = Migration::from_query(&query("")).links("/sessions", 0);
    let links: Vec<&str> = empty.split(',').collect();
    assert_eq!(
        links[0],
        format!("</sessions?page=0&page_size=250&page_token={token}&per_page=250>; rel=\"first\"")
    );
    assert!(
        links[1].starts_with("</sessions?page=1&page_size=250&page_token=")
            && links[1].ends_with("rel=\"next\"")
    );
    assert!(
        links[2].starts_with("</sessions?page=-1&page_size=250&page_token=")
            && links[2].ends_with("rel=\"prev\"")
    );
    let few = Migration::from_query(&query("")).links("/sessions", 2);
    assert_eq!(
        few,
        format!("</sessions?page=0&page_size=2&page_token={token}&per_page=2>; rel=\"first\"")
    );
}

#[test]
fn the_links_of_sessions_lead_through_their_pages() {
    let first = Migration::from_query(&query("page_size=2"));
    assert_eq!((first.page(), first.limit(), first.offset()), (0, 2, 0));
    let links = first.links("/sessions", 5);
    let next = links
        .split_once("page_token=")
        .unwrap()
        .1
        .split_once('&')
        .unwrap()
        .0;
    let second = Migration::from_query(&query(&format!("page_size=2&page_token={next}")));
    assert_eq!((second.page(), second.offset()), (1, 2));
    // The quirk: the second page repeats the first, and the third is the second.
    assert_eq!(
        (
            first.sql_offset_of_own_sessions(),
            second.sql_offset_of_own_sessions()
        ),
        (0, 0)
    );
    assert_eq!(
        Migration::from_query(&query("page=2&per_page=2")).sql_offset_of_own_sessions(),
        2
    );
}

#[test]
fn unreadable_migration_parameters_count_as_absent() {
    let read = |text: &str| {
        let paging = Migration::from_query(&query(text));
        (paging.page(), paging.limit())
    };
    assert_eq!(read("page=x&per_page=y"), (0, 250));
    assert_eq!(read("page_token=!!&page_size=z"), (0, 250));
    assert_eq!(read("page_size=5000"), (0, 1000));
    assert_eq!(read("per_page=-5&page=-5"), (0, 1));
    assert_eq!(read("page=3&page_size=10"), (0, 10));
}

#[test]
fn session_tokens_hold_time_and_id() {
    let start = SessionPaging::from_query(&query("")).unwrap();
    assert_eq!(
        (start.after(), start.limit()),
        (SessionPosition::START, 250)
    );
    let position = SessionPosition {
        created_at: datetime!(2026-11-25 12:34:56.120_450 UTC),
        id: ID,
    };
    let text = links(|headers| start.add_headers("/admin/sessions", Some(position), headers));
    let tokens: Vec<&str> = text
        .split("page_token=")
        .skip(1)
        .map(|rest| rest.split_once('>').unwrap().0)
        .collect();
    let decoded = |token: &str| String::from_utf8(base64_decode(token)).unwrap();
    assert_eq!(
        decoded(tokens[0]),
        format!("id={FIRST}/created_at=2200-12-31 23:59:59")
    );
    assert_eq!(
        decoded(tokens[1]),
        format!("id={ID}/created_at=2026-11-25 12:34:56.12045")
    );
    let next =
        SessionPaging::from_query(&query(&format!("page_token={}&page_size=9999", tokens[1])))
            .unwrap();
    assert_eq!((next.after(), next.limit()), (position, 1000));
}

fn base64_decode(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD_NO_PAD
        .decode(text)
        .unwrap()
}

#[test]
fn session_tokens_of_the_reference_are_read_in_either_order() {
    use base64::Engine as _;
    for fields in [
        format!("created_at=2026-11-25 12:34:56.12345/id={ID}"),
        format!("id={ID}/created_at=2026-11-25 12:34:56"),
    ] {
        let token = base64::engine::general_purpose::STANDARD_NO_PAD.encode(&fields);
        let paging = SessionPaging::from_query(&[("page_token".to_owned(), token)]).unwrap();
        assert_eq!(paging.after().id, ID, "{fields}");
    }
    for bad in ["nonsense", "aWQ9MQ", &"A".repeat(5000)] {
        let refused = SessionPaging::from_query(&[("page_token".to_owned(), bad.to_owned())]);
        assert_eq!(refused, Err(PagingError::Token));
    }
}

fn sealed(keys: &PageKeys, position: PagePosition) -> String {
    let paging = CourierPaging::from_query(&[], keys, NOW).unwrap();
    let text = links(|headers| {
        paging.add_headers(
            "/admin/courier/messages",
            Some(position),
            keys,
            NOW,
            headers,
        )
    });
    let (_, next) = text.rsplit_once("page_token=").unwrap();
    percent_decode_str(next.split_once('>').unwrap().0)
        .decode_utf8()
        .unwrap()
        .into_owned()
}

fn open(keys: &PageKeys, token: &str, now: OffsetDateTime) -> Result<PagePosition, PagingError> {
    CourierPaging::from_query(&[("page_token".to_owned(), token.to_owned())], keys, now)
        .map(|paging| paging.after())
}

const MESSAGE: PagePosition = PagePosition {
    created_at: datetime!(2026-11-25 12:34:56.789_012 UTC),
    id: ID,
};

#[test]
fn courier_tokens_are_sealed_and_live_an_hour() {
    let keys = PageKeys::new(&["pagination-secret"]);
    let token = sealed(&keys, MESSAGE);
    assert_eq!(open(&keys, &token, NOW + Duration::HOUR), Ok(MESSAGE));
    assert_eq!(
        open(&keys, &token, NOW + Duration::HOUR + Duration::SECOND),
        Err(PagingError::ExpiredToken)
    );
    assert_eq!(
        open(&PageKeys::new(&["another"]), &token, NOW),
        Err(PagingError::Token)
    );
    let rotated = PageKeys::new(&["newest", "pagination-secret"]);
    assert_eq!(open(&rotated, &token, NOW), Ok(MESSAGE));
    let none: [&str; 0] = [];
    let keyless = PageKeys::new(&none);
    assert_eq!(open(&keyless, &sealed(&keyless, MESSAGE), NOW), Ok(MESSAGE));
    assert_eq!(
        CourierPaging::from_query(&[], &keys, NOW).unwrap().limit(),
        10
    );
}

proptest! {
    #[test]
    fn any_parameters_are_answered(pairs in prop::collection::vec(("page|per_page|page_size|page_token|x", ".{0,40}"), 0..5), total in 0_i64..3000) {
        let keys = PageKeys::new(&["pagination-secret"]);
        let mut headers = HeaderMap::new();
        Migration::from_query(&pairs).add_headers("/sessions", total, &mut headers);
        prop_assert!(headers.contains_key(LINK));
        if let Ok(paging) = IdentityPaging::from_query(&pairs) {
            paging.add_headers("/admin/identities", None, || total, &mut headers);
        }
        let _ = SessionPaging::from_query(&pairs);
        let _ = CourierPaging::from_query(&pairs, &keys, NOW);
    }

    #[test]
    fn a_damaged_courier_token_is_refused(at in 0_usize..90, to in "[A-Za-z0-9_-]") {
        let keys = PageKeys::new(&["pagination-secret"]);
        let token = sealed(&keys, MESSAGE);
        let at = at % (token.len() - 2);
        let mut damaged = token.clone();
        damaged.replace_range(at..=at, &to);
        prop_assume!(damaged != token);
        prop_assert_eq!(open(&keys, &damaged, NOW), Err(PagingError::Token));
    }

    #[test]
    fn session_tokens_survive_the_way_through_a_url(seconds in 0_i64..4_000_000_000, micros in 0_i64..1_000_000, id: u128) {
        let created_at = OffsetDateTime::from_unix_timestamp(seconds).unwrap() + Duration::microseconds(micros);
        let position = SessionPosition { created_at, id: Uuid::from_u128(id) };
        let start = SessionPaging::from_query(&[]).unwrap();
        let text = links(|headers| start.add_headers("/admin/sessions", Some(position), headers));
        let next = text.rsplit_once("</admin/sessions?").unwrap().1.split_once('>').unwrap().0;
        prop_assert_eq!(SessionPaging::from_query(&query(next)).unwrap().after(), position);
    }
}
