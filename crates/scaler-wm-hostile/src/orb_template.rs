//! ORB's template files: whatever is read is within the limits.

use crate::template::{Template, TemplateError};

/// The text of a file.
pub fn orb_template(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let read = Template::read(text, None);
    check(&read);
    if let Ok(template) = &read {
        assert_eq!(Template::read(text, Some(&template.id)).as_ref(), Ok(template), "the only one, by its name");
    }
    check(&Template::read(text, Some("t")));
}

fn check(read: &Result<Template, TemplateError>) {
    match read {
        Ok(template) => {
            assert!(!template.id.trim().is_empty());
            assert!(template.percent_on_demand.is_none_or(|percent| percent <= 100));
            assert!(template.max_instances.is_none_or(|most| most > 0));
            assert!(template.iops.is_none_or(|iops| iops > 0));
            assert!(template.root_volume_gib.is_none_or(|gib| gib > 0));
            let mut weights = template.instance_types.iter().chain(&template.on_demand_types);
            assert!(weights.all(|(_, weight)| *weight > 0));
            let is_price = |price: &String| price.parse().is_ok_and(|price: f64| price > 0.0) && !price.contains('e');
            assert!(template.max_price.as_ref().is_none_or(is_price));
            assert!(template.tags.iter().all(|(key, _)| !key.is_empty()));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}
