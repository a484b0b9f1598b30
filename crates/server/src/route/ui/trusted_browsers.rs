//! The browsers that somebody trusts (`bia.trusted_browser`), and the forms by which they end that.

use bia_selfservice::cx::Cx;
use bia_selfservice::form::Form;
use bia_selfservice::problem::Problem;
use bia_selfservice::trusted_browser::list::{self, Listed};
use bia_selfservice::{csrf, engine, return_to};
use bia_ui::{TrustForm, Trusted, trusted_page};

use super::Answer;
use super::view::View;

/// Where the page is.
pub(super) const PATH: &str = "/ui/trusted-browsers";

/// The list. Without a session, or a factor that it needs, one signs in first and comes back.
pub(super) async fn show(cx: &Cx) -> Result<Answer, Problem> {
    if !cx.config().bia.trusted_browser.enabled {
        return Ok(Answer::Missing);
    }
    let listed = match list::seen(cx).await {
        Ok(listed) => listed,
        Err(problem) => return sign_in_first(cx, problem),
    };
    let all: Vec<Trusted> = listed.into_iter().map(shown).collect();
    let view = View::of(cx, None).await?;
    let form = TrustForm {
        action: &return_to::own(cx, PATH, &[]),
        csrf_token: &csrf::mask(&cx.csrf_token()),
    };
    Ok(Answer::page(trusted_page(&all, form, &view.context(None))))
}

/// Ends the trust that a form names, then shows the list.
pub(super) async fn end(cx: &Cx, form: &Form) -> Result<Answer, Problem> {
    if !cx.config().bia.trusted_browser.enabled {
        return Ok(Answer::Missing);
    }
    engine::check_csrf_token(cx, form)?;
    let ended = if form.has("all") {
        list::forget_all_own(cx).await.map(drop)
    } else {
        list::forget_own(cx, form.text("browser").unwrap_or_default()).await
    };
    match ended {
        // Whatever was ended already is gone all the same.
        Ok(()) | Err(Problem::NotFound(_)) => Ok(Answer::Elsewhere(return_to::own(cx, PATH, &[]))),
        Err(problem) => sign_in_first(cx, problem),
    }
}

fn sign_in_first(cx: &Cx, problem: Problem) -> Result<Answer, Problem> {
    match problem {
        Problem::NoSession { .. } => {
            let here = return_to::own(cx, PATH, &[]);
            let login = "/self-service/login/browser";
            let url = return_to::own(cx, login, &[("return_to", &here)]);
            Ok(Answer::Elsewhere(url))
        }
        Problem::Aal2Required { redirect_to } | Problem::EnrolmentRequired { redirect_to, .. } => {
            Ok(Answer::Elsewhere(redirect_to))
        }
        other => Err(other),
    }
}

fn shown(listed: Listed) -> Trusted {
    let Listed { browser, current } = listed;
    let place = [browser.location, browser.ip_address];
    Trusted {
        id: browser.id,
        user_agent: browser.user_agent,
        place: place.into_iter().flatten().collect(),
        last_used_at: browser.last_used_at,
        expires_at: browser.expires_at,
        current,
    }
}
