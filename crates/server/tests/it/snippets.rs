//! `bia jsonnet format` and `bia jsonnet lint`.

use std::path::Path;
use std::process::{Command, Output, Stdio};

fn bia(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bia"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn files_are_laid_out_and_looked_through_in_both_spellings() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("good.jsonnet"), "function(ctx) {\n  a:ctx.b\n}").unwrap();
    let expected = "function(ctx) {\n  a: ctx.b,\n}\n";
    for command in [["format", "jsonnet"], ["jsonnet", "format"]] {
        let shown = bia(folder.path(), &[&command[..], &["*.jsonnet"]].concat());
        assert!(shown.status.success(), "{shown:?}");
        assert_eq!(text(&shown.stdout), format!("{expected}\n"));
    }
    let written = bia(folder.path(), &["jsonnet", "format", "-w", "**.jsonnet"]);
    assert!(
        written.status.success() && written.stdout.is_empty(),
        "{written:?}"
    );
    assert_eq!(
        std::fs::read_to_string(path("good.jsonnet")).unwrap(),
        expected
    );

    for command in [["lint", "lint"], ["jsonnet", "lint"], ["lint", "jsonnet"]] {
        let looked = bia(
            folder.path(),
            &[&command[..], &["*.jsonnet", "no-such-*"]].concat(),
        );
        assert!(
            looked.status.success() && looked.stderr.is_empty(),
            "{looked:?}"
        );
    }
    std::fs::write(path("odd.jsonnet"), "local unused = 1;\n{}").unwrap();
    std::fs::write(path("wrong.jsonnet"), "{a: }").unwrap();
    for (command, file, part) in [
        (["lint", "lint"], "odd.jsonnet", "\"unused\" at line 1"),
        (["lint", "lint"], "wrong.jsonnet", "line 1, column 5"),
        (["format", "jsonnet"], "wrong.jsonnet", "line 1, column 5"),
    ] {
        let told = bia(folder.path(), &[&command[..], &[file]].concat());
        assert_eq!(told.status.code(), Some(1), "{command:?} {file}");
        assert!(text(&told.stderr).contains(part), "{told:?}");
    }
    assert_eq!(
        bia(folder.path(), &["jsonnet", "format"]).status.code(),
        Some(1)
    );
}
