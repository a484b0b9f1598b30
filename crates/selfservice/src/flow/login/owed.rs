//! What is owed after signing in.

use bia_model::Flow;

use crate::cx::Cx;
use crate::problem::Problem;
use crate::session::{self, Draft, LiveSession};
use crate::{oauth2, return_to};

/// What whoami would ask of a session before it is of use.
pub(super) enum Owed {
    Nothing,
    /// A second factor, which can be given here.
    StepUp(String),
    /// That a second factor is set up, which can be done here.
    Enrol(String),
}

/// What is owed after signing in. `ends_at` is where the flow ends.
pub(super) async fn owed(
    cx: &Cx,
    flow: &Flow,
    draft: &Draft,
    ends_at: &str,
) -> Result<Owed, Problem> {
    let live = LiveSession::of(&draft.issued);
    let return_to = return_to::of_request(flow);
    let required = cx.config().session.whoami.required_aal;
    match session::check_aal(cx, &live, required, return_to.as_deref()).await {
        Ok(_) => Ok(Owed::Nothing),
        Err(Problem::Aal2Required { redirect_to }) => {
            Ok(Owed::StepUp(oauth2::carried(flow, redirect_to)))
        }
        // Who signs in again to go on with their settings goes on with them.
        Err(Problem::EnrolmentRequired { .. })
            if flow.refresh && return_to::is_settings(cx, ends_at) =>
        {
            Ok(Owed::Nothing)
        }
        Err(Problem::EnrolmentRequired { redirect_to, .. }) => {
            let waits = flow.oauth2_login_challenge.as_deref();
            let waits = waits.filter(|_| !flow.is_native());
            Ok(Owed::Enrol(oauth2::back_to(cx, waits, redirect_to)))
        }
        Err(other) => Err(other),
    }
}
