//! The pages of errors, messages and reasons.

use std::fmt::Write as _;

use bia_model::text::{self, MessageType};
use bia_selfservice::why::Why;

use super::markdown::{explanation, prose};
use crate::explain::{self, Kind};

pub(super) fn errors() -> String {
    let mut page = String::from(
        "# Errors\n\nThe member `id` of an error; for errors that have none, the name by which `bia.docs` of the answer calls \
         them. `bia explain ID` prints the same.\n\n",
    );
    for id in explain::error_names() {
        let _ = write!(page, "## {id}\n\n");
        if let Ok(known) = explain::explain(id, Some(Kind::Error)) {
            page.push_str(&explanation(&known, true));
        }
    }
    page
}

pub(super) fn messages() -> String {
    let mut page = String::from(
        "# Messages\n\nThe numbers in `ui.messages` and in the messages of nodes. They are the contract; the texts are not. \
         `bia explain NUMBER` prints the same.\n\n",
    );
    for (title, kind) in [
        ("Errors", MessageType::Error),
        ("Labels and notices", MessageType::Info),
        ("Successes", MessageType::Success),
    ] {
        let _ = write!(page, "## {title}\n\n");
        for message in text::CATALOGUE
            .iter()
            .filter(|message| message.kind == kind)
        {
            let _ = write!(page, "### {}\n\n", message.id);
            if let Ok(known) = explain::explain(&message.id.to_string(), Some(Kind::Message)) {
                page.push_str(&explanation(&known, true));
            }
        }
    }
    page
}

pub(super) fn reasons() -> String {
    let mut page = String::from(
        "# Why a request was refused\n\nClients are told what they can mend. What would tell strangers about accounts is kept for \
         operators: `bia explain --request ID`, `GET /admin/bia/explain/{id}`, and `last_refusals` of \
         `GET /admin/identities/{id}/bia/access`. The id is the request's `X-Request-Id`, or `bia.request` of the answer, or the \
         id of the flow that the person sees in the address bar.\n\nThe member `why` has these reasons:\n\n| Reason | Meaning |\n|---|---|\n",
    );
    for why in Why::ALL {
        let _ = writeln!(page, "| `{}` | {} |", why.as_str(), prose(why.words()));
    }
    page
}
