//! Encodings, checksums, paths and URLs.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use data_encoding::BASE32;
use gotmpl::Value;
use url::Url;

use super::Entry;
use super::args::{Args, Made};
use crate::gotmpl::value::map;

pub(super) const ALL: &[Entry] = &[
    ("b64enc", |a| made(STANDARD.encode(a.str(0)?))),
    ("b64dec", |a| decoded(STANDARD.decode(a.str(0)?).ok())),
    ("b32enc", |a| made(BASE32.encode(a.str(0)?.as_bytes()))),
    ("b32dec", |a| {
        decoded(BASE32.decode(a.str(0)?.as_bytes()).ok())
    }),
    ("sha1sum", |a| sum(a, &digest::SHA1_FOR_LEGACY_USE_ONLY)),
    ("sha256sum", |a| sum(a, &digest::SHA256)),
    ("sha512sum", |a| sum(a, &digest::SHA512)),
    ("adler32sum", |a| {
        made(adler32(a.str(0)?.as_bytes()).to_string())
    }),
    ("base", |a| made(base(a.str(0)?))),
    ("dir", |a| {
        made(clean(a.str(0)?.rsplit_once('/').map_or("", |(dir, _)| {
            if dir.is_empty() { "/" } else { dir }
        })))
    }),
    ("clean", |a| made(clean(a.str(0)?))),
    ("ext", |a| {
        let name = a.str(0)?.rsplit('/').next().unwrap_or_default();
        made(
            name.rfind('.')
                .and_then(|at| name.get(at..))
                .unwrap_or_default(),
        )
    }),
    ("isAbs", |a| Ok(Value::Bool(a.str(0)?.starts_with('/')))),
    ("urlParse", url_parse),
    ("urlJoin", url_join),
];

fn made(text: impl Into<String>) -> Made {
    Ok(Value::from(text.into()))
}

/// What cannot be decoded is told in the text itself, as Sprig does.
fn decoded(bytes: Option<Vec<u8>>) -> Made {
    made(match bytes {
        Some(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        None => "illegal encoded data".to_owned(),
    })
}

fn sum(a: &Args<'_>, algorithm: &'static digest::Algorithm) -> Made {
    let sum = digest::digest(algorithm, a.str(0)?.as_bytes());
    made(data_encoding::HEXLOWER.encode(sum.as_ref()))
}

/// RFC 1950 §8.2.
fn adler32(bytes: &[u8]) -> u32 {
    const MOD: u32 = 65_521;
    let (a, b) = bytes.iter().fold((1, 0), |(a, b), byte| {
        let a = (a + u32::from(*byte)) % MOD;
        (a, (b + a) % MOD)
    });
    b << 16 | a
}

fn base(path: &str) -> &str {
    if path.is_empty() {
        return ".";
    }
    let trimmed = path.trim_end_matches('/');
    match trimmed.rsplit('/').next() {
        Some("") | None => "/",
        Some(name) => name,
    }
}

/// The shortest path that means the same.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match kept.last() {
                Some(&last) if last != ".." => {
                    kept.pop();
                }
                _ if rooted => {}
                _ => kept.push(".."),
            },
            part => kept.push(part),
        }
    }
    let joined = kept.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

fn url_parse(a: &Args<'_>) -> Made {
    let url = Url::parse(a.str(0)?).map_err(|_| a.fails("the text is no absolute URL"))?;
    let host = url.host_str().unwrap_or_default();
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    let user = match (url.username(), url.password()) {
        ("", None) => String::new(),
        (user, None) => user.to_owned(),
        (user, Some(password)) => format!("{user}:{password}"),
    };
    let opaque = if url.cannot_be_a_base() {
        url.path()
    } else {
        ""
    };
    Ok(map([
        ("scheme", Value::from(url.scheme())),
        ("host", Value::from(format!("{host}{port}"))),
        ("hostname", Value::from(host)),
        (
            "path",
            Value::from(if opaque.is_empty() { url.path() } else { "" }),
        ),
        ("query", Value::from(url.query().unwrap_or_default())),
        ("opaque", Value::from(opaque)),
        ("fragment", Value::from(url.fragment().unwrap_or_default())),
        ("userinfo", Value::from(user)),
    ]))
}

fn url_join(a: &Args<'_>) -> Made {
    let part = |name: &str| -> Result<&str, gotmpl::TemplateError> {
        Ok(a.map(0)?
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default())
    };
    let mut url = String::new();
    let mut put = |before: &str, text: &str, after: &str| {
        if !text.is_empty() {
            url.push_str(before);
            url.push_str(text);
            url.push_str(after);
        }
    };
    put("", part("scheme")?, ":");
    put("", part("opaque")?, "");
    let (user, host) = (part("userinfo")?, part("host")?);
    put("//", host, "");
    if !user.is_empty() {
        url = url.replacen("//", &format!("//{user}@"), 1);
    }
    let mut put = |before: &str, text: &str| {
        if !text.is_empty() {
            url.push_str(before);
            url.push_str(text);
        }
    };
    put("", part("path")?);
    put("?", part("query")?);
    put("#", part("fragment")?);
    made(url)
}
