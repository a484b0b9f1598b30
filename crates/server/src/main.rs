//! The `bia` binary.

/// Returns memory to the system sooner, and is faster with many small values, than the system's own.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    bia_server::cli::run()
}
