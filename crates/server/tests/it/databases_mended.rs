//! Commands that mend a database without a server: phone numbers, search terms.

use std::process::Output;
use std::time::Duration;

use bia_model::{Channel, Credential, Identity, MethodName, RecoveryAddress, VerifiableAddress};
use bia_store::{Dsn, Store, args, identity, migrate, network, transact};
use serde_json::json;
use time::OffsetDateTime;

use crate::run_bia::{run_bia, text};

/// A SQLite file with people in it.
struct Place {
    folder: tempfile::TempDir,
    store: Store,
}

const TYPED: &str = "+1 (415) 555-2671";
const MENDED: &str = "+14155552671";

impl Place {
    async fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let dsn = dsn(&folder);
        let store = Store::connect(&Dsn::parse(&dsn).unwrap(), Duration::ZERO)
            .await
            .unwrap();
        let now = OffsetDateTime::now_utc();
        migrate::up(&store, now).await.unwrap();
        network::ensure(&store, now).await.unwrap();
        Place { folder, store }
    }

    /// Somebody whose number is kept in this spelling.
    async fn keep(&self, phone: &str) {
        let now = OffsetDateTime::now_utc();
        let mut somebody = Identity::new("default", json!({"phone": phone}), now);
        let named = vec![phone.to_owned()];
        somebody.credentials = vec![Credential::new(MethodName::Code, named, json!({}), now)];
        somebody.verifiable_addresses = vec![VerifiableAddress::new(Channel::Sms, phone, now)];
        somebody.recovery_addresses = vec![RecoveryAddress::new(Channel::Sms, phone, now)];
        transact!(self.store, tx => identity::insert(tx, &somebody).await).unwrap();
    }

    fn bia(&self, arguments: &[&str]) -> Output {
        self.bia_with(&[], arguments)
    }

    fn bia_with(&self, environment: &[(&str, &str)], arguments: &[&str]) -> Output {
        let dsn = dsn(&self.folder);
        let arguments = [arguments, &[dsn.as_str()]].concat();
        run_bia(self.folder.path(), environment, &arguments, "")
    }

    async fn count(&self, sql: &'static str, value: &str) -> i64 {
        let mut conn = self.store.read().await.unwrap();
        let row = conn.fetch_one(sql, args![value]).await.unwrap();
        row.only("count").unwrap()
    }
}

fn dsn(folder: &tempfile::TempDir) -> String {
    format!(
        "sqlite://{}?_fk=true&mode=rwc",
        folder.path().join("bia.sqlite").display()
    )
}

/// The numbers behind the title of a line of the summary.
fn line(output: &Output, title: &str) -> Vec<u32> {
    let line = text(&output.stdout)
        .lines()
        .find_map(|line| line.strip_prefix(title));
    let numbers = line.unwrap().split_whitespace();
    numbers.map(|number| number.parse().unwrap()).collect()
}

const IDENTIFIERS: &str =
    "SELECT COUNT(*) FROM identity_credential_identifiers WHERE identifier = $1";
const ADDRESSES: &str = "SELECT COUNT(*) FROM identity_verifiable_addresses WHERE value = $1";
const TERMS: &str = "SELECT COUNT(*) FROM bia_search_term WHERE term = $1";

#[tokio::test(flavor = "multi_thread")]
async fn phone_numbers_are_brought_to_one_spelling_once() {
    let place = Place::new().await;
    place.keep(TYPED).await;
    place.keep("+49").await;
    let command = [
        "migrate",
        "normalize-phone-numbers",
        "--batch-delay",
        "1ms",
        "-b",
        "1",
    ];
    let dry = place.bia(&[&command[..], &["--dry-run"]].concat());
    assert!(dry.status.success(), "{dry:?}");
    assert_eq!(line(&dry, "TOTAL"), [6, 3, 3, 0]);
    assert_eq!(place.count(ADDRESSES, TYPED).await, 1);

    let done = place.bia(&command);
    assert!(done.status.success(), "{done:?}");
    assert_eq!(line(&done, "Credential identifiers"), [2, 1, 1, 0]);
    assert_eq!(line(&done, "TOTAL"), [6, 3, 3, 0]);
    assert!(text(&done.stderr).contains("--start-after va="), "{done:?}");
    assert_eq!(place.count(ADDRESSES, MENDED).await, 1);
    assert_eq!(place.count(IDENTIFIERS, MENDED).await, 1);
    let again = place.bia(&command);
    assert_eq!(line(&again, "TOTAL"), [6, 0, 6, 0]);

    // Somebody else has the number already: told, and the rest goes on.
    place.keep(TYPED).await;
    let taken = place.bia(&command);
    assert!(taken.status.success(), "{taken:?}");
    assert_eq!(line(&taken, "TOTAL"), [9, 0, 6, 3]);
    for wrong in [
        &[
            "migrate",
            "normalize-phone-numbers",
            "--start-after",
            "xx=1",
        ][..],
        &[
            "migrate",
            "normalize-phone-numbers",
            "--start-after",
            "ci=no-uuid",
        ],
        &["migrate", "normalize-phone-numbers", "-b", "0"],
    ] {
        assert_eq!(place.bia(wrong).status.code(), Some(1), "{wrong:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn search_terms_are_made_anew() {
    let place = Place::new().await;
    place.keep(MENDED).await;
    let mut conn = place.store.write().await.unwrap();
    conn.execute("DELETE FROM bia_search_term", &[])
        .await
        .unwrap();
    drop(conn);
    let output = place.bia(&["search", "rebuild"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(text(&output.stdout), "1 identities can be searched.\n");
    assert_eq!(place.count(TERMS, "w:+14155552671").await, 1);

    let of_trait = "t:phone:+14155552671";
    assert_eq!(place.count(TERMS, of_trait).await, 0);
    let searchable = [("BIA_SEARCH_TRAITS", "phone")];
    let output = place.bia_with(&searchable, &["search", "rebuild"]);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(place.count(TERMS, of_trait).await, 1);
}
