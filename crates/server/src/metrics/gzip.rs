//! Compressing what is measured, for those who ask for it.

use std::io::Write as _;

use ::http::{HeaderMap, header};
use flate2::Compression;
use flate2::write::GzEncoder;

/// The text in the form `gzip` (RFC 1952), if the request takes that.
pub fn compressed(request: &HeaderMap, text: &str) -> Option<Vec<u8>> {
    if !takes_gzip(request) {
        return None;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    // Writing to memory does not fail; if it did, the text would be sent as it is.
    encoder.write_all(text.as_bytes()).ok()?;
    encoder.finish().ok()
}

/// Whether `Accept-Encoding` (RFC 9110 §12.5.3) names gzip, and not with the weight that forbids it.
fn takes_gzip(request: &HeaderMap) -> bool {
    let lines = request.get_all(header::ACCEPT_ENCODING).iter();
    let mut offers = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','));
    offers.any(|offer| {
        let (name, weight) = offer.split_once(';').unwrap_or((offer, ""));
        let weight = weight.trim().strip_prefix("q=");
        let forbidden = weight.is_some_and(|weight| weight.parse() == Ok(0.0));
        name.trim().eq_ignore_ascii_case("gzip") && !forbidden
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use ::http::HeaderValue;
    use flate2::read::GzDecoder;

    use super::*;

    fn asked(accept: &'static str) -> Option<Vec<u8>> {
        let mut request = HeaderMap::new();
        request.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(accept));
        compressed(&request, "up 1\n")
    }

    #[test]
    fn who_takes_gzip_gets_it() {
        for accept in ["gzip", "br, GZIP;q=0.5", "deflate,gzip;q=1.0"] {
            let mut text = String::new();
            let bytes = asked(accept).unwrap();
            GzDecoder::new(bytes.as_slice())
                .read_to_string(&mut text)
                .unwrap();
            assert_eq!(text, "up 1\n", "{accept}");
        }
    }

    #[test]
    fn who_does_not_gets_the_text() {
        for accept in ["", "identity", "gzip;q=0", "gzip; q=0.000, br"] {
            assert_eq!(asked(accept), None, "{accept}");
        }
        assert_eq!(compressed(&HeaderMap::new(), "up 1\n"), None);
    }
}
