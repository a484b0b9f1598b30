//! Rules between keys.

use serde_json::Value;

use crate::section::cookies::is_secure;
use crate::{Finding, Findings, source::Tree, source_bool};

pub(super) fn check(value: &Value, tree: &Tree) -> Findings {
    let rules = Rules { value, tree };
    let mut findings = Findings::default();
    findings.extend(rules.cipher_keys());
    findings.extend(rules.code_factor());
    findings.extend(rules.relying_parties());
    findings.extend(rules.providers());
    findings.extend(rules.schemas());
    findings.extend(rules.return_url());
    findings.extend(rules.secure_texts());
    findings.extend(rules.crossing_cookies());
    findings.extend(rules.sender());
    findings.extend(rules.traces());
    findings
}

struct Rules<'a> {
    value: &'a Value,
    tree: &'a Tree,
}

impl Rules<'_> {
    fn get(&self, path: &str) -> Option<&Value> {
        path.split('.')
            .try_fold(self.value, |value, key| value.get(key))
    }

    fn is_on(&self, path: &str) -> bool {
        self.get(path) == Some(&Value::Bool(true))
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.get(path).and_then(Value::as_str)
    }

    fn list(&self, path: &str) -> &[Value] {
        self.get(path)
            .and_then(Value::as_array)
            .map_or(&[], Vec::as_slice)
    }

    fn error(&self, path: &str, problem: impl Into<String>, mend: &str) -> Finding {
        Finding::error(path, problem, mend).at(self.tree.place(path))
    }

    fn warning(&self, path: &str, problem: impl Into<String>, mend: &str) -> Finding {
        Finding::warning(path, problem, mend).at(self.tree.place(path))
    }

    /// An agent of Jaeger's has no usual place; the other two collectors have one.
    fn traces(&self) -> Vec<Finding> {
        let jaeger = "tracing.providers.jaeger";
        if self.text("tracing.provider") != Some("jaeger") {
            return Vec::new();
        }
        let mut findings = Vec::new();
        let address = format!("{jaeger}.local_agent_address");
        if self.text(&address).is_none() {
            findings.push(self.error(
                &address,
                "Traces are to be sent to an agent of Jaeger's, but its address is missing.",
                "Add host and port of the agent, such as \"127.0.0.1:6831\".",
            ));
        }
        let sampler = format!("{jaeger}.sampling.server_url");
        if self.text(&sampler).is_some() {
            findings.push(self.warning(
                &sampler,
                "This server does not ask another one which requests to trace: trace_id_ratio decides alone.",
                "Remove the key, and set trace_id_ratio beside it.",
            ));
        }
        findings
    }

    fn cipher_keys(&self) -> Option<Finding> {
        let algorithm = self
            .text("ciphers.algorithm")
            .filter(|name| matches!(*name, "aes" | "xchacha20-poly1305"))?;
        if self.get("secrets.cipher").is_some() {
            return None;
        }
        let problem = format!("The cipher {algorithm} needs a key, but secrets.cipher is missing.");
        Some(self.error(
            "ciphers.algorithm",
            problem,
            "Add secrets.cipher with a key of exactly 32 characters.",
        ))
    }

    fn code_factor(&self) -> Option<Finding> {
        let code = "selfservice.methods.code";
        let both = self.is_on(&format!("{code}.passwordless_enabled"))
            && self.is_on(&format!("{code}.mfa_enabled"));
        let problem = "Codes cannot be a first factor (passwordless_enabled) and a second factor (mfa_enabled) at once.";
        both.then(|| self.error(code, problem, "Switch one of the two off."))
    }

    fn relying_parties(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let webauthn = "selfservice.methods.webauthn";
        if self.is_on(&format!("{webauthn}.enabled"))
            && self.get(&format!("{webauthn}.config")).is_none()
        {
            let mend = "Add config.rp with id (the host name of your pages) and display_name.";
            findings.push(self.error(
                webauthn,
                "The method is enabled, but its config is missing.",
                mend,
            ));
        }
        findings.extend(self.webauthn_party(&format!("{webauthn}.config.rp")));
        let passkey = "selfservice.methods.passkey";
        if self.is_on(&format!("{passkey}.enabled"))
            && self.get(&format!("{passkey}.config.rp")).is_none()
        {
            let mend = "Add config.rp with id (the host name of your pages) and display_name.";
            findings.push(self.warning(
                passkey,
                "The method is enabled, but cannot work without config.rp.",
                mend,
            ));
        }
        findings
    }

    fn webauthn_party(&self, path: &str) -> Vec<Finding> {
        let Some(party) = self.get(path) else {
            return Vec::new();
        };
        let missing = ["id", "display_name"]
            .into_iter()
            .filter(|key| party.get(key).is_none());
        let mut findings: Vec<Finding> = missing
            .map(|key| {
                self.error(
                    &format!("{path}.{key}"),
                    "This key is required, but missing.",
                    "Add a text.",
                )
            })
            .collect();
        if party.get("origin").is_some() && party.get("origins").is_some() {
            let problem = "The keys origin and origins exclude each other.";
            findings.push(self.error(path, problem, "Keep origins, with all origins in it."));
        }
        findings
    }

    fn providers(&self) -> Vec<Finding> {
        let path = "selfservice.methods.oidc.config.providers";
        let each = |(index, provider)| self.provider(&format!("{path}[{index}]"), provider);
        self.list(path).iter().enumerate().flat_map(each).collect()
    }

    fn provider(&self, path: &str, provider: &Value) -> Vec<Finding> {
        const APPLE: [&str; 3] = ["apple_private_key_id", "apple_private_key", "apple_team_id"];
        let kind = provider
            .get("provider")
            .and_then(Value::as_str)
            .unwrap_or("");
        let has = |key: &str| provider.get(key).is_some();
        let filled = |key: &str| {
            provider
                .get(key)
                .and_then(Value::as_str)
                .is_some_and(|text| !text.is_empty())
        };
        let mut findings = Vec::new();
        let mut required = |key: &str| {
            let problem = format!("A provider of kind {kind:?} needs this key.");
            findings.push(self.error(&format!("{path}.{key}"), problem, "Add it."));
        };
        if kind == "microsoft" && !has("microsoft_tenant") {
            required("microsoft_tenant");
        }
        if kind == "apple" {
            APPLE
                .iter()
                .filter(|key| !has(key))
                .for_each(|key| required(key));
        } else if !has("client_secret") {
            required("client_secret");
        }
        let mut refused = |key: &str| {
            let problem = format!("A provider of kind {kind:?} has no such setting.");
            findings.push(self.error(&format!("{path}.{key}"), problem, "Remove it."));
        };
        if kind != "microsoft" && has("microsoft_tenant") {
            refused("microsoft_tenant");
        }
        if kind == "apple" && filled("client_secret") {
            refused("client_secret");
        }
        if kind != "apple" {
            APPLE
                .iter()
                .filter(|key| filled(key))
                .for_each(|key| refused(key));
        }
        findings
    }

    fn schemas(&self) -> Vec<Finding> {
        let path = "identity.schemas";
        let ids: Vec<&str> = self
            .list(path)
            .iter()
            .map(|schema| schema.get("id").and_then(Value::as_str).unwrap_or(""))
            .collect();
        let mut findings = Vec::new();
        for (index, id) in ids
            .iter()
            .enumerate()
            .filter(|(index, id)| ids[..*index].contains(id))
        {
            let problem =
                format!("There are two schemas with the id {id:?}; only the first is used.");
            findings.push(self.warning(
                &format!("{path}[{index}].id"),
                problem,
                "Give each schema an id of its own.",
            ));
        }
        if let Some(default) = self
            .text("identity.default_schema_id")
            .filter(|default| !ids.is_empty() && !ids.contains(default))
        {
            let problem = format!(
                "No identity schema has the id {default:?}, which new identities shall have."
            );
            let mend = format!("Set it to one of: {}.", ids.join(", "));
            findings.push(self.error("identity.default_schema_id", problem, &mend));
        }
        findings
    }

    fn return_url(&self) -> Option<Finding> {
        let path = "selfservice.default_browser_return_url";
        let empty = self.text(path) == Some("");
        empty.then(|| {
            self.error(
                path,
                "The address is empty.",
                "Write where browsers go when a flow is done.",
            )
        })
    }

    fn sender(&self) -> Option<Finding> {
        let smtp = "courier.smtp";
        let delivers = self
            .text(&format!("{smtp}.connection_uri"))
            .is_some_and(|uri| !uri.is_empty());
        if !delivers || self.get(&format!("{smtp}.from_address")).is_some() {
            return None;
        }
        let problem = "Mails are delivered, but have no sender; they come from no-reply@localhost, which many servers refuse.";
        Some(self.warning(
            &format!("{smtp}.from_address"),
            problem,
            "Add an address of your own domain.",
        ))
    }

    /// What SameSite becomes where cookies are not for https only, as in development mode.
    fn crossing_cookies(&self) -> Vec<Finding> {
        let found = |section: &str, affected: &[&str], problem: &str| {
            let (path, text) = (format!("{section}.same_site"), format!("{section}.secure"));
            let secure = self.text(&text).or(self.text("cookies.secure"));
            let written = self.text(&path)?;
            if !affected.contains(&written) || is_secure(secure, self.is_on("dev")) {
                return None;
            }
            let mend = format!(
                "Serve over https with {text} \"true\", which is the default outside of development mode."
            );
            Some(self.warning(&path, problem, &mend))
        };
        let general = "These cookies are not secure; as long as that is so, the anti-CSRF cookie has SameSite=Lax, and browsers take no cookie with SameSite=None.";
        let session = "The session cookie is not secure, and browsers take no such cookie with SameSite=None.";
        let findings = [
            found("cookies", &["None", "Strict"], general),
            found("session.cookie", &["None"], session),
        ];
        findings.into_iter().flatten().collect()
    }

    fn secure_texts(&self) -> Vec<Finding> {
        let unclear = |path: &&str| {
            self.text(path)
                .is_some_and(|text| source_bool(text).is_none())
        };
        let found = |path| {
            self.warning(
                path,
                "This text is neither \"true\" nor \"false\", and counts as \"false\".",
                "Write \"true\" or \"false\", in quotes.",
            )
        };
        ["cookies.secure", "session.cookie.secure"]
            .into_iter()
            .filter(unclear)
            .map(found)
            .collect()
    }
}
