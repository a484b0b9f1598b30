//! Contents that settings point to: `file://`, `base64://`, `http(s)://`.

use std::time::Duration;

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// The largest content that is taken.
pub const MAX_BYTES: usize = 1024 * 1024;

const TIMEOUT: Duration = Duration::from_secs(30);

/// Standard base64; missing padding is forgiven.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Why a content could not be had. The texts name no content.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The address has none of the schemes that contents can have.
    #[error("the address has to start with file://, base64://, http:// or https://")]
    Scheme,
    /// What follows `base64://` is not base64.
    #[error("what follows base64:// is not base64")]
    Base64,
    /// More than [`MAX_BYTES`].
    #[error("the content is larger than 1 MiB")]
    TooLarge,
    /// The file could not be read.
    #[error("the file cannot be read: {0}")]
    File(std::io::Error),
    /// The server did not answer, or not in time (30 s).
    #[error("the server gave no answer: {0}")]
    Transport(reqwest::Error),
    /// The server answered with another status than 200.
    #[error("the server answered with status {0} instead of 200")]
    Status(u16),
}

/// Whether an address is a bare path, which the body of a web hook can still be.
#[must_use]
pub fn is_bare_path(address: &str) -> bool {
    !address.contains("://")
}

/// Reads a content whose address may be a bare path, which stands for a `file://` URL.
///
/// # Errors
/// As [`fetch`].
pub async fn fetch_or_path(address: &str) -> Result<Vec<u8>, FetchError> {
    if is_bare_path(address) {
        file(address).await
    } else {
        fetch(address).await
    }
}

/// Reads the content at `address`, at most [`MAX_BYTES`].
///
/// What follows `file://` is a path, absolute or relative to the working directory. A bare path is not taken;
/// see [`fetch_or_path`].
///
/// # Errors
/// [`FetchError`].
pub async fn fetch(address: &str) -> Result<Vec<u8>, FetchError> {
    match address.split_once("://") {
        Some(("file", path)) => file(path).await,
        Some(("base64", text)) => inline(text),
        Some(("http" | "https", _)) => remote(address).await,
        _ => Err(FetchError::Scheme),
    }
}

/// The content of a `base64://` address, without any input or output.
///
/// # Errors
/// [`FetchError::Scheme`] for other addresses, [`FetchError::Base64`], [`FetchError::TooLarge`].
pub fn fetch_inline(address: &str) -> Result<Vec<u8>, FetchError> {
    inline(
        address
            .strip_prefix("base64://")
            .ok_or(FetchError::Scheme)?,
    )
}

fn inline(text: &str) -> Result<Vec<u8>, FetchError> {
    // Four characters carry three bytes; what is too large is not even decoded.
    if text.len() / 4 > MAX_BYTES / 3 + 1 {
        return Err(FetchError::TooLarge);
    }
    let bytes = BASE64.decode(text).map_err(|_| FetchError::Base64)?;
    bounded(bytes)
}

fn bounded(bytes: Vec<u8>) -> Result<Vec<u8>, FetchError> {
    if bytes.len() > MAX_BYTES {
        Err(FetchError::TooLarge)
    } else {
        Ok(bytes)
    }
}

async fn file(path: &str) -> Result<Vec<u8>, FetchError> {
    use tokio::io::AsyncReadExt as _;

    let file = tokio::fs::File::open(path)
        .await
        .map_err(FetchError::File)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES as u64 + 1)
        .read_to_end(&mut bytes)
        .await
        .map_err(FetchError::File)?;
    bounded(bytes)
}

async fn remote(address: &str) -> Result<Vec<u8>, FetchError> {
    let client = reqwest::Client::builder()
        .timeout(TIMEOUT)
        .build()
        .map_err(FetchError::Transport)?;
    let mut response = client.get(address).send().await.map_err(transport)?;
    if response.status() != reqwest::StatusCode::OK {
        return Err(FetchError::Status(response.status().as_u16()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(transport)? {
        if bytes.len() + chunk.len() > MAX_BYTES {
            return Err(FetchError::TooLarge);
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The address may hold credentials, so it does not appear in the error.
fn transport(error: reqwest::Error) -> FetchError {
    FetchError::Transport(error.without_url())
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;

    #[tokio::test]
    async fn base64_and_files_are_read() {
        assert_eq!(fetch("base64://eyJhIjoxfQ==").await.unwrap(), br#"{"a":1}"#);
        assert_eq!(fetch("base64://eyJhIjoxfQ").await.unwrap(), br#"{"a":1}"#);
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.json");
        std::fs::write(&path, "{}").unwrap();
        assert_eq!(
            fetch(&format!("file://{}", path.display())).await.unwrap(),
            b"{}"
        );
    }

    #[tokio::test]
    async fn other_addresses_are_refused() {
        assert!(matches!(
            fetch("/etc/hostname").await,
            Err(FetchError::Scheme)
        ));
        assert!(matches!(fetch("ftp://x/y").await, Err(FetchError::Scheme)));
        assert!(matches!(
            fetch("base64://%%%").await,
            Err(FetchError::Base64)
        ));
        assert!(matches!(
            fetch("file:///there/is/no/such/file").await,
            Err(FetchError::File(_))
        ));
        assert!(matches!(fetch_inline("file:///x"), Err(FetchError::Scheme)));
    }

    #[tokio::test]
    async fn contents_are_bounded() {
        let text = "A".repeat(2 * MAX_BYTES);
        assert!(matches!(
            fetch(&format!("base64://{text}")).await,
            Err(FetchError::TooLarge)
        ));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("large");
        std::fs::write(&path, vec![0; MAX_BYTES + 1]).unwrap();
        assert!(matches!(
            fetch(&format!("file://{}", path.display())).await,
            Err(FetchError::TooLarge)
        ));
    }

    async fn server(answer: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/schema.json", listener.local_addr().unwrap());
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await.unwrap();
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        address
    }

    #[tokio::test]
    async fn over_http_only_status_200_counts() {
        let good =
            server("HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}").await;
        assert_eq!(fetch(&good).await.unwrap(), b"{}");
        let other =
            server("HTTP/1.1 201 Created\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
                .await;
        assert!(matches!(fetch(&other).await, Err(FetchError::Status(201))));
    }
}
