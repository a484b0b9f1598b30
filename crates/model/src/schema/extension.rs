//! The extension of identity schemas, `ory.sh/kratos`: what a trait is used for (spec/identity.md §2).

use serde_json::{Map, Value};

use super::pointer;
use crate::Channel;

/// The keyword of the extension.
pub(super) const KEYWORD: &str = "ory.sh/kratos";

/// What the value of a trait is used for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extension {
    /// It is an identifier of the password method.
    pub password: bool,
    /// It is an identifier of security keys.
    pub webauthn: bool,
    /// It is an identifier of one-time codes, and how the code gets there.
    pub code: Option<CodeIdentifier>,
    /// It labels the account in an authenticator app.
    pub totp_account_name: bool,
    /// It labels the account beside a passkey.
    pub passkey_display_name: bool,
    /// It is an address to be verified.
    pub verification: Option<Channel>,
    /// It is an address for recovery.
    pub recovery: Option<Channel>,
}

/// An identifier of one-time codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodeIdentifier {
    /// Where the code goes; `None`: the value only names the identity, the code goes to an address of it.
    pub via: Option<Channel>,
}

impl Extension {
    /// Whether the value is kept in its E.164 form when it is a phone number.
    pub(super) fn is_phone(&self) -> bool {
        let code = self.code.and_then(|code| code.via);
        [code, self.verification, self.recovery].contains(&Some(Channel::Sms))
    }

    /// Whether people may type this trait to log in, or know their account by it.
    pub(super) fn names_the_account(&self) -> bool {
        self.password
            || self.webauthn
            || self.code.is_some()
            || self.totp_account_name
            || self.passkey_display_name
    }

    /// Reads the keyword's value strictly: unknown members and wrong types are problems.
    pub(super) fn read(value: &Value, at: &str, problems: &mut Vec<String>) -> Extension {
        let mut reader = Reader { problems };
        let mut read = Extension::default();
        let Some(root) = reader.object(
            value,
            at,
            &["credentials", "verification", "recovery", "organizations"],
        ) else {
            return read;
        };
        if let Some(credentials) = root.get("credentials") {
            reader.credentials(credentials, &pointer::join(at, "credentials"), &mut read);
        }
        read.verification = reader.via(root, at, "verification");
        read.recovery = reader.via(root, at, "recovery");
        if let Some((organizations, at)) = reader.member(root, at, "organizations", &["matcher"]) {
            reader.choice(organizations, &at, "matcher", &["email_domain"]);
        }
        read
    }
}

struct Reader<'a> {
    problems: &'a mut Vec<String>,
}

impl Reader<'_> {
    fn credentials(&mut self, value: &Value, at: &str, read: &mut Extension) {
        let Some(members) = self.object(
            value,
            at,
            &["password", "webauthn", "code", "totp", "passkey"],
        ) else {
            return;
        };
        read.password = self.flag(members, at, "password", "identifier");
        read.webauthn = self.flag(members, at, "webauthn", "identifier");
        read.totp_account_name = self.flag(members, at, "totp", "account_name");
        read.passkey_display_name = self.flag(members, at, "passkey", "display_name");
        if let Some((code, at)) = self.member(members, at, "code", &["identifier", "via"]) {
            let via = self
                .choice(code, &at, "via", &["email", "sms"])
                .and_then(Channel::parse);
            if self.boolean(code, &at, "identifier") {
                read.code = Some(CodeIdentifier { via });
            }
        }
    }

    fn flag(&mut self, members: &Map<String, Value>, at: &str, method: &str, name: &str) -> bool {
        match self.member(members, at, method, &[name]) {
            Some((inner, at)) => self.boolean(inner, &at, name),
            None => false,
        }
    }

    fn via(&mut self, members: &Map<String, Value>, at: &str, name: &str) -> Option<Channel> {
        let (inner, at) = self.member(members, at, name, &["via"])?;
        self.choice(inner, &at, "via", &["email", "sms"])
            .and_then(Channel::parse)
    }

    fn member<'v>(
        &mut self,
        members: &'v Map<String, Value>,
        at: &str,
        name: &str,
        known: &[&str],
    ) -> Option<(&'v Map<String, Value>, String)> {
        let at = pointer::join(at, name);
        let inner = self.object(members.get(name)?, &at, known)?;
        Some((inner, at))
    }

    fn object<'v>(
        &mut self,
        value: &'v Value,
        at: &str,
        known: &[&str],
    ) -> Option<&'v Map<String, Value>> {
        let Some(members) = value.as_object() else {
            self.problems
                .push(format!("At {at} an object is expected."));
            return None;
        };
        for name in members
            .keys()
            .filter(|name| !known.contains(&name.as_str()))
        {
            self.problems.push(format!(
                "At {at} the member \"{name}\" is not known. {}",
                suggestion(name, known)
            ));
        }
        Some(members)
    }

    fn boolean(&mut self, members: &Map<String, Value>, at: &str, name: &str) -> bool {
        match members.get(name) {
            None => false,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                self.problems.push(format!(
                    "At {} either true or false is expected.",
                    pointer::join(at, name)
                ));
                false
            }
        }
    }

    fn choice<'v>(
        &mut self,
        members: &'v Map<String, Value>,
        at: &str,
        name: &str,
        choices: &[&str],
    ) -> Option<&'v str> {
        let value = members.get(name)?;
        match value.as_str() {
            Some(text) if choices.contains(&text) => Some(text),
            _ => {
                self.problems.push(format!(
                    "At {} one of these is expected: {}.",
                    pointer::join(at, name),
                    choices.join(", ")
                ));
                None
            }
        }
    }
}

/// `Did you mean "password"?`, or what there is to choose from when nothing is near.
pub(super) fn suggestion(name: &str, known: &[&str]) -> String {
    let nearest = known
        .iter()
        .map(|k| (strsim::jaro_winkler(name, k), k))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match nearest {
        Some((likeness, k)) if likeness > 0.75 => format!("Did you mean \"{k}\"?"),
        _ => format!("Known here: {}.", known.join(", ")),
    }
}
