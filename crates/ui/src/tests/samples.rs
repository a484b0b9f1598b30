//! Flows as the server makes them, to be rendered.

use bia_model::text::{self, Message};
use bia_model::ui::{self, Group, InputType, Node, Script, Ui};
use serde_json::{Value, json};

const ACTION: &str = "http://localhost:4433/self-service/login?flow=5a0c";

pub(super) fn form(nodes: Vec<Node>, messages: Vec<Message>) -> Ui {
    Ui {
        nodes,
        messages,
        ..Ui::new(ACTION)
    }
}

pub(super) fn csrf() -> Node {
    ui::csrf_token("masked-token")
}

pub(super) fn field(name: &str, kind: InputType, group: Group, label: Message) -> Node {
    ui::input(name, kind, group).labelled(label)
}

fn attribute(node: Node, name: &str, value: Value) -> Node {
    let mut json = serde_json::to_value(node).unwrap();
    json["attributes"][name] = value;
    serde_json::from_value(json).unwrap()
}

pub(super) fn identifier() -> Node {
    field(
        "identifier",
        InputType::Text,
        Group::Default,
        text::identifier_label(),
    )
    .required()
    .autocomplete("username webauthn")
}

pub(super) fn password(autocomplete: &str) -> Node {
    field(
        "password",
        InputType::Password,
        Group::Password,
        text::password_input_label(),
    )
    .required()
    .autocomplete(autocomplete)
}

fn provider(name: &str, id: &str) -> Node {
    ui::submit_as(
        "provider",
        id,
        Group::Oidc,
        text::login_with_provider_label(name, id),
    )
}

fn script() -> Node {
    let script = Script {
        src: "http://localhost:4433/.well-known/ory/webauthn.js".into(),
        r#async: true,
        referrerpolicy: "no-referrer".into(),
        crossorigin: "anonymous".into(),
        integrity: "sha512-AAAA".into(),
        r#type: "text/javascript".into(),
        id: "webauthn_script".into(),
        nonce: "1234".into(),
    };
    ui::script(script, Group::Webauthn)
}

fn trigger(name: &str, function: &str, group: Group, label: Message) -> Node {
    attribute(
        field(name, InputType::Button, group, label).with_value(""),
        "onclickTrigger",
        json!(function),
    )
}

/// Login with everything: social, passkey, code, password; sorted as on the wire.
pub(super) fn login() -> Ui {
    let nodes = vec![
        provider("Acme Inc.", "acme"),
        provider("globex", "globex"),
        csrf(),
        identifier(),
        script(),
        trigger(
            "passkey_login_trigger",
            "oryPasskeyLogin",
            Group::Passkey,
            text::login_passkey_label(),
        ),
        attribute(
            ui::hidden_input("passkey_login", Group::Passkey),
            "onloadTrigger",
            json!("oryPasskeyLoginAutocompleteInit"),
        ),
        ui::hidden(
            "passkey_challenge",
            r#"{"publicKey":{"challenge":"AA"}}"#,
            Group::Passkey,
        ),
        ui::submit("code", Group::Code, text::login_code_submit_label()),
        password("current-password"),
        ui::submit(
            "password",
            Group::Password,
            text::login_password_submit_label(),
        ),
    ];
    form(nodes, vec![text::login_invalid_credentials()])
}

pub(super) fn login_second_factor() -> Ui {
    let nodes = vec![
        csrf(),
        field(
            "totp_code",
            InputType::Text,
            Group::Totp,
            text::login_totp_code_label(),
        )
        .required(),
        ui::submit("totp", Group::Totp, text::login_totp_submit_label()),
        field(
            "lookup_secret",
            InputType::Text,
            Group::LookupSecret,
            text::login_lookup_code_label(),
        )
        .required(),
        ui::submit(
            "lookup_secret",
            Group::LookupSecret,
            text::login_lookup_submit_label(),
        ),
    ];
    form(nodes, vec![text::login_second_factor_notice()])
}

fn code_screen(group_nodes: Vec<Node>, notice: Message) -> Ui {
    let code = field(
        "code",
        InputType::Text,
        Group::Code,
        text::recovery_code_label(),
    )
    .required();
    let code = attribute(
        attribute(code, "pattern", json!("[0-9]+")),
        "maxlength",
        json!(6),
    );
    let mut nodes = vec![csrf(), ui::hidden("method", "code", Group::Code), code];
    nodes.extend(group_nodes);
    form(nodes, vec![notice])
}

/// A code was asked for: sending it again stands before the button for the code, as on the wire.
pub(super) fn recovery_code() -> Ui {
    let resend = ui::submit_as(
        "recovery_confirm_address",
        "user-1@example.org",
        Group::Code,
        text::resend_code_label(),
    );
    let back = ui::submit_as(
        "screen",
        "previous",
        Group::Code,
        text::recovery_back_label(),
    );
    let send = ui::submit("code", Group::Code, text::continue_label());
    code_screen(
        vec![resend, send, back],
        text::recovery_code_sent_masked_notice("us****@example.org"),
    )
}

pub(super) fn recovery() -> Ui {
    let nodes = vec![
        csrf(),
        field("email", InputType::Email, Group::Code, text::email_label()).required(),
        ui::submit("code", Group::Code, text::continue_label()),
    ];
    form(nodes, vec![])
}

pub(super) fn verification_done() -> Ui {
    let nodes = vec![
        csrf(),
        ui::anchor(
            "continue",
            "http://localhost:4433/ui/",
            Group::Code,
            text::continue_label(),
        ),
    ];
    Ui {
        method: "GET".into(),
        ..form(nodes, vec![text::verification_email_done()])
    }
}

fn trait_node(name: &str, title: &str, kind: InputType, group: Group) -> Node {
    field(name, kind, group, text::trait_label(title, name))
}

fn traits(group: Group) -> Vec<Node> {
    let plan = trait_node("traits.plan", "Plan", InputType::Text, group).with_value("pro");
    let number = attribute(
        trait_node("traits.number", "Customer number", InputType::Text, group),
        "pattern",
        json!("[A-Z]{3}"),
    );
    vec![
        trait_node("traits.email", "E-Mail", InputType::Email, group)
            .required()
            .autocomplete("email")
            .with_value("user-1@example.org"),
        trait_node("traits.name.first", "First name", InputType::Text, group),
        trait_node("traits.age", "Age", InputType::Number, group).with_value(42),
        trait_node(
            "traits.news",
            "Send me the newsletter",
            InputType::Checkbox,
            group,
        )
        .required()
        .with_value(true),
        trait_node("traits.born", "Born", InputType::DatetimeLocal, group),
        attribute(
            plan,
            "options",
            json!([{"value": "free"}, {"value": "pro"}]),
        ),
        number,
    ]
}

pub(super) fn registration() -> Ui {
    let mut nodes = vec![csrf()];
    nodes.extend(traits(Group::Default));
    nodes[1].messages.push(text::validation_email("nobody"));
    let taken = text::duplicate_credentials_hints(&["password".into()], &[], "user-1@example.org");
    nodes.insert(2, password("new-password"));
    nodes[2].messages.push(text::password_min_length(8, 5));
    nodes.push(ui::submit(
        "password",
        Group::Password,
        text::registration_submit_label(),
    ));
    nodes.push(ui::submit_as(
        "screen",
        "previous",
        Group::Profile,
        text::registration_back_label(),
    ));
    form(nodes, vec![taken])
}

/// The second screen of registration, after a wrong trait.
pub(super) fn registration_method() -> Ui {
    let mut email = ui::hidden("traits.email", "user-1@example.org", Group::Default);
    email.messages.push(text::validation_required("email"));
    let nodes = vec![
        provider("Acme Inc.", "acme"),
        csrf(),
        email,
        ui::submit("code", Group::Code, text::registration_code_submit_label()),
        password("new-password"),
        ui::submit(
            "password",
            Group::Password,
            text::registration_submit_label(),
        ),
        ui::submit_as(
            "screen",
            "previous",
            Group::Profile,
            text::registration_back_label(),
        ),
    ];
    form(nodes, vec![text::registration_choose_credential_notice()])
}

/// Social sign-up that needs one more trait.
pub(super) fn registration_social() -> Ui {
    let nodes = vec![
        ui::submit_as(
            "provider",
            "acme",
            Group::Oidc,
            text::registration_continue_label(),
        ),
        csrf(),
        trait_node("traits.email", "E-Mail", InputType::Email, Group::Default).required(),
    ];
    form(nodes, vec![])
}

const PIXEL: &str = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg==";

pub(super) fn settings() -> Ui {
    let at = time::OffsetDateTime::UNIX_EPOCH;
    let secrets = [
        text::settings_lookup_secret_item("abcd1234"),
        text::settings_lookup_secret_used_item(at),
    ];
    let mut nodes = vec![csrf()];
    nodes.extend(traits(Group::Profile));
    nodes.extend([
        ui::submit("profile", Group::Profile, text::save_label()),
        password("new-password"),
        ui::submit("password", Group::Password, text::save_label()),
        ui::submit_as(
            "unlink",
            "acme",
            Group::Oidc,
            text::settings_unlink_provider_label("Acme Inc."),
        ),
        ui::submit_as(
            "link",
            "globex",
            Group::Oidc,
            text::settings_link_provider_label("globex"),
        ),
        ui::text(
            "lookup_secret_codes",
            text::settings_lookup_secret_list(&secrets),
            Group::LookupSecret,
        )
        .labelled(text::settings_lookup_list_label()),
        ui::submit_as(
            "lookup_secret_confirm",
            "true",
            Group::LookupSecret,
            text::settings_lookup_confirm_label(),
        ),
        script(),
        ui::submit_as(
            "webauthn_remove",
            "ff00",
            Group::Webauthn,
            text::settings_webauthn_remove_label("Key", at),
        ),
        field(
            "webauthn_register_displayname",
            InputType::Text,
            Group::Webauthn,
            text::settings_webauthn_name_label(),
        )
        .with_value(""),
        ui::hidden("webauthn_register", "", Group::Webauthn),
        trigger(
            "webauthn_register_trigger",
            "oryWebAuthnRegistration",
            Group::Webauthn,
            text::settings_webauthn_add_label(),
        ),
        ui::image("totp_qr", PIXEL, (256, 256), Group::Totp)
            .labelled(text::settings_totp_qr_label()),
        ui::text(
            "totp_secret_key",
            text::settings_totp_secret_text("JBSWY3DPEHPK3PXPJBSWY3DP"),
            Group::Totp,
        )
        .labelled(text::settings_totp_secret_label()),
        field(
            "totp_code",
            InputType::Text,
            Group::Totp,
            text::verify_code_label(),
        )
        .required(),
        ui::submit("totp", Group::Totp, text::save_label()),
    ]);
    form(nodes, vec![text::settings_saved()])
}
