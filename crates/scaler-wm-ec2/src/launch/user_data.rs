//! The script that an instance runs at its start.

use scaler_wm_aws::quoted;

use crate::{Ec2Config, Install, requirements::Repository};

/// What the ids of workers begin with.
pub(crate) const PREFIX: &str = "ORB";
/// What EC2 takes, in bytes before base64.
pub(crate) const LONGEST: usize = 16_384;

/// Where workers and what is installed print to; the released manager's file.
const LOG: &str = "/var/log/opengris-scaler.log";
/// Where Python and packages are installed; the released manager's folder.
const ENVIRONMENT: &str = "/opt/opengris-scaler";
const SOURCE: &str = "/opt/scaler-src";

/// The whole script. The instance ends with it: when the workers have ended, or could not be installed.
pub(crate) fn user_data(config: &Ec2Config) -> String {
    let mut script =
        String::from("#!/bin/sh\n# Made by scaler-wm: starts the workers of this instance, and ends it with them.\n");
    if let Some(first) = &config.first {
        script.push_str(&run_first(first));
    }
    script.push_str(&FUNCTIONS.replace("LOG", LOG));
    script.push_str("work() {\n    trap end EXIT\n    export HOME=\"${HOME:-/root}\"\n");
    if let Some(install) = &config.install {
        script.push_str("    set -e\n");
        script.push_str(&self::install(install));
        script.push_str("    set +e\n");
    }
    script.push_str("    unit=$(metadata instance-id) || unit=$(hostname)\n");
    if let Some(lease) = config.lease {
        script.push_str(&format!("    lease {} &\n", lease.as_secs()));
    }
    let backend = quoted(&config.network_backend);
    let line = config.workers.line(PREFIX, "$unit");
    script.push_str(&format!("    SCALER_NETWORK_BACKEND={backend} {line}\n}}\n\n"));
    // In the background, so that whatever else starts with the instance does not wait for the workers' end.
    script.push_str(&format!("work < /dev/null >> {LOG} 2>&1 &\n"));
    script
}

/// Asking for metadata, and the two ways in which an instance ends.
const FUNCTIONS: &str = r#"
metadata() {
    base=${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}
    token=$(curl -sf -m 5 --retry 3 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 300' "${base%/}/latest/api/token") &&
        curl -sf -m 5 -H "X-aws-ec2-metadata-token: $token" "${base%/}/latest/meta-data/$1"
}

# What was printed last goes where EC2 keeps it: of an instance that has gone, its console can still be read.
end() {
    if [ -c /dev/console ]; then tail -n 40 LOG > /dev/console; fi
    shutdown -h now || poweroff
}

# Ends the instance once nobody has renewed its lease for so many seconds.
lease() {
    until=$(($(date +%s) + $1))
    while [ "$(date +%s)" -lt "$until" ]; do
        sleep 20
        renewed=$(metadata tags/instance/scaler-wm:lease) || continue
        case $renewed in '' | *[!0-9]*) ;; *) until=$renewed ;; esac
    done
    echo 'scaler-wm: nobody has renewed the lease of this instance'
    end
}

"#;

/// Somebody else's script, with whatever interpreter it names.
fn run_first(first: &str) -> String {
    let first = quoted(first);
    format!(
        "first=$(mktemp) && printf %s {first} > \"$first\" && chmod 700 \"$first\"\n\"$first\" || echo \"the template's user data failed: $?\" >&2\nrm -f \"$first\"\n"
    )
}

fn install(install: &Install) -> String {
    let mut script = String::new();
    let build = install.requirements.repository.as_ref();
    if let Some(repository) = build {
        script.push_str(&from_source(repository));
    } else if install.requirements.needs_git {
        script.push_str("    dnf install -y git\n");
    }
    let version = quoted(&install.python_version);
    let requirements = quoted(install.requirements.text().trim_end_matches('\n'));
    // What builds from source finds the libraries that were made above, and the compiler that they need.
    let around = if build.is_some() {
        "PKG_CONFIG_PATH=/usr/local/lib/pkgconfig CMAKE_ARGS=\"-DCMAKE_C_COMPILER=$CC -DCMAKE_CXX_COMPILER=$CXX \
         -DCMAKE_DISABLE_FIND_PACKAGE_libuv=TRUE\" "
    } else {
        ""
    };
    script.push_str(&format!(
        "    curl -LsSf https://astral.sh/uv/install.sh | sh\n    \
             export PATH=\"{ENVIRONMENT}/bin:$HOME/.local/bin:$PATH\"\n    \
             uv venv --python {version} {ENVIRONMENT}\n    \
             printf '%s\\n' {requirements} > {ENVIRONMENT}/requirements.txt\n    \
             {around}uv pip install --python {ENVIRONMENT}/bin/python -r {ENVIRONMENT}/requirements.txt\n"
    ));
    script
}

/// Makes what the package needs to be built on Amazon Linux 2023: its default compiler is too old, and two libraries come
/// from the package's own scripts.
fn from_source(repository: &Repository) -> String {
    let branch = repository.branch.as_ref().map(|branch| format!("--branch={} ", quoted(branch))).unwrap_or_default();
    let url = quoted(&repository.url);
    format!(
        "    dnf install -y git gcc14 gcc14-c++ gcc14-libstdc++-devel autoconf automake libtool libuv-devel perl\n    \
             export CC=/usr/bin/gcc14-gcc CXX=/usr/bin/gcc14-g++\n    \
             git clone --depth 1 {branch}-- {url} {SOURCE}\n    \
             for library in capnp openssl; do\n        \
                 for step in download compile install; do\n            \
                     (cd {SOURCE} && bash scripts/library_tool.sh \"$library\" \"$step\")\n        \
                 done\n    \
             done\n    \
             echo /usr/local/lib > /etc/ld.so.conf.d/local.conf\n    \
             ldconfig\n"
    )
}
