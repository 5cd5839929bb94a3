//! The managers of one process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use scaler_wm_core::{ManagerId, control::Control};
use tonic::Status;

/// One manager that can be watched and told what to do.
#[derive(Clone, Debug)]
pub struct Managed {
    /// Its control.
    pub control: Control,
    /// Its type, such as `baremetal_native`.
    pub kind: &'static str,
}

/// The managers of one process. A copy shares them.
#[derive(Clone, Debug, Default)]
pub struct Registry(Arc<Mutex<Vec<Managed>>>);

impl Registry {
    /// Adds one.
    pub fn add(&self, control: Control, kind: &'static str) {
        self.lock().push(Managed { control, kind });
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> Vec<Managed> {
        self.lock().clone()
    }

    /// The controls of all of them.
    #[must_use]
    pub fn controls(&self) -> Vec<Control> {
        self.lock().iter().map(|managed| managed.control.clone()).collect()
    }

    /// The one of this name; the only one if the name is empty.
    pub(crate) fn find(&self, name: &str) -> Result<Managed, Status> {
        let all = self.lock();
        let names = || all.iter().map(|managed| managed.control.manager().to_string()).collect::<Vec<_>>().join(", ");
        match (name, &**all) {
            ("", [only]) => Ok(only.clone()),
            ("", []) => Err(Status::unavailable("no manager has begun yet; try again soon")),
            ("", _) => Err(Status::invalid_argument(format!("name a manager: there are {}", names()))),
            (name, _) => {
                let wanted = ManagerId::from(name);
                let found = all.iter().find(|managed| *managed.control.manager() == wanted).cloned();
                found.ok_or_else(|| Status::not_found(format!("there is no manager {name} here; there is {}", names())))
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Managed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
