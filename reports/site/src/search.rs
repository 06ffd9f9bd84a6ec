//! The search index, cut into files by the first letters of words.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

/// A word that so many entries have tells none from another, and is left out.
const COMMON: usize = 2_000;
/// A file of the index that would be larger is cut further.
const LARGEST: usize = 500_000;
/// The least that is searched for.
const SHORTEST: usize = 3;

/// What can be found: a title and a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub title: String,
    pub url: String,
}

/// The files of the index: names and contents.
pub fn files(entries: &[Entry]) -> Vec<(String, String)> {
    let mut by_word: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (number, entry) in entries.iter().enumerate() {
        for word in words(&entry.title) {
            by_word.entry(word).or_default().push(number);
        }
    }
    by_word.retain(|_, numbers| numbers.len() <= COMMON);
    let all: Vec<(&str, &[usize])> = by_word
        .iter()
        .map(|(word, numbers)| (word.as_str(), numbers.as_slice()))
        .collect();
    let mut shards = Vec::new();
    cut(&all, SHORTEST, entries, &mut shards);
    let prefixes: Vec<&String> = shards.iter().map(|(prefix, _)| prefix).collect();
    let index = format!("const twinheapPrefixes = {};\n", json!(prefixes));
    let mut files = vec![("index.js".to_owned(), index)];
    files.extend(
        shards
            .into_iter()
            .map(|(prefix, text)| (format!("{prefix}.js"), text)),
    );
    files
}

/// The words of a title, in small letters.
fn words(title: &str) -> BTreeSet<String> {
    title
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| word.len() >= SHORTEST)
        .map(str::to_ascii_lowercase)
        .collect()
}

/// A file for the words of each prefix of this length, and several where it would be too large.
fn cut(
    words: &[(&str, &[usize])],
    length: usize,
    entries: &[Entry],
    shards: &mut Vec<(String, String)>,
) {
    let prefix_of = |word: &str| word[..word.len().min(length)].to_owned();
    for group in words.chunk_by(|(one, _), (other, _)| prefix_of(one) == prefix_of(other)) {
        let prefix = prefix_of(group[0].0);
        let numbers: BTreeSet<usize> = group
            .iter()
            .flat_map(|(_, numbers)| *numbers)
            .copied()
            .collect();
        let listed: Vec<_> = numbers
            .iter()
            .map(|number| json!([entries[*number].title, entries[*number].url]))
            .collect();
        let text = format!("twinheapShard({}, {});\n", json!(prefix), json!(listed));
        if text.len() > LARGEST && group.len() > 1 {
            cut(group, length + 1, entries, shards);
        } else {
            shards.push((prefix, text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_lead_to_entries() {
        let entry = |title: &str| Entry {
            title: title.to_owned(),
            url: format!("{title}.html"),
        };
        let files = files(&[entry("dict/insert"), entry("dict/pop_item")]);
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["index.js", "dic.js", "ins.js", "ite.js", "pop.js"]);
        assert!(files[1].1.contains("dict/insert") && files[1].1.contains("dict/pop_item"));
        assert!(!files[2].1.contains("pop_item"));
    }

    #[test]
    fn no_file_is_large_and_common_words_are_left_out() {
        let entries: Vec<Entry> = (0..20_000)
            .map(|number| Entry {
                title: format!("common word{number} {}", "x".repeat(100)),
                url: format!("{number}.html"),
            })
            .collect();
        let files = files(&entries);
        assert!(files.iter().all(|(_, text)| text.len() < LARGEST));
        assert!(!files.iter().any(|(name, _)| name == "com.js"));
        assert!(files.len() > 3);
    }
}
