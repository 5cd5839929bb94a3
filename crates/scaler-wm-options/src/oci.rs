//! `oci_raw` and `oci_hpc`: managers for Oracle Cloud that only the Python package has.

use scaler_wm_core::options::{Kind, LOGGING, MANAGER, OptionSpec, Preset, WORKER};

use crate::{
    Section,
    section::{MANAGER_TABLES, as_declared},
};

/// Workers in OCI container instances.
pub const OCI_RAW: Section = Section {
    name: "oci_raw",
    about: "Workers in OCI container instances (Python package only)",
    options: &[MANAGER, WORKER, LOGGING, INSTANCE, RAW],
    check: as_declared,
    examples: &[],
    tables: TABLES,
};

/// Single tasks in OCI container instances.
pub const OCI_HPC: Section = Section {
    name: "oci_hpc",
    about: "Tasks in OCI container instances (Python package only)",
    options: &[MANAGER, WORKER, LOGGING, INSTANCE, HPC],
    check: as_declared,
    examples: &[],
    tables: TABLES,
};

const TABLES: &[&str] = &[
    MANAGER_TABLES[0],
    MANAGER_TABLES[1],
    MANAGER_TABLES[2],
    "container_instance_config",
    "python_worker_environment",
];

const INSTANCE: &[OptionSpec] = &[
    OptionSpec::new(
        "auth_type",
        Kind::Choice(&["config_file", "instance_principal"]),
        Preset::Text("config_file"),
        "How it signs in: config_file or instance_principal.",
    )
    .environment("OCI_AUTH_TYPE"),
    OptionSpec::new("oci_profile", Kind::Text, Preset::Text("DEFAULT"), "Profile of the OCI configuration file.")
        .environment("OCI_CONFIG_PROFILE"),
    OptionSpec::new("oci_region", Kind::Text, Preset::Text("us-ashburn-1"), "OCI region.").environment("OCI_REGION"),
    OptionSpec::new("compartment_id", Kind::Text, Preset::Required, "Compartment of the container instances.")
        .environment("OCI_COMPARTMENT_ID")
        .sample("ocid1.compartment.oc1..example"),
    OptionSpec::new("availability_domain", Kind::Text, Preset::Required, "Availability domain, such as AD-1.")
        .environment("OCI_AVAILABILITY_DOMAIN")
        .sample("AD-1"),
    OptionSpec::new("subnet_id", Kind::Text, Preset::Required, "Subnet of the container instances.")
        .environment("OCI_SUBNET_ID")
        .sample("ocid1.subnet.oc1..example"),
    OptionSpec::new("container_image", Kind::Text, Preset::Required, "Image of the container instances.")
        .environment("OCI_CONTAINER_IMAGE")
        .sample("iad.ocir.io/ns/repo:latest"),
    OptionSpec::new(
        "instance_shape",
        Kind::Text,
        Preset::Text("CI.Standard.E4.Flex"),
        "Shape of the container instances.",
    ),
    OptionSpec::new("image_pull_username", Kind::Text, Preset::Nothing, "User that pulls a private image.")
        .environment("OCI_IMAGE_PULL_USERNAME")
        .sample("ns/user"),
    OptionSpec::new("image_pull_password", Kind::Secret, Preset::Nothing, "Token of that user.")
        .environment("OCI_IMAGE_PULL_PASSWORD"),
];

const RAW: &[OptionSpec] = &[
    OptionSpec::new("python_version", Kind::Text, Preset::Required, "Python version of workers.").sample("3.12"),
    OptionSpec::new(
        "requirements_txt",
        Kind::Text,
        Preset::Required,
        "Packages that instances install: a file, or its text; opengris-scaler must be among them.",
    )
    .sample("requirements.txt"),
    OptionSpec::new("instance_ocpus", Kind::PositiveFloat, Preset::Float(4.0), "OCPUs of an instance."),
    OptionSpec::new("instance_memory_gb", Kind::PositiveFloat, Preset::Float(30.0), "Memory of an instance in GB."),
];

const HPC: &[OptionSpec] = &[
    OptionSpec::new("object_storage_namespace", Kind::Text, Preset::Required, "Namespace of the bucket.")
        .environment("OCI_OBJECT_STORAGE_NAMESPACE")
        .sample("my-namespace"),
    OptionSpec::new("object_storage_bucket", Kind::Text, Preset::Required, "Bucket for what tasks take and give.")
        .environment("OCI_OBJECT_STORAGE_BUCKET")
        .sample("my-bucket"),
    OptionSpec::new(
        "object_storage_prefix",
        Kind::AnyText,
        Preset::Text("scaler-tasks"),
        "Prefix of keys in the bucket.",
    )
    .environment("OCI_OBJECT_STORAGE_PREFIX"),
    OptionSpec::new("instance_ocpus", Kind::PositiveFloat, Preset::Float(1.0), "OCPUs of an instance."),
    OptionSpec::new("instance_memory_gb", Kind::PositiveFloat, Preset::Float(6.0), "Memory of an instance in GB."),
    OptionSpec::new(
        "base_concurrency",
        Kind::Integer { min: 1, special: None },
        Preset::Integer(100),
        "Instances that may run at once.",
    )
    .short("bc"),
    OptionSpec::new(
        "job_timeout_seconds",
        Kind::Integer { min: 1, special: None },
        Preset::Integer(3600),
        "Seconds after which a task's instance is ended.",
    ),
];
