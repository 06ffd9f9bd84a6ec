//! A campaign in SQLite: which batches are done, what was found, what was reached; nothing of it depends on the
//! order in which batches were run, so that shards merge into what one run would have given.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};
use twinheap_observation::Digest;
use twinheap_observation::transitions::Transition;

/// The form of the database; another one is refused.
const FORMAT: i64 = 3;

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS campaign (format INTEGER NOT NULL, recipe TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS batches (batch INTEGER PRIMARY KEY);
    CREATE TABLE IF NOT EXISTS topics (
        topic TEXT PRIMARY KEY, programs INTEGER NOT NULL, statements INTEGER NOT NULL, reached INTEGER NOT NULL,
        agree INTEGER NOT NULL, diverge INTEGER NOT NULL, harness_errors INTEGER NOT NULL,
        oracle_microseconds INTEGER NOT NULL, subject_microseconds INTEGER NOT NULL,
        unsupported INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS findings (
        signature TEXT PRIMARY KEY, programs INTEGER NOT NULL, batch INTEGER NOT NULL, place INTEGER NOT NULL,
        topic TEXT NOT NULL, stage TEXT NOT NULL, came_back INTEGER NOT NULL, tries INTEGER NOT NULL,
        seed TEXT NOT NULL, model TEXT, source TEXT NOT NULL, difference TEXT NOT NULL,
        minimised TEXT, minimised_difference TEXT, tried INTEGER NOT NULL DEFAULT 0,
        milliseconds INTEGER NOT NULL DEFAULT 0, complete INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE IF NOT EXISTS examples (
        signature TEXT NOT NULL, batch INTEGER NOT NULL, place INTEGER NOT NULL, topic TEXT NOT NULL,
        difference TEXT NOT NULL, PRIMARY KEY (signature, batch, place));
    CREATE TABLE IF NOT EXISTS shown (
        signature TEXT NOT NULL, topic TEXT NOT NULL, programs INTEGER NOT NULL, PRIMARY KEY (signature, topic));
    CREATE TABLE IF NOT EXISTS dismissed (signature TEXT PRIMARY KEY);
    CREATE TABLE IF NOT EXISTS transitions (id INTEGER PRIMARY KEY, programs INTEGER NOT NULL);
";

/// Programs kept beside the first that shows a signature.
const EXAMPLES: i64 = 4;

/// Side findings come from no batch: they were met while another finding was made small.
pub const NO_BATCH: i64 = i64::MAX;

/// What a campaign is made of: the same recipe gives the same programs and the same findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipe {
    pub generator_version: u32,
    pub seed: u64,
    pub topics: Vec<String>,
    pub oracle: String,
    pub subject: String,
    pub stages: Vec<String>,
    pub batch_size: u32,
    /// Batches that one pair of processes runs in order; a shard takes whole blocks of them.
    #[serde(default)]
    pub block_batches: u32,
    /// What the subject cannot run, so that nothing of the kind is generated.
    pub missing_features: Vec<String>,
    /// Which of how many shards, counted from 1.
    pub shard: (u64, u64),
    /// How both sides were named on the command line, so that findings can be run again.
    #[serde(default)]
    pub sides: (String, String),
}

impl Recipe {
    /// The same campaign, whichever shard of it.
    fn without_shard(&self) -> Recipe {
        Recipe {
            shard: (1, 1),
            // Another machine may keep the same interpreter elsewhere.
            sides: (String::new(), String::new()),
            ..self.clone()
        }
    }
}

/// The figures of one topic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TopicFigures {
    pub programs: u64,
    pub statements: u64,
    /// Programs that reached their end or raised on purpose.
    pub reached: u64,
    pub agree: u64,
    pub diverge: u64,
    pub harness_errors: u64,
    pub oracle_microseconds: u64,
    pub subject_microseconds: u64,
    /// Programs that met something the subject says it does not have; they are no findings.
    pub unsupported: u64,
}

/// One finding: a signature, the first program that showed it, and what it was made small to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CampaignFinding {
    pub signature: String,
    pub programs: u64,
    pub batch: i64,
    pub place: i64,
    pub topic: String,
    pub stage: String,
    /// In how many of how many fresh pairs it came back; none of none where no fresh pair has been asked yet.
    pub came_back: (u32, u32),
    pub seed: String,
    /// The program model, for replay; none where the program came from elsewhere.
    pub model: Option<String>,
    pub source: String,
    pub difference: String,
    pub minimised: Option<String>,
    pub minimised_difference: Option<String>,
    /// Candidates tried, and milliseconds taken.
    pub tried: u64,
    pub milliseconds: u64,
    /// Whether making it small came to its own end, not to the end of its time.
    pub complete: bool,
}

/// Another program that shows a signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    pub batch: i64,
    pub place: i64,
    pub topic: String,
    pub difference: String,
}

impl CampaignFinding {
    /// Eight hexadecimal digits by which a finding is called for.
    pub fn id(&self) -> String {
        let digest = format!("{:?}", Digest::of(self.signature.as_bytes()));
        digest.chars().take(8).collect()
    }

    /// The program to show: the small one where there is one.
    pub fn program(&self) -> &str {
        self.minimised.as_deref().unwrap_or(&self.source)
    }

    pub fn is_flaky(&self) -> bool {
        self.came_back.0 < self.came_back.1
    }

    /// Whether fresh processes have shown it; until then it is a suspicion.
    pub fn is_confirmed(&self) -> bool {
        self.came_back.0 > 0
    }

    /// How far making it small has come.
    pub fn size_state(&self) -> &'static str {
        match (&self.minimised, self.complete) {
            (Some(_), true) => "small",
            (Some(_), false) => "smaller: time was up",
            (None, true) => "cannot be made smaller",
            (None, false) => "not minimised",
        }
    }
}

/// What one batch gave.
#[derive(Clone, Debug, Default)]
pub struct BatchRecord {
    pub batch: u64,
    pub topic: String,
    pub figures: TopicFigures,
    /// Findings with the number of programs of this batch that show them.
    pub findings: Vec<CampaignFinding>,
    pub transitions: BTreeMap<Transition, u64>,
}

/// The database of one campaign.
pub struct CampaignStore {
    connection: Connection,
    pub recipe: Recipe,
}

/// What is wrong with the database as a whole.
fn trouble_with(path: &Path, error: &rusqlite::Error) -> String {
    format!("{}: {error}", path.display())
}

fn trouble(error: rusqlite::Error) -> String {
    let hint = if error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull) {
        "; what was recorded before is kept, and --resume goes on with it"
    } else {
        ""
    };
    format!("the campaign's database: {error}{hint}")
}

impl CampaignStore {
    /// A new campaign; refuses a database that holds one already.
    pub fn create(path: &Path, recipe: &Recipe) -> Result<CampaignStore, String> {
        if path.exists() {
            return Err(format!(
                "{} exists already: go on with --resume, or name another file with --db",
                path.display()
            ));
        }
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        let begun = Connection::open(path)
            .map_err(trouble)
            .and_then(|connection| CampaignStore::begin(connection, recipe));
        begun.map_err(|reason| {
            // Half a database could neither be gone on with nor begun anew.
            let _ = std::fs::remove_file(path);
            format!(
                "{}: no campaign can be kept there: {reason}",
                path.display()
            )
        })
    }

    /// A campaign that is forgotten at the end.
    pub fn in_memory(recipe: &Recipe) -> Result<CampaignStore, String> {
        CampaignStore::begin(Connection::open_in_memory().map_err(trouble)?, recipe)
    }

    fn begin(connection: Connection, recipe: &Recipe) -> Result<CampaignStore, String> {
        prepare(&connection)?;
        let text = serde_json::to_string(recipe).map_err(|error| error.to_string())?;
        connection
            .execute("INSERT INTO campaign VALUES (?, ?)", params![FORMAT, text])
            .map_err(trouble)?;
        Ok(CampaignStore {
            connection,
            recipe: recipe.clone(),
        })
    }

    /// A campaign that was begun before.
    pub fn open(path: &Path) -> Result<CampaignStore, String> {
        if !path.exists() {
            return Err(format!("{}: there is no such campaign", path.display()));
        }
        let connection = Connection::open(path).map_err(|error| trouble_with(path, &error))?;
        // Whatever else a file holds, it is left as it is.
        if !holds_campaign(&connection).map_err(|error| trouble_with(path, &error))? {
            return Err(format!("{} holds no campaign", path.display()));
        }
        prepare(&connection)?;
        let row = connection
            .query_row("SELECT format, recipe FROM campaign", [], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
            })
            .optional()
            .map_err(trouble)?;
        let (format, text) = row.ok_or_else(|| format!("{} holds no campaign", path.display()))?;
        if format != FORMAT {
            return Err(format!(
                "{} is of format {format}, not {FORMAT}",
                path.display()
            ));
        }
        let recipe = serde_json::from_str(&text)
            .map_err(|error| format!("{}: its recipe: {error}", path.display()))?;
        Ok(CampaignStore { connection, recipe })
    }

    /// The batches that need not be run again.
    pub fn done(&self) -> Result<BTreeSet<u64>, String> {
        let mut statement = self
            .connection
            .prepare("SELECT batch FROM batches")
            .map_err(trouble)?;
        let rows = statement
            .query_map([], |row| row.get::<_, i64>(0))
            .map_err(trouble)?;
        rows.map(|row| row.map(|batch| batch as u64))
            .collect::<Result<_, _>>()
            .map_err(trouble)
    }

    /// Takes up what a batch gave, all of it or nothing.
    pub fn record(&mut self, record: &BatchRecord) -> Result<(), String> {
        let transaction = self.connection.transaction().map_err(trouble)?;
        transaction
            .execute("INSERT INTO batches VALUES (?)", [record.batch as i64])
            .map_err(trouble)?;
        add_figures(&transaction, &record.topic, &record.figures)?;
        for finding in &record.findings {
            add_finding(&transaction, finding)?;
            add_example(&transaction, &finding.signature, &example_of(finding))?;
            let programs = finding.programs as i64;
            add_shown(&transaction, &finding.signature, &record.topic, programs)?;
        }
        for (transition, programs) in &record.transitions {
            add_transition(&transaction, transition.0, *programs)?;
        }
        transaction.commit().map_err(trouble)
    }

    /// Takes up a finding that was met outside of the batches.
    pub fn record_side_finding(&mut self, finding: &CampaignFinding) -> Result<(), String> {
        let transaction = self.connection.transaction().map_err(trouble)?;
        add_finding(&transaction, finding)?;
        transaction.commit().map_err(trouble)
    }

    /// Notes that fresh processes have shown a suspicion to be right.
    pub fn record_confirmed(&mut self, finding: &CampaignFinding) -> Result<(), String> {
        let transaction = self.connection.transaction().map_err(trouble)?;
        transaction
            .execute(
                "UPDATE findings SET came_back = ?1, tries = ?2 WHERE signature = ?3",
                params![finding.came_back.0, finding.came_back.1, finding.signature],
            )
            .and_then(|_| {
                transaction.execute(
                    "DELETE FROM dismissed WHERE signature = ?",
                    [&finding.signature],
                )
            })
            .map_err(trouble)?;
        transaction.commit().map_err(trouble)
    }

    /// Sets a suspicion aside that no fresh process has shown: its programs count as agreeing. What they were is kept,
    /// for should others show the signature yet, all of them count, in whatever order they came.
    pub fn dismiss(&mut self, signature: &str) -> Result<(), String> {
        self.connection
            .execute(
                "INSERT OR IGNORE INTO dismissed SELECT signature FROM findings WHERE signature = ? AND tries = 0",
                [signature],
            )
            .map(drop)
            .map_err(trouble)
    }

    fn dismissed(&self) -> Result<BTreeSet<String>, String> {
        let mut statement = self
            .connection
            .prepare("SELECT signature FROM dismissed")
            .map_err(trouble)?;
        let rows = statement.query_map([], |row| row.get(0)).map_err(trouble)?;
        rows.collect::<Result<_, _>>().map_err(trouble)
    }

    /// How many programs of which topic have shown which signature.
    fn shown(&self) -> Result<Vec<(String, String, i64)>, String> {
        let mut statement = self
            .connection
            .prepare("SELECT signature, topic, programs FROM shown")
            .map_err(trouble)?;
        let rows = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .map_err(trouble)?;
        rows.collect::<Result<_, _>>().map_err(trouble)
    }

    /// Notes what a finding was made small to.
    pub fn record_minimised(&mut self, finding: &CampaignFinding) -> Result<(), String> {
        self.connection
            .execute(
                "UPDATE findings SET minimised = ?1, minimised_difference = ?2, tried = ?3, milliseconds = ?4,
                 complete = ?5 WHERE signature = ?6",
                params![
                    finding.minimised,
                    finding.minimised_difference,
                    finding.tried as i64,
                    finding.milliseconds as i64,
                    finding.complete,
                    finding.signature
                ],
            )
            .map(drop)
            .map_err(trouble)
    }

    /// Other programs that show a signature, the earliest first.
    pub fn examples(&self, signature: &str) -> Result<Vec<Example>, String> {
        let mut statement = self
            .connection
            .prepare(
                "SELECT batch, place, topic, difference FROM examples WHERE signature = ? ORDER BY batch, place",
            )
            .map_err(trouble)?;
        let rows = statement
            .query_map([signature], |row| {
                Ok(Example {
                    batch: row.get(0)?,
                    place: row.get(1)?,
                    topic: row.get(2)?,
                    difference: row.get(3)?,
                })
            })
            .map_err(trouble)?;
        rows.collect::<Result<_, _>>().map_err(trouble)
    }

    /// Every finding, the most widespread first.
    pub fn findings(&self) -> Result<Vec<CampaignFinding>, String> {
        let dismissed = self.dismissed()?;
        let mut all = self.all_findings()?;
        all.retain(|finding| !dismissed.contains(&finding.signature));
        Ok(all)
    }

    /// Those that were set aside as well.
    pub fn all_findings(&self) -> Result<Vec<CampaignFinding>, String> {
        let query = format!("SELECT {COLUMNS} FROM findings ORDER BY programs DESC, signature");
        let mut statement = self.connection.prepare(&query).map_err(trouble)?;
        let rows = statement.query_map([], read_finding).map_err(trouble)?;
        rows.collect::<Result<_, _>>().map_err(trouble)
    }

    /// The figures of each topic; programs whose suspicion was set aside agree.
    pub fn figures(&self) -> Result<BTreeMap<String, TopicFigures>, String> {
        let mut all = self.raw_figures()?;
        let dismissed = self.dismissed()?;
        for (signature, topic, programs) in self.shown()? {
            if let (true, Some(figures)) = (dismissed.contains(&signature), all.get_mut(&topic)) {
                let agreeing = figures.diverge.min(programs as u64);
                figures.diverge -= agreeing;
                figures.agree += agreeing;
            }
        }
        Ok(all)
    }

    /// The figures as the batches gave them.
    fn raw_figures(&self) -> Result<BTreeMap<String, TopicFigures>, String> {
        let mut statement = self
            .connection
            .prepare("SELECT * FROM topics")
            .map_err(trouble)?;
        let rows = statement
            .query_map([], |row| {
                let number = |at| row.get::<_, i64>(at).map(|value| value as u64);
                let figures = TopicFigures {
                    programs: number(1)?,
                    statements: number(2)?,
                    reached: number(3)?,
                    agree: number(4)?,
                    diverge: number(5)?,
                    harness_errors: number(6)?,
                    oracle_microseconds: number(7)?,
                    subject_microseconds: number(8)?,
                    unsupported: number(9)?,
                };
                Ok((row.get::<_, String>(0)?, figures))
            })
            .map_err(trouble)?;
        rows.collect::<Result<_, _>>().map_err(trouble)
    }

    /// The transitions reached, each with the number of programs that reached it.
    pub fn transitions(&self) -> Result<BTreeMap<Transition, u64>, String> {
        let mut statement = self
            .connection
            .prepare("SELECT id, programs FROM transitions")
            .map_err(trouble)?;
        let rows = statement
            .query_map([], |row| {
                let (id, programs) = (row.get::<_, i64>(0)?, row.get::<_, i64>(1)?);
                Ok((Transition(id as u32), programs as u64))
            })
            .map_err(trouble)?;
        rows.collect::<Result<_, _>>().map_err(trouble)
    }

    /// Takes up another shard of the same campaign.
    pub fn merge(&mut self, other: &CampaignStore) -> Result<(), String> {
        if self.recipe.without_shard() != other.recipe.without_shard() {
            return Err("the databases are of different campaigns".to_owned());
        }
        let (mine, theirs) = (self.done()?, other.done()?);
        if let Some(batch) = mine.intersection(&theirs).next() {
            return Err(format!("both databases hold batch {batch}"));
        }
        let (findings, figures, transitions) = (
            other.all_findings()?,
            other.raw_figures()?,
            other.transitions()?,
        );
        let examples = findings
            .iter()
            .map(|finding| other.examples(&finding.signature))
            .collect::<Result<Vec<_>, _>>()?;
        let shown = other.shown()?;
        let dismissed = self.dismissed_by_both(other)?;
        let transaction = self.connection.transaction().map_err(trouble)?;
        for batch in theirs {
            transaction
                .execute("INSERT INTO batches VALUES (?)", [batch as i64])
                .map_err(trouble)?;
        }
        for (topic, figures) in &figures {
            add_figures(&transaction, topic, figures)?;
        }
        for (finding, examples) in findings.iter().zip(&examples) {
            add_finding(&transaction, finding)?;
            for example in examples {
                add_example(&transaction, &finding.signature, example)?;
            }
        }
        for (transition, programs) in &transitions {
            add_transition(&transaction, transition.0, *programs)?;
        }
        for (signature, topic, programs) in &shown {
            add_shown(&transaction, signature, topic, *programs)?;
        }
        transaction
            .execute("DELETE FROM dismissed", [])
            .map_err(trouble)?;
        for signature in &dismissed {
            transaction
                .execute("INSERT INTO dismissed VALUES (?)", [signature])
                .map_err(trouble)?;
        }
        transaction.commit().map_err(trouble)
    }

    /// What nobody who has met it holds for a finding.
    fn dismissed_by_both(&self, other: &CampaignStore) -> Result<BTreeSet<String>, String> {
        let (mine, theirs) = (self.dismissed()?, other.dismissed()?);
        let mut both: BTreeSet<String> = mine.union(&theirs).cloned().collect();
        for finding in self.findings()?.iter().chain(&other.findings()?) {
            both.remove(&finding.signature);
        }
        Ok(both)
    }
}

fn holds_campaign(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'campaign')",
        [],
        |row| row.get(0),
    )
}

fn prepare(connection: &Connection) -> Result<(), String> {
    // A process that is killed loses no finished batch; a write-ahead log keeps each commit cheap.
    connection
        .pragma_update(None, "journal_mode", "WAL")
        .map_err(trouble)?;
    connection
        .pragma_update(None, "synchronous", "NORMAL")
        .map_err(trouble)?;
    connection.execute_batch(SCHEMA).map_err(trouble)
}

const COLUMNS: &str = "signature, programs, batch, place, topic, stage, came_back, tries, seed, model, source, \
    difference, minimised, minimised_difference, tried, milliseconds, complete";

fn read_finding(row: &rusqlite::Row<'_>) -> rusqlite::Result<CampaignFinding> {
    Ok(CampaignFinding {
        signature: row.get(0)?,
        programs: row.get::<_, i64>(1)? as u64,
        batch: row.get(2)?,
        place: row.get(3)?,
        topic: row.get(4)?,
        stage: row.get(5)?,
        came_back: (row.get(6)?, row.get(7)?),
        seed: row.get(8)?,
        model: row.get(9)?,
        source: row.get(10)?,
        difference: row.get(11)?,
        minimised: row.get(12)?,
        minimised_difference: row.get(13)?,
        tried: row.get::<_, i64>(14)? as u64,
        milliseconds: row.get::<_, i64>(15)? as u64,
        complete: row.get(16)?,
    })
}

/// Programs add up; of two first programs the one of the lower batch stays. What fresh processes said, and the
/// small program, are the signature's, whichever program they began with.
fn add_finding(transaction: &Transaction<'_>, finding: &CampaignFinding) -> Result<(), String> {
    let query = format!("SELECT {COLUMNS} FROM findings WHERE signature = ?");
    let known = transaction
        .query_row(&query, [&finding.signature], read_finding)
        .optional()
        .map_err(trouble)?;
    let Some(known) = known else {
        return put_finding(transaction, finding, finding.programs as i64);
    };
    let is_first = (finding.batch, finding.place) < (known.batch, known.place);
    let (first, other) = if is_first {
        (finding, &known)
    } else {
        (&known, finding)
    };
    let mut both = first.clone();
    if other.came_back.1 > both.came_back.1 {
        both.came_back = other.came_back;
    }
    let rank = |one: &CampaignFinding| (one.minimised.is_some(), one.complete, one.tried > 0);
    if rank(other) > rank(&both) {
        both.minimised.clone_from(&other.minimised);
        both.minimised_difference
            .clone_from(&other.minimised_difference);
        (both.tried, both.milliseconds, both.complete) =
            (other.tried, other.milliseconds, other.complete);
    }
    // What was met while another program was confirmed or made small counts for nothing where batches count.
    let programs = match (known.batch == NO_BATCH, finding.batch == NO_BATCH) {
        (false, true) => known.programs,
        (true, false) => finding.programs,
        (true, true) => known.programs.max(finding.programs),
        (false, false) => known.programs + finding.programs,
    };
    put_finding(transaction, &both, programs as i64)
}

fn example_of(finding: &CampaignFinding) -> Example {
    Example {
        batch: finding.batch,
        place: finding.place,
        topic: finding.topic.clone(),
        difference: finding.difference.clone(),
    }
}

/// Keeps the earliest few examples of a signature.
fn add_example(
    transaction: &Transaction<'_>,
    signature: &str,
    example: &Example,
) -> Result<(), String> {
    transaction
        .execute(
            "INSERT OR REPLACE INTO examples VALUES (?, ?, ?, ?, ?)",
            params![
                signature,
                example.batch,
                example.place,
                example.topic,
                example.difference
            ],
        )
        .map_err(trouble)?;
    transaction
        .execute(
            "DELETE FROM examples WHERE signature = ?1 AND rowid NOT IN
             (SELECT rowid FROM examples WHERE signature = ?1 ORDER BY batch, place LIMIT ?2)",
            params![signature, EXAMPLES],
        )
        .map(drop)
        .map_err(trouble)
}

fn put_finding(
    transaction: &Transaction<'_>,
    finding: &CampaignFinding,
    programs: i64,
) -> Result<(), String> {
    let statement = format!(
        "INSERT OR REPLACE INTO findings ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
    );
    transaction
        .execute(
            &statement,
            params![
                finding.signature,
                programs,
                finding.batch,
                finding.place,
                finding.topic,
                finding.stage,
                finding.came_back.0,
                finding.came_back.1,
                finding.seed,
                finding.model,
                finding.source,
                finding.difference,
                finding.minimised,
                finding.minimised_difference,
                finding.tried as i64,
                finding.milliseconds as i64,
                finding.complete
            ],
        )
        .map(drop)
        .map_err(trouble)
}

fn add_figures(
    transaction: &Transaction<'_>,
    topic: &str,
    figures: &TopicFigures,
) -> Result<(), String> {
    transaction
        .execute(
            "INSERT INTO topics VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
             ON CONFLICT (topic) DO UPDATE SET programs = programs + ?2, statements = statements + ?3,
             reached = reached + ?4, agree = agree + ?5, diverge = diverge + ?6,
             harness_errors = harness_errors + ?7, oracle_microseconds = oracle_microseconds + ?8,
             subject_microseconds = subject_microseconds + ?9, unsupported = unsupported + ?10",
            params![
                topic,
                figures.programs as i64,
                figures.statements as i64,
                figures.reached as i64,
                figures.agree as i64,
                figures.diverge as i64,
                figures.harness_errors as i64,
                figures.oracle_microseconds as i64,
                figures.subject_microseconds as i64,
                figures.unsupported as i64
            ],
        )
        .map(drop)
        .map_err(trouble)
}

fn add_shown(
    transaction: &Transaction<'_>,
    signature: &str,
    topic: &str,
    programs: i64,
) -> Result<(), String> {
    transaction
        .prepare_cached(
            "INSERT INTO shown VALUES (?1, ?2, ?3)
             ON CONFLICT (signature, topic) DO UPDATE SET programs = programs + ?3",
        )
        .and_then(|mut statement| statement.execute(params![signature, topic, programs]))
        .map(drop)
        .map_err(trouble)
}

fn add_transition(
    transaction: &Transaction<'_>,
    transition: u32,
    programs: u64,
) -> Result<(), String> {
    transaction
        .prepare_cached(
            "INSERT INTO transitions VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET programs = programs + ?2",
        )
        .and_then(|mut statement| statement.execute(params![transition, programs as i64]))
        .map(drop)
        .map_err(trouble)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipe(shard: (u64, u64)) -> Recipe {
        Recipe {
            generator_version: 1,
            seed: 7,
            topics: vec!["dict".into()],
            oracle: "CPython".into(),
            subject: "VM".into(),
            stages: vec![],
            batch_size: 2,
            block_batches: 1,
            missing_features: vec![],
            shard,
            sides: Default::default(),
        }
    }

    fn finding(signature: &str, batch: i64) -> CampaignFinding {
        CampaignFinding {
            signature: signature.into(),
            programs: 1,
            batch,
            place: 0,
            topic: "dict".into(),
            stage: "heap".into(),
            came_back: (2, 2),
            seed: batch.to_string(),
            model: None,
            source: format!("program of {batch}"),
            difference: String::new(),
            minimised: None,
            minimised_difference: None,
            tried: 0,
            milliseconds: 0,
            complete: false,
        }
    }

    fn record(batch: u64, signatures: &[&str]) -> BatchRecord {
        let findings = signatures
            .iter()
            .map(|signature| finding(signature, batch as i64))
            .collect();
        BatchRecord {
            batch,
            topic: "dict".into(),
            figures: TopicFigures {
                programs: 2,
                ..TopicFigures::default()
            },
            findings,
            transitions: BTreeMap::from([(Transition(5), 1)]),
        }
    }

    fn store(shard: (u64, u64), batches: &[(u64, &[&str])]) -> CampaignStore {
        let mut store = CampaignStore::in_memory(&recipe(shard)).expect("memory suffices");
        for (batch, signatures) in batches {
            store
                .record(&record(*batch, signatures))
                .expect("it is recorded");
        }
        store
    }

    #[test]
    fn shards_merge_into_what_one_run_gives() {
        let whole = store((1, 1), &[(0, &["b"]), (1, &["a"]), (2, &["a", "b"])]);
        let mut first = store((1, 2), &[(2, &["a", "b"]), (0, &["b"])]);
        let second = store((2, 2), &[(1, &["a"])]);
        first.merge(&second).expect("they are of one campaign");
        assert_eq!(first.findings(), whole.findings());
        assert_eq!(first.figures(), whole.figures());
        assert_eq!(first.transitions(), whole.transitions());
        assert_eq!(first.done(), whole.done());
    }

    #[test]
    fn what_holds_no_campaign_is_named_and_left_as_it_is() {
        let foreign = {
            let path =
                std::env::temp_dir().join(format!("twinheap-foreign-{}", std::process::id()));
            let connection = Connection::open(&path).expect("a database");
            connection
                .execute_batch("CREATE TABLE other (id INTEGER)")
                .expect("a table");
            drop(connection);
            let content = std::fs::read(&path).expect("its content");
            std::fs::remove_file(&path).expect("a file of ours");
            content
        };
        let cases: [(&str, Vec<u8>, &str); 3] = [
            ("empty", Vec::new(), "holds no campaign"),
            ("garbage", vec![0xa5; 5_000], "file is not a database"),
            ("foreign", foreign, "holds no campaign"),
        ];
        for (name, content, expected) in cases {
            let file = format!("twinheap-{name}-{}.db", std::process::id());
            let path = std::env::temp_dir().join(&file);
            std::fs::write(&path, &content).expect("a place for it");
            let said = CampaignStore::open(&path).map(drop).expect_err(name);
            let left = std::fs::read(&path).expect("it is still there");
            std::fs::remove_file(&path).expect("a file of ours");
            assert!(
                said.contains(&file) && said.contains(expected),
                "{name}: {said}"
            );
            assert!(left == content, "{name} was written to");
        }
    }

    #[test]
    fn a_batch_is_taken_once() {
        let mut first = store((1, 1), &[(0, &[])]);
        assert!(first.record(&record(0, &[])).is_err());
        let second = store((1, 1), &[(0, &[])]);
        let said = first.merge(&second).expect_err("both hold it");
        assert!(said.contains("batch 0"), "{said}");
    }

    #[test]
    fn another_campaign_is_refused() {
        let mut first = store((1, 1), &[]);
        let other = CampaignStore::in_memory(&Recipe {
            seed: 8,
            ..recipe((1, 1))
        });
        assert!(first.merge(&other.expect("memory suffices")).is_err());
    }

    #[test]
    fn the_first_program_of_a_finding_does_not_depend_on_the_order() {
        for order in [[3_u64, 1, 2], [1, 2, 3]] {
            let batches: Vec<(u64, &[&str])> =
                order.iter().map(|batch| (*batch, &["a"][..])).collect();
            let findings = store((1, 1), &batches).findings().expect("it can be read");
            assert_eq!((findings[0].batch, findings[0].programs), (1, 3));
        }
    }

    #[test]
    fn a_small_program_and_what_fresh_processes_said_stay_with_the_signature() {
        let mut store = store((1, 1), &[(3, &["a"])]);
        let small = CampaignFinding {
            minimised: Some("x".into()),
            ..finding("a", 3)
        };
        store.record_minimised(&small).expect("it is noted");
        let mut earlier = record(1, &["a"]);
        earlier.findings[0].came_back = (0, 0);
        store.record(&earlier).expect("it is recorded");
        let found = &store.findings().expect("read")[0];
        assert_eq!((found.batch, found.programs), (1, 2));
        assert_eq!(found.minimised.as_deref(), Some("x"));
        assert_eq!(found.came_back, (2, 2));
    }

    #[test]
    fn a_suspicion_is_confirmed_or_dismissed() {
        let suspicion = |signature: &str| {
            let mut record = record(signature.len() as u64, &[signature]);
            record.figures.diverge = 1;
            record.findings[0].came_back = (0, 0);
            record
        };
        let mut store = store((1, 1), &[]);
        for signature in ["a", "bb"] {
            store.record(&suspicion(signature)).expect("it is recorded");
        }
        store
            .record_confirmed(&finding("a", 1))
            .expect("it is noted");
        store.dismiss("a").expect("a confirmed one stays");
        store.dismiss("bb").expect("it goes");
        let found = store.findings().expect("read");
        assert_eq!(found.len(), 1);
        assert!(found[0].is_confirmed());
        let figures = &store.figures().expect("read")["dict"];
        assert_eq!((figures.diverge, figures.agree), (1, 1));
    }

    #[test]
    fn what_was_met_by_the_way_is_not_counted_among_the_programs() {
        let mut store = store((1, 1), &[]);
        let side = finding("a", NO_BATCH);
        store.record_side_finding(&side).expect("it is recorded");
        for batch in [4, 2] {
            store
                .record(&record(batch, &["a"]))
                .expect("it is recorded");
            store.record_side_finding(&side).expect("it is recorded");
        }
        let found = &store.findings().expect("read")[0];
        assert_eq!((found.programs, found.batch), (2, 2));
    }

    #[test]
    fn what_was_set_aside_counts_once_others_show_it() {
        let suspicion = |batch: u64| {
            let mut record = record(batch, &["a"]);
            record.figures.diverge = 1;
            record.findings[0].came_back = (0, 0);
            record
        };
        let mut one = store((1, 1), &[]);
        one.record(&suspicion(0)).expect("it is recorded");
        one.dismiss("a").expect("it goes");
        assert!(one.findings().expect("read").is_empty());
        one.record(&suspicion(1)).expect("it is recorded");
        one.record_confirmed(&finding("a", 1)).expect("it is noted");
        let mut first = store((1, 2), &[]);
        first.record(&suspicion(0)).expect("it is recorded");
        first.dismiss("a").expect("it goes");
        let mut second = store((2, 2), &[]);
        second.record(&suspicion(1)).expect("it is recorded");
        second
            .record_confirmed(&finding("a", 1))
            .expect("it is noted");
        first.merge(&second).expect("they are of one campaign");
        assert_eq!(first.findings(), one.findings());
        assert_eq!(first.figures(), one.figures());
        assert_eq!(first.findings().expect("read")[0].programs, 2);
    }

    #[test]
    fn the_earliest_examples_are_kept() {
        let batches: Vec<(u64, &[&str])> = (0..9).rev().map(|batch| (batch, &["a"][..])).collect();
        let kept = store((1, 1), &batches).examples("a").expect("read");
        let kept: Vec<i64> = kept.iter().map(|example| example.batch).collect();
        assert_eq!(kept, [0, 1, 2, 3]);
    }
}
