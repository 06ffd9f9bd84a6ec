//! The four normalization forms, over code points.

use std::borrow::Cow;

use crate::{Version, combining, tables};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Nfc,
    Nfd,
    Nfkc,
    Nfkd,
}

const S_BASE: u32 = 0xac00;
const L_BASE: u32 = 0x1100;
const V_BASE: u32 = 0x1161;
const T_BASE: u32 = 0x11a7;
const L_COUNT: u32 = 19;
const V_COUNT: u32 = 21;
const T_COUNT: u32 = 28;
const N_COUNT: u32 = V_COUNT * T_COUNT;
const S_COUNT: u32 = L_COUNT * N_COUNT;

fn decompose_into(version: Version, code: u32, compatibility: bool, out: &mut Vec<u32>) {
    let index = code.wrapping_sub(S_BASE);
    if index < S_COUNT {
        out.push(L_BASE + index / N_COUNT);
        out.push(V_BASE + index % N_COUNT / T_COUNT);
        if !index.is_multiple_of(T_COUNT) {
            out.push(T_BASE + index % T_COUNT);
        }
        return;
    }
    if let Some(corrected) = version.correction(code) {
        return decompose_into(version, corrected, compatibility, out);
    }
    match version.decomposition(code) {
        Some((tag, parts)) if compatibility || tag.is_empty() => {
            for part in parts {
                decompose_into(version, *part, compatibility, out);
            }
        }
        _ => out.push(code),
    }
}

fn sort_marks(codes: &mut [u32]) {
    let mut start = 0;
    while start < codes.len() {
        if combining(codes[start]) == 0 {
            start += 1;
            continue;
        }
        let mut end = start;
        while end < codes.len() && combining(codes[end]) != 0 {
            end += 1;
        }
        codes[start..end].sort_by_key(|code| combining(*code));
        start = end;
    }
}

fn compose_pair(first: u32, second: u32) -> Option<u32> {
    let (l, v) = (first.wrapping_sub(L_BASE), second.wrapping_sub(V_BASE));
    if l < L_COUNT && v < V_COUNT {
        return Some(S_BASE + (l * V_COUNT + v) * T_COUNT);
    }
    let (s, t) = (first.wrapping_sub(S_BASE), second.wrapping_sub(T_BASE));
    if s < S_COUNT && s.is_multiple_of(T_COUNT) && t > 0 && t < T_COUNT {
        return Some(first + t);
    }
    let row = tables::COMPOSITIONS
        .binary_search_by_key(&(first, second), |row| (row.0, row.1))
        .ok()?;
    Some(tables::COMPOSITIONS[row].2)
}

fn compose(codes: &[u32]) -> Vec<u32> {
    let mut out: Vec<u32> = Vec::with_capacity(codes.len());
    let mut starter: Option<usize> = None;
    let mut last_class = 0;
    for code in codes {
        let class = combining(*code);
        if let Some(at) = starter {
            let adjacent = at + 1 == out.len();
            if (adjacent || (last_class != 0 && last_class < class))
                && let Some(composed) = compose_pair(out[at], *code)
            {
                out[at] = composed;
                continue;
            }
        }
        if class == 0 {
            starter = Some(out.len());
        }
        last_class = class;
        out.push(*code);
    }
    out
}

/// The normal form of a sequence of code points.
pub fn normalize(codes: &[u32], form: Form) -> Vec<u32> {
    normalize_in(Version::Current, codes, form)
}

pub(crate) fn normalize_in(version: Version, codes: &[u32], form: Form) -> Vec<u32> {
    let compatibility = matches!(form, Form::Nfkc | Form::Nfkd);
    let mut out = Vec::with_capacity(codes.len());
    for code in codes {
        decompose_into(version, *code, compatibility, &mut out);
    }
    sort_marks(&mut out);
    if matches!(form, Form::Nfc | Form::Nfkc) {
        compose(&out)
    } else {
        out
    }
}

/// NFKC of a string, borrowed when it is ASCII.
pub fn nfkc(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let codes: Vec<u32> = text.chars().map(u32::from).collect();
    let normal = normalize(&codes, Form::Nfkc);
    Cow::Owned(normal.into_iter().filter_map(char::from_u32).collect())
}
