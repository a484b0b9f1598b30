//! What makes the pages look like the product they belong to.

/// Name, logo, colours and a style sheet of the operator's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Theme {
    /// The product's name; "Bia" when empty.
    pub name: String,
    /// URL of a picture that stands in place of the name: relative, `https` or a `data:image/` URL.
    pub logo: Option<String>,
    /// The colour of buttons and links in light mode.
    pub accent: Option<Color>,
    /// The same in dark mode.
    pub accent_dark: Option<Color>,
    /// Further rules, appended as they are: the operator's own CSS.
    pub css: Option<String>,
}

impl Theme {
    /// The product's name, never empty.
    pub fn product(&self) -> &str {
        if self.name.is_empty() {
            "Bia"
        } else {
            &self.name
        }
    }

    /// The content of `theme.css`, to be served beside the other assets; `None` when the theme has
    /// no rules, and then no page asks for it.
    pub fn stylesheet(&self) -> Option<String> {
        let light = self
            .accent
            .map(|accent| accent.rules(Color(0xff, 0xff, 0xff)));
        let dark = self.accent_dark.map(|accent| {
            let rules = accent.rules(Color(0x1a, 0x1f, 0x2b));
            format!("@media (prefers-color-scheme: dark) {{ {rules} }}")
        });
        let parts: Vec<String> = [light, dark, self.css.clone()]
            .into_iter()
            .flatten()
            .collect();
        (!parts.is_empty()).then(|| parts.join("\n"))
    }
}

/// A colour: red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Color(pub u8, pub u8, pub u8);

impl Color {
    /// Reads `#rrggbb` or `#rgb`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Color> {
        let digits = text.strip_prefix('#')?;
        if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let number = u32::from_str_radix(digits, 16).ok()?;
        let byte = |shift: u32| u8::try_from(number >> shift & 0xff).ok();
        let nibble = |shift: u32| u8::try_from((number >> shift & 0xf) * 0x11).ok();
        match digits.len() {
            6 => Some(Color(byte(16)?, byte(8)?, byte(0)?)),
            3 => Some(Color(nibble(8)?, nibble(4)?, nibble(0)?)),
            _ => None,
        }
    }

    /// Relative luminance, 0 (black) to 1 (white), as WCAG 2.2 defines it.
    fn luminance(self) -> f64 {
        let part = |value: u8| {
            let value = f64::from(value) / 255.0;
            if value <= 0.04045 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        };
        0.2126 * part(self.0) + 0.7152 * part(self.1) + 0.0722 * part(self.2)
    }

    /// Contrast to another colour, 1 to 21, as WCAG 2.2 defines it.
    fn contrast(self, other: Color) -> f64 {
        let (a, b) = (self.luminance(), other.luminance());
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    /// The rules for this accent on cards of a colour. Buttons get black or white text, whichever
    /// can be read better; links take the accent only where it can be read on the card (4.5 : 1).
    fn rules(self, card: Color) -> String {
        let (white, black) = (Color(0xff, 0xff, 0xff), Color(0, 0, 0));
        let on = if self.contrast(white) >= self.contrast(black) {
            white
        } else {
            black
        };
        let mut rules = format!("--accent: {self}; --on-accent: {on};");
        if self.contrast(card) >= 4.5 {
            rules.push_str(&format!(" --link: {self}; --focus: {self};"));
        }
        format!(":root {{ {rules} }}")
    }
}

impl std::fmt::Display for Color {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.0, self.1, self.2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_read_from_its_usual_spellings() {
        assert_eq!(Color::parse("#2a4BC6"), Some(Color(0x2a, 0x4b, 0xc6)));
        assert_eq!(Color::parse("#fa0"), Some(Color(0xff, 0xaa, 0x00)));
        for wrong in [
            "",
            "#",
            "2a4bc6",
            "#2a4bc",
            "#+a4bc6",
            "red",
            "#000;}body{display:none",
        ] {
            assert_eq!(Color::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn text_on_the_accent_can_always_be_read() {
        let css = |accent| {
            Theme {
                accent: Some(accent),
                ..Theme::default()
            }
            .stylesheet()
            .unwrap()
        };
        let yellow = css(Color(0xff, 0xe0, 0x00));
        assert!(
            yellow.contains("--on-accent: #000000") && !yellow.contains("--link"),
            "{yellow}"
        );
        let green = css(Color(0x00, 0x5a, 0x30));
        assert!(
            green.contains("--on-accent: #ffffff") && green.contains("--link: #005a30"),
            "{green}"
        );
    }

    #[test]
    fn a_plain_theme_has_no_style_sheet() {
        assert_eq!(Theme::default().stylesheet(), None);
        assert_eq!(Theme::default().product(), "Bia");
    }
}
