//! Links by mail, for recovery and verification (spec: methods.md §4).

mod recovery;
mod token;
mod verification;

use bia_config::Config;
use bia_model::ui::{self, Group, InputType};
use bia_model::{Flow, MethodName, text};

use super::{Method, RecoveryMethod, VerificationMethod};
use crate::form::Form;

pub(crate) use recovery::recovery_by_operator;

/// The method.
pub struct Link;

impl Method for Link {
    fn name(&self) -> MethodName {
        MethodName::Link
    }

    fn is_enabled(&self, config: &Config) -> bool {
        config.selfservice.methods.link.enabled
    }

    fn recovery(&self) -> Option<&dyn RecoveryMethod> {
        Some(self)
    }

    fn verification(&self) -> Option<&dyn VerificationMethod> {
        Some(self)
    }
}

/// The only screen: an address. It stays when a link was sent.
fn populate(flow: &mut Flow) {
    flow.ui.upsert(address_node());
    flow.ui.append(ui::submit(
        MethodName::Link.as_str(),
        Group::Link,
        text::continue_label(),
    ));
}

fn address_node() -> ui::Node {
    ui::input("email", InputType::Email, Group::Link)
        .required()
        .labelled(text::email_label())
}

/// Puts what was typed into the form.
fn show_address(flow: &mut Flow, typed: &str) {
    flow.ui.upsert(address_node().with_value(typed));
}

/// The token that a link carries; where it is, nothing else of the request counts.
fn token_of(form: &Form) -> Option<&str> {
    form.text("token")
}

/// Whether the form asks for a link.
fn is_asked_for(form: &Form) -> bool {
    form.method() == Some(MethodName::Link.as_str())
}
