//! Delivery by a web service: what counts as delivered, what is tried again, what is given up.

use bia_config::section::request::Request;
use bia_courier::{EmailDelivery, HttpChannel};
use bia_store::courier::Status;
use serde_json::{Value, json};

use crate::post::Post;
use crate::web::Web;

async fn by(web: &Web, retries: u32) -> Post {
    let mut post = Post::open().await;
    post.settings.message_retries = retries;
    post.settings.email = EmailDelivery::Http(Box::new(request(&web.url())));
    post
}

fn request(url: &str) -> Request {
    let auth = json!({"type": "basic_auth", "config": {"user": "u", "password": "p"}});
    serde_json::from_value(json!({"url": url, "method": "PUT", "auth": auth})).unwrap()
}

/// Works for an hour of the test's time.
async fn work(post: &Post) {
    let worker = post.worker();
    for _ in 0..20 {
        worker.work_once().await.unwrap();
        post.let_pass(400);
    }
}

#[tokio::test]
async fn every_2xx_is_a_delivery_and_nothing_is_sent_twice() {
    for status in [200, 201, 202, 204] {
        let web = Web::answering(&[status]).await;
        let post = by(&web, 5).await;
        let id = post.queue("user-1@example.org").await;
        work(&post).await;
        assert_eq!(post.fate(id).await, (Status::Sent, 1), "{status}");
        assert_eq!(web.requests().len(), 1, "{status}");
    }
}

#[tokio::test]
async fn what_the_service_refuses_for_good_is_given_up_at_once() {
    for status in [400, 401, 404] {
        let web = Web::answering(&[status]).await;
        let post = by(&web, 5).await;
        let id = post.queue("user-1@example.org").await;
        work(&post).await;
        assert_eq!(post.fate(id).await, (Status::Abandoned, 1), "{status}");
        assert_eq!(web.requests().len(), 1, "{status}");
        let error = post.dispatches(id).await[0].error.clone().unwrap();
        assert_eq!(
            error["bia"],
            json!({"permanent": true, "http_status": status})
        );
    }
}

#[tokio::test]
async fn a_service_that_is_busy_or_broken_is_asked_again_as_often_as_configured() {
    for status in [429, 500, 503] {
        let web = Web::answering(&[status]).await;
        let post = by(&web, 2).await;
        let id = post.queue("user-1@example.org").await;
        work(&post).await;
        assert_eq!(post.fate(id).await, (Status::Abandoned, 3), "{status}");
        assert_eq!(web.requests().len(), 3, "{status}");
        let web = Web::answering(&[status]).await;
        let post = by(&web, 0).await;
        let id = post.queue("user-1@example.org").await;
        work(&post).await;
        assert_eq!(
            (post.fate(id).await, web.requests().len()),
            ((Status::Abandoned, 1), 1)
        );
    }
    let web = Web::answering(&[503, 429, 202]).await;
    let post = by(&web, 5).await;
    let id = post.queue("user-1@example.org").await;
    work(&post).await;
    assert_eq!(
        (post.fate(id).await, web.requests().len()),
        ((Status::Sent, 3), 3)
    );
}

#[tokio::test]
async fn without_a_body_of_its_own_a_mail_is_sent_with_the_usual_members() {
    let web = Web::answering(&[200]).await;
    let post = by(&web, 0).await;
    post.queue("user-1@example.org").await;
    work(&post).await;
    let requests = web.requests();
    let (head, body) = requests[0].split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("PUT /send ") && head.contains("Basic dTpw"),
        "{head}"
    );
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["recipient"], "user-1@example.org");
    assert_eq!(body["template_type"], "login_code_valid");
    assert_eq!(body["recovery_code"], Value::Null);
    assert!(body["subject"].as_str().unwrap().contains("123456"));
}

#[tokio::test]
async fn a_channel_that_lacks_something_says_so_and_keeps_nobody_else_waiting() {
    let mut post = Post::open().await;
    post.settings.message_retries = 0;
    post.settings.channels = vec![HttpChannel {
        id: "sms".into(),
        kind: Some("http".into()),
        request: request("http://127.0.0.1:9/"),
    }];
    let text = post.queue("+49301230001").await;
    let mail = post.queue("user-1@example.org").await;
    post.worker().work_once().await.unwrap();
    assert_eq!(post.fate(text).await, (Status::Abandoned, 1));
    assert_eq!(post.fate(mail).await, (Status::Sent, 1));
    let error = post.dispatches(text).await[0].error.clone().unwrap();
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("request_config has no body"),
        "{error}"
    );
}
