//! What a provider of each kind is asked, and where (spec: oidc.md §1). Pure: nothing here calls anybody.

use bia_config::Config;
use bia_config::section::oidc::{OidcProvider, Pkce, ProviderKind as Kind};

use super::remote::Discovery;
use crate::problem::Problem;

/// The provider with an id.
pub(super) fn find<'c>(config: &'c Config, id: &str) -> Result<&'c OidcProvider, Problem> {
    let found = all(config).find(|p| p.id == id).ok_or_else(|| {
        Problem::NotFound(format!(
            "There is no provider {id:?} in the configuration of this server."
        ))
    })?;
    if found.kind == Kind::FedcmTest {
        return Err(Problem::Misconfigured(
            "Providers of the kind fedcm-test accept tokens that anybody can make. This server does not have them.".into(),
        ));
    }
    Ok(found)
}

fn all(config: &Config) -> impl Iterator<Item = &OidcProvider> {
    config.selfservice.methods.oidc.config.providers.iter()
}

/// The providers that are offered to everybody: not those of an organization.
pub(super) fn offered(config: &Config) -> impl Iterator<Item = &OidcProvider> {
    all(config).filter(|p| p.organization_id.is_none())
}

/// Where a provider sends browsers back to.
pub(super) fn redirect_uri(config: &Config, provider: &OidcProvider) -> String {
    const PATH: &str = "/self-service/methods/oidc/callback";
    let path = if pkce(provider) == Pkce::Force {
        PATH.to_owned()
    } else {
        format!("{PATH}/{}", provider.id)
    };
    match &config.selfservice.methods.oidc.config.base_redirect_uri {
        Some(base) => format!("{}{path}", base.as_str().trim_end_matches('/')),
        None => config.public_address(&path),
    }
}

/// Whether a proof key is used. UAE PASS wants one always.
pub(super) fn pkce(provider: &OidcProvider) -> Pkce {
    match (provider.kind, provider.pkce.unwrap_or_default()) {
        (Kind::Uaepass, Pkce::Auto) => Pkce::Force,
        // It has no discovery document in which it could be announced.
        (Kind::Amazon | Kind::X, Pkce::Auto) => Pkce::Never,
        (_, wanted) => wanted,
    }
}

/// Who a provider is: fixed for those that are in one place, else as configured; may be empty.
pub(super) fn issuer(provider: &OidcProvider) -> &str {
    match provider.kind {
        Kind::Google => "https://accounts.google.com",
        Kind::Apple => "https://appleid.apple.com",
        Kind::Facebook => "https://www.facebook.com",
        Kind::Netid => "https://broker.netid.de/",
        Kind::Line => "https://access.line.me",
        Kind::LinkedinV2 => "https://www.linkedin.com/oauth",
        _ => provider.issuer_url.as_deref().unwrap_or_default(),
    }
}

/// Whether the addresses stand in the provider's discovery document.
pub(super) fn is_discovered(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Generic | Kind::Google | Kind::Line | Kind::LinkedinV2
    )
}

/// Whether it speaks OpenID Connect, so that the scope `openid` is asked for.
fn is_openid(kind: Kind) -> bool {
    is_discovered(kind)
        || matches!(
            kind,
            Kind::Apple | Kind::Microsoft | Kind::Facebook | Kind::Netid
        )
}

/// Whether it takes the general parameters of OpenID Connect: `prompt` and `claims`.
fn takes_prompt(kind: Kind) -> bool {
    is_openid(kind) || matches!(kind, Kind::Gitlab | Kind::Auth0 | Kind::Salesforce)
}

/// How this server says who it is at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientAuth {
    /// In the form.
    Form,
    /// In the header, as RFC 6749 (2.3.1) has it.
    Basic,
}

/// The two addresses of the code flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoints {
    pub(super) authorize: String,
    pub(super) token: String,
    pub(super) auth: ClientAuth,
}

/// The addresses of a provider. `discovery` is needed for those of [`is_discovered`].
pub(super) fn endpoints(
    provider: &OidcProvider,
    discovery: Option<&Discovery>,
) -> Result<Endpoints, Problem> {
    if is_discovered(provider.kind) {
        let discovery =
            discovery.ok_or_else(|| Problem::Internal("a provider was not discovered".into()))?;
        return Ok(discovered(discovery));
    }
    let below = |base: &str, authorize: &str, token: &str| Endpoints {
        authorize: format!("{base}{authorize}"),
        token: format!("{base}{token}"),
        auth: ClientAuth::Form,
    };
    let own = issuer(provider).trim_end_matches('/');
    Ok(match provider.kind {
        Kind::Apple => below("https://appleid.apple.com/auth", "/authorize", "/token"),
        Kind::Microsoft => below(
            &format!(
                "https://login.microsoftonline.com/{}/oauth2/v2.0",
                tenant(provider)?
            ),
            "/authorize",
            "/token",
        ),
        Kind::Github | Kind::GithubApp => below(
            "https://github.com/login/oauth",
            "/authorize",
            "/access_token",
        ),
        Kind::Gitlab => below(gitlab(provider), "/oauth/authorize", "/oauth/token"),
        Kind::Discord => below("https://discord.com/api/v9/oauth2", "/authorize", "/token"),
        Kind::Slack => below("https://slack.com", "/oauth/authorize", "/api/oauth.access"),
        Kind::Facebook => below(
            "https://",
            "facebook.com/dialog/oauth",
            "graph.facebook.com/oauth/access_token",
        ),
        Kind::Auth0 => below(own, "/authorize", "/oauth/token"),
        Kind::Salesforce => below(own, "/services/oauth2/authorize", "/services/oauth2/token"),
        Kind::Vk => below("https://oauth.vk.com", "/authorize", "/access_token"),
        Kind::Yandex => below("https://oauth.yandex.com", "/authorize", "/token"),
        Kind::Spotify => below("https://accounts.spotify.com", "/authorize", "/api/token"),
        Kind::Netid => below("https://broker.netid.de", "/authorize", "/token"),
        Kind::Dingtalk => below(
            "https://",
            "login.dingtalk.com/oauth2/auth",
            "api.dingtalk.com/v1.0/oauth2/userAccessToken",
        ),
        Kind::Patreon => below(
            "https://www.patreon.com",
            "/oauth2/authorize",
            "/api/oauth2/token",
        ),
        Kind::Linkedin => below(
            "https://www.linkedin.com/oauth/v2",
            "/authorization",
            "/accessToken",
        ),
        Kind::Lark => below(
            "https://passport.feishu.cn/suite/passport/oauth",
            "/authorize",
            "/token",
        ),
        Kind::X => below(
            "https://api.twitter.com/oauth",
            "/authenticate",
            "/access_token",
        ),
        Kind::Amazon => below(
            "https://",
            "www.amazon.com/ap/oa",
            "api.amazon.com/auth/o2/token",
        ),
        Kind::Uaepass => Endpoints {
            auth: ClientAuth::Basic,
            ..below(uaepass(provider), "/idshub/authorize", "/idshub/token")
        },
        Kind::Generic | Kind::Google | Kind::Line | Kind::LinkedinV2 | Kind::FedcmTest => {
            return Err(Problem::Misconfigured(
                "This kind of provider has no addresses.".into(),
            ));
        }
    })
}

fn discovered(discovery: &Discovery) -> Endpoints {
    let methods = &discovery.token_endpoint_auth_methods_supported;
    let has = |name: &str| methods.iter().any(|m| m == name);
    // Basic is what a provider has that does not say (Discovery 1.0, section 3).
    let auth = if has("client_secret_post") && !has("client_secret_basic") {
        ClientAuth::Form
    } else {
        ClientAuth::Basic
    };
    Endpoints {
        authorize: discovery.authorization_endpoint.clone(),
        token: discovery.token_endpoint.clone(),
        auth,
    }
}

fn tenant(provider: &OidcProvider) -> Result<&str, Problem> {
    let tenant = provider.microsoft_tenant.trim();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if tenant.is_empty() || !tenant.chars().all(is_plain) {
        return Err(Problem::Misconfigured(format!(
            "The provider {:?} needs microsoft_tenant: common, organizations, consumers, or the tenant's id or domain.",
            provider.id
        )));
    }
    Ok(tenant)
}

/// The site of a GitLab.
pub(super) fn gitlab(provider: &OidcProvider) -> &str {
    configured_or(provider, "https://gitlab.com")
}

/// The site of UAE PASS; the staging one has to be configured.
pub(super) fn uaepass(provider: &OidcProvider) -> &str {
    configured_or(provider, "https://id.uaepass.ae")
}

fn configured_or<'p>(provider: &'p OidcProvider, usual: &'p str) -> &'p str {
    provider
        .issuer_url
        .as_deref()
        .map_or(usual, |url| url.trim_end_matches('/'))
}

/// The scopes that are asked for.
pub(super) fn scopes(provider: &OidcProvider) -> Result<Vec<&str>, Problem> {
    let mut scopes: Vec<&str> = provider.scope.iter().map(String::as_str).collect();
    if is_openid(provider.kind) && !scopes.contains(&"openid") {
        scopes.push("openid");
    }
    match provider.kind {
        Kind::Google => scopes.retain(|s| *s != "offline_access"),
        Kind::Amazon => {
            let known = ["profile", "profile:user_id", "postal_code"];
            if scopes.iter().any(|s| !known.contains(s)) {
                return Err(Problem::Misconfigured(format!(
                    "A provider of the kind amazon has the scopes {} only.",
                    known.join(", ")
                )));
            }
        }
        _ => {}
    }
    Ok(scopes)
}

/// Parameters of the authorization request that a kind has of its own.
pub(super) fn own_parameters(
    provider: &OidcProvider,
    refresh: bool,
) -> Vec<(&'static str, String)> {
    let mut parameters = Vec::new();
    let mut add = |name, value: &str| parameters.push((name, value.to_owned()));
    if takes_prompt(provider.kind) {
        if refresh {
            add("prompt", "login");
        }
        if let Some(claims) = provider.requested_claims.as_ref().filter(|c| !c.is_null()) {
            add("claims", &claims.to_string());
        }
    }
    let scopes = |wanted: &[&str]| provider.scope.iter().any(|s| wanted.contains(&s.as_str()));
    match provider.kind {
        Kind::Google if scopes(&["offline_access"]) => add("access_type", "offline"),
        Kind::Apple if scopes(&["email", "name"]) => add("response_mode", "form_post"),
        Kind::Discord | Kind::Patreon if refresh => add("prompt", "consent"),
        Kind::Discord | Kind::Patreon => add("prompt", "none"),
        Kind::Dingtalk => add("prompt", "consent"),
        Kind::Uaepass => add(
            "acr_values",
            "urn:safelayer:tws:policies:authentication:level:low",
        ),
        _ => {}
    }
    parameters
}

/// Parameters of the token request that a kind has of its own.
pub(super) fn token_parameters(kind: Kind) -> &'static [(&'static str, &'static str)] {
    match kind {
        Kind::Line => &[("id_token_key_type", "JWK")],
        _ => &[],
    }
}

/// Whether all configured scopes have to be granted, and what stands between them in the answer.
pub(super) fn granted_separator(kind: Kind) -> Option<char> {
    match kind {
        Kind::Github | Kind::Slack => Some(','),
        Kind::Discord | Kind::Spotify => Some(' '),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn provider(entry: serde_json::Value) -> OidcProvider {
        serde_json::from_value(entry).unwrap()
    }

    #[test]
    fn google_turns_offline_access_into_a_parameter() {
        let google = provider(json!({"provider": "google", "scope": ["email", "offline_access"]}));
        assert_eq!(scopes(&google).unwrap(), ["email", "openid"]);
        assert_eq!(
            own_parameters(&google, false),
            [("access_type", "offline".to_owned())]
        );
    }

    #[test]
    fn a_tenant_cannot_lead_elsewhere() {
        for tenant in ["", " ", "common/../evil", "x@evil.example.org/"] {
            let microsoft = provider(json!({"provider": "microsoft", "microsoft_tenant": tenant}));
            assert!(endpoints(&microsoft, None).is_err(), "{tenant}");
        }
        let microsoft = provider(json!({"provider": "microsoft", "microsoft_tenant": "common"}));
        let found = endpoints(&microsoft, None).unwrap();
        assert_eq!(
            found.authorize,
            "https://login.microsoftonline.com/common/oauth2/v2.0/authorize"
        );
    }

    #[test]
    fn a_provider_is_shown_the_secret_as_it_says() {
        let says = |methods: &[&str]| {
            let methods = methods.iter().map(|m| (*m).to_owned()).collect();
            let document = Discovery {
                token_endpoint_auth_methods_supported: methods,
                ..Discovery::default()
            };
            discovered(&document).auth
        };
        assert_eq!(says(&[]), ClientAuth::Basic);
        assert_eq!(says(&["client_secret_post"]), ClientAuth::Form);
        assert_eq!(
            says(&["client_secret_post", "client_secret_basic"]),
            ClientAuth::Basic
        );
    }
}
