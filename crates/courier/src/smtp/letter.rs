//! A message on the wire: headers, parts, envelope (RFC 5322, RFC 2045).

use std::time::SystemTime;

use lettre::Address;
use lettre::address::Envelope;
use lettre::message::header::{ContentTransferEncoding, ContentType, HeaderName, HeaderValue};
use lettre::message::{Body, Mailbox, Mailboxes, Message, MultiPart, SinglePart};
use uuid::Uuid;

use super::FAILED;
use crate::error::DeliveryError;
use crate::recipient;
use crate::settings::SmtpSettings;

/// What a letter says, and to whom.
pub(crate) struct Letter<'a> {
    /// The message's id, the same in every attempt: receivers recognise a second copy by it.
    pub(crate) id: Uuid,
    /// As stored.
    pub(crate) recipient: &'a str,
    /// One line.
    pub(crate) subject: &'a str,
    /// The plain text.
    pub(crate) text: &'a str,
    /// The same as HTML; without it the letter is plain text.
    pub(crate) html: Option<String>,
}

impl Letter<'_> {
    /// The envelope and the bytes to send.
    pub(crate) fn seal(
        self,
        settings: &SmtpSettings,
    ) -> Result<(Envelope, Vec<u8>), DeliveryError> {
        let to = recipient::mailbox(self.recipient).ok_or_else(|| {
            DeliveryError::permanent(
                FAILED,
                format!(
                    "the recipient of message {} is not a valid email address",
                    self.id
                ),
            )
        })?;
        let from = sender(settings)?;
        let headers = Extra::read(settings);
        let envelope = headers.envelope(&from, &to)?;
        let message_id = format!("<{}@{}>", self.id, from.email.domain());
        let mut builder = Message::builder()
            .from(from)
            .to(to)
            .subject(self.subject)
            .date(SystemTime::now())
            .message_id(Some(message_id))
            .envelope(envelope.clone());
        for header in headers.on_the_wire {
            builder = builder.raw_header(header);
        }
        let plain = part(ContentType::TEXT_PLAIN, self.text.to_owned());
        let message = match self.html {
            Some(html) => builder.multipart(
                MultiPart::alternative()
                    .singlepart(plain)
                    .singlepart(part(ContentType::TEXT_HTML, html)),
            ),
            None => builder.singlepart(plain),
        };
        match message {
            Ok(message) => {
                let mut content = message.formatted();
                // The end of the transfer brings this line break; a second one would be part of the text.
                if content.ends_with(b"\r\n") {
                    content.truncate(content.len() - 2);
                }
                Ok((envelope, content))
            }
            Err(error) => Err(DeliveryError::permanent(
                FAILED,
                format!("the message cannot be put together: {error}"),
            )),
        }
    }
}

fn sender(settings: &SmtpSettings) -> Result<Mailbox, DeliveryError> {
    let address = recipient::mailbox(&settings.from_address).ok_or_else(|| {
        DeliveryError::permanent(FAILED, "courier.smtp.from_address is not a mail address")
    })?;
    let name = Some(printable(&settings.from_name)).filter(|name| !name.is_empty());
    Ok(Mailbox::new(name, address.email))
}

fn part(kind: ContentType, text: String) -> SinglePart {
    let encoding = ContentTransferEncoding::QuotedPrintable;
    // Quoted-printable can carry any text, so the fallback is never taken.
    let body = Body::new_with_encoding(text, encoding).unwrap_or_else(Body::new);
    SinglePart::builder().header(kind).body(body)
}

/// Headers of the configuration. They win over the courier's own, and may add recipients.
struct Extra {
    on_the_wire: Vec<HeaderValue>,
    /// By lower-case name: what the envelope depends on.
    addresses: Vec<(String, String)>,
}

impl Extra {
    fn read(settings: &SmtpSettings) -> Extra {
        let mut extra = Extra {
            on_the_wire: Vec::new(),
            addresses: Vec::new(),
        };
        for (name, value) in &settings.headers {
            let lower = name.to_ascii_lowercase();
            if is_of_the_body(&lower) {
                continue;
            }
            if matches!(lower.as_str(), "sender" | "from" | "to" | "cc" | "bcc") {
                extra.addresses.push((lower.clone(), value.clone()));
            }
            let well_formed =
                !name.is_empty() && name.bytes().all(|b| (33..=126).contains(&b) && b != b':');
            match HeaderName::new_from_ascii(usual_case(name)) {
                Ok(known) if well_formed && lower != "bcc" => extra
                    .on_the_wire
                    .push(HeaderValue::new(known, printable(value))),
                Ok(_) if well_formed => {}
                _ => tracing::warn!(
                    header = name,
                    "A name in courier.smtp.headers is not a header's name; it is left out."
                ),
            }
        }
        extra
    }

    fn envelope(&self, from: &Mailbox, to: &Mailbox) -> Result<Envelope, DeliveryError> {
        let sender = self
            .all("sender")?
            .into_iter()
            .chain(self.all("from")?)
            .next()
            .unwrap_or_else(|| from.email.clone());
        let mut recipients = self.all("to")?;
        if recipients.is_empty() {
            recipients.push(to.email.clone());
        }
        recipients.extend(self.all("cc")?);
        recipients.extend(self.all("bcc")?);
        Envelope::new(Some(sender), recipients).map_err(|error| {
            DeliveryError::permanent(
                FAILED,
                format!("the message has no usable envelope: {error}"),
            )
        })
    }

    /// The addresses in a header.
    fn all(&self, name: &str) -> Result<Vec<Address>, DeliveryError> {
        let Some((_, value)) = self.addresses.iter().find(|(known, _)| known == name) else {
            return Ok(Vec::new());
        };
        let mailboxes: Mailboxes = value.parse().map_err(|_| {
            DeliveryError::permanent(
                FAILED,
                format!(
                    "the header {name} in courier.smtp.headers is not a list of mail addresses"
                ),
            )
        })?;
        Ok(mailboxes.into_iter().map(|mailbox| mailbox.email).collect())
    }
}

/// What describes the body is the courier's own affair.
fn is_of_the_body(lower_name: &str) -> bool {
    matches!(
        lower_name,
        "content-type" | "content-transfer-encoding" | "mime-version"
    )
}

/// The spelling of the courier's own headers, so that a configured one takes their place.
fn usual_case(name: &str) -> String {
    const OWN: [&str; 8] = [
        "From",
        "To",
        "Cc",
        "Subject",
        "Date",
        "Message-ID",
        "Sender",
        "Reply-To",
    ];
    OWN.into_iter()
        .find(|own| own.eq_ignore_ascii_case(name))
        .unwrap_or(name)
        .to_owned()
}

/// A header's value cannot hold line breaks or other control characters.
fn printable(text: &str) -> String {
    text.trim().replace(char::is_control, " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(headers: &[(&str, &str)]) -> SmtpSettings {
        SmtpSettings {
            from_address: "no-reply@app.example".into(),
            from_name: "Häuser & Co".into(),
            headers: headers
                .iter()
                .map(|(k, v)| (k.to_string(), v.to_string()))
                .collect(),
            ..SmtpSettings::default()
        }
    }

    fn letter(html: Option<&str>) -> Letter<'static> {
        Letter {
            id: Uuid::nil(),
            recipient: "user-1@example.org",
            subject: "Grüße",
            text: "Hello =) wörld\n",
            html: html.map(str::to_owned),
        }
    }

    fn sealed(headers: &[(&str, &str)]) -> (Envelope, String) {
        let (envelope, bytes) = letter(Some("<p>wörld</p>"))
            .seal(&settings(headers))
            .unwrap();
        (envelope, String::from_utf8(bytes).unwrap())
    }

    fn to(envelope: &Envelope) -> Vec<String> {
        envelope.to().iter().map(Address::to_string).collect()
    }

    #[test]
    fn a_letter_has_the_plain_text_first_and_both_parts_quoted_printable() {
        let (envelope, wire) = sealed(&[]);
        assert_eq!(
            envelope.from().map(Address::to_string).as_deref(),
            Some("no-reply@app.example")
        );
        assert_eq!(to(&envelope), ["user-1@example.org"]);
        assert!(wire.is_ascii());
        for line in [
            "MIME-Version: 1.0\r\n",
            "To: user-1@example.org\r\n",
            "Content-Type: multipart/alternative;",
            "\r\nDate: ",
        ] {
            assert!(wire.contains(line), "{line} in {wire}");
        }
        let (plain, html) = (
            wire.find("text/plain; charset=utf-8").unwrap(),
            wire.find("text/html; charset=utf-8").unwrap(),
        );
        assert!(plain < html);
        assert_eq!(
            wire.matches("Content-Transfer-Encoding: quoted-printable")
                .count(),
            2
        );
        assert!(wire.contains("Hello =3D) w=C3=B6rld"));
        assert!(wire.contains("Message-ID: <00000000-0000-0000-0000-000000000000@app.example>"));
    }

    #[test]
    fn without_html_it_is_plain_text_alone() {
        let (_, bytes) = letter(None).seal(&settings(&[])).unwrap();
        let wire = String::from_utf8(bytes).unwrap();
        assert!(wire.contains("Content-Type: text/plain") && !wire.contains("multipart"));
    }

    #[test]
    fn configured_headers_win_and_copies_become_recipients() {
        let (envelope, wire) = sealed(&[
            ("X-Campaign", "spring"),
            ("reply-to", "help@app.example"),
            ("subject", "Always this"),
            ("Cc", "copy@app.example"),
            ("Bcc", "Audit <audit@app.example>"),
        ]);
        assert_eq!(
            to(&envelope),
            [
                "user-1@example.org",
                "copy@app.example",
                "audit@app.example"
            ]
        );
        assert!(
            wire.contains("X-Campaign: spring\r\n")
                && wire.contains("Reply-To: help@app.example\r\n")
        );
        assert!(wire.contains("Subject: Always this\r\n") && wire.matches("Subject:").count() == 1);
        assert!(wire.contains("Cc: copy@app.example\r\n") && !wire.contains("audit@"));
    }

    #[test]
    fn a_configured_sender_and_recipient_are_those_of_the_envelope() {
        let (envelope, wire) = sealed(&[
            ("From", "Team <team@app.example>"),
            ("To", "trap@app.example"),
        ]);
        assert_eq!(
            envelope.from().map(Address::to_string).as_deref(),
            Some("team@app.example")
        );
        assert_eq!(to(&envelope), ["trap@app.example"]);
        assert!(wire.matches("\r\nTo: ").count() + usize::from(wire.starts_with("To: ")) == 1);
    }

    #[test]
    fn header_values_cannot_bring_further_headers() {
        let (_, wire) = sealed(&[
            ("X-A", "1\r\nX-Evil: 2"),
            ("X B", "3"),
            ("X-C\r\nX-Evil", "4"),
            ("Content-Type", "text/x"),
        ]);
        assert!(!wire.contains("\r\nX-Evil") && !wire.contains("X B") && !wire.contains("text/x"));
        let subject = Letter {
            subject: "Hi\r\nX-Evil: 1",
            ..letter(None)
        };
        let (_, bytes) = subject.seal(&settings(&[])).unwrap();
        assert!(!String::from_utf8(bytes).unwrap().contains("\r\nX-Evil"));
    }

    #[test]
    fn a_recipient_that_is_none_is_refused_for_good() {
        let letter = Letter {
            recipient: "user-1@example.org>\r\nRCPT TO:<all@example.org",
            ..letter(None)
        };
        assert!(letter.seal(&settings(&[])).unwrap_err().is_permanent());
    }
}
