use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a snippet is given.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Input {
    /// What `std.extVar` finds.
    pub ext: Map<String, Value>,
    /// The named arguments, where the snippet is a function.
    pub args: Map<String, Value>,
}

impl Input {
    /// The one argument of `function(ctx)`.
    #[must_use]
    pub fn ctx(ctx: Value) -> Input {
        Input {
            args: Map::from_iter([("ctx".to_owned(), ctx)]),
            ..Input::default()
        }
    }

    /// With an external variable more.
    #[must_use]
    pub fn with_ext(mut self, name: &str, value: Value) -> Input {
        self.ext.insert(name.to_owned(), value);
        self
    }
}
