//! `selfservice.methods.oidc`: signing in by other servers.

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::non_empty;
use crate::Secret;

/// `selfservice.methods.oidc`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Oidc {
    /// Whether the method can be used.
    pub enabled: bool,
    /// Its settings.
    pub config: OidcConfig,
}

/// `selfservice.methods.oidc.config`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct OidcConfig {
    /// What callback addresses start with instead of the server's public address.
    pub base_redirect_uri: Option<Url>,
    /// The providers, in the order in which they are configured.
    pub providers: Vec<OidcProvider>,
}

/// Which vendor's ways a provider has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(
    missing_docs,
    reason = "the vendors by their names in the configuration"
)]
pub enum ProviderKind {
    #[default]
    Generic,
    Google,
    Apple,
    Microsoft,
    Github,
    GithubApp,
    Gitlab,
    Discord,
    Slack,
    Facebook,
    Auth0,
    Salesforce,
    Vk,
    Yandex,
    Spotify,
    Netid,
    Dingtalk,
    Patreon,
    Line,
    Linkedin,
    #[serde(rename = "linkedin_v2")]
    LinkedinV2,
    Lark,
    X,
    Amazon,
    Uaepass,
    /// Accepts tokens signed by a key that everybody knows; never honoured here.
    FedcmTest,
}

impl ProviderKind {
    /// Its name in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Generic => "generic",
            Self::Google => "google",
            Self::Apple => "apple",
            Self::Microsoft => "microsoft",
            Self::Github => "github",
            Self::GithubApp => "github-app",
            Self::Gitlab => "gitlab",
            Self::Discord => "discord",
            Self::Slack => "slack",
            Self::Facebook => "facebook",
            Self::Auth0 => "auth0",
            Self::Salesforce => "salesforce",
            Self::Vk => "vk",
            Self::Yandex => "yandex",
            Self::Spotify => "spotify",
            Self::Netid => "netid",
            Self::Dingtalk => "dingtalk",
            Self::Patreon => "patreon",
            Self::Line => "line",
            Self::Linkedin => "linkedin",
            Self::LinkedinV2 => "linkedin_v2",
            Self::Lark => "lark",
            Self::X => "x",
            Self::Amazon => "amazon",
            Self::Uaepass => "uaepass",
            Self::FedcmTest => "fedcm-test",
        }
    }
}

/// Whether the proof key of RFC 7636 is used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pkce {
    /// Where the provider says that it knows S256.
    #[default]
    #[serde(alias = "")]
    Auto,
    /// Never.
    Never,
    /// Always; the callback's address is then the same for all providers.
    Force,
}

/// From where the claims are taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimsSource {
    /// The id_token.
    #[default]
    #[serde(alias = "")]
    IdToken,
    /// The userinfo endpoint; the id_token is verified all the same.
    Userinfo,
}

/// What names somebody at Microsoft.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SubjectSource {
    /// The claim `sub`.
    #[default]
    #[serde(alias = "")]
    Userinfo,
    /// The id that the Graph API gives.
    Me,
    /// The claim `oid`.
    Oid,
}

/// When the claims change the identity.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UpdateOnLogin {
    /// At sign-up only.
    #[default]
    #[serde(alias = "")]
    Never,
    /// At each sign-in.
    Automatic,
}

/// One entry of `selfservice.methods.oidc.config.providers`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct OidcProvider {
    /// Its name here: in callback addresses, credentials and forms.
    pub id: String,
    /// Which vendor's ways it has.
    #[serde(rename = "provider")]
    pub kind: ProviderKind,
    /// What buttons call it.
    #[serde(deserialize_with = "non_empty")]
    pub label: Option<String>,
    /// This server's name at the provider.
    pub client_id: String,
    /// And its secret there.
    pub client_secret: Option<Secret>,
    /// Where the provider is, for the kinds that can be anywhere.
    #[serde(deserialize_with = "non_empty")]
    pub issuer_url: Option<String>,
    /// The Jsonnet that makes traits of claims.
    pub mapper_url: String,
    /// The scopes that are asked for.
    pub scope: Vec<String>,
    /// Microsoft: the tenant.
    pub microsoft_tenant: String,
    /// Microsoft: what names somebody.
    pub subject_source: SubjectSource,
    /// Apple: the team.
    pub apple_team_id: String,
    /// Apple: the name of the key.
    pub apple_private_key_id: String,
    /// Apple: the key, PEM.
    pub apple_private_key: Option<Secret>,
    /// What is sent as the parameter `claims`.
    pub requested_claims: Option<Value>,
    /// Free data in this edition; entries with one are not offered to everybody.
    #[serde(deserialize_with = "non_empty")]
    pub organization_id: Option<String>,
    /// For whom else a submitted id_token may have been made.
    pub additional_id_token_audiences: Vec<String>,
    /// `acr` values that make a session aal2.
    pub aal2_acr_values: Vec<String>,
    /// `amr` values that make a session aal2.
    pub aal2_amr_values: Vec<String>,
    /// From where the claims are taken.
    pub claims_source: ClaimsSource,
    /// Whether a proof key is used; `None` for what is best.
    pub pkce: Option<Pkce>,
    /// netID: the origin in whose name tokens are exchanged.
    pub net_id_token_origin_header: String,
    /// When the claims change the identity.
    pub update_identity_on_login: UpdateOnLogin,
}

impl OidcProvider {
    /// What buttons call it: its label, else its name.
    #[must_use]
    pub fn title(&self) -> &str {
        self.label.as_deref().unwrap_or(&self.id)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_kind_that_the_key_table_names_can_be_read() {
        let kinds = "github github-app gitlab generic google microsoft discord salesforce slack facebook auth0 vk yandex \
                     apple spotify netid dingtalk patreon line linkedin linkedin_v2 lark x fedcm-test amazon uaepass";
        for kind in kinds.split_whitespace() {
            let entry = json!({"id": "acme", "provider": kind, "client_id": "c", "mapper_url": "base64://e30="});
            let read: OidcProvider = serde_json::from_value(entry).unwrap();
            assert_eq!(read.kind.as_str(), kind);
        }
    }

    #[test]
    fn its_secrets_are_not_in_its_debug_text() {
        let entry =
            json!({"id": "acme", "client_secret": "hush-hush", "apple_private_key": "hush-too"});
        let provider: OidcProvider = serde_json::from_value(entry).unwrap();
        assert!(!format!("{provider:?}").contains("hush"));
    }
}
