//! The QR code of a key.

use base64::{Engine, engine::general_purpose::STANDARD};
use png::{BitDepth, ColorType, Encoder};
use qrcode::{Color, EcLevel, QrCode};

use crate::problem::Problem;

/// Width and height in pixels.
pub(super) const SIDE: u32 = 256;

/// The margin that readers need, in modules.
const QUIET: usize = 4;

/// A text as a QR code: a data URL of a PNG, [`SIDE`] pixels wide and high.
pub(super) fn data_url(text: &str) -> Result<String, Problem> {
    let code = QrCode::with_error_correction_level(text, EcLevel::M)
        .or_else(|_| QrCode::with_error_correction_level(text, EcLevel::L))
        .map_err(|e| Problem::Internal(format!("a QR code could not be made: {e}")))?;
    let picture = png(&bitmap(&code))
        .map_err(|e| Problem::Internal(format!("a picture could not be made: {e}")))?;
    Ok(format!(
        "data:image/png;base64,{}",
        STANDARD.encode(picture)
    ))
}

/// One bit per pixel, white is 1, rows of whole bytes.
fn bitmap(code: &QrCode) -> Vec<u8> {
    let side = SIDE as usize;
    let row_bytes = side / 8;
    let mut bits = vec![0xff_u8; row_bytes * side];
    let width = code.width();
    // The largest QR code has 177 modules, so that one pixel a module always fits.
    let scale = (side / (width + 2 * QUIET)).max(1);
    let margin = (side - scale * width) / 2;
    let dark = code.to_colors();
    for y in 0..scale * width {
        for x in 0..scale * width {
            let module = (y / scale) * width + x / scale;
            let at = (margin + y) * row_bytes + (margin + x) / 8;
            if dark.get(module) == Some(&Color::Dark)
                && let Some(byte) = bits.get_mut(at)
            {
                *byte &= !(0x80 >> ((margin + x) % 8));
            }
        }
    }
    bits
}

fn png(bits: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, SIDE, SIDE);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::One);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(bits)?;
    writer.finish()?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_still_fits_into_the_picture() {
        for length in [20, 300, 2000] {
            let url = data_url(&"x".repeat(length)).unwrap();
            let picture = STANDARD
                .decode(url.strip_prefix("data:image/png;base64,").unwrap())
                .unwrap();
            let reader = png::Decoder::new(std::io::Cursor::new(picture))
                .read_info()
                .unwrap();
            assert_eq!(reader.info().size(), (SIDE, SIDE));
        }
        assert!(data_url(&"x".repeat(4000)).is_err());
    }

    #[test]
    fn the_modules_are_where_the_code_has_them() {
        let code = QrCode::with_error_correction_level("otpauth://totp/a", EcLevel::M).unwrap();
        let bits = bitmap(&code);
        let scale = SIDE as usize / (code.width() + 2 * QUIET);
        let margin = (SIDE as usize - scale * code.width()) / 2;
        let is_dark = |x: usize, y: usize| bits[y * 32 + x / 8] & (0x80 >> (x % 8)) == 0;
        let dark = code.to_colors();
        for (i, expected) in dark.iter().enumerate() {
            let (x, y) = (
                margin + (i % code.width()) * scale,
                margin + (i / code.width()) * scale,
            );
            let expected = *expected == Color::Dark;
            assert_eq!(is_dark(x, y), expected);
            assert_eq!(is_dark(x + scale - 1, y + scale - 1), expected);
        }
        assert!(!is_dark(margin - 1, margin) && !is_dark(0, 0));
    }
}
