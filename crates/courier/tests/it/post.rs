//! A database, a mail server and workers between them, with a clock that tests move.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use bia_config::section::clients::HttpClient;
use bia_courier::{
    CodeMessage, Courier, EmailDelivery, Outgoing, Settings, SmtpSettings, SmtpUri, Template,
    Worker, enqueue,
};
use bia_jsonnet::{Command, Jsonnet};
use bia_model::Channel;
use bia_outbound::Outbound;
use bia_store::courier::{self, Dispatch, Message, Status};
use bia_store::{Dsn, Store, migrate, network};
use serde_json::json;
use time::OffsetDateTime;
use time::macros::datetime;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::sink::{Manner, Sink};

/// When the tests play, until they move the clock.
pub(crate) const NOW: OffsetDateTime = datetime!(2026-03-01 12:00:00.123456 UTC);

pub(crate) struct Post {
    pub(crate) store: Store,
    pub(crate) sink: Sink,
    pub(crate) settings: Settings,
    pub(crate) wake: Arc<Notify>,
    seconds: Arc<AtomicI64>,
}

impl Post {
    pub(crate) async fn open() -> Post {
        Post::with(Manner::default()).await
    }

    pub(crate) async fn with(manner: Manner) -> Post {
        let store = Store::connect(&Dsn::parse("memory").unwrap(), Duration::from_secs(10))
            .await
            .unwrap();
        migrate::up(&store, NOW).await.unwrap();
        network::ensure(&store, NOW).await.unwrap();
        let sink = Sink::start(manner).await;
        let settings = Settings {
            message_retries: 1,
            pull_wait: Duration::from_millis(50),
            email: mail(&format!("smtp://{}/?disable_starttls=true", sink.address)),
            ..Settings::default()
        };
        Post {
            store,
            sink,
            settings,
            wake: Arc::default(),
            seconds: Arc::default(),
        }
    }

    pub(crate) fn now(&self) -> OffsetDateTime {
        NOW + time::Duration::seconds(self.seconds.load(Ordering::SeqCst))
    }

    pub(crate) fn let_pass(&self, seconds: i64) {
        self.seconds.fetch_add(seconds, Ordering::SeqCst);
    }

    /// What the settings mean. Nothing here evaluates Jsonnet: no program is there for it.
    pub(crate) fn courier(&self) -> Courier {
        let jsonnet = Jsonnet::new(Command {
            program: "/nowhere/bia".into(),
            arguments: Vec::new(),
        });
        let outbound = Outbound::new(&HttpClient::default());
        Courier::with(self.settings.clone(), Arc::new(outbound), Arc::new(jsonnet))
    }

    /// A worker with the settings as they are now.
    pub(crate) fn worker(&self) -> Worker {
        let (courier, seconds) = (Arc::new(self.courier()), Arc::clone(&self.seconds));
        Worker::new(
            self.store.clone(),
            Arc::new(move || Arc::clone(&courier)),
            Arc::new(move || NOW + time::Duration::seconds(seconds.load(Ordering::SeqCst))),
            Arc::clone(&self.wake),
        )
    }

    /// Queues a sign-in code for a mail address or phone number.
    pub(crate) async fn queue(&self, to: &str) -> Uuid {
        self.queue_code(to, "123456").await
    }

    pub(crate) async fn queue_code(&self, to: &str, code: &str) -> Uuid {
        let code = code.to_owned();
        let message = CodeMessage {
            code,
            ..code_for(to)
        };
        let template = Template::login_code(Channel::of_address(to), message);
        let mut conn = self.store.write().await.unwrap();
        enqueue(
            &self.courier(),
            &mut conn,
            self.now(),
            &Outgoing::from(template),
        )
        .await
        .unwrap()
    }

    pub(crate) async fn message(&self, id: Uuid) -> Message {
        courier::find(&mut self.store.read().await.unwrap(), id)
            .await
            .unwrap()
            .unwrap()
    }

    /// Status and attempts.
    pub(crate) async fn fate(&self, id: Uuid) -> (Status, i32) {
        let message = self.message(id).await;
        (message.status, message.send_count)
    }

    pub(crate) async fn dispatches(&self, id: Uuid) -> Vec<Dispatch> {
        courier::list_dispatches(&mut self.store.read().await.unwrap(), id)
            .await
            .unwrap()
    }

    /// Waits for something to come true.
    pub(crate) async fn until(&self, what: &str, mut true_now: impl AsyncFnMut() -> bool) {
        let begun = Instant::now();
        while !true_now().await {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "not within 20 s: {what}"
            );
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

pub(crate) fn mail(uri: &str) -> EmailDelivery {
    EmailDelivery::Smtp(Box::new(SmtpSettings {
        server: Some(SmtpUri::parse(uri)),
        from_address: "no-reply@app.example".into(),
        from_name: "App".into(),
        ..SmtpSettings::default()
    }))
}

pub(crate) fn code_for(to: &str) -> CodeMessage {
    CodeMessage {
        to: to.to_owned(),
        code: "123456".into(),
        identity: json!({"traits": {"email": to}}),
        request_url: "https://id.example.org/self-service/login/browser".into(),
        expires_in_minutes: 15,
        ..CodeMessage::default()
    }
}
