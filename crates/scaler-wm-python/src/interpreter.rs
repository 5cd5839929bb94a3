//! Which interpreter, and which programs beside it.

use std::{
    env,
    ffi::OsStr,
    path::{Path, PathBuf},
};

use rustix::fs::{Access, access};

use crate::Error;

/// The interpreter to use: the one given, else that of the active virtual environment, else that of the environment in
/// which this program lies, else `python3` of the path.
///
/// # Errors
/// When there is no such program, with what to do about it.
pub fn interpreter(given: Option<&Path>) -> Result<PathBuf, Error> {
    // Links are followed: what is linked from elsewhere into a folder of the path still lies in its environment.
    let own = env::current_exe().ok();
    choose(given, env::var_os("VIRTUAL_ENV").as_deref(), own.as_deref(), env::var_os("PATH").as_deref())
}

/// A command of the package, in the folder of `python`.
///
/// # Errors
/// When it is not there, with the command that installs it.
pub fn program(python: &Path, name: &str) -> Result<PathBuf, Error> {
    let program = python.parent().unwrap_or(Path::new("")).join(name);
    executable(program.clone()).ok_or_else(|| {
        let (python, program) = (python.display(), program.display());
        Error(format!(
            "there is no `{program}`: opengris-scaler is not installed for {python}; run `{python} -m pip install \
             opengris-scaler`, or give another interpreter by --python PATH"
        ))
    })
}

fn choose(
    given: Option<&Path>,
    environment: Option<&OsStr>,
    own: Option<&Path>,
    path: Option<&OsStr>,
) -> Result<PathBuf, Error> {
    let missing = Error;
    if let Some(given) = given {
        let found = if given.components().count() == 1 { on_path(given, path) } else { executable(given.to_owned()) };
        return found.ok_or_else(|| {
            let given = given.display();
            missing(format!("`{given}` is no program; give one by --python PATH, such as --python .venv/bin/python"))
        });
    }
    if let Some(environment) = environment.filter(|environment| !environment.is_empty()) {
        let python = Path::new(environment).join("bin/python");
        return executable(python.clone()).ok_or_else(|| {
            let python = python.display();
            missing(format!(
                "the active virtual environment has no `{python}`; activate another one or give a program by --python PATH"
            ))
        });
    }
    if let Some(python) = own.and_then(beside) {
        return Ok(python);
    }
    on_path(Path::new("python3"), path).ok_or_else(|| {
        missing("there is no `python3` on the path; install Python 3 or give a program by --python PATH".to_owned())
    })
}

/// The interpreter of the environment in whose folder of programs this one lies, as `pip install` puts it there.
///
/// Only of an environment: in `/usr/bin` lies the system's interpreter, and what comes first on the path is meant then.
fn beside(own: &Path) -> Option<PathBuf> {
    let programs = own.parent()?;
    let environment = programs.parent()?;
    let is_environment = environment.join("pyvenv.cfg").is_file() || environment.join("conda-meta").is_dir();
    executable(programs.join("python")).filter(|_| is_environment)
}

fn on_path(name: &Path, path: Option<&OsStr>) -> Option<PathBuf> {
    env::split_paths(path?).find_map(|folder| executable(folder.join(name)))
}

fn executable(program: PathBuf) -> Option<PathBuf> {
    (program.is_file() && access(&program, Access::EXEC_OK).is_ok()).then_some(program)
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt};

    use super::*;

    fn program_file(folder: &Path, name: &str) -> PathBuf {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        file
    }

    #[test]
    fn the_given_one_goes_first_then_the_active_environment_then_our_own_then_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let given = program_file(folder.path(), "given/py");
        let active = program_file(folder.path(), "venv/bin/python");
        let system = program_file(folder.path(), "bin/python3");
        let (venv, path) = (folder.path().join("venv"), folder.path().join("bin"));
        let (venv, path) = (Some(venv.as_os_str()), Some(path.as_os_str()));
        let own = folder.path().join("own/bin/scaler-wm");
        let beside = program_file(folder.path(), "own/bin/python");
        fs::write(folder.path().join("own/pyvenv.cfg"), "").unwrap();
        let own = Some(&*own);
        assert_eq!(choose(Some(&given), venv, own, path).unwrap(), given);
        assert_eq!(choose(None, venv, own, path).unwrap(), active);
        assert_eq!(choose(None, None, own, path).unwrap(), beside);
        assert_eq!(choose(None, Some(OsStr::new("")), own, path).unwrap(), beside);
        assert_eq!(choose(None, None, None, path).unwrap(), system);
        assert_eq!(choose(Some(Path::new("python3")), venv, own, path).unwrap(), system);
    }

    #[test]
    fn only_an_environment_has_an_interpreter_beside_this_program() {
        let folder = tempfile::tempdir().unwrap();
        let own = folder.path().join("bin/scaler-wm");
        let python = program_file(folder.path(), "bin/python");
        let system = program_file(folder.path(), "system/python3");
        let path = folder.path().join("system");
        let chosen = || choose(None, None, Some(&own), Some(path.as_os_str())).unwrap();
        assert_eq!(chosen(), system);
        fs::create_dir(folder.path().join("conda-meta")).unwrap();
        assert_eq!(chosen(), python);
        // One that is broken is none.
        fs::set_permissions(&python, fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(chosen(), system);
    }

    #[test]
    fn commands_lie_beside_the_interpreter() {
        let folder = tempfile::tempdir().unwrap();
        let python = program_file(folder.path(), "bin/python");
        let command = program_file(folder.path(), "bin/scaler_scheduler");
        assert_eq!(program(&python, "scaler_scheduler").unwrap(), command);
        let message = program(&python, "scaler_gui").unwrap_err().to_string();
        assert!(message.contains("bin/scaler_gui") && message.contains("pip install"), "{message}");
    }

    #[test]
    fn what_is_missing_is_named_with_the_way_out() {
        for (given, environment) in [(Some("/no/such/python"), None), (None, Some("/no/such/venv")), (None, None)] {
            let error = choose(given.map(Path::new), environment.map(OsStr::new), None, Some(OsStr::new("/no/such")));
            let message = error.unwrap_err().to_string();
            assert!(message.contains("--python"), "{message}");
        }
    }
}
