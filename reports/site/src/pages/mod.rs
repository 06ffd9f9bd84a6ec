//! The pages, from the data and the templates beside this file.

mod lists;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use minijinja::{AutoEscape, Environment, Value, context};
use twinheap_results::{Line, Policies, compare};

use crate::Written;
use crate::data::{CaseResult, FindingData, RunData, Site, Tally, topic_of};
use crate::search::{self, Entry};
use lists::in_pages;

const TEMPLATES: &[(&str, &str)] = &[
    ("base.html", include_str!("base.html")),
    ("macros.html", include_str!("macros.html")),
    ("index.html", include_str!("index.html")),
    ("runs.html", include_str!("runs.html")),
    ("run.html", include_str!("run.html")),
    ("topic.html", include_str!("topic.html")),
    ("case.html", include_str!("case.html")),
    ("findings.html", include_str!("findings.html")),
    ("finding.html", include_str!("finding.html")),
    ("compare.html", include_str!("compare.html")),
    ("search.html", include_str!("search.html")),
];

/// Findings on the first page.
const FINDINGS_AT_FIRST: usize = 15;
/// Cases of a finding that are listed.
const CASES_OF_FINDING: usize = 500;
/// Runs of a case that are shown.
const RUNS_OF_CASE: usize = 200;
/// What is kept of a program or a difference on a page.
const LONGEST_TEXT: usize = 200_000;

/// Writes every page.
pub fn write(
    site: &Site<'_>,
    program: impl Fn(&str) -> Option<String>,
    out: &Path,
    mut tick: impl FnMut(usize, usize),
) -> Result<Written, String> {
    let mut writer = Writer::new(site, out)?;
    let all = site.runs.len() + site.differing.len() + site.findings.len();
    let mut done = 0;
    let mut step = |tick: &mut dyn FnMut(usize, usize)| {
        done += 1;
        tick(done, all);
    };
    for number in 0..site.runs.len() {
        writer.run(number)?;
        step(&mut tick);
    }
    writer.topics()?;
    for case in &site.differing {
        writer.case(case, program(case))?;
        step(&mut tick);
    }
    for signature in site.findings.keys() {
        writer.finding(signature, &program)?;
        step(&mut tick);
    }
    writer.lists()?;
    writer.index()?;
    writer.search()?;
    Ok(writer.written)
}

/// A name that is safe as a file's, and tells one text from another.
fn slug(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .take(60)
        .collect();
    // FNV-1a, 64 bits.
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    format!("{plain}-{hash:016x}")
}

fn run_url(number: usize) -> String {
    format!("runs/{number:05}.html")
}

fn case_url(case: &str) -> String {
    format!("cases/{}.html", slug(case))
}

fn finding_url(signature: &str) -> String {
    format!("findings/{}.html", slug(signature))
}

fn topic_url(topic: &str) -> String {
    format!("topics/{}.html", slug(topic))
}

fn word(result: CaseResult) -> Value {
    let class = match result {
        CaseResult::Other => "other",
        other => other.word(),
    };
    context! { word => result.word(), class => class }
}

/// The lines of a difference, each with its colour.
fn coloured(text: &str) -> Value {
    let lines = cut(text).lines().map(|line| match line.as_bytes().first() {
        Some(b'-') => list(["minus", line]),
        Some(b'+') => list(["plus", line]),
        _ => list(["", line]),
    });
    Value::from(lines.collect::<Vec<Value>>())
}

/// Texts as a list.
fn list<'t>(items: impl IntoIterator<Item = &'t str>) -> Value {
    Value::from(items.into_iter().map(Value::from).collect::<Vec<Value>>())
}

/// The beginning of a text that would make a page too large.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(LONGEST_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

fn tally_value(tally: Option<&Tally>) -> Value {
    match tally {
        None => Value::UNDEFINED,
        Some(tally) => context! {
            agree => tally.agree,
            known => tally.known,
            differ => tally.differ,
            crash => tally.crash,
            other => tally.other,
            compared => tally.compared(),
            share => tally.share(),
        },
    }
}

struct Writer<'a, 's> {
    site: &'s Site<'a>,
    out: PathBuf,
    environment: Environment<'static>,
    subjects: Vec<&'a str>,
    /// Signatures in the order of the list: those of the newest runs first, the most widespread first.
    ranked: Vec<&'a str>,
    written: Written,
}

impl<'a, 's> Writer<'a, 's> {
    fn new(site: &'s Site<'a>, out: &Path) -> Result<Writer<'a, 's>, String> {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        for (name, text) in TEMPLATES {
            environment
                .add_template(name, text)
                .map_err(|error| format!("{name}: {error}"))?;
        }
        let mut ranked: Vec<&str> = site.findings.keys().copied().collect();
        ranked.sort_by_key(|signature| {
            let finding = &site.findings[signature];
            (finding.gone, Reverse(finding.seen.len()), *signature)
        });
        let mut writer = Writer {
            site,
            out: out.to_owned(),
            environment,
            subjects: site.subjects(),
            ranked,
            written: Written::default(),
        };
        for folder in ["runs", "topics", "cases", "findings", "compare", "search"] {
            let path = out.join(folder);
            fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        writer.put("style.css", include_str!("style.css"))?;
        writer.put("search.js", include_str!("search.js"))?;
        Ok(writer)
    }

    fn put(&mut self, url: &str, text: &str) -> Result<(), String> {
        let path = self.out.join(url);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        self.written.bytes += text.len() as u64;
        self.written.largest = self.written.largest.max(text.len() as u64);
        Ok(())
    }

    fn page(
        &mut self,
        url: &str,
        template: &str,
        title: &str,
        values: Value,
    ) -> Result<(), String> {
        let root = "../".repeat(url.matches('/').count());
        let common = context! { title => title, root => root };
        let text = self
            .environment
            .get_template(template)
            .and_then(|template| template.render(context! { ..values, ..common }))
            .map_err(|error| format!("{url}: {error:#}"))?;
        self.written.pages += 1;
        self.put(url, &text)
    }

    /// The number of the run before this one that has a subject of it, and cases of the same corpus.
    fn before(&self, number: usize) -> Option<usize> {
        let subjects = &self.site.runs[number].subjects;
        let corpora = &self.site.runs[number].corpora;
        (0..number).rev().find(|earlier| {
            let known = &self.site.runs[*earlier];
            subjects
                .iter()
                .any(|subject| known.subjects.contains(subject))
                && !corpora.is_disjoint(&known.corpora)
        })
    }

    fn rows(
        &self,
        subjects: &[&str],
        matrix: &BTreeMap<String, BTreeMap<&str, Tally>>,
        root: &str,
    ) -> Vec<Value> {
        matrix
            .iter()
            .map(|(topic, row)| {
                let cells: Vec<Value> = subjects
                    .iter()
                    .map(|subject| tally_value(row.get(subject)))
                    .collect();
                context! { topic, cells, url => format!("{root}{}", topic_url(topic)) }
            })
            .collect()
    }

    fn run(&mut self, number: usize) -> Result<(), String> {
        let site = self.site;
        let run = &site.runs[number];
        let header = &run.run.header;
        let before = self.before(number);
        let implementations: Vec<Value> = header
            .subjects
            .iter()
            .map(|subject| {
                list([
                    subject.name.as_str(),
                    &subject.implementation,
                    &subject.build,
                ])
            })
            .collect();
        let values = context! {
            reference => header.reference.clone(),
            stages => header.stages.clone(),
            version => header.tool_version.clone(),
            truncated => run.run.truncated,
            compare => before.map(|_| format!("../compare/{number:05}.html")),
            before => before.map(|before| self.site.runs[before].name),
            implementations,
            settings => header.settings.iter().map(|(name, value)| list([name.as_str(), value])).collect::<Vec<Value>>(),
            subjects => list(run.subjects.iter().copied()),
            rows => self.rows(&run.subjects, &run.matrix(), "../"),
        };
        self.page(&run_url(number), "run.html", run.name, values)?;
        match before {
            Some(before) => self.compare(before, number),
            None => Ok(()),
        }
    }

    /// What changed between two runs, cut into pages.
    fn compare(&mut self, old: usize, new: usize) -> Result<(), String> {
        let (before, after) = (&self.site.runs[old], &self.site.runs[new]);
        let ran =
            |case: &str| after.cases.contains_key(topic_of(case)) || after.cases.contains_key(case);
        let found = compare(before.run, after.run, &Policies::default(), ran);
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for change in &found.changes {
            *counts.entry(change.transition.name()).or_default() += 1;
        }
        let name = |number: usize| {
            context! { name => self.site.runs[number].name, url => format!("../{}", run_url(number)) }
        };
        let (old_name, new_name) = (name(old), name(new));
        let title = format!("{} and {}", before.name, after.name);
        let pages = in_pages(&format!("compare/{new:05}"), found.changes.len());
        for page in &pages {
            let changes: Vec<Value> = found.changes[page.range.clone()]
                .iter()
                .map(|change| {
                    let class = match change.policy {
                        twinheap_results::Policy::Fail => "differ",
                        twinheap_results::Policy::Warn => "known",
                        twinheap_results::Policy::Pass => "agree",
                    };
                    let known = self.site.differing.contains(&*change.case);
                    context! {
                        class,
                        transition => change.transition.name(),
                        case => change.case.clone(),
                        url => known.then(|| format!("../{}", case_url(&change.case))),
                        subject => change.subject.clone(),
                        stage => change.stage.clone(),
                        signature => change.signature.clone(),
                    }
                })
                .collect();
            let values = context! {
                old => old_name.clone(),
                new => new_name.clone(),
                compared => found.compared,
                edited => found.edited,
                counts => counts.iter().map(|(name, count)| Value::from(vec![Value::from(*name), Value::from(*count)])).collect::<Vec<Value>>(),
                changes,
                pages => page.links(&pages),
            };
            self.page(&page.url, "compare.html", &title, values)?;
        }
        Ok(())
    }

    /// A page for each topic: its cases on each subject.
    fn topics(&mut self) -> Result<(), String> {
        let mut topics: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for case in self.site.runs.iter().flat_map(|run| run.cases.keys()) {
            topics.entry(topic_of(case)).or_default().insert(case);
        }
        let subjects = self.subjects.clone();
        for (topic, cases) in topics {
            let cases: Vec<&str> = cases.into_iter().collect();
            let base = topic_url(topic);
            let pages = in_pages(base.trim_end_matches(".html"), cases.len());
            for page in &pages {
                let listed: Vec<Value> = cases[page.range.clone()]
                    .iter()
                    .map(|case| {
                        let cells: Vec<Value> = subjects
                            .iter()
                            .map(|subject| {
                                let run = self.site.newest(subject, topic);
                                let result = run.and_then(|run| run.result(case, subject));
                                result.map_or(Value::UNDEFINED, word)
                            })
                            .collect();
                        let differs = self.site.differing.contains(case);
                        context! {
                            name => *case,
                            url => differs.then(|| format!("../{}", case_url(case))),
                            cells,
                        }
                    })
                    .collect();
                let values = context! {
                    case_count => cases.len(),
                    subjects => list(subjects.iter().copied()),
                    cases => listed,
                    pages => page.links(&pages),
                };
                self.page(&page.url, "topic.html", topic, values)?;
            }
        }
        Ok(())
    }

    /// A case that differed: stages by subjects, differences, runs over time, and the program.
    fn case(&mut self, case: &str, program: Option<String>) -> Result<(), String> {
        let newest: Vec<(&str, &RunData)> = self
            .subjects
            .iter()
            .filter_map(|subject| {
                let has = |run: &&RunData<'a>| run.result(case, subject).is_some();
                Some((*subject, self.site.runs.iter().rev().find(has)?))
            })
            .collect();
        let lines_of = |subject: &str, run: &RunData<'a>| -> Vec<&'a Line> {
            let lines = run
                .cases
                .get(case)
                .and_then(|subjects| subjects.get(subject));
            lines.cloned().unwrap_or_default()
        };
        let mut stages: Vec<&str> = Vec::new();
        for (subject, run) in &newest {
            for line in lines_of(subject, run) {
                if !stages.contains(&&*line.stage) {
                    stages.push(&line.stage);
                }
            }
        }
        let rows: Vec<Value> = stages
            .iter()
            .map(|stage| {
                let cells: Vec<Value> = newest
                    .iter()
                    .map(|(subject, run)| {
                        let lines = lines_of(subject, run);
                        let line = lines.iter().find(|line| line.stage == *stage);
                        line.map_or(Value::UNDEFINED, |line| {
                            let told = serde_json::to_value(line.verdict).unwrap_or_default();
                            let class = match line.verdict.is_difference() {
                                true if line.known.is_some() => "known",
                                true if told == "crash" => "crash",
                                true => "differ",
                                false if told == "agree" || told == "cut" => "agree",
                                false => "other",
                            };
                            context! {
                                word => told.as_str(),
                                class => class,
                                reason => line.reason.clone(),
                            }
                        })
                    })
                    .collect();
                context! { stage => *stage, cells }
            })
            .collect();
        let told: Vec<Value> = newest
            .iter()
            .map(|(subject, run)| {
                let lines: Vec<Value> = lines_of(subject, run)
                    .into_iter()
                    .filter(|line| line.verdict.is_difference())
                    .map(|line| {
                        context! {
                            stage => line.stage.clone(),
                            signature => line.signature.clone(),
                            url => line.signature.as_deref().map(|signature| format!("../{}", finding_url(signature))),
                            known => line.known.clone(),
                            difference => line.difference.as_deref().map(coloured),
                        }
                    })
                    .collect();
                context! {
                    subject => *subject,
                    run => run.name,
                    url => format!("../{}", run_url(run.number)),
                    lines,
                }
            })
            .collect();
        let values = context! {
            newest => told,
            stages => rows,
            history => self.history_of(case),
            program => program.as_deref().map(cut),
        };
        self.page(&case_url(case), "case.html", case, values)
    }

    fn history_of(&self, case: &str) -> Vec<Value> {
        let from = self.site.runs.len().saturating_sub(RUNS_OF_CASE);
        self.subjects
            .iter()
            .filter_map(|subject| {
                let cells: Vec<Value> = self.site.runs[from..]
                    .iter()
                    .enumerate()
                    .filter_map(|(at, run)| {
                        let told = word(run.result(case, subject)?);
                        let url = format!("../{}", run_url(from + at));
                        Some(context! { run => run.name, url, ..told })
                    })
                    .collect();
                (!cells.is_empty()).then(|| context! { subject => *subject, cells })
            })
            .collect()
    }

    fn finding(
        &mut self,
        signature: &str,
        program: &impl Fn(&str) -> Option<String>,
    ) -> Result<(), String> {
        let finding = &self.site.findings[signature];
        let runs = || finding.seen.values().flatten();
        let place = |number: usize| {
            context! { name => self.site.runs[number].name, url => format!("../{}", run_url(number)) }
        };
        let (first, last) = (runs().min().copied(), runs().max().copied());
        let cases: Vec<Value> = finding
            .seen
            .iter()
            .take(CASES_OF_FINDING)
            .map(|((subject, case), runs)| {
                context! { subject => *subject, name => *case, url => format!("../{}", case_url(case)), runs => runs.len() }
            })
            .collect();
        let example = finding.example.map(|(case, subject, difference)| {
            context! { case, subject, difference => coloured(difference) }
        });
        let source = finding.example.and_then(|(case, ..)| program(case));
        let values = context! {
            stages => list(finding.stages.iter().copied()),
            first => first.map(place),
            last => last.map(place),
            gone => finding.gone,
            example,
            cases,
            more => finding.seen.len().saturating_sub(CASES_OF_FINDING),
            program => source.as_deref().map(cut),
        };
        self.page(&finding_url(signature), "finding.html", signature, values)
    }

    fn finding_row(&self, signature: &str, root: &str) -> Value {
        let FindingData { seen, gone, .. } = &self.site.findings[signature];
        let mut subjects: Vec<&str> = seen.keys().map(|(subject, _)| *subject).collect();
        subjects.dedup();
        context! {
            signature,
            gone => *gone,
            url => format!("{root}{}", finding_url(signature)),
            cases => seen.len(),
            subjects => list(subjects),
        }
    }

    /// The lists of findings and of runs.
    fn lists(&mut self) -> Result<(), String> {
        let pages = in_pages("findings/index", self.ranked.len());
        for page in &pages {
            let findings: Vec<Value> = self.ranked[page.range.clone()]
                .iter()
                .map(|signature| self.finding_row(signature, "../"))
                .collect();
            let values = context! {
                findings,
                finding_count => self.ranked.len(),
                pages => page.links(&pages),
            };
            self.page(&page.url, "findings.html", "Findings", values)?;
        }
        let pages = in_pages("runs/index", self.site.runs.len());
        let newest_first: Vec<usize> = (0..self.site.runs.len()).rev().collect();
        for page in &pages {
            let runs: Vec<Value> = newest_first[page.range.clone()]
                .iter()
                .map(|number| self.run_row(*number))
                .collect();
            let values = context! { runs, pages => page.links(&pages) };
            self.page(&page.url, "runs.html", "Runs", values)?;
        }
        Ok(())
    }

    fn run_row(&self, number: usize) -> Value {
        let run = &self.site.runs[number];
        let subjects: Vec<Value> = run
            .subjects
            .iter()
            .flat_map(|subject| {
                run.corpora.iter().map(|corpus| {
                    let tally = run.total(subject, corpus);
                    context! { name => *subject, corpus => *corpus, tally => tally_value(Some(&tally)) }
                })
            })
            .collect();
        let before = self.before(number);
        context! {
            name => run.name,
            url => format!("../{}", run_url(number)),
            reference => run.run.header.reference.clone(),
            subjects,
            compare => before.map(|_| format!("../compare/{number:05}.html")),
            before => before.map(|before| self.site.runs[before].name),
        }
    }

    fn index(&mut self) -> Result<(), String> {
        let subjects = self.subjects.clone();
        let mut matrix: BTreeMap<String, BTreeMap<&str, Tally>> = BTreeMap::new();
        let mut references: Vec<&str> = Vec::new();
        // What is newer takes the place of what is older.
        for run in &self.site.runs {
            for (topic, row) in run.matrix() {
                matrix.entry(topic).or_default().extend(row);
            }
            let reference = run.run.header.reference.as_str();
            if !references.contains(&reference) {
                references.push(reference);
            }
        }
        let runs = self.site.runs.iter();
        let corpora: BTreeSet<&str> = runs.flat_map(|run| &run.corpora).copied().collect();
        let history: Vec<Value> = subjects
            .iter()
            .flat_map(|subject| corpora.iter().map(move |corpus| (*subject, *corpus)))
            .filter_map(|(subject, corpus)| self.history_row(subject, corpus))
            .collect();
        let findings: Vec<Value> = self
            .ranked
            .iter()
            .filter(|signature| !self.site.findings[*signature].gone)
            .take(FINDINGS_AT_FIRST)
            .map(|signature| self.finding_row(signature, ""))
            .collect();
        let values = context! {
            references => list(references),
            rows => self.rows(&subjects, &matrix, ""),
            subjects => list(subjects.iter().copied()),
            history,
            run_count => self.site.runs.len(),
            findings,
            finding_count => self.ranked.len(),
        };
        self.page("index.html", "index.html", "Subjects by topics", values)
    }

    /// A subject's share of agreement in a corpus over its runs, as a line.
    fn history_row(&self, subject: &str, corpus: &str) -> Option<Value> {
        let totals: Vec<(&RunData, Tally)> = self
            .site
            .runs
            .iter()
            .map(|run| (run, run.total(subject, corpus)))
            .filter(|(_, tally)| tally.compared() > 0)
            .collect();
        let (newest, now) = totals.last()?;
        let shares: Vec<f64> = totals
            .iter()
            .filter_map(|(_, tally)| tally.share())
            .collect();
        let step = 100.0 / (shares.len().max(2) - 1) as f64;
        let mut points: Vec<String> = shares
            .iter()
            .enumerate()
            .map(|(at, share)| format!("{:.1},{:.2}", at as f64 * step, 19.0 - share * 0.18))
            .collect();
        // A single run is a line as well.
        if let [only] = &points[..] {
            points.push(only.replacen("0.0,", "100.0,", 1));
        }
        let label: Vec<String> = shares.iter().map(|share| format!("{share:.1}%")).collect();
        Some(context! {
            subject,
            corpus,
            now => tally_value(Some(now)),
            points => points.join(" "),
            label => label.join(", "),
            run => newest.name,
            url => run_url(newest.number),
        })
    }

    fn search(&mut self) -> Result<(), String> {
        let mut entries: Vec<Entry> = Vec::new();
        for case in &self.site.differing {
            entries.push(Entry {
                title: (*case).to_owned(),
                url: case_url(case),
            });
        }
        for signature in self.site.findings.keys() {
            entries.push(Entry {
                title: (*signature).to_owned(),
                url: finding_url(signature),
            });
        }
        for (name, text) in search::files(&entries) {
            self.put(&format!("search/{name}"), &text)?;
        }
        self.page("search.html", "search.html", "Search", context! {})
    }
}
