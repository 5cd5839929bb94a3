//! The known name that an unknown one was probably meant to be.

/// Names less alike than this have nothing to do with each other.
const ALIKE: f64 = 0.75;

/// The name among `known` that is most like `name`, if any is like it at all.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_what_was_meant_or_nothing() {
        let known = ["max_task_concurrency", "worker_manager_id", "preload"];
        assert_eq!(nearest("max_task_concurency", known), Some("max_task_concurrency"));
        assert_eq!(nearest("worker_id", known), Some("worker_manager_id"));
        assert_eq!(nearest("xyz", known), None);
    }
}
