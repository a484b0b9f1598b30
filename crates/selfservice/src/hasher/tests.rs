mod formats;
mod limits;
mod vectors;

use super::HasherConfig;

const PASSWORD: &str = "correct horse";

fn small_argon2() -> HasherConfig {
    HasherConfig::Argon2id {
        memory_kib: 256,
        iterations: 1,
        parallelism: 2,
        salt_bytes: 16,
        key_bytes: 32,
    }
}
