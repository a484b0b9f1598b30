//! What others keep beside a session.

use std::any::Any;
use std::fmt;
use std::sync::OnceLock;

/// Something that is made of a session again and again, kept as long as the session is remembered. The first that is
/// kept stays; a copy of the session begins without.
#[derive(Default)]
pub struct Beside(OnceLock<Box<dyn Any + Send + Sync>>);

impl Beside {
    /// What was kept, if it is of this kind.
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.get()?.downcast_ref()
    }

    /// Keeps something, unless there is something already.
    pub fn keep(&self, made: impl Any + Send + Sync) {
        // Two who made it at the same time made the same.
        let _ = self.0.set(Box::new(made));
    }
}

impl Clone for Beside {
    fn clone(&self) -> Beside {
        Beside::default()
    }
}

impl PartialEq for Beside {
    fn eq(&self, _: &Beside) -> bool {
        true
    }
}

impl fmt::Debug for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.get().is_some() {
            "kept"
        } else {
            "nothing"
        })
    }
}
