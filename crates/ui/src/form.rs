//! Which nodes stand together in one HTML form, and in which order.
//!
//! Settings get one form per group, each with the anti-CSRF token. Elsewhere, where a visible field
//! (an identifier, traits) is shared by several methods, those methods share one form with it; every
//! other group gets its own, with the boxes to tick that are about all of them. Buttons that take
//! something away never share a form with a text field, because the Enter key presses a form's first
//! button.

use bia_model::ui::{Attributes, Group, InputType, Node, Script, Ui};

use crate::field::{self, Button, Hidden, Look, Note, Row};
use crate::link;
use crate::wording::Wording;

/// The title of a section and its hint.
type Heading = (Option<&'static str>, Option<&'static str>);

/// A flow's nodes, arranged.
#[derive(Debug, Default)]
pub(crate) struct Arrangement {
    /// What concerns the whole form, and what concerns fields that cannot be seen.
    pub(crate) notes: Vec<Note>,
    pub(crate) sections: Vec<Section>,
    pub(crate) scripts: Vec<Script>,
}

/// The forms of one group.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) group: Group,
    pub(crate) title: Option<&'static str>,
    pub(crate) hint: Option<&'static str>,
    pub(crate) forms: Vec<Form>,
    /// Whether an "or" stands before it.
    pub(crate) alternative: bool,
}

/// One HTML form.
#[derive(Debug)]
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) method: &'static str,
    pub(crate) hidden: Vec<Hidden>,
    /// Whose password the form asks for, where the form itself does not show it: for password managers.
    pub(crate) account: Option<String>,
    pub(crate) rows: Vec<Row>,
}

impl Section {
    fn new(group: Group, (title, hint): Heading, forms: Vec<Form>) -> Section {
        Section {
            group,
            title,
            hint,
            forms,
            alternative: false,
        }
    }

    /// Whether it is another way to go on, and not just the way back.
    fn leads_on(&self) -> bool {
        self.rows()
            .any(|row| !matches!(row, Row::Button(button) if button.look == Look::Quiet))
    }

    fn rows(&self) -> impl Iterator<Item = &Row> {
        self.forms.iter().flat_map(|form| &form.rows)
    }
}

impl Arrangement {
    /// Whether any part needs the page's script.
    pub(crate) fn needs_script(&self) -> bool {
        let forms = self.sections.iter().flat_map(|section| &section.forms);
        forms.into_iter().any(|form| {
            form.hidden.iter().any(|field| field.trigger.is_some())
                || form
                    .rows
                    .iter()
                    .any(|row| matches!(row, Row::Button(button) if button.trigger.is_some()))
        })
    }

    pub(crate) fn has_errors(&self) -> bool {
        let rows = self
            .sections
            .iter()
            .flat_map(|section| &section.forms)
            .flat_map(|form| &form.rows);
        self.notes.iter().any(|note| note.kind == "error")
            || rows
                .into_iter()
                .any(|row| matches!(row, Row::Field(field) if field.invalid()))
    }

    /// Puts the cursor into the first wrong field, else into the first empty one.
    fn focus(&mut self) {
        let mut fields: Vec<_> = self
            .sections
            .iter_mut()
            .flat_map(|section| &mut section.forms)
            .flat_map(|form| &mut form.rows)
            .filter_map(|row| match row {
                Row::Field(field) if !field.disabled => Some(field),
                _ => None,
            })
            .collect();
        let wrong = fields.iter().position(|field| field.invalid());
        let first = wrong.or_else(|| fields.iter().position(|field| field.value.is_empty()));
        if let Some(field) = first.and_then(|at| fields.get_mut(at)) {
            field.autofocus = true;
        }
    }
}

/// Arranges the nodes of a flow that is not the settings flow.
pub(crate) fn of_flow(ui: &Ui, wording: &'static Wording) -> Arrangement {
    let (nodes, ticks) = with_ticks_apart(visible_parts(ui));
    let main = main_form(&nodes);
    let (together, apart): (Vec<&Node>, Vec<&Node>) =
        nodes.into_iter().partition(|node| main.has(node));
    let mut groups = by_group(apart);
    groups.sort_by_key(|(_, nodes)| place(nodes));
    let titled = groups.len() > 1;
    let mut builder = Builder {
        ui,
        wording,
        count: 0,
    };
    let mut sections = Vec::new();
    if !together.is_empty() {
        let form = builder.form(together, &main);
        sections.push(Section::new(Group::Default, (None, None), vec![form]));
    }
    for (group, mut nodes) in groups {
        if nodes.iter().any(|node| sends(node)) {
            nodes.extend(&ticks);
        }
        let form = builder.form(nodes, &Main::none());
        let second = matches!(group, Group::Totp | Group::LookupSecret);
        let title = (titled && second).then(|| wording.group(group).0).flatten();
        sections.push(Section::new(group, (title, None), vec![form]));
    }
    if sections.is_empty() {
        // Nothing to choose; the token is still there for clients that read it from the page.
        let form = builder.form(Vec::new(), &Main::none());
        sections.push(Section::new(Group::Default, (None, None), vec![form]));
    }
    mark_alternatives(&mut sections);
    let mut arranged = Arrangement {
        notes: notes(ui),
        sections,
        scripts: scripts(ui),
    };
    arranged.focus();
    arranged
}

/// An "or" before each other way; the main form may have said it already before the one that follows.
/// A further way that is just a button does not stand out as the first one does.
fn mark_alternatives(sections: &mut [Section]) {
    let mut said = true;
    for section in sections {
        section.alternative = !said && section.leads_on();
        said = section.rows().any(|row| matches!(row, Row::Divider));
        if section.alternative && !section.rows().any(|row| matches!(row, Row::Field(_))) {
            section
                .forms
                .iter_mut()
                .flat_map(|form| &mut form.rows)
                .for_each(tone_down);
        }
    }
}

fn tone_down(row: &mut Row) {
    if let Row::Button(button) = row
        && button.look == Look::Primary
    {
        button.look = Look::Plain;
    }
}

/// The message of settings that a recovery led to.
const RECOVERED: u32 = 1_060_001;

/// Arranges the nodes of a settings flow: one section per group.
pub(crate) fn of_settings(ui: &Ui, wording: &'static Wording) -> Arrangement {
    let mut builder = Builder {
        ui,
        wording,
        count: 0,
    };
    let mut sections = Vec::new();
    for (group, nodes) in by_group(visible_parts(ui)) {
        let (removing, rest): (Vec<&Node>, Vec<&Node>) = nodes
            .into_iter()
            .partition(|node| field::removes(node.id()));
        let forms = [rest, removing]
            .into_iter()
            .filter(|nodes| nodes.iter().any(|node| !is_hidden(node)));
        let forms: Vec<Form> = forms
            .map(|nodes| builder.form(nodes, &Main::none()))
            .collect();
        if !forms.is_empty() {
            sections.push(Section::new(group, wording.group(group), forms));
        }
    }
    if ui.messages.iter().any(|message| message.id == RECOVERED) {
        // Somebody who got in by recovery is here for a new password.
        sections.sort_by_key(|section| section.group != Group::Password);
    }
    Arrangement {
        notes: notes(ui),
        sections,
        scripts: scripts(ui),
    }
}

/// All nodes but scripts and the hidden ones that every form carries.
fn visible_parts(ui: &Ui) -> Vec<&Node> {
    let own = |node: &&Node| {
        let script = matches!(node.attributes, Attributes::Script(_));
        let carried = shared(node.group) && is_hidden(node);
        !script && !carried
    };
    ui.nodes.iter().filter(own).collect()
}

/// Boxes to tick that belong to all methods, where nothing else does that people fill in: each method's form gets them.
/// A form of their own could only be sent without what they are about.
fn with_ticks_apart(nodes: Vec<&Node>) -> (Vec<&Node>, Vec<&Node>) {
    let ticks = |node: &&Node| input_type(node) == Some(InputType::Checkbox) && shared(node.group);
    let alone = nodes
        .iter()
        .all(|node| ticks(node) || !(shared(node.group) && is_field(node)));
    if alone && nodes.iter().any(|node| sends(node)) {
        let (ticks, rest) = nodes.into_iter().partition(ticks);
        (rest, ticks)
    } else {
        (nodes, Vec::new())
    }
}

/// Whether a button goes on with what the form says, and not back.
fn sends(node: &Node) -> bool {
    let presses = matches!(
        input_type(node),
        Some(InputType::Submit | InputType::Button)
    );
    presses && node.id() != "screen"
}

/// Groups whose fields belong to all methods.
fn shared(group: Group) -> bool {
    matches!(
        group,
        Group::Default | Group::IdentifierFirst | Group::Captcha
    )
}

fn input_type(node: &Node) -> Option<InputType> {
    node.as_input().map(|input| input.r#type)
}

fn is_hidden(node: &Node) -> bool {
    input_type(node) == Some(InputType::Hidden)
}

fn is_submit(node: &Node) -> bool {
    input_type(node) == Some(InputType::Submit)
}

fn is_field(node: &Node) -> bool {
    input_type(node).is_some_and(|kind| {
        !matches!(
            kind,
            InputType::Hidden | InputType::Submit | InputType::Button
        )
    })
}

/// The groups that share one form.
struct Main {
    groups: Vec<Group>,
    /// Social sign-in is all that is offered, and needs the fields.
    social: bool,
}

impl Main {
    fn none() -> Main {
        Main {
            groups: Vec::new(),
            social: false,
        }
    }

    fn has(&self, node: &Node) -> bool {
        self.groups.contains(&node.group)
    }
}

/// The form around the shared visible fields; without such fields there is none.
fn main_form(nodes: &[&Node]) -> Main {
    if !nodes
        .iter()
        .any(|node| shared(node.group) && is_field(node))
    {
        return Main::none();
    }
    let able = [
        Group::Default,
        Group::IdentifierFirst,
        Group::Captcha,
        Group::Password,
        Group::Profile,
        Group::Code,
        Group::Link,
        Group::Webauthn,
        Group::Passkey,
    ];
    // A hidden `method` would speak for the whole form, so its group stays apart.
    let decided = |group: Group| {
        nodes
            .iter()
            .any(|n| n.group == group && is_hidden(n) && n.id() == "method")
    };
    let mut groups: Vec<Group> = able.into_iter().filter(|group| !decided(*group)).collect();
    let social = !nodes
        .iter()
        .any(|node| groups.contains(&node.group) && is_submit(node));
    if social {
        groups.extend([Group::Oidc, Group::Saml]);
    }
    Main { groups, social }
}

/// Nodes by group, in the order in which the groups appear.
fn by_group(nodes: Vec<&Node>) -> Vec<(Group, Vec<&Node>)> {
    let mut groups: Vec<(Group, Vec<&Node>)> = Vec::new();
    // A wrong field that the server added to a settings form has no form of its own.
    let profile = nodes.iter().any(|node| node.group == Group::Profile);
    for node in nodes {
        let group = if node.group == Group::Default && profile {
            Group::Profile
        } else {
            node.group
        };
        match groups.iter_mut().find(|(known, _)| *known == group) {
            Some((_, members)) => members.push(node),
            None => groups.push((group, vec![node])),
        }
    }
    groups
}

/// The place of a separate form on the page: password first, social sign-in late, "back" last.
fn place(nodes: &[&Node]) -> u8 {
    let back = nodes
        .iter()
        .all(|node| node.id() == "screen" || is_hidden(node));
    match nodes.first().map(|node| node.group) {
        _ if back => 4,
        Some(Group::Password) => 0,
        Some(Group::Oidc | Group::Saml) => 3,
        _ => 2,
    }
}

/// Messages of the form, then those of fields that cannot be seen.
fn notes(ui: &Ui) -> Vec<Note> {
    let unseen = ui
        .nodes
        .iter()
        .filter(|node| is_hidden(node))
        .flat_map(|node| &node.messages);
    ui.messages.iter().chain(unseen).map(Note::of).collect()
}

/// The scripts that may be loaded.
fn scripts(ui: &Ui) -> Vec<Script> {
    ui.nodes
        .iter()
        .filter_map(|node| match &node.attributes {
            Attributes::Script(script) if link::safe(&script.src) == script.src => {
                Some(script.clone())
            }
            _ => None,
        })
        .collect()
}

struct Builder<'a> {
    ui: &'a Ui,
    wording: &'static Wording,
    /// Fields so far, for ids.
    count: usize,
}

impl Builder<'_> {
    fn form(&mut self, nodes: Vec<&Node>, main: &Main) -> Form {
        let get = self.ui.method.eq_ignore_ascii_case("GET");
        let carried = self.ui.nodes.iter().filter(|node| shared(node.group));
        let own = nodes.iter().copied().filter(|node| !shared(node.group));
        // A form that is sent by GET would show the token in the address bar.
        let hidden = carried.chain(own).filter(|node| is_hidden(node) && !get);
        let hidden = hidden
            .filter_map(|node| node.as_input())
            .map(field::hidden)
            .collect();
        let mut ranked: Vec<(u8, &Node)> = nodes
            .into_iter()
            .map(|node| (rank(node, main), node))
            .collect();
        ranked.sort_by_key(|(rank, _)| *rank);
        let rows = self.rows(&ranked);
        Form {
            action: link::safe(&self.ui.action).into(),
            method: if get { "get" } else { "post" },
            hidden,
            account: self.unseen_account(&rows),
            rows,
        }
    }

    /// The identifier that the flow knows, for a form with a password and without that identifier.
    fn unseen_account(&self, rows: &[Row]) -> Option<String> {
        let asks = |kind: &str| {
            rows.iter()
                .any(|row| matches!(row, Row::Field(field) if field.kind == kind))
        };
        let shows = |name: &str| {
            rows.iter()
                .any(|row| matches!(row, Row::Field(field) if field.name == name))
        };
        if !asks("password") {
            return None;
        }
        let known = self
            .ui
            .nodes
            .iter()
            .filter_map(Node::as_input)
            .find(|input| {
                input.name == "identifier"
                    || input.name.starts_with("traits.")
                        && matches!(input.autocomplete.as_deref(), Some("email" | "username"))
            })?;
        let value = field::form_value(known.value.as_ref());
        (!value.is_empty() && !shows(&known.name)).then_some(value)
    }

    fn rows(&mut self, ranked: &[(u8, &Node)]) -> Vec<Row> {
        let asks = ranked.iter().any(|(_, node)| {
            node.as_input()
                .is_some_and(|input| input.required && is_field(node))
        });
        let has_main_button = ranked.iter().any(|(rank, _)| *rank == MAIN_BUTTON);
        let mut rows = Vec::new();
        let mut divided = !has_main_button;
        for (rank, node) in ranked {
            self.count += 1;
            let Some(mut row) = field::row(node, format!("field-{}", self.count), self.wording)
            else {
                continue;
            };
            if let Row::Button(button) = &mut row {
                dress(button, *rank, asks);
            }
            if *rank == OTHER_WAY && !divided {
                rows.push(Row::Divider);
                divided = true;
            }
            rows.push(row);
        }
        rows
    }
}

fn dress(button: &mut Button, rank: u8, asks: bool) {
    if rank == MAIN_BUTTON && button.look == Look::Plain {
        button.look = Look::Primary;
    }
    button.novalidate = asks && rank != MAIN_BUTTON && button.submits;
}

const FIELD: u8 = 0;
const MAIN_BUTTON: u8 = 1;
const OTHER_WAY: u8 = 2;
const FURTHER_BUTTON: u8 = 3;
const BACK: u8 = 4;

/// The order inside a form: fields, the button that sends them, other ways, sending again, back.
fn rank(node: &Node, main: &Main) -> u8 {
    let id = node.id();
    let primary =
        id == "method" || id == "lookup_secret_confirm" || (main.social && id == "provider");
    let leads =
        shared(node.group) || matches!(node.group, Group::Password | Group::Profile) || main.social;
    let apart = main.groups.is_empty();
    match input_type(node) {
        Some(InputType::Submit) if id == "screen" => BACK,
        Some(InputType::Submit) if primary && (apart || leads) => MAIN_BUTTON,
        Some(InputType::Submit | InputType::Button) if apart || leads => FURTHER_BUTTON,
        _ if apart || leads => FIELD,
        _ => OTHER_WAY,
    }
}
