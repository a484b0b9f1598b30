//! Routes that know their paths. A router cannot be asked for them, and the document of the API
//! (`crate::openapi`) has to be held against something.

use axum::Router;
use axum::routing::MethodRouter;

/// Routes of the API, with their paths. What is no part of the API stands beside them.
pub(crate) struct Routes<S = ()> {
    router: Router<S>,
    paths: Vec<String>,
}

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// None.
    pub(crate) fn new() -> Routes<S> {
        Routes {
            router: Router::new(),
            paths: Vec::new(),
        }
    }

    /// These and one more, as [`Router::route`].
    pub(crate) fn route(mut self, path: &str, handlers: MethodRouter<S>) -> Routes<S> {
        self.paths.push(path.to_owned());
        Routes {
            router: self.router.route(path, handlers),
            paths: self.paths,
        }
    }

    /// These and others.
    pub(crate) fn merge(mut self, others: Routes<S>) -> Routes<S> {
        self.paths.extend(others.paths);
        Routes {
            router: self.router.merge(others.router),
            paths: self.paths,
        }
    }

    /// These with what the document does not describe: pages for people, and calls that came to the wrong listener.
    pub(crate) fn beside(self, others: Router<S>) -> Routes<S> {
        Routes {
            router: self.router.merge(others),
            paths: self.paths,
        }
    }

    /// The same with what their handlers need, as [`Router::with_state`].
    pub(crate) fn with_state<T>(self, state: S) -> Routes<T> {
        Routes {
            router: self.router.with_state(state),
            paths: self.paths,
        }
    }

    /// The router, and the paths of the API.
    pub(crate) fn into_parts(self) -> (Router<S>, Vec<String>) {
        (self.router, self.paths)
    }
}
