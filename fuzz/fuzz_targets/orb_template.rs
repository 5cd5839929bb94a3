//! ORB's template files: whatever is read is within the limits.
#![no_main]

use libfuzzer_sys::fuzz_target;
use scaler_wm_ec2::Template;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Template::read(text, None) {
        Ok(template) => {
            assert!(!template.id.is_empty());
            assert!(template.percent_on_demand.is_none_or(|percent| percent <= 100));
            assert!(template.instance_types.iter().all(|(_, weight)| *weight > 0));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
