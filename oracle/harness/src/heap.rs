//! Compares two memory images by walking both from their roots at once.

use std::collections::{HashMap, HashSet};

use twinheap_observation::{
    Digest, FieldSpec, FieldValue, ImageField, ImageNode, MemoryImage, Ownership, Stage,
};

use crate::compare::{Difference, MAXIMUM_DIFFERENCES, clipped};

/// Which field of which layout.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldOfLayout {
    pub layout: String,
    pub owner: String,
    pub name: String,
    pub ownership: Ownership,
}

/// Differences beyond which nothing more is learned of how the reference disagrees with itself.
const MOST_DIFFERENCES: usize = 50_000;
/// Pairs of objects are compared at most so many times the objects of both images. Two rings of different lengths
/// pair each object of one with each of the other.
const PAIRS_PER_NODE: usize = 4;
/// A longer path from a root is shown by its ends.
const LONGEST_PLACE: usize = 400;

/// The path, or its ends with a number between them that stands for the rest.
fn shortened(place: String) -> String {
    if place.len() <= LONGEST_PLACE {
        return place;
    }
    let head = place.floor_char_boundary(LONGEST_PLACE / 2);
    let tail = place.ceil_char_boundary(place.len() - LONGEST_PLACE / 4);
    let rest = Digest::of(&place.as_bytes()[head..tail]);
    let number: String = format!("{rest:?}").chars().take(8).collect();
    format!("{}...{number}...{}", &place[..head], &place[tail..])
}

struct Walk<'a> {
    left: &'a MemoryImage,
    right: &'a MemoryImage,
    seen: HashSet<(u32, u32)>,
    /// The object that each object of either side was first met with: one object stands for one.
    left_partner: HashMap<u32, u32>,
    right_partner: HashMap<u32, u32>,
    queue: std::collections::VecDeque<(u32, u32, String)>,
    found: Vec<Difference>,
    limit: usize,
    most_pairs: usize,
    /// Pairs of objects were left out.
    is_cut: bool,
}

/// What differs, the first difference first, at most [`MAXIMUM_DIFFERENCES`] of them.
pub fn differences(left: &MemoryImage, right: &MemoryImage) -> Vec<Difference> {
    limited(left, right, MAXIMUM_DIFFERENCES)
}

/// The layouts that occur in an image, each with its fields.
pub fn fields_in(image: &MemoryImage) -> HashSet<(String, FieldSpec)> {
    let mut found: HashSet<(&str, &str, String)> = HashSet::new();
    for node in &image.nodes {
        for field in &node.fields {
            found.insert((layout_of(node), &field.owner, name_in_rules(node, field)));
        }
    }
    found
        .into_iter()
        .map(|(layout, owner, name)| (layout.to_owned(), FieldSpec::new(owner, &name)))
        .collect()
}

/// What rules and signatures call the layout of a node: an object of a native type goes by that.
fn layout_of(node: &ImageNode) -> &str {
    if node.layout == NATIVE {
        &node.type_name
    } else {
        &node.layout
    }
}

/// The layout of objects that are read word by word.
const NATIVE: &str = "opaque";

/// What rules and signatures call a field: of an object that is read word by word, each word is a field.
fn name_in_rules(node: &ImageNode, field: &ImageField) -> String {
    match field.index {
        Some(index) if node.layout == NATIVE && matches!(field.name.as_str(), "word" | "half") => {
            format!("{}[{index}]", field.name)
        }
        _ => field.name.clone(),
    }
}

/// Fields by owner, name and place.
type FieldIndex<'a> = HashMap<(&'a str, &'a str, Option<u32>), &'a ImageField>;

fn name_of(field: &ImageField) -> (&str, &str, Option<u32>) {
    (&field.owner, &field.name, field.index)
}

fn index(fields: &[ImageField]) -> FieldIndex<'_> {
    // Of fields with the same name the first counts.
    let fields = fields.iter().rev();
    fields.map(|field| (name_of(field), field)).collect()
}

/// Everything that differs, for the proof of the reference.
pub fn all_differences(left: &MemoryImage, right: &MemoryImage) -> Vec<Difference> {
    limited(left, right, MOST_DIFFERENCES)
}

fn limited(left: &MemoryImage, right: &MemoryImage, limit: usize) -> Vec<Difference> {
    let mut walk = Walk {
        left,
        right,
        seen: HashSet::new(),
        left_partner: HashMap::new(),
        right_partner: HashMap::new(),
        queue: std::collections::VecDeque::new(),
        found: Vec::new(),
        limit,
        most_pairs: (left.nodes.len() + right.nodes.len()).max(1_000) * PAIRS_PER_NODE,
        is_cut: false,
    };
    for (left_name, left_value) in &left.roots {
        let Some((_, right_value)) = right.roots.iter().find(|(name, _)| name == left_name) else {
            continue;
        };
        walk.values(
            left_value,
            right_value,
            left_name.clone(),
            |left, right, place| Difference {
                stage: Stage::Heap,
                kind: format!("root: {} / {}", left.kind(), right.kind()),
                place,
                left: left.text(),
                right: right.text(),
                hunk: 0,
                field: None,
            },
        );
    }
    walk.compare_root_names();
    while let Some((left, right, place)) = walk.queue.pop_front() {
        if walk.found.len() >= limit {
            break;
        }
        walk.nodes(left, right, &place);
    }
    if walk.is_cut && walk.found.len() < limit {
        walk.found.push(Difference {
            stage: Stage::Heap,
            kind: "too many pairs of objects".to_owned(),
            place: String::new(),
            left: format!("{} objects", left.nodes.len()),
            right: format!(
                "{} objects, of which the first {} pairs are compared",
                right.nodes.len(),
                walk.most_pairs
            ),
            hunk: 0,
            field: None,
        });
    }
    if walk.found.is_empty() && !are_alike(left, right) {
        walk.found.push(Difference {
            stage: Stage::Heap,
            kind: UNLISTED.to_owned(),
            place: String::new(),
            left: format!("{} objects", left.nodes.len()),
            right: format!("{} objects", right.nodes.len()),
            hunk: 0,
            field: None,
        });
    }
    walk.found.truncate(limit);
    number_hunks(&mut walk.found);
    for difference in &mut walk.found {
        difference.left = clipped(std::mem::take(&mut difference.left));
        difference.right = clipped(std::mem::take(&mut difference.right));
    }
    walk.found
}

/// Whether two images are equal but for what is hidden on either side.
fn are_alike(left: &MemoryImage, right: &MemoryImage) -> bool {
    let same_value = |(one, other): (&FieldValue, &FieldValue)| {
        one == other
            || matches!(
                (one, other),
                (FieldValue::Masked, _) | (_, FieldValue::Masked)
            )
    };
    let same_field = |(one, other): (&ImageField, &ImageField)| {
        name_of(one) == name_of(other) && same_value((&one.value, &other.value))
    };
    let same_node = |(one, other): (&ImageNode, &ImageNode)| {
        (&one.layout, &one.type_name, one.size) == (&other.layout, &other.type_name, other.size)
            && one.fields.len() == other.fields.len()
            && one.fields.iter().zip(&other.fields).all(same_field)
    };
    left.nodes.len() == right.nodes.len() && left.nodes.iter().zip(&right.nodes).all(same_node)
}

/// The kind of a difference that the walk did not find though the images are unequal: trouble of the harness's own.
pub const UNLISTED: &str = "the images differ, but no difference was found";

/// Fields of a kind belong together, wherever they are.
fn number_hunks(found: &mut [Difference]) {
    let mut kinds: HashMap<String, u32> = HashMap::new();
    for difference in found {
        let next = kinds.len() as u32;
        difference.hunk = *kinds.entry(difference.kind.clone()).or_insert(next);
    }
}

/// Two references lead to one object on one side, and to two on the other.
fn identity(left: u32, right: u32, first_right: u32, first_left: u32, place: String) -> Difference {
    let said =
        |this: u32, partner: u32| format!("#{this}, met before as the counterpart of #{partner}");
    let (left_said, right_said) = if first_right == right {
        (format!("#{left}"), said(right, first_left))
    } else {
        (said(left, first_right), format!("#{right}"))
    };
    Difference {
        stage: Stage::Heap,
        kind: "identity: one object / two objects".to_owned(),
        place,
        left: left_said,
        right: right_said,
        hunk: 0,
        field: None,
    }
}

impl<'a> Walk<'a> {
    /// Roots that one side has and the other has not.
    fn compare_root_names(&mut self) {
        let names = |image: &'a MemoryImage| image.roots.iter().map(|(name, _)| name.as_str());
        let only = |here: &'a MemoryImage, there: &'a MemoryImage| {
            names(here)
                .filter(|name| !names(there).any(|other| other == *name))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let (left, right) = (only(self.left, self.right), only(self.right, self.left));
        let is_reordered =
            left.is_empty() && right.is_empty() && !names(self.left).eq(names(self.right));
        if is_reordered || !left.is_empty() || !right.is_empty() {
            let kind = if is_reordered {
                "order of roots"
            } else {
                "roots"
            };
            self.found.push(Difference {
                stage: Stage::Heap,
                kind: kind.to_owned(),
                place: String::new(),
                left,
                right,
                hunk: 0,
                field: None,
            });
        }
    }

    fn values(
        &mut self,
        left: &FieldValue,
        right: &FieldValue,
        place: String,
        describe: impl FnOnce(&FieldValue, &FieldValue, String) -> Difference,
    ) {
        match (left, right) {
            (FieldValue::Masked, _) | (_, FieldValue::Masked) => {}
            (FieldValue::Node(left), FieldValue::Node(right)) => {
                if self.seen.contains(&(*left, *right)) {
                    return;
                }
                if self.seen.len() >= self.most_pairs {
                    self.is_cut = true;
                    return;
                }
                self.seen.insert((*left, *right));
                let first_right = *self.left_partner.entry(*left).or_insert(*right);
                let first_left = *self.right_partner.entry(*right).or_insert(*left);
                if (first_right, first_left) != (*right, *left) {
                    self.found
                        .push(identity(*left, *right, first_right, first_left, place));
                    return;
                }
                self.queue.push_back((*left, *right, shortened(place)));
            }
            (left, right) if left == right => {}
            (left, right) => {
                if self.found.len() < self.limit {
                    self.found.push(describe(left, right, place));
                }
            }
        }
    }

    fn nodes(&mut self, left_number: u32, right_number: u32, place: &str) {
        let (left_image, right_image) = (self.left, self.right);
        let (Some(left), Some(right)) = (
            left_image.nodes.get(left_number as usize),
            right_image.nodes.get(right_number as usize),
        ) else {
            return;
        };
        if layout_of(left) != layout_of(right) {
            self.found.push(Difference {
                stage: Stage::Heap,
                kind: format!("kind of object: {} / {}", layout_of(left), layout_of(right)),
                place: place.to_owned(),
                left: left.type_name.clone(),
                right: right.type_name.clone(),
                hunk: 0,
                field: None,
            });
            return;
        }
        if left.size != right.size {
            self.found.push(difference(
                left, "node", "size", place, left.size, right.size,
            ));
        }
        let mut right_fields = right.fields.iter().peekable();
        let mut by_name: Option<FieldIndex<'_>> = None;
        for (position, field) in left.fields.iter().enumerate() {
            let same = |other: &&ImageField| {
                other.owner == field.owner && other.name == field.name && other.index == field.index
            };
            let other = right_fields.next_if(same).or_else(|| {
                // Past a difference, fields are found by name, so that large tables stay cheap.
                let by_name = by_name.get_or_insert_with(|| index(&right.fields));
                by_name.get(&name_of(field)).copied()
            });
            let Some(other) = other else {
                if field.value != FieldValue::Masked {
                    let path = format!("{place}.{}", short_path(field));
                    self.found.push(difference(
                        left,
                        &field.owner,
                        &name_in_rules(left, field),
                        &path,
                        field.value.text(),
                        "(absent)",
                    ));
                }
                continue;
            };
            if matches!(field.value, FieldValue::Masked) || is_plain_and_same(field, other) {
                continue;
            }
            let path = self.place_of(left, position, place);
            self.values(
                &field.value,
                &other.value,
                path,
                |left_value, right_value, place| {
                    let mut found = difference(
                        left,
                        &field.owner,
                        &name_in_rules(left, field),
                        &place,
                        left_value.text(),
                        right_value.text(),
                    );
                    if left_value.kind() != right_value.kind() {
                        found.kind = format!(
                            "{} ({} / {})",
                            found.kind,
                            left_value.kind(),
                            right_value.kind()
                        );
                    }
                    found
                },
            );
        }
        self.extra_fields(left, right, place);
    }

    fn extra_fields(&mut self, left: &ImageNode, right: &ImageNode, place: &str) {
        if right.fields.len() <= left.fields.len() {
            return;
        }
        let by_name = index(&left.fields);
        for field in &right.fields {
            let known = by_name.contains_key(&name_of(field));
            if !known && field.value != FieldValue::Masked && self.found.len() < self.limit {
                let path = format!("{place}.{}", short_path(field));
                self.found.push(difference(
                    left,
                    &field.owner,
                    &name_in_rules(left, field),
                    &path,
                    "(absent)",
                    field.value.text(),
                ));
            }
        }
    }

    /// A path that a reader can follow: entries of key tables go by their key.
    fn place_of(&self, node: &ImageNode, position: usize, place: &str) -> String {
        let field = &node.fields[position];
        if field.name == "me_value"
            && let Some(key) = self.key_text(node, position)
        {
            return format!("{place}[{key}]");
        }
        match field.name.as_str() {
            "ma_keys" => place.to_owned(),
            "ob_item" => format!("{place}[{}]", field.index.unwrap_or(0)),
            _ => format!("{place}.{}", short_path(field)),
        }
    }

    /// The key of the entry whose value is at this position; it stands a little before its value, where the
    /// table is not split.
    fn key_text(&self, node: &ImageNode, position: usize) -> Option<String> {
        const NEAR: usize = 4;
        let index = node.fields[position].index;
        let key = node.fields[position.saturating_sub(NEAR)..position]
            .iter()
            .rev()
            .find(|field| field.name == "me_key" && field.index == index)?;
        match &key.value {
            FieldValue::External(name) => Some(name.clone()),
            FieldValue::Node(number) => {
                let node = self.left.nodes.get(*number as usize)?;
                let data = node.fields.iter().find(|field| field.name == "data")?;
                Some(data.value.text())
            }
            _ => None,
        }
    }
}

/// Whether both fields hold the same value that leads nowhere.
fn is_plain_and_same(left: &ImageField, right: &ImageField) -> bool {
    !matches!(left.value, FieldValue::Node(_)) && left.value == right.value
}

fn short_path(field: &ImageField) -> String {
    match field.index {
        Some(index) => format!("{}[{index}]", field.name),
        None => field.name.clone(),
    }
}

fn difference(
    node: &ImageNode,
    owner: &str,
    name: &str,
    place: &str,
    left: impl ToString,
    right: impl ToString,
) -> Difference {
    let ownership = if node.layout == "interned str" {
        Ownership::Shared
    } else {
        Ownership::Own
    };
    Difference {
        stage: Stage::Heap,
        kind: format!("{} {owner}.{name}", layout_of(node)),
        place: place.to_owned(),
        left: left.to_string(),
        right: right.to_string(),
        hunk: 0,
        field: Some(FieldOfLayout {
            layout: layout_of(node).to_owned(),
            owner: owner.to_owned(),
            name: name.to_owned(),
            ownership,
        }),
    }
}
