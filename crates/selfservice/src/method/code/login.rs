//! Signing in by a code (spec: methods.md §3.2), as first factor or as second one.

use async_trait::async_trait;
use bia_model::ui::{self, Group, InputType, Node};
use bia_model::{Aal, AuthenticationMethod, Flow, Identity, MethodName, State, text};
use bia_store::code::Code as StoredCode;
use bia_store::identity::Expand;
use uuid::Uuid;

use super::Code;
use super::addresses::{self, Reachable};
use super::by_name;
use super::credential::CodeAddress;
use super::login_choice::{self, Next};
use super::masked::veil;
use super::secret::{CodeRefused, redeem_if};
use super::send::{Whom, pretend, send};
use crate::cx::Cx;
use crate::engine;
use crate::flow::login::identifier_label;
use crate::form::Form;
use crate::method::{LoginMethod, LoginStage, LoginStep, METHODS, Method, Refusal, fields};
use crate::oauth2;
use crate::outcome::FormStatus;
use crate::problem::Problem;

#[async_trait]
impl LoginMethod for Code {
    async fn populate(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        stage: LoginStage<'_>,
    ) -> Result<(), Problem> {
        let config = &cx.config().selfservice.methods.code;
        match stage {
            LoginStage::SecondFactor(live) if config.mfa_enabled => {
                let identity = addresses::whole(cx, live.identity.id).await?;
                offer(
                    flow,
                    addresses::offered(cx, &identity, cx.request.query("via"))?,
                );
            }
            LoginStage::SecondFactor(_) | LoginStage::Identification => {}
            _ if !config.passwordless_enabled => {}
            LoginStage::Refresh(live) if chooses_address(cx) => {
                let identity = addresses::whole(cx, live.identity.id).await?;
                offer(flow, addresses::candidates(cx, &identity));
            }
            LoginStage::FirstFactor | LoginStage::Refresh(_) => {
                let node = ui::input("identifier", InputType::Text, Group::Default)
                    .with_value("")
                    .required();
                flow.ui.upsert(node.labelled(identifier_label(cx, flow)?));
                flow.ui
                    .append(submit_button(text::login_code_submit_label()));
            }
            LoginStage::Credentials(identity) => {
                let mitigate = cx.config().security.account_enumeration.mitigate;
                if mitigate || identity.is_some_and(|i| !addresses::candidates(cx, i).is_empty()) {
                    flow.ui
                        .append(submit_button(text::login_code_submit_label()));
                }
            }
        }
        Ok(())
    }

    fn puts_csrf(&self) -> bool {
        false
    }

    fn claims(&self, cx: &Cx, flow: &Flow, form: &Form) -> bool {
        let config = &cx.config().selfservice.methods.code;
        let level = if config.passwordless_enabled {
            Aal::Aal1
        } else {
            Aal::Aal2
        };
        if flow.requested_aal != level || !(config.passwordless_enabled || config.mfa_enabled) {
            return false;
        }
        // The buttons that offer an address send nothing else.
        let offers_addresses = config.mfa_enabled
            || (flow.refresh && chooses_address(cx))
            || login_choice::is_offered(flow);
        match form.method() {
            Some(method) => method == MethodName::Code.as_str(),
            None => offers_addresses && form.text("address").is_some(),
        }
    }

    async fn submit(&self, cx: &Cx, flow: &mut Flow, form: &Form) -> Result<LoginStep, Refusal> {
        let resend = form
            .text("resend")
            .is_some_and(|r| r.eq_ignore_ascii_case(MethodName::Code.as_str()));
        if resend {
            flow.state = State::ChooseMethod;
        }
        let verifies = flow.state == State::SentEmail;
        let result = step(cx, flow, form).await;
        let is_shown = match &result {
            Ok(_) => false,
            Err(Refusal::Form(_)) => true,
            Err(Refusal::Problem(problem)) => problem.shown_in_flow().is_some(),
        };
        if is_shown {
            let typed = named(flow, form).to_owned();
            keep_identifier(cx, flow, &typed, verifies);
        }
        result
    }

    /// A code is sent unasked where it is all that there is: as the only second factor, to the only
    /// address; as the only first factor of whom the first screen asked for.
    async fn go_ahead(
        &self,
        cx: &Cx,
        flow: &mut Flow,
        stage: LoginStage<'_>,
        identifier: &str,
    ) -> Result<bool, Problem> {
        let Some((to, identifier)) = only_choice(cx, stage, identifier).await? else {
            return Ok(false);
        };
        oauth2::show_if_quick(cx, flow).await;
        if to.by_name && to.recipients.len() > 1 {
            let who = identifier_node(flow, &identifier);
            login_choice::show(cx, flow, who, &identifier, &to.recipients);
        } else {
            send_code(cx, flow, &to, &identifier).await?;
        }
        Ok(true)
    }
}

/// Whether a refresh offers the addresses instead of asking who it is again.
fn chooses_address(cx: &Cx) -> bool {
    cx.config().feature_flags.refresh_login_choose_address
}

fn submit_button(label: text::Message) -> Node {
    ui::submit(MethodName::Code.as_str(), Group::Code, label)
}

/// A button for each address.
fn offer(flow: &mut Flow, addresses: Vec<CodeAddress>) {
    for to in addresses {
        let label = text::login_code_to_address_label(&to.address, to.channel.as_str());
        flow.ui
            .append(ui::submit_as("address", &to.address, Group::Code, label));
    }
}

/// Who gets a code without having asked for it, and the identifier that the screen then holds.
async fn only_choice(
    cx: &Cx,
    stage: LoginStage<'_>,
    identifier: &str,
) -> Result<Option<(Reachable, String)>, Problem> {
    let config = &cx.config().selfservice.methods.code;
    let found = match stage {
        LoginStage::SecondFactor(live) if config.mfa_enabled => {
            let identity = addresses::whole(cx, live.identity.id).await?;
            let offered = addresses::offered(cx, &identity, cx.request.query("via"))?;
            let [only] = offered.as_slice() else {
                return Ok(None);
            };
            let others = others(cx).any(|m| m.second_factors(cx.config(), &identity) > 0);
            let address = only.address.clone();
            if others {
                None
            } else {
                Some((addresses::of_identity(cx, identity, &address), address))
            }
        }
        LoginStage::Credentials(Some(identity)) if config.passwordless_enabled => {
            let mitigate = cx.config().security.account_enumeration.mitigate;
            let others = others(cx).any(|m| {
                m.login().is_some() && mitigate || m.first_factors(cx.config(), identity) > 0
            });
            // Nobody gets a code without having asked for it where that would tell who there is.
            if others || by_name::hides_people(cx) {
                None
            } else {
                let to = addresses::of_identifier(cx, identifier).await;
                Some((to.map_err(Refusal::Problem), lowered(identifier)))
            }
        }
        _ => None,
    };
    match found {
        None => Ok(None),
        Some((Ok(Some(to)), shown)) => Ok(Some((to, shown))),
        // The screen is shown instead, and says what is wrong when it is used.
        Some((Ok(None) | Err(Refusal::Form(_)), _)) => Ok(None),
        Some((Err(Refusal::Problem(problem)), _)) => Err(problem),
    }
}

/// The other methods that prove something.
fn others(cx: &Cx) -> impl Iterator<Item = &'static dyn Method> {
    let proves = |m: &&'static dyn Method| {
        m.is_enabled(cx.config())
            && !matches!(m.name(), MethodName::Code | MethodName::IdentifierFirst)
    };
    METHODS.iter().copied().filter(proves)
}

/// What was typed, or the address on the button that was pressed. Where the buttons stand for addresses of somebody who
/// gave a name, that name.
fn named<'f>(flow: &'f Flow, form: &'f Form) -> &'f str {
    let (pressed, typed) = (form.text("address"), form.text("identifier"));
    let named = if login_choice::is_offered(flow) {
        typed.or_else(|| login_choice::name(flow)).or(pressed)
    } else {
        pressed.or(typed)
    };
    named.unwrap_or_default()
}

/// Telephones like to begin with a capital.
fn lowered(identifier: &str) -> String {
    if identifier.contains('@') {
        identifier.to_lowercase()
    } else {
        identifier.to_owned()
    }
}

async fn step(cx: &Cx, flow: &mut Flow, form: &Form) -> Result<LoginStep, Refusal> {
    fields::check_texts(form, &["identifier", "address", "code"], &[])?;
    engine::check_csrf(cx, flow, form)?;
    match flow.state {
        State::ChooseMethod => ask(cx, flow, form).await,
        State::SentEmail => check(cx, flow, form).await,
        _ => Err(Refusal::form(text::login_no_strategy())),
    }
}

/// The first step: who it is.
async fn ask(cx: &Cx, flow: &mut Flow, form: &Form) -> Result<LoginStep, Refusal> {
    // Once, and before it turns out who is meant: it must not take longer for those who have an account.
    oauth2::show_if_quick(cx, flow).await;
    let typed = named(flow, form).to_owned();
    let shown = lowered(&typed);
    match reach(cx, flow, &typed).await? {
        Some(mut to) => match login_choice::decide(cx, flow, form, &mut to).await? {
            Next::Send => send_code(cx, flow, &to, &shown).await?,
            Next::Choose => {
                let who = identifier_node(flow, &shown);
                login_choice::show(cx, flow, who, &shown, &to.recipients);
            }
        },
        None if by_name::hides_people_in(cx, flow).await? => {
            pretend(cx, flow, &typed).await?;
            show_code_screen(cx, flow, &shown, text::login_code_sent_if_known_notice());
        }
        None => return Err(Refusal::form(text::no_code_user())),
    }
    Ok(LoginStep::AskAgain(FormStatus::Next))
}

/// Who is meant, and where they get a code; `None` when that is nobody. A second factor and a refresh are for who is
/// signed in, whoever is named.
async fn reach(cx: &Cx, flow: &Flow, typed: &str) -> Result<Option<Reachable>, Refusal> {
    if typed.is_empty() {
        return Err(Refusal::field(
            "identifier",
            text::validation_required("identifier"),
        ));
    }
    let signed_in = cx.session().await?.map(|live| live.identity.id);
    match signed_in {
        Some(id) if flow.requested_aal >= Aal::Aal2 => {
            addresses::of_identity(cx, addresses::whole(cx, id).await?, typed)
        }
        _ => {
            let found = addresses::of_identifier(cx, typed).await?;
            let is_other = |to: &Reachable| signed_in.is_some_and(|id| id != to.identity.id);
            Ok(found.filter(|to| !(flow.refresh && is_other(to))))
        }
    }
}

/// Sends the code and shows the screen that asks for it.
async fn send_code(
    cx: &Cx,
    flow: &mut Flow,
    to: &Reachable,
    identifier: &str,
) -> Result<(), Problem> {
    send(cx, flow, &to.recipients, Whom::Identity(&to.identity)).await?;
    let notice = sent_notice(cx, flow, to).await?;
    show_code_screen(cx, flow, identifier, notice);
    Ok(())
}

/// What is said after a code was sent.
async fn sent_notice(cx: &Cx, flow: &Flow, to: &Reachable) -> Result<text::Message, Problem> {
    if by_name::hides_people_in(cx, flow).await? {
        return Ok(text::login_code_sent_if_known_notice());
    }
    Ok(match to.recipients.as_slice() {
        [only] if to.by_name => text::login_code_sent_masked_notice(&veil(&only.address)),
        _ if flow.refresh || flow.requested_aal > Aal::Aal1 => {
            text::login_code_sent_known_user_notice()
        }
        _ => text::login_code_sent_notice(),
    })
}

/// The screen that asks for the code; who it is stays, out of sight.
fn show_code_screen(cx: &Cx, flow: &mut Flow, identifier: &str, notice: text::Message) {
    flow.state = State::SentEmail;
    flow.active = Some(MethodName::Code);
    let who = identifier_node(flow, identifier);
    let method = MethodName::Code.as_str();
    flow.ui.nodes = vec![who, ui::hidden("method", method, Group::Code)];
    let code = ui::input("code", InputType::Text, Group::Code)
        .required()
        .autocomplete("one-time-code");
    flow.ui.append(code.labelled(text::login_code_label()));
    flow.ui.append(submit_button(text::continue_label()));
    flow.ui.append(ui::submit_as(
        "resend",
        method,
        Group::Code,
        text::resend_code_label(),
    ));
    if !flow.is_native() {
        flow.ui
            .append(ui::csrf_token(&crate::csrf::mask(&cx.csrf_token())));
    }
    flow.ui.messages = vec![notice];
}

/// The field for the identifier, or the button of the address, as a hidden field.
fn identifier_node(flow: &Flow, identifier: &str) -> Node {
    let pressed = |n: &&Node| {
        n.as_input()
            .and_then(|i| i.value.as_ref())
            .and_then(|v| v.as_str())
            == Some(identifier)
    };
    let offered = || flow.ui.nodes.iter().filter(|n| n.id() == "address");
    let found = offered()
        .find(pressed)
        .or_else(|| flow.ui.find("identifier"))
        .or_else(|| offered().next());
    let mut node = found
        .cloned()
        .unwrap_or_else(|| plain_identifier(identifier));
    node.messages.clear();
    if let Some(input) = node.as_input_mut() {
        input.r#type = InputType::Hidden;
        input.name = "identifier".into();
        input.value = Some(identifier.into());
    }
    node
}

fn plain_identifier(identifier: &str) -> Node {
    ui::hidden("identifier", identifier, Group::Default)
}

/// The form is shown again with what was typed; where a code was asked for, out of sight.
fn keep_identifier(cx: &Cx, flow: &mut Flow, typed: &str, hide: bool) {
    if hide {
        flow.ui.upsert(plain_identifier(&lowered(typed)));
    } else if let Some(node) = flow.ui.find_mut("identifier") {
        node.set_value(Some(typed.into()));
    }
    engine::set_csrf(cx, flow);
}

/// The second step: the code. It has to be one that was sent to who is named.
async fn check(cx: &Cx, flow: &mut Flow, form: &Form) -> Result<LoginStep, Refusal> {
    let Some(sent) = form.text("code") else {
        return Err(Refusal::field("code", text::validation_required("code")));
    };
    let owner = owner(cx, flow, named(flow, form)).await?;
    let row = match redeem_if(cx, flow, sent, |row| row.identity_id == Some(owner)).await {
        Ok(row) => row,
        Err(CodeRefused::Invalid) => return Err(Refusal::form(text::login_code_invalid())),
        Err(CodeRefused::Problem(problem)) => return Err(problem.into()),
    };
    flow.state = State::PassedChallenge;
    flow.active = Some(MethodName::Code);
    let identity = verified(cx, owner, &row).await?;
    let method = AuthenticationMethod::new(MethodName::Code, flow.requested_aal, cx.now);
    Ok(LoginStep::Authenticated {
        identity: Box::new(identity),
        method,
    })
}

/// Whose code it has to be. Nobody's id, which no code belongs to, where it must not show that nobody is meant.
async fn owner(cx: &Cx, flow: &Flow, typed: &str) -> Result<Uuid, Refusal> {
    match cx.session().await? {
        Some(live) if flow.requested_aal >= Aal::Aal2 => Ok(live.identity.id),
        _ => match reach(cx, flow, typed).await? {
            Some(to) => Ok(to.identity.id),
            None if by_name::hides_people_in(cx, flow).await? => Ok(Uuid::nil()),
            None => Err(Refusal::form(text::no_code_user())),
        },
    }
}

/// The identity of a redeemed code; the address that received it is verified by that.
async fn verified(cx: &Cx, owner: Uuid, row: &StoredCode) -> Result<Identity, Problem> {
    bia_store::transact!(cx.app.store, tx => {
        let found = bia_store::identity::find(tx, owner, Expand::Credentials).await?;
        let mut identity = found.ok_or_else(|| Problem::NotFound("The account does not exist any more.".into()))?;
        let reached = |a: &&mut bia_model::VerifiableAddress| Some(a.via) == row.via && Some(&a.value) == row.address.as_ref();
        if let Some(address) = identity.verifiable_addresses.iter_mut().find(reached).filter(|a| !a.verified) {
            address.verify(cx.now);
            bia_store::identity::mark_verified(tx, address.id, cx.now).await?;
        }
        Ok::<_, Problem>(identity)
    })
}
