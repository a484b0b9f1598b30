use super::*;
use crate::text;

fn ids(nodes: &[Node]) -> Vec<&str> {
    nodes.iter().map(Node::id).collect()
}

#[test]
fn the_password_stands_between_the_traits_of_a_registration_form() {
    let keys = registration_keys(&["traits.email".into(), "traits.name.first".into()]);
    let mut nodes = vec![
        input("traits.name.first", InputType::Text, Group::Default),
        input("traits.email", InputType::Email, Group::Default),
        input("password", InputType::Password, Group::Password),
        submit(
            "password",
            Group::Password,
            text::registration_submit_label(),
        ),
        csrf_token("x"),
    ];
    sort(&mut nodes, REGISTRATION, &keys);
    assert_eq!(
        ids(&nodes),
        [
            "csrf_token",
            "traits.email",
            "password",
            "traits.name.first",
            "method"
        ]
    );
}

#[test]
fn groups_that_are_not_listed_come_first_and_code_keeps_password_apart() {
    let mut nodes = vec![
        csrf_token("x"),
        input("identifier", InputType::Text, Group::Default),
        input("password", InputType::Password, Group::Password),
        submit("code", Group::Code, text::login_code_submit_label()),
        hidden("first", "1", Group::IdentifierFirst),
    ];
    sort(&mut nodes, LOGIN, LOGIN_KEYS);
    assert_eq!(
        ids(&nodes),
        ["first", "csrf_token", "identifier", "method", "password"]
    );
}

#[test]
fn a_script_stands_by_its_address() {
    let address = Script {
        src: "http://login.example.org/a.js".into(),
        r#async: true,
        referrerpolicy: String::new(),
        crossorigin: String::new(),
        integrity: String::new(),
        r#type: String::new(),
        id: "script".into(),
        nonce: String::new(),
    };
    let mut nodes = vec![
        hidden("options", "{}", Group::Webauthn),
        script(address, Group::Webauthn),
        hidden_input("answer", Group::Webauthn),
        hidden("empty", "", Group::Webauthn),
    ];
    sort(&mut nodes, LOGIN, LOGIN_KEYS);
    assert_eq!(ids(&nodes), ["empty", "answer", "script", "options"]);
}

#[test]
fn a_node_survives_storage() {
    let node = csrf_token("abc");
    let json = serde_json::to_value(&node).expect("nodes are JSON");
    assert_eq!(json["attributes"]["node_type"], "input");
    assert_eq!(json["attributes"]["disabled"], false);
    assert_eq!(
        serde_json::from_value::<Node>(json).expect("it was a node"),
        node
    );
}

#[test]
fn a_message_for_a_field_that_is_not_there_makes_the_field() {
    let mut ui = Ui::new("/submit");
    ui.add_message("password", text::password_too_similar());
    let node = ui.find("password").expect("it was made");
    assert_eq!((node.group, node.messages.len()), (Group::Default, 1));
}
