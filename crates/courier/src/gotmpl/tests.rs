//! Templates as operators write them.

use serde_json::json;

use super::value::{from_json, map};
use super::*;

fn data() -> Value {
    let payload = json!({
        "word": "Hello World", "items": [3, 1, 2], "map": {"b": 1, "a": "x"}, "million": 1_000_000, "nothing": null,
        "url": "https://app.example/a?b=1&c=<d>", "bad": "javascript:alert(1)",
    });
    map([
        ("To", Value::from("user-1@example.org")),
        ("ExpiresInMinutes", Value::Int(60)),
        ("TransientPayload", from_json(&payload)),
    ])
}

fn source(text: &str) -> Source {
    Source {
        name: "email.body.gotmpl".to_owned(),
        text: text.to_owned(),
        partials: vec![(
            "email.body.de.gotmpl".to_owned(),
            "{{ define \"bye\" }}Bis bald{{ end }}Hallo {{ .To }}".to_owned(),
        )],
    }
}

const VARIABLES: [&str; 3] = ["To", "ExpiresInMinutes", "TransientPayload"];

fn check(text: &str, expected: &str) {
    let made = source(text).parse(&VARIABLES).and_then(|t| t.text(&data()));
    assert_eq!(made.as_deref(), Ok(expected), "{text}");
}

fn check_fault(text: &str, line: Option<usize>, problem: &str) {
    let made = source(text).parse(&VARIABLES).and_then(|t| t.text(&data()));
    let fault = made.unwrap_err();
    assert!(fault.problem.contains(problem), "{text}: {fault}");
    assert_eq!(fault.line, line, "{text}: {fault}");
}

#[test]
fn the_language_and_its_library_work_as_in_go() {
    check(
        "{{ .To | upper | quote }} {{ .ExpiresInMinutes }}",
        "\"USER-1@EXAMPLE.ORG\" 60",
    );
    check(
        "{{ range $i, $x := .TransientPayload.items }}{{ if $i }}, {{ end }}{{ $x }}{{ end }}",
        "3, 1, 2",
    );
    check(
        "{{ .TransientPayload.million }} {{ .TransientPayload.nobody }}",
        "1e+06 <no value>",
    );
    check(
        "{{ template \"email.body.de.gotmpl\" . }} {{ template \"bye\" }}",
        "Hallo user-1@example.org Bis bald",
    );
    check(
        "{{ toJson .TransientPayload.map }} {{ dict \"a\" (list 1 \"<\") | toJson }}",
        "{\"a\":\"x\",\"b\":1} {\"a\":[1,\"\\u003c\"]}",
    );
    check(
        "{{ regexReplaceAll \"a(x*)b\" \"-ab-axxb-\" \"${1}W\" }} {{ round 1.256 2 }}",
        "-W-xxW- 1.26",
    );
    check(
        "{{ \"FirstName\" | snakecase }} {{ camelcase \"first_name\" }} {{ abbrev 5 \"hello world\" }}",
        "first_name FirstName he...",
    );
    check(
        "{{ trunc -3 \"abcdef\" }}{{ trunc 3 \"abcdef\" }}{{ substr 1 3 \"abcdef\" }} {{ seq 1 3 }}",
        "defabcbc 1 2 3",
    );
    check(
        "{{ semver \"1.2.3\" | toString }} {{ (semver \"1.2.3\").Minor }} {{ add 1 2 3 }} {{ toString 1.5 }}",
        "1.2.3 2 6 1.5",
    );
    check(
        "{{ adler32sum \"a\" }} {{ sha1sum \"a\" }}",
        "6422626 86f7e437faa5a7fce15d1ddcb9eaeaea377667b8",
    );
    check("{{ wrap 5 \"hello you world\" }}", "hello\nyou\nworld");
}

#[test]
fn what_is_not_there_is_named_with_its_line() {
    check_fault(
        "a\n{{ .Nonsense }}",
        Some(2),
        "there is no variable .Nonsense; this message has .To",
    );
    check_fault(
        "{{ with .To }}{{ $.Nonsense }}{{ end }}",
        Some(1),
        "there is no variable .Nonsense",
    );
    check_fault(
        "\n\n{{ env \"HOME\" }}",
        Some(3),
        "there is no function \"env\"",
    );
    check_fault(
        "{{ template \"nobody\" }}",
        Some(1),
        "there is no template \"nobody\"",
    );
    check_fault("{{ .To", Some(1), "");
    check_fault("{{ index .TransientPayload.items 7 }}", None, "");
}

#[test]
fn nothing_grows_without_end() {
    check_fault("{{ range until 200000 }}x{{ end }}", None, "");
    check_fault("{{ repeat 100000000 \"ab\" }}", None, "too many");
    check_fault(
        "{{ range until 5000 }}{{ repeat 1000 \"x\" }}{{ end }}",
        None,
        "longer than 1 MiB",
    );
    check_fault(
        "{{ define \"a\" }}{{ template \"a\" . }}{{ end }}{{ template \"a\" . }}",
        None,
        "",
    );
}

#[test]
fn in_html_each_value_is_escaped_for_its_place() {
    let text = "<p title=\"{{ .TransientPayload.url }}\">{{ .TransientPayload.url }}</p><a href=\"{{ .TransientPayload.bad }}\">x</a>\
                <script>var p = {{ .TransientPayload.map }};</script>{{ template \"email.body.de.gotmpl\" . }}";
    let made = source(text)
        .parse(&VARIABLES)
        .and_then(|t| t.html(&data()))
        .unwrap();
    assert!(made.contains("c=&lt;d&gt;</p>"), "{made}");
    assert!(made.contains("href=\"#ZgotmplZ\""), "{made}");
    assert!(
        made.contains("var p = {\"a\":\"x\",\"b\":1};</script>Hallo"),
        "{made}"
    );
}
