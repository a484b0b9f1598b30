//! A mail server on loopback that keeps what it gets and answers as it is told.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A mail as it came.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mail {
    pub(crate) from: String,
    pub(crate) to: Vec<String>,
    pub(crate) content: String,
    /// Whether the connection was encrypted.
    pub(crate) encrypted: bool,
    /// Whether the client showed a certificate.
    pub(crate) client_certificate: bool,
    /// What came with AUTH, as sent.
    pub(crate) auth: Option<String>,
    /// How the client introduced itself.
    pub(crate) hello: String,
}

/// How the server behaves.
#[derive(Clone, Default)]
pub(crate) struct Manner {
    /// Further lines of the answer to EHLO.
    pub(crate) extensions: Vec<&'static str>,
    /// TLS from the first byte.
    pub(crate) implicit_tls: bool,
    /// Asks clients for a certificate of the test authority.
    pub(crate) ask_for_certificate: bool,
    /// The answer to AUTH.
    pub(crate) auth_answer: Option<&'static str>,
    /// How long the end of a mail waits for its answer.
    pub(crate) slowness: Duration,
}

#[derive(Default)]
struct Kept {
    mails: Vec<Mail>,
    /// Answers to RCPT by address, used one after the other; the last one stays.
    refusals: HashMap<String, Vec<&'static str>>,
    /// Addresses for which the server never answers.
    silent: Vec<String>,
}

/// The server. It stops with the test's runtime.
pub(crate) struct Sink {
    pub(crate) address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
}

impl Sink {
    pub(crate) async fn start(manner: Manner) -> Sink {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let kept = Arc::new(Mutex::new(Kept::default()));
        let sink = Sink {
            address,
            kept: Arc::clone(&kept),
        };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (manner, kept) = (manner.clone(), Arc::clone(&kept));
                tokio::spawn(async move { converse(stream, manner, kept).await });
            }
        });
        sink
    }

    /// Answers the next RCPTs of an address with these lines; the last one stays.
    pub(crate) fn refuse(&self, address: &str, answers: &[&'static str]) {
        self.kept
            .lock()
            .unwrap()
            .refusals
            .insert(address.to_owned(), answers.to_vec());
    }

    /// Never answers for this address.
    pub(crate) fn fall_silent_for(&self, address: &str) {
        self.kept.lock().unwrap().silent.push(address.to_owned());
    }

    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.kept.lock().unwrap().mails.clone()
    }

    pub(crate) fn mails_to(&self, address: &str) -> usize {
        self.mails()
            .iter()
            .filter(|m| m.to.iter().any(|to| to == address))
            .count()
    }
}

fn tls(ask_for_certificate: bool) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(include_bytes!("tls/ca.pem")).unwrap())
        .unwrap();
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .build()
            .unwrap();
    let builder = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = if ask_for_certificate {
        builder.with_client_cert_verifier(verifier)
    } else {
        builder.with_no_client_auth()
    };
    let certificate = CertificateDer::from_pem_slice(include_bytes!("tls/server.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/server.key")).unwrap();
    TlsAcceptor::from(Arc::new(
        builder.with_single_cert(vec![certificate], key).unwrap(),
    ))
}

async fn converse(stream: TcpStream, manner: Manner, kept: Arc<Mutex<Kept>>) {
    let mut session = Session {
        manner,
        kept,
        mail: Mail::default(),
    };
    if session.manner.implicit_tls {
        session.encrypted(stream, true).await;
        return;
    }
    let mut plain = BufReader::new(stream);
    if session.talk(&mut plain, true).await == End::StartTls {
        session.encrypted(plain.into_inner(), false).await;
    }
}

#[derive(PartialEq)]
enum End {
    Closed,
    StartTls,
}

struct Session {
    manner: Manner,
    kept: Arc<Mutex<Kept>>,
    mail: Mail,
}

impl Session {
    async fn encrypted(&mut self, stream: TcpStream, greet: bool) {
        // A client that does not like the certificate goes away; that is what some tests are about.
        let Ok(stream) = tls(self.manner.ask_for_certificate).accept(stream).await else {
            return;
        };
        self.mail.encrypted = true;
        self.mail.client_certificate = stream.get_ref().1.peer_certificates().is_some();
        self.talk(&mut BufReader::new(stream), greet).await;
    }

    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        stream: &mut BufReader<S>,
        greet: bool,
    ) -> End {
        if greet {
            say(stream, "220 sink ESMTP").await;
        }
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                return End::Closed;
            }
            let line = line.trim_end();
            let verb = line
                .split(' ')
                .next()
                .unwrap_or_default()
                .to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => {
                    self.mail.hello = line[5..].to_owned();
                    let mut answer = "250-sink".to_owned();
                    for extension in &self.manner.extensions {
                        answer += &format!("\r\n250-{extension}");
                    }
                    say(stream, &(answer + "\r\n250 8BITMIME")).await;
                }
                "STARTTLS" => {
                    say(stream, "220 go ahead").await;
                    return End::StartTls;
                }
                "AUTH" => {
                    self.mail.auth = Some(line.to_owned());
                    say(stream, self.manner.auth_answer.unwrap_or("235 welcome")).await;
                }
                "MAIL" => {
                    self.mail.from = between_brackets(line);
                    self.mail.to.clear();
                    say(stream, "250 ok").await;
                }
                "RCPT" => {
                    let answer = self.recipient(between_brackets(line));
                    match answer {
                        Some(answer) => say(stream, answer).await,
                        None => tokio::time::sleep(Duration::from_secs(3600)).await,
                    }
                }
                "DATA" => {
                    say(stream, "354 go").await;
                    let content = read_content(stream).await;
                    let mail = Mail {
                        content,
                        ..self.mail.clone()
                    };
                    self.kept.lock().unwrap().mails.push(mail);
                    tokio::time::sleep(self.manner.slowness).await;
                    say(stream, "250 ok").await;
                }
                "QUIT" => {
                    say(stream, "221 bye").await;
                    return End::Closed;
                }
                _ => say(stream, "250 ok").await,
            }
        }
    }

    /// The answer for a recipient; `None` for silence.
    fn recipient(&mut self, address: String) -> Option<&'static str> {
        let mut kept = self.kept.lock().unwrap();
        if kept.silent.contains(&address) {
            return None;
        }
        if let Some(answers) = kept.refusals.get_mut(&address) {
            let answer = if answers.len() > 1 {
                answers.remove(0)
            } else {
                answers[0]
            };
            if !answer.starts_with('2') {
                return Some(answer);
            }
        }
        self.mail.to.push(address);
        Some("250 ok")
    }
}

fn between_brackets(line: &str) -> String {
    let from = line.find('<').map_or(0, |at| at + 1);
    let to = line.rfind('>').unwrap_or(line.len());
    line[from..to].to_owned()
}

async fn read_content<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> String {
    let mut content = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 || line == ".\r\n" {
            return content;
        }
        content += line.strip_prefix('.').unwrap_or(&line);
    }
}

async fn say<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>, line: &str) {
    // The client may be gone already.
    let _ = stream
        .get_mut()
        .write_all(format!("{line}\r\n").as_bytes())
        .await;
    let _ = stream.get_mut().flush().await;
}
