//! Long lists, cut into pages.

use std::ops::Range;

use minijinja::{Value, context};

/// Rows on a page.
const ROWS: usize = 500;

/// A page of a list.
pub struct Page {
    pub url: String,
    pub range: Range<usize>,
}

/// The pages of a list of so many rows; there is one even where there are none.
pub fn in_pages(base: &str, rows: usize) -> Vec<Page> {
    (0..rows.div_ceil(ROWS).max(1))
        .map(|number| Page {
            url: match number {
                0 => format!("{base}.html"),
                number => format!("{base}.{}.html", number + 1),
            },
            range: number * ROWS..rows.min((number + 1) * ROWS),
        })
        .collect()
}

impl Page {
    /// What a page says of the others.
    pub fn links(&self, all: &[Page]) -> Vec<Value> {
        let name = |url: &str| url.rsplit('/').next().unwrap_or(url).to_owned();
        all.iter()
            .enumerate()
            .map(|(number, page)| {
                let url = (page.url != self.url).then(|| name(&page.url));
                context! { number => number + 1, url }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_cut() {
        let pages = in_pages("findings/index", 1_001);
        let urls: Vec<&str> = pages.iter().map(|page| page.url.as_str()).collect();
        assert_eq!(
            urls,
            [
                "findings/index.html",
                "findings/index.2.html",
                "findings/index.3.html"
            ]
        );
        assert_eq!(pages[2].range, 1_000..1_001);
        assert_eq!(in_pages("x", 0).len(), 1);
    }
}
