//! Reading one identity (admin.md §6.1).

use bia_model::{Identity, MethodName};
use bia_store::Conn;
use bia_store::identity::{self as identities, Expand};
use uuid::Uuid;

use crate::cx::Cx;
use crate::problem::Problem;

/// The credential types whose config is to be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IncludeCredentials {
    kinds: Vec<MethodName>,
    asked: bool,
}

impl IncludeCredentials {
    /// None.
    pub fn none() -> IncludeCredentials {
        IncludeCredentials::default()
    }

    /// Reads the query parameter `include_credential`, which may come several times.
    pub fn of_request(cx: &Cx) -> Result<IncludeCredentials, Problem> {
        let mut kinds = Vec::new();
        let named = cx
            .request
            .query
            .iter()
            .filter(|(name, _)| name == "include_credential");
        for (_, value) in named {
            let kind = MethodName::parse(value)
                .filter(|k| is_credential(*k))
                .ok_or_else(|| {
                    Problem::BadRequest(format!(
                        "There is no type of credentials {value:?}, which include_credential names."
                    ))
                })?;
            kinds.push(kind);
        }
        let asked = !kinds.is_empty();
        Ok(IncludeCredentials { kinds, asked })
    }

    /// Whether the config of a type is to be shown.
    pub fn has(&self, kind: MethodName) -> bool {
        self.kinds.contains(&kind)
    }

    /// Whether anything was asked for.
    pub fn asked(&self) -> bool {
        self.asked
    }
}

/// Two of the names are those of recovery methods: accepted, though there is nothing to show.
fn is_credential(kind: MethodName) -> bool {
    MethodName::CREDENTIAL_TYPES.contains(&kind)
        || matches!(kind, MethodName::LinkRecovery | MethodName::CodeRecovery)
}

/// The id in a path. What is no id is the id of nobody.
pub(crate) fn identity_id(text: &str) -> Result<Uuid, Problem> {
    Uuid::try_parse(text).map_err(|_| not_found())
}

/// The identity of an id, with credentials.
pub async fn get(cx: &Cx, id: &str) -> Result<Identity, Problem> {
    let id = identity_id(id)?;
    let mut conn = cx.read().await?;
    let found = identities::find(&mut conn, id, Expand::Credentials).await?;
    complete(&mut conn, found).await
}

/// With what an operator said about it.
async fn complete(conn: &mut Conn, found: Option<Identity>) -> Result<Identity, Problem> {
    let mut found = found.ok_or_else(not_found)?;
    bia_store::mfa::load(conn, std::slice::from_mut(&mut found)).await?;
    Ok(found)
}

/// The identity with the operator's own id, with credentials.
pub async fn get_by_external_id(cx: &Cx, external_id: &str) -> Result<Identity, Problem> {
    let mut conn = cx.read().await?;
    let found =
        identities::find_by_external_id(&mut conn, external_id, Expand::Credentials).await?;
    complete(&mut conn, found).await
}

/// There is no such identity.
pub(super) fn not_found() -> Problem {
    Problem::NotFound(String::new())
}
