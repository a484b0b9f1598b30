//! What stands in the queue after a flow put something into it.

use bia_courier::{CourierError, Outgoing, Template, enqueue};
use bia_model::Channel;
use bia_store::courier::Status;

use crate::post::{NOW, Post, code_for};

#[tokio::test]
async fn a_queued_message_has_its_texts_and_its_data_and_is_not_sent() {
    let post = Post::open().await;
    let mut outgoing = Outgoing::from(Template::login_code(
        Channel::Email,
        code_for("user-1@example.org"),
    ));
    outgoing
        .request_headers
        .insert("Accept-Language".into(), vec!["de".into()]);
    let id = enqueue(
        &post.courier(),
        &mut post.store.write().await.unwrap(),
        NOW,
        &outgoing,
    )
    .await
    .unwrap();

    let message = post.message(id).await;
    assert_eq!(
        (message.status, message.send_count, message.via),
        (Status::Queued, 0, Channel::Email)
    );
    assert_eq!(
        (message.recipient.as_str(), message.channel.as_str()),
        ("user-1@example.org", "email")
    );
    assert_eq!(message.subject, "123456 is your sign-in code");
    assert!(
        message
            .body
            .starts_with("Enter this code to sign in:\n\n123456\n")
    );
    assert_eq!(message.template_type, "login_code_valid");
    assert_eq!(message.template_data["login_code"], "123456");
    assert_eq!(message.request_headers, outgoing.request_headers);
    assert_eq!((message.created_at, message.updated_at), (NOW, NOW));
    assert!(post.sink.mails().is_empty());
}

#[tokio::test]
async fn a_text_message_has_no_subject() {
    let post = Post::open().await;
    let id = post.queue("+49301230001").await;
    let message = post.message(id).await;
    assert_eq!(
        (
            message.via,
            message.channel.as_str(),
            message.subject.as_str()
        ),
        (Channel::Sms, "sms", "")
    );
    assert!(message.body.ends_with("@id.example.org #123456"));
}

#[tokio::test]
async fn what_is_queued_in_a_transaction_that_fails_is_not_queued() {
    let post = Post::open().await;
    let outgoing = Outgoing::from(Template::login_code(
        Channel::Email,
        code_for("user-1@example.org"),
    ));
    let mut tx = post.store.begin().await.unwrap();
    enqueue(&post.courier(), &mut tx, NOW, &outgoing)
        .await
        .unwrap();
    drop(tx);
    assert_eq!(post.worker().work_once().await.unwrap(), 0);
}

#[tokio::test]
async fn a_recipient_that_is_no_address_is_refused_at_once() {
    let post = Post::open().await;
    for to in ["nobody", "user-1@example.org\r\nBcc: all@example.org", ""] {
        let outgoing = Outgoing::from(Template::login_code(Channel::Email, code_for(to)));
        let refused = enqueue(
            &post.courier(),
            &mut post.store.write().await.unwrap(),
            NOW,
            &outgoing,
        )
        .await;
        assert!(matches!(refused, Err(CourierError::Recipient)), "{to}");
    }
}
