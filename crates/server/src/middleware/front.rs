//! What comes before a route is looked for.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::ConnectInfo;
use axum::response::Response;
use axum::routing::future::RouteFuture;
use futures::future::Either;
use http::{Method, Request};
use tower::Service;

use super::{Listener, admin_prefix};

/// All routes of a listener, with what comes before them: on the public listener the answers to preflights, which no
/// route knows of; on the admin listener the prefix that paths may go without.
#[derive(Clone)]
pub struct Front {
    /// `None` for routes without any rules.
    listener: Option<Arc<Listener>>,
    router: Router,
    /// The paths of the API.
    paths: Arc<[String]>,
    /// Who opened the connection, where connections have addresses.
    peer: Option<SocketAddr>,
}

impl Front {
    /// Puts a listener's rules before its routes. `paths` are those of the API.
    pub fn new(listener: Arc<Listener>, router: Router, paths: Vec<String>) -> Front {
        Front {
            listener: Some(listener),
            router,
            paths: paths.into(),
            peer: None,
        }
    }

    /// The paths of the API, with `{name}` for what varies: those that its document describes, so without pages for
    /// people and without the calls that are sent on to the other listener.
    pub fn paths(&self) -> &[String] {
        &self.paths
    }

    /// The same for one connection. Handlers see its address as [`ConnectInfo`].
    #[must_use]
    pub fn called_by(&self, peer: SocketAddr) -> Front {
        Front {
            peer: Some(peer),
            ..self.clone()
        }
    }

    /// Routes without anything before them.
    pub fn bare(router: Router) -> Front {
        Front {
            listener: None,
            router,
            paths: Arc::default(),
            peer: None,
        }
    }
}

impl<B> Service<Request<B>> for Front
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<axum::BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<Ready<Result<Response, Infallible>>, RouteFuture<Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // A router is always ready.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        if let Some(peer) = self.peer {
            request.extensions_mut().insert(ConnectInfo(peer));
        }
        match &self.listener {
            Some(listener) if listener.is_public => {
                let asks = request.method() == Method::OPTIONS;
                if let Some(response) = asks.then(|| listener.preflight(&request)).flatten() {
                    return Either::Left(ready(Ok(response)));
                }
            }
            Some(_) => {
                if let Some(uri) = admin_prefix::prefixed(request.uri()) {
                    *request.uri_mut() = uri;
                }
            }
            None => {}
        }
        Either::Right(self.router.call(request.map(Body::new)))
    }
}
