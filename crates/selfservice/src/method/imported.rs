//! What an import brings for a credential.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::problem::Problem;

/// Reads the `config` of an imported credential (admin.md §5.4); `what` names the credential to the operator.
pub(super) fn imported<T: DeserializeOwned>(what: &str, config: Value) -> Result<T, Problem> {
    serde_json::from_value(config).map_err(|error| {
        Problem::malformed(format!("The config of {what} is not as expected: {error}."))
    })
}
