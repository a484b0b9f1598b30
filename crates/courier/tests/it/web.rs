//! A web service on loopback that takes messages and answers as it is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

#[derive(Default)]
struct Kept {
    requests: Vec<String>,
    /// Statuses, used one after the other; the last one stays.
    statuses: Vec<u16>,
}

/// The service. It stops with the test's runtime.
pub(crate) struct Web {
    address: SocketAddr,
    kept: Arc<Mutex<Kept>>,
}

impl Web {
    pub(crate) async fn answering(statuses: &[u16]) -> Web {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let kept = Arc::new(Mutex::new(Kept {
            requests: Vec::new(),
            statuses: statuses.to_vec(),
        }));
        let web = Web {
            address: listener.local_addr().unwrap(),
            kept: Arc::clone(&kept),
        };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let kept = Arc::clone(&kept);
                tokio::spawn(async move { converse(stream, &kept).await });
            }
        });
        web
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/send", self.address)
    }

    /// The requests, head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.kept.lock().unwrap().requests.clone()
    }
}

async fn converse(mut stream: TcpStream, kept: &Mutex<Kept>) {
    let mut request = Vec::new();
    let mut chunk = [0; 4096];
    while !is_whole(&request) {
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return,
            Ok(count) => request.extend_from_slice(&chunk[..count]),
        }
    }
    let status = {
        let mut kept = kept.lock().unwrap();
        kept.requests
            .push(String::from_utf8_lossy(&request).into_owned());
        match kept.statuses.len() {
            1 => kept.statuses[0],
            _ => kept.statuses.remove(0),
        }
    };
    let answer =
        format!("HTTP/1.1 {status} As told\r\ncontent-length: 4\r\nconnection: close\r\n\r\n1234");
    let _ = stream.write_all(answer.as_bytes()).await;
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_it = name.eq_ignore_ascii_case("content-length");
        is_it.then(|| value.trim().parse::<usize>().unwrap())
    });
    body.len() >= length.unwrap_or_default()
}
