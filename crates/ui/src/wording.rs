//! What the pages say beside the flow's own messages.

use bia_model::flow::FlowKind;
use bia_model::ui::Group;

/// A page's title and its lead.
pub(crate) type Heading = (&'static str, &'static str);

/// The words of one language.
#[derive(Debug)]
pub(crate) struct Wording {
    /// BCP 47.
    pub(crate) lang: &'static str,
    pub(crate) skip: &'static str,
    pub(crate) error_prefix: &'static str,
    pub(crate) or: &'static str,
    pub(crate) optional: &'static str,
    pub(crate) choose: &'static str,
    pub(crate) hint_time: &'static str,
    pub(crate) no_webauthn: &'static str,
    pub(crate) used: &'static str,
    pub(crate) login: Heading,
    pub(crate) login_refresh: Heading,
    pub(crate) login_second: Heading,
    pub(crate) login_link: Heading,
    pub(crate) code_sent: Heading,
    pub(crate) registration: Heading,
    pub(crate) registration_method: Heading,
    pub(crate) settings: Heading,
    pub(crate) recovery: Heading,
    pub(crate) verification: Heading,
    pub(crate) verification_done: Heading,
    pub(crate) error: Heading,
    pub(crate) inbox: Heading,
    pub(crate) trusted: Heading,
    pub(crate) welcome: Heading,
    pub(crate) to_login: &'static str,
    pub(crate) to_registration: &'static str,
    pub(crate) have_account: &'static str,
    pub(crate) no_account: &'static str,
    pub(crate) to_recovery: &'static str,
    pub(crate) to_verification: &'static str,
    pub(crate) to_settings: &'static str,
    pub(crate) to_home: &'static str,
    pub(crate) to_inbox: &'static str,
    pub(crate) code_in_inbox: &'static str,
    pub(crate) to_logout: &'static str,
    pub(crate) to_other_account: &'static str,
    pub(crate) no_mail: &'static str,
    pub(crate) mail_to: &'static str,
    pub(crate) reload: &'static str,
    pub(crate) signed_in_as: &'static str,
    pub(crate) sessions: &'static str,
    pub(crate) this_session: &'static str,
    pub(crate) unknown_device: &'static str,
    pub(crate) since: &'static str,
    pub(crate) last_used: &'static str,
    pub(crate) trusted_until: &'static str,
    pub(crate) end_trust: &'static str,
    pub(crate) end_all_trust: &'static str,
    pub(crate) none_trusted: &'static str,
    pub(crate) error_id: &'static str,
    pub(crate) request_id: &'static str,
    pub(crate) error_unknown: &'static str,
    groups: [(Group, &'static str, &'static str); 9],
}

impl Wording {
    /// The wording for a reader's language; English for one that is not known.
    pub(crate) fn of(lang: &str) -> &'static Wording {
        let primary = lang.split(['-', '_']).next().unwrap_or(lang);
        if primary.eq_ignore_ascii_case("de") {
            &DE
        } else {
            &EN
        }
    }

    /// Title and hint of a group's section.
    pub(crate) fn group(&self, group: Group) -> (Option<&'static str>, Option<&'static str>) {
        let known = self.groups.iter().find(|(of, _, _)| *of == group);
        (
            known.map(|(_, title, _)| *title),
            known
                .map(|(_, _, hint)| *hint)
                .filter(|hint| !hint.is_empty()),
        )
    }

    /// The heading of a flow that just began.
    pub(crate) fn flow(&self, kind: FlowKind) -> Heading {
        match kind {
            FlowKind::Login => self.login,
            FlowKind::Registration => self.registration,
            FlowKind::Settings => self.settings,
            FlowKind::Recovery => self.recovery,
            FlowKind::Verification => self.verification,
        }
    }
}

static EN: Wording = Wording {
    lang: "en",
    skip: "Skip to the content",
    error_prefix: "Error",
    or: "or",
    optional: "(optional)",
    choose: "Choose…",
    hint_time: "Like 2026-01-31T12:00:00Z",
    no_webauthn: "This browser cannot use security keys or passkeys here. Choose another way, or use another browser.",
    used: "used",
    login: ("Sign in", ""),
    login_refresh: ("Confirm that it is you", ""),
    login_second: ("Second step", ""),
    login_link: ("Link your accounts", ""),
    code_sent: ("Enter your code", ""),
    registration: ("Create an account", ""),
    registration_method: ("One more thing", ""),
    settings: ("Your account", "Change your details, and how you sign in."),
    recovery: (
        "Recover your account",
        "We send you a message that lets you in again.",
    ),
    verification: (
        "Confirm your address",
        "We send a message to it, to see that it is yours.",
    ),
    verification_done: ("Thank you", ""),
    error: ("That did not work", ""),
    inbox: (
        "Inbox",
        "Messages that this server has sent, or would send if it had a mail server. This page is here in development mode only.",
    ),
    trusted: (
        "Trusted browsers",
        "In these browsers you sign in without the second step.",
    ),
    welcome: ("Welcome", "You are not signed in."),
    to_login: "Sign in",
    to_registration: "Create an account",
    have_account: "Have an account already? Sign in",
    no_account: "New here? Create an account",
    to_recovery: "Forgot your password?",
    to_verification: "Confirm an address",
    to_settings: "Account settings",
    to_home: "Home",
    to_inbox: "Inbox (development)",
    code_in_inbox: "Read the code in the inbox (development)",
    to_logout: "Sign out",
    to_other_account: "Sign out and use another account",
    no_mail: "Nothing was sent yet.",
    mail_to: "To",
    reload: "Look again",
    signed_in_as: "You are signed in as",
    sessions: "Where you are signed in",
    this_session: "this browser",
    unknown_device: "Unknown device",
    since: "Signed in",
    last_used: "Last used",
    trusted_until: "trusted until",
    end_trust: "Trust no longer",
    end_all_trust: "Trust none of them any longer",
    none_trusted: "You trust no browser. When you sign in with a second step, you can choose to.",
    error_id: "Error",
    request_id: "Request",
    error_unknown: "Something went wrong. Please go back and try again.",
    groups: [
        (Group::Profile, "Profile", ""),
        (
            Group::Password,
            "Password",
            "Choose a long one that you use nowhere else.",
        ),
        (
            Group::Oidc,
            "Linked accounts",
            "Sign in with an account that you have elsewhere.",
        ),
        (Group::Code, "Code by message", ""),
        (
            Group::Totp,
            "Authenticator app",
            "A second step: an app on your phone shows a new code every half minute.",
        ),
        (
            Group::LookupSecret,
            "Backup codes",
            "For the day when your phone or key is not at hand. Each code works once.",
        ),
        (
            Group::Webauthn,
            "Security keys",
            "A small device that you plug in or hold to your phone.",
        ),
        (
            Group::Passkey,
            "Passkeys",
            "Sign in with your fingerprint, your face or the lock of your device.",
        ),
        (Group::Default, "More", ""),
    ],
};

static DE: Wording = Wording {
    lang: "de",
    skip: "Zum Inhalt springen",
    error_prefix: "Fehler",
    or: "oder",
    optional: "(freiwillig)",
    choose: "Bitte wählen …",
    hint_time: "Zum Beispiel 2026-01-31T12:00:00Z",
    no_webauthn: "Dieser Browser kann hier keine Sicherheitsschlüssel oder Passkeys verwenden. Wählen Sie einen anderen Weg oder einen anderen Browser.",
    used: "verbraucht",
    login: ("Anmelden", ""),
    login_refresh: ("Bitte bestätigen Sie, dass Sie es sind", ""),
    login_second: ("Zweiter Schritt", ""),
    login_link: ("Konten verbinden", ""),
    code_sent: ("Code eingeben", ""),
    registration: ("Konto anlegen", ""),
    registration_method: ("Noch ein Schritt", ""),
    settings: (
        "Ihr Konto",
        "Ändern Sie Ihre Angaben und die Art, wie Sie sich anmelden.",
    ),
    recovery: (
        "Konto wiederherstellen",
        "Wir senden Ihnen eine Nachricht, mit der Sie wieder hineinkommen.",
    ),
    verification: (
        "Adresse bestätigen",
        "Wir senden eine Nachricht dorthin, um zu sehen, dass sie Ihnen gehört.",
    ),
    verification_done: ("Vielen Dank", ""),
    error: ("Das hat nicht geklappt", ""),
    inbox: (
        "Posteingang",
        "Nachrichten, die dieser Server gesendet hat oder senden würde, wenn er einen Mailserver hätte. Diese Seite gibt es nur im Entwicklungsmodus.",
    ),
    trusted: (
        "Vertraute Browser",
        "In diesen Browsern melden Sie sich ohne den zweiten Schritt an.",
    ),
    welcome: ("Willkommen", "Sie sind nicht angemeldet."),
    to_login: "Anmelden",
    to_registration: "Konto anlegen",
    have_account: "Schon ein Konto? Anmelden",
    no_account: "Neu hier? Konto anlegen",
    to_recovery: "Passwort vergessen?",
    to_verification: "Adresse bestätigen",
    to_settings: "Kontoeinstellungen",
    to_home: "Startseite",
    to_inbox: "Posteingang (Entwicklung)",
    code_in_inbox: "Den Code im Posteingang lesen (Entwicklung)",
    to_logout: "Abmelden",
    to_other_account: "Abmelden und ein anderes Konto verwenden",
    no_mail: "Es wurde noch nichts gesendet.",
    mail_to: "An",
    reload: "Neu laden",
    signed_in_as: "Sie sind angemeldet als",
    sessions: "Wo Sie angemeldet sind",
    this_session: "dieser Browser",
    unknown_device: "Unbekanntes Gerät",
    since: "Angemeldet",
    last_used: "Zuletzt verwendet",
    trusted_until: "vertraut bis",
    end_trust: "Nicht mehr vertrauen",
    end_all_trust: "Keinem mehr vertrauen",
    none_trusted: "Sie vertrauen keinem Browser. Wenn Sie sich mit einem zweiten Schritt anmelden, können Sie es tun.",
    error_id: "Fehler",
    request_id: "Anfrage",
    error_unknown: "Etwas ist schiefgegangen. Bitte gehen Sie zurück und versuchen Sie es noch einmal.",
    groups: [
        (Group::Profile, "Profil", ""),
        (
            Group::Password,
            "Passwort",
            "Wählen Sie ein langes, das Sie nirgends sonst verwenden.",
        ),
        (
            Group::Oidc,
            "Verbundene Konten",
            "Melden Sie sich mit einem Konto an, das Sie anderswo haben.",
        ),
        (Group::Code, "Code per Nachricht", ""),
        (
            Group::Totp,
            "Authentifizierungs-App",
            "Ein zweiter Schritt: Eine App auf Ihrem Telefon zeigt jede halbe Minute einen neuen Code.",
        ),
        (
            Group::LookupSecret,
            "Ersatzcodes",
            "Für den Tag, an dem Telefon oder Schlüssel nicht zur Hand sind. Jeder Code gilt einmal.",
        ),
        (
            Group::Webauthn,
            "Sicherheitsschlüssel",
            "Ein kleines Gerät, das Sie anstecken oder an das Telefon halten.",
        ),
        (
            Group::Passkey,
            "Passkeys",
            "Melden Sie sich mit Fingerabdruck, Gesicht oder der Sperre Ihres Geräts an.",
        ),
        (Group::Default, "Weiteres", ""),
    ],
};
