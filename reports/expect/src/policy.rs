//! The policy: which stages count for which subject, and which differences are details of CPython's implementation.
//!
//! ```toml
//! policy = 1
//!
//! [stages]
//! pypy = { count = ["output", "outcome"], reason = "Its objects are laid out in its own way." }
//!
//! [details]
//! "gc/counts" = { subjects = ["pypy"], stages = ["output"], source = "sha256:...", reason = "It counts no references." }
//! ```
//!
//! A detail is bound to the text of its case by a hash: where the case changes, somebody has to look again. It lets no
//! crash pass, and it is stale where nothing differs.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use crate::condition::Standing;
use crate::entry::{Entry, Kind, Why};
use crate::spelling;

/// The version of the file's form.
pub const VERSION: i64 = 1;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    policy: Spanned<i64>,
    #[serde(default)]
    stages: BTreeMap<Spanned<String>, Counting>,
    #[serde(default)]
    details: BTreeMap<Spanned<String>, Detail>,
}

/// The stages that count for a subject.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counting {
    pub count: Vec<String>,
    pub reason: String,
}

/// A difference that is a detail of CPython's implementation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Detail {
    /// The subjects that may differ; all of them if none is named.
    #[serde(default)]
    pub subjects: Vec<String>,
    pub stages: Vec<String>,
    /// The hash of the case, as records have it.
    pub source: String,
    pub reason: String,
    pub link: Option<String>,
}

/// The whole file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// By subject.
    pub stages: BTreeMap<String, Counting>,
    /// By case.
    pub details: BTreeMap<String, Detail>,
}

impl Policy {
    /// Reads a file.
    pub fn load(path: &Path) -> Result<Policy, String> {
        let text =
            fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Policy::parse(&text, &path.display())
    }

    /// Reads the text of a file; errors speak of it by this name.
    pub fn parse(text: &str, name: &dyn fmt::Display) -> Result<Policy, String> {
        let raw: RawFile =
            toml::from_str(text).map_err(|error| spelling::told(name, text, &error))?;
        let wrong = |place: usize, reason: &str| Err(spelling::at(name, text, place, reason));
        if *raw.policy.get_ref() != VERSION {
            let reason = format!("this tool reads version {VERSION} of a policy");
            return wrong(raw.policy.span().start, &reason);
        }
        let mut policy = Policy::default();
        for (subject, counting) in raw.stages {
            let place = subject.span().start;
            let subject = subject.into_inner();
            if counting.reason.trim().is_empty() {
                return wrong(place, &format!("{subject}: it gives no reason"));
            }
            policy.stages.insert(subject, counting);
        }
        for (case, detail) in raw.details {
            let place = case.span().start;
            let case = case.into_inner();
            let hash = detail.source.strip_prefix("sha256:").unwrap_or("");
            if hash.len() != 64 || !hash.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                let reason = "its source is not sha256: and 64 hexadecimal digits";
                return wrong(place, &format!("{case}: {reason}"));
            }
            if detail.reason.trim().is_empty() || detail.stages.is_empty() {
                let reason = "it needs a reason and stages";
                return wrong(place, &format!("{case}: {reason}"));
            }
            policy.details.insert(case, detail);
        }
        Ok(policy)
    }

    /// The details for a subject as entries, and what is wrong with the others: `source_of` gives the hash of a case.
    pub fn entries(
        &self,
        standing: &Standing,
        source_of: impl Fn(&str) -> Option<String>,
    ) -> (Vec<Entry>, Vec<(String, String)>) {
        let (mut entries, mut wrong) = (Vec::new(), Vec::new());
        for (case, detail) in &self.details {
            if !detail.subjects.is_empty() && !detail.subjects.contains(&standing.subject) {
                continue;
            }
            let id = format!("{} {case}", Kind::Detail.name());
            match source_of(case) {
                None => wrong.push((id, "names a case that is not there".to_owned())),
                Some(source) if source != detail.source => wrong.push((
                    id,
                    format!("the case has changed, and is {source} now: look at it again"),
                )),
                Some(_) => entries.push(Entry {
                    kind: Kind::Detail,
                    subject: standing.subject.clone(),
                    case: case.clone(),
                    stages: detail.stages.clone(),
                    digests: vec!["*".to_owned()],
                    ends: Vec::new(),
                    why: Why::Said(detail.reason.clone()),
                    link: detail.link.clone(),
                    version: None,
                    platform: None,
                }),
            }
        }
        (entries, wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(hash: &str) -> String {
        format!(
            "policy = 1\n[stages]\npypy = {{ count = [\"output\"], reason = \"r\" }}\n[details]\n\"gc/counts\" = {{ subjects = [\"pypy\"], stages = [\"output\"], source = \"sha256:{hash}\", reason = \"It counts no references.\" }}\n"
        )
    }

    #[test]
    fn a_detail_is_bound_to_the_text_of_its_case() {
        let hash = "0".repeat(64);
        let policy = Policy::parse(&file(&hash), &"p.toml").expect("the form is right");
        let standing = Standing::here("pypy", "7.3.11");
        let same = format!("sha256:{hash}");
        let (entries, wrong) = policy.entries(&standing, |_| Some(same.clone()));
        assert_eq!((entries.len(), wrong.len()), (1, 0));
        let (entries, wrong) = policy.entries(&standing, |_| Some("sha256:1".to_owned()));
        assert_eq!(entries.len(), 0);
        assert!(
            wrong[0]
                .1
                .contains("the case has changed, and is sha256:1 now")
        );
        let (_, wrong) = policy.entries(&standing, |_| None);
        assert_eq!(wrong[0].0, "detail gc/counts");
        let other = Standing::here("mine", "1");
        assert_eq!(policy.entries(&other, |_| None), (vec![], vec![]));
    }

    #[test]
    fn errors_name_the_line() {
        let good = file(&"0".repeat(64));
        for (text, expected) in [
            (file("12"), "p.toml:5: gc/counts: its source is not"),
            (good.replace("count =", "counts ="), "did you mean `count`?"),
            (
                good.replace("reason = \"r\"", "reason = \"\""),
                "p.toml:3: pypy: it gives no reason",
            ),
            (good.replace("policy = 1", "policy = 2"), "reads version 1"),
        ] {
            let said = Policy::parse(&text, &"p.toml").expect_err(expected);
            assert!(said.contains(expected), "{said}");
        }
    }
}
