//! How the courier talks to mail servers: encryption, sign-in, greeting.

use std::path::PathBuf;

use bia_courier::{EmailDelivery, SmtpSettings};
use bia_store::courier::Status;
use serde_json::Value;

use crate::post::{Post, mail};
use crate::sink::{Mail, Manner};

/// Sends one message through a server of this manner; the mail, or the error of the attempt.
async fn send(
    manner: Manner,
    scheme: &str,
    login: &str,
    options: &str,
    adjust: impl FnOnce(&mut SmtpSettings),
) -> Result<Mail, Value> {
    let mut post = Post::with(manner).await;
    post.settings.email = mail(&format!(
        "{scheme}://{login}{}/?{options}",
        post.sink.address
    ));
    if let EmailDelivery::Smtp(smtp) = &mut post.settings.email {
        adjust(smtp);
    }
    let id = post.queue("user-1@example.org").await;
    post.worker().work_once().await.unwrap();
    match post.fate(id).await.0 {
        Status::Sent => Ok(post.sink.mails().remove(0)),
        _ => Err(post.dispatches(id).await.remove(0).error.unwrap()),
    }
}

fn as_it_is(_: &mut SmtpSettings) {}

fn starttls() -> Manner {
    Manner {
        extensions: vec!["STARTTLS"],
        ..Manner::default()
    }
}

fn implicit() -> Manner {
    Manner {
        implicit_tls: true,
        ..Manner::default()
    }
}

#[tokio::test]
async fn starttls_is_mandatory_and_the_certificate_is_checked() {
    let refused = send(Manner::default(), "smtp", "", "", as_it_is)
        .await
        .unwrap_err();
    assert!(
        refused["message"].as_str().unwrap().contains("STARTTLS"),
        "{refused}"
    );
    let distrusted = send(starttls(), "smtp", "", "", as_it_is)
        .await
        .unwrap_err();
    assert!(
        distrusted["message"]
            .as_str()
            .unwrap()
            .to_lowercase()
            .contains("certificate"),
        "{distrusted}"
    );
    assert!(
        send(starttls(), "smtp", "", "skip_ssl_verify=true", as_it_is)
            .await
            .unwrap()
            .encrypted
    );
}

#[tokio::test]
async fn without_starttls_a_server_that_offers_it_is_still_checked() {
    let plain = send(
        Manner::default(),
        "smtp",
        "",
        "disable_starttls=true",
        as_it_is,
    )
    .await
    .unwrap();
    assert!(!plain.encrypted);
    // The upgrade is verified whatever skip_ssl_verify says, as in the reference.
    let offered = send(
        starttls(),
        "smtp",
        "",
        "disable_starttls=true&skip_ssl_verify=true",
        as_it_is,
    )
    .await;
    assert!(
        offered.unwrap_err()["message"]
            .as_str()
            .unwrap()
            .to_lowercase()
            .contains("certificate")
    );
}

#[tokio::test]
async fn smtps_is_encrypted_from_the_first_byte() {
    let mail = send(
        implicit(),
        "smtps",
        "",
        "skip_ssl_verify=true&server_name=mail.example",
        as_it_is,
    )
    .await
    .unwrap();
    assert!(mail.encrypted && !mail.client_certificate);
    assert!(send(implicit(), "smtps", "", "", as_it_is).await.is_err());
}

#[tokio::test]
async fn a_client_certificate_is_shown_and_one_that_does_not_load_is_left_out() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/tls");
    let with = |certificate: &str| {
        let files = (folder.join(certificate), folder.join("client.key"));
        move |smtp: &mut SmtpSettings| smtp.client_certificate = Some(files)
    };
    let picky = || Manner {
        ask_for_certificate: true,
        ..implicit()
    };
    let mail = send(
        picky(),
        "smtps",
        "",
        "skip_ssl_verify=true",
        with("client.pem"),
    )
    .await
    .unwrap();
    assert!(mail.client_certificate);
    assert!(
        send(
            picky(),
            "smtps",
            "",
            "skip_ssl_verify=true",
            with("missing.pem")
        )
        .await
        .is_err()
    );
    assert!(
        send(
            implicit(),
            "smtps",
            "",
            "skip_ssl_verify=true",
            with("missing.pem")
        )
        .await
        .is_ok()
    );
}

#[tokio::test]
async fn user_and_password_are_used_where_the_server_asks_for_them() {
    let asking = || Manner {
        extensions: vec!["AUTH PLAIN LOGIN"],
        ..Manner::default()
    };
    let mail = send(
        asking(),
        "smtp",
        "user%40example.org:p%2Fw@",
        "disable_starttls=true",
        as_it_is,
    )
    .await
    .unwrap();
    // base64 of "\0user@example.org\0p/w"
    assert_eq!(
        mail.auth.as_deref(),
        Some("AUTH PLAIN AHVzZXJAZXhhbXBsZS5vcmcAcC93")
    );
    let none = send(asking(), "smtp", "", "disable_starttls=true", as_it_is)
        .await
        .unwrap();
    assert_eq!(none.auth, None);
    // Mail traps of development setups take no sign-in at all.
    let trap = send(
        Manner::default(),
        "smtp",
        "test:test@",
        "disable_starttls=true",
        as_it_is,
    )
    .await
    .unwrap();
    assert_eq!(trap.auth, None);
}

#[tokio::test]
async fn a_refused_sign_in_is_told_without_the_password() {
    let manner = Manner {
        extensions: vec!["AUTH PLAIN"],
        auth_answer: Some("535 5.7.8 wrong password"),
        ..Manner::default()
    };
    let error = send(
        manner,
        "smtp",
        "user:hunter2@",
        "disable_starttls=true",
        as_it_is,
    )
    .await
    .unwrap_err();
    assert_eq!(error["bia"]["smtp_status"], 535);
    assert!(
        !error.to_string().contains("hunter2") && !error.to_string().contains("AHVzZXI"),
        "{error}"
    );
}

#[tokio::test]
async fn the_courier_introduces_itself_and_adds_the_configured_recipients() {
    let adjust = |smtp: &mut SmtpSettings| {
        smtp.local_name = "id.app.example".into();
        smtp.headers = vec![
            ("Bcc".into(), "audit@app.example".into()),
            ("X-Campaign".into(), "spring".into()),
        ];
    };
    let mail = send(
        Manner::default(),
        "smtp",
        "",
        "disable_starttls=true",
        adjust,
    )
    .await
    .unwrap();
    assert_eq!(mail.hello, "id.app.example");
    assert_eq!(mail.to, ["user-1@example.org", "audit@app.example"]);
    assert!(mail.content.contains("X-Campaign: spring") && !mail.content.contains("audit@"));
}

#[tokio::test]
async fn private_networks_can_be_forbidden() {
    let forbid = |smtp: &mut SmtpSettings| smtp.refuse_private_addresses = true;
    let error = send(
        Manner::default(),
        "smtp",
        "",
        "disable_starttls=true",
        forbid,
    )
    .await
    .unwrap_err();
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("disallow_private_ip_ranges"),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_temporary_failure() {
    let mut post = Post::open().await;
    post.settings.email = mail("smtp://127.0.0.1:1/?disable_starttls=true");
    let id = post.queue("user-1@example.org").await;
    post.worker().work_once().await.unwrap();
    assert_eq!(post.fate(id).await, (Status::Queued, 1));
    assert_eq!(
        post.dispatches(id).await[0].error.clone().unwrap()["bia"]["permanent"],
        false
    );
}
