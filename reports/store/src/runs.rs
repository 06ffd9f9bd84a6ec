//! Runs and findings in SQLite: one signature is one finding, with the runs that showed it first and last.

use std::path::Path;

use rusqlite::{Connection, params};

/// The figures of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunRecord {
    /// Seconds since 1970.
    pub started: i64,
    pub oracle: String,
    pub subject: String,
    pub programs: u32,
    pub agree: u32,
    pub known: u32,
    pub new: u32,
}

/// One finding, over all runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub signature: String,
    pub example: String,
    pub first_run: i64,
    pub last_run: i64,
    /// Programs that showed it in the last run that did.
    pub programs: u32,
}

/// The database of runs.
pub struct Store {
    connection: Connection,
}

const SCHEMA: &str = "
    CREATE TABLE IF NOT EXISTS runs (
        id INTEGER PRIMARY KEY, started INTEGER NOT NULL, oracle TEXT NOT NULL, subject TEXT NOT NULL,
        programs INTEGER NOT NULL, agree INTEGER NOT NULL, known INTEGER NOT NULL, new INTEGER NOT NULL);
    CREATE TABLE IF NOT EXISTS findings (
        signature TEXT PRIMARY KEY, example TEXT NOT NULL, first_run INTEGER NOT NULL REFERENCES runs(id),
        last_run INTEGER NOT NULL REFERENCES runs(id), programs INTEGER NOT NULL);
";

impl Store {
    /// Opens the database, making it where it is missing.
    pub fn open(path: &Path) -> Result<Store, String> {
        Store::prepare(Connection::open(path).map_err(text)?)
    }

    /// A database that is forgotten at the end.
    pub fn in_memory() -> Result<Store, String> {
        Store::prepare(Connection::open_in_memory().map_err(text)?)
    }

    fn prepare(connection: Connection) -> Result<Store, String> {
        connection.execute_batch(SCHEMA).map_err(text)?;
        Ok(Store { connection })
    }

    /// Records a run with its findings: signature, example program, number of programs.
    pub fn record(
        &mut self,
        run: &RunRecord,
        findings: &[(String, String, u32)],
    ) -> Result<i64, String> {
        let transaction = self.connection.transaction().map_err(text)?;
        transaction
            .execute(
                "INSERT INTO runs (started, oracle, subject, programs, agree, known, new) VALUES (?, ?, ?, ?, ?, ?, ?)",
                params![run.started, run.oracle, run.subject, run.programs, run.agree, run.known, run.new],
            )
            .map_err(text)?;
        let id = transaction.last_insert_rowid();
        for (signature, example, programs) in findings {
            transaction
                .execute(
                    "INSERT INTO findings VALUES (?1, ?2, ?3, ?3, ?4)
                     ON CONFLICT (signature) DO UPDATE SET last_run = ?3, programs = ?4",
                    params![signature, example, id, programs],
                )
                .map_err(text)?;
        }
        transaction.commit().map_err(text)?;
        Ok(id)
    }

    /// Every finding, the most widespread first.
    pub fn findings(&self) -> Result<Vec<Finding>, String> {
        let query = "SELECT signature, example, first_run, last_run, programs FROM findings ORDER BY programs DESC, signature";
        let mut statement = self.connection.prepare(query).map_err(text)?;
        let rows = statement
            .query_map([], |row| {
                Ok(Finding {
                    signature: row.get(0)?,
                    example: row.get(1)?,
                    first_run: row.get(2)?,
                    last_run: row.get(3)?,
                    programs: row.get(4)?,
                })
            })
            .map_err(text)?;
        rows.collect::<Result<_, _>>().map_err(text)
    }
}

fn text(error: rusqlite::Error) -> String {
    format!("the store: {error}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_keeps_its_first_run_and_moves_its_last() {
        let mut store = Store::in_memory().expect("a database in memory can be made");
        let run = RunRecord {
            started: 1,
            oracle: "CPython".into(),
            subject: "VM".into(),
            programs: 2,
            agree: 1,
            known: 0,
            new: 1,
        };
        let first = store
            .record(&run, &[("heap | x".into(), "dict/a".into(), 1)])
            .expect("it is recorded");
        let second = store
            .record(&run, &[("heap | x".into(), "dict/b".into(), 5)])
            .expect("it is recorded");
        let expected = Finding {
            signature: "heap | x".into(),
            example: "dict/a".into(),
            first_run: first,
            last_run: second,
            programs: 5,
        };
        assert_eq!(store.findings(), Ok(vec![expected]));
    }
}
