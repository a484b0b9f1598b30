//! The reference pages of the book (`docs/src/reference`), made of the tables that the server itself works with: keys,
//! messages, errors, commands, the documents of the API.
//!
//! The pages are checked in, so that they can be read where they are; a test says when one is stale. They are written by
//! `bia reference --out docs/src/reference`.

mod api;
mod cli;
mod keys;
mod markdown;
mod words;

/// A page of the book.
pub struct Page {
    /// The name of its file.
    pub file: &'static str,
    /// Its Markdown.
    pub text: String,
}

/// All pages. `commands` is the whole command line.
pub fn pages(commands: clap::Command) -> Vec<Page> {
    let page = |file, text: String| Page {
        file,
        text: markdown::page(&text),
    };
    vec![
        page("config.md", keys::page()),
        page("errors.md", words::errors()),
        page("messages.md", words::messages()),
        page("why.md", words::reasons()),
        page("cli.md", cli::page(commands)),
        page(
            "api-public.md",
            api::page(
                &crate::openapi::public_document(),
                "The public API",
                "/openapi.json",
            ),
        ),
        page(
            "api-admin.md",
            api::page(
                &crate::openapi::admin_document(),
                "The admin API",
                "/admin/openapi.json",
            ),
        ),
    ]
}
