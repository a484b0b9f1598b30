//! Messages on their way from the queue to the mail server.

use std::time::{Duration, Instant};

use bia_courier::{Settings, html_part};
use bia_store::courier::{self, Status};
use bia_store::transact;
use uuid::Uuid;

use crate::post::Post;
use crate::sink::Manner;

#[tokio::test]
async fn a_message_is_delivered_and_marked() {
    let post = Post::open().await;
    let id = post.queue("user-1@example.org").await;
    assert_eq!(post.worker().work_once().await.unwrap(), 1);

    assert_eq!(post.fate(id).await, (Status::Sent, 1));
    let dispatches = post.dispatches(id).await;
    assert_eq!(dispatches.len(), 1);
    assert!(dispatches[0].success && dispatches[0].error.is_none());
    let mails = post.sink.mails();
    assert_eq!(
        (mails[0].from.as_str(), mails[0].to.as_slice()),
        (
            "no-reply@app.example",
            &["user-1@example.org".to_owned()][..]
        )
    );
    assert!(
        mails[0]
            .content
            .contains("From: App <no-reply@app.example>")
            || mails[0]
                .content
                .contains("From: \"App\" <no-reply@app.example>")
    );
    assert!(mails[0].content.contains("\r\n123456\r\n") && mails[0].content.contains("text/html"));
    assert_eq!(post.worker().work_once().await.unwrap(), 0);
    assert_eq!(
        post.message(id).await.updated_at,
        post.message(id).await.created_at
    );
}

#[tokio::test]
async fn a_refused_recipient_is_tried_as_often_as_configured_and_then_given_up() {
    let post = Post::open().await;
    post.sink
        .refuse("user-1@example.org", &["550 5.1.1 no such user"]);
    let id = post.queue("user-1@example.org").await;
    let worker = post.worker();

    assert_eq!(worker.work_once().await.unwrap(), 1);
    assert_eq!(post.fate(id).await, (Status::Queued, 1));
    assert_eq!(
        worker.work_once().await.unwrap(),
        0,
        "the next attempt is not made at once"
    );
    post.let_pass(3);
    assert_eq!(worker.work_once().await.unwrap(), 1);
    assert_eq!(post.fate(id).await, (Status::Abandoned, 2));
    post.let_pass(3600);
    assert_eq!(worker.work_once().await.unwrap(), 0);

    let dispatches = post.dispatches(id).await;
    assert_eq!(
        dispatches.iter().map(|d| d.success).collect::<Vec<_>>(),
        [false, false]
    );
    let error = dispatches[0].error.clone().unwrap();
    assert_eq!(
        (error["code"].as_i64(), error["status"].as_str()),
        (Some(500), Some("Internal Server Error"))
    );
    assert_eq!(
        error["bia"],
        serde_json::json!({"permanent": true, "smtp_status": 550})
    );
    assert!(
        error["message"].as_str().unwrap().contains("no such user"),
        "{error}"
    );
}

#[tokio::test]
async fn a_server_that_wants_to_be_asked_again_gets_the_message_the_second_time() {
    let post = Post::open().await;
    post.sink
        .refuse("user-1@example.org", &["451 4.7.1 greylisted", "250 ok"]);
    let id = post.queue("user-1@example.org").await;
    let worker = post.worker();
    worker.work_once().await.unwrap();
    let error = post.dispatches(id).await[0].error.clone().unwrap();
    assert_eq!(
        error["bia"],
        serde_json::json!({"permanent": false, "smtp_status": 451})
    );
    post.let_pass(3);
    worker.work_once().await.unwrap();
    assert_eq!(post.fate(id).await, (Status::Sent, 2));
    assert_eq!(post.sink.mails_to("user-1@example.org"), 1);
}

#[tokio::test]
async fn without_retries_there_is_one_attempt_and_pauses_grow() {
    let mut post = Post::open().await;
    post.sink.refuse("user-1@example.org", &["451 later"]);
    post.settings.message_retries = 0;
    let once = post.queue("user-1@example.org").await;
    post.worker().work_once().await.unwrap();
    assert_eq!(post.fate(once).await, (Status::Abandoned, 1));

    post.settings.message_retries = 3;
    let often = post.queue("user-1@example.org").await;
    let worker = post.worker();
    for (attempts, too_soon, soon_enough) in [(1, 1, 3), (2, 5, 6), (3, 20, 30)] {
        assert_eq!(worker.work_once().await.unwrap(), 1);
        assert_eq!(post.fate(often).await, (Status::Queued, attempts));
        post.let_pass(too_soon);
        assert_eq!(
            worker.work_once().await.unwrap(),
            0,
            "after attempt {attempts}"
        );
        post.let_pass(soon_enough);
    }
    worker.work_once().await.unwrap();
    assert_eq!(post.fate(often).await, (Status::Abandoned, 4));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn messages_to_one_recipient_arrive_in_the_order_in_which_they_were_queued() {
    let post = Post::open().await;
    let codes: Vec<String> = (100_001..100_009).map(|n: u32| n.to_string()).collect();
    for code in &codes {
        post.queue_code("user-1@example.org", code).await;
        post.let_pass(1);
    }
    assert_eq!(post.worker().work_once().await.unwrap(), codes.len());
    let mails = post.sink.mails();
    for (mail, code) in mails.iter().zip(&codes) {
        assert!(mail.content.contains(code.as_str()), "{code} is not next");
    }
    assert_eq!(mails.len(), codes.len());
}

#[tokio::test]
async fn messages_that_fail_hold_up_nobody_else() {
    let mut post = Post::open().await;
    post.settings.message_retries = 5;
    for n in 0..20 {
        post.sink
            .refuse(&format!("bad-{n}@example.org"), &["554 no"]);
        post.queue(&format!("bad-{n}@example.org")).await;
    }
    post.sink.fall_silent_for("slow@example.org");
    let slow = post.queue("slow@example.org").await;
    for n in 0..20 {
        post.queue(&format!("good-{n}@example.org")).await;
    }
    let (worker, begun) = (post.worker(), Instant::now());
    let all_good = async || {
        post.sink
            .mails()
            .iter()
            .filter(|m| m.to[0].starts_with("good-"))
            .count()
            == 20
    };
    tokio::select! {
        ended = worker.run(std::future::pending()) => panic!("{ended:?}"),
        () = post.until("the good ones are delivered", all_good) => {}
    }
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    assert_eq!(post.fate(slow).await, (Status::Processing, 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_workers_never_send_a_message_twice() {
    let post = Post::open().await;
    for n in 0..60 {
        post.queue(&format!("user-{n}@example.org")).await;
    }
    let (one, two, three) = (post.worker(), post.worker(), post.worker());
    let all_settled = async || {
        let mut conn = post.store.read().await.unwrap();
        let waiting = courier::count_queued(&mut conn).await.unwrap();
        waiting == 0 && post.sink.mails().len() >= 60
    };
    tokio::select! {
        _ = one.run(std::future::pending()) => panic!("worker one ended"),
        _ = two.run(std::future::pending()) => panic!("worker two ended"),
        _ = three.run(std::future::pending()) => panic!("worker three ended"),
        () = post.until("all are sent", all_settled) => {}
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    for n in 0..60 {
        assert_eq!(
            post.sink.mails_to(&format!("user-{n}@example.org")),
            1,
            "user-{n}"
        );
    }
}

#[tokio::test]
async fn what_a_dead_worker_had_taken_comes_back() {
    let post = Post::open().await;
    let id = post.queue("user-1@example.org").await;
    let now = post.now();
    let taken = transact!(post.store, tx => courier::claim(tx, Uuid::new_v4(), 10, None, time::Duration::seconds(300), now).await);
    let taken: Result<_, bia_store::StoreError> = taken;
    assert_eq!(taken.unwrap().len(), 1);

    let worker = post.worker();
    assert_eq!(
        worker.work_once().await.unwrap(),
        0,
        "its worker may still live"
    );
    post.let_pass(301);
    assert_eq!(worker.work_once().await.unwrap(), 1);
    assert_eq!(post.fate(id).await, (Status::Sent, 1));
    assert_eq!(post.sink.mails().len(), 1);
}

#[tokio::test]
async fn a_message_that_kills_its_workers_is_given_up_in_the_end() {
    let post = Post::open().await;
    let id = post.queue("user-1@example.org").await;
    for _ in 0..2 {
        let (now, dead) = (post.now(), Uuid::new_v4());
        let died: Result<(), bia_store::StoreError> = transact!(post.store, tx => {
            courier::claim(tx, dead, 10, None, time::Duration::seconds(300), now).await?;
            courier::count_attempt(tx, dead, id).await.map(drop)
        });
        died.unwrap();
        post.let_pass(301);
    }
    post.worker().work_once().await.unwrap();
    assert_eq!(post.fate(id).await.0, Status::Abandoned);
    assert!(post.sink.mails().is_empty() && post.dispatches(id).await.is_empty());
}

#[tokio::test]
async fn a_busy_database_does_not_make_a_message_go_out_twice() {
    let post = Post::with(Manner {
        slowness: Duration::from_millis(200),
        ..Manner::default()
    })
    .await;
    let id = post.queue("user-1@example.org").await;
    let worker = post.worker();
    let hog = async {
        post.until("the mail is there", async || !post.sink.mails().is_empty())
            .await;
        let tx = post.store.begin().await.unwrap();
        tokio::time::sleep(Duration::from_millis(1500)).await;
        drop(tx);
    };
    let (done, ()) = tokio::join!(worker.work_once(), hog);
    assert_eq!(done.unwrap(), 1);
    assert_eq!(post.fate(id).await, (Status::Sent, 1));
    post.let_pass(3600);
    assert_eq!(worker.work_once().await.unwrap(), 0);
    assert_eq!(post.sink.mails().len(), 1);
}

#[tokio::test]
async fn an_idle_worker_that_is_woken_sends_at_once_and_one_that_is_stopped_finishes() {
    let mut post = Post::with(Manner {
        slowness: Duration::from_millis(300),
        ..Manner::default()
    })
    .await;
    post.settings.pull_wait = Duration::from_secs(3600);
    let worker = post.worker();
    let story = async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        post.queue("user-1@example.org").await;
        post.wake.notify_one();
        post.until("the mail is there", async || post.sink.mails().len() == 1)
            .await;
    };
    // The mail is with the server, which has not answered yet: the worker waits for it before it ends.
    tokio::time::timeout(Duration::from_secs(10), worker.run(story))
        .await
        .unwrap()
        .unwrap();
    let mut conn = post.store.read().await.unwrap();
    let page = courier::MessagePage {
        status: Some(Status::Sent),
        size: 10,
        ..Default::default()
    };
    assert_eq!(
        courier::list(&mut conn, &page).await.unwrap().items.len(),
        1
    );
}

#[tokio::test]
async fn without_a_mail_server_messages_fail_or_wait_as_the_server_wants_it() {
    let mut post = Post::open().await;
    post.settings = Settings {
        message_retries: 1,
        ..Settings::default()
    };
    let id = post.queue("user-1@example.org").await;
    assert_eq!(
        post.worker()
            .hold_without_server(true)
            .work_once()
            .await
            .unwrap(),
        0
    );
    assert_eq!(post.fate(id).await, (Status::Queued, 0));

    assert_eq!(post.worker().work_once().await.unwrap(), 1);
    assert_eq!(post.fate(id).await, (Status::Queued, 1));
    let error = post.dispatches(id).await[0].error.clone().unwrap();
    assert!(
        error["message"]
            .as_str()
            .unwrap()
            .contains("courier.smtp.connection_uri"),
        "{error}"
    );
}

#[tokio::test]
async fn a_text_message_without_a_channel_says_so() {
    let post = Post::open().await;
    let id = post.queue("+49301230001").await;
    post.worker().work_once().await.unwrap();
    assert_eq!(post.fate(id).await, (Status::Queued, 1));
    let error = post.dispatches(id).await[0].error.clone().unwrap();
    assert_eq!(error["message"], "no courier channels configured for: sms");
}

#[tokio::test]
async fn a_mail_of_a_type_that_is_not_known_goes_out_as_text() {
    let post = Post::open().await;
    let known = post.queue("user-1@example.org").await;
    let html = html_part(&post.courier(), &post.message(known).await).await;
    assert!(html.is_some_and(|html| html.contains("123456")));
    let foreign = courier::Message {
        id: Uuid::new_v4(),
        recipient: "user-2@example.org".into(),
        template_type: "stub".into(),
        template_data: serde_json::json!({"subject": "Hi"}),
        ..post.message(known).await
    };
    courier::insert(&mut post.store.write().await.unwrap(), &foreign)
        .await
        .unwrap();
    assert_eq!(post.worker().work_once().await.unwrap(), 2);
    assert_eq!(post.fate(foreign.id).await, (Status::Sent, 1));
    let mails = post.sink.mails();
    let text = mails
        .iter()
        .find(|m| m.to[0] == "user-2@example.org")
        .unwrap();
    assert!(text.content.contains("text/plain") && !text.content.contains("text/html"));
}
