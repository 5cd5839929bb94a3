//! The file itself: its tables, its format, and what a batch of changes does to it.

use std::{
    fs::{File, OpenOptions},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use redb::{
    Database, Durability, ReadableDatabase, ReadableTable, Table, TableDefinition, WriteTransaction,
    backends::FileBackend,
};
use scaler_wm_core::{Entry, Launch, LaunchId, Receipt, Result, Settled, TaskEntry, TaskId, Ticket, Timestamp};

use crate::failure;

const LAUNCHES: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("launches");
const TASKS: TableDefinition<'_, &[u8], Option<&[u8]>> = TableDefinition::new("tasks");
const META: TableDefinition<'_, &str, &str> = TableDefinition::new("meta");

/// The format that this version writes, and the newest that it reads.
const FORMAT: u64 = 1;
/// The first scaler-wm that reads [`FORMAT`]: an older one names it in its refusal.
const NEEDS: &str = "0.1.0";
/// Enough for thousands of launches; redb's default is a gigabyte.
const CACHE_BYTES: usize = 1 << 20;

const OPEN: &str = "open the journal";
const WRITE: &str = "write the journal";
const READ: &str = "read the journal";

/// Something to be put on record, or off it.
#[derive(Debug)]
pub(crate) enum Change {
    Launch(LaunchId, News),
    Forget(Vec<LaunchId>),
    Tasks(TaskNews),
}

/// What becomes known about a launch.
#[derive(Debug)]
pub(crate) enum News {
    Open(Launch),
    Receipt(Receipt),
    Settled(Settled, Timestamp),
}

/// What becomes known about tasks.
#[derive(Debug)]
pub(crate) enum TaskNews {
    HandingOver(Vec<TaskId>),
    HandedOver(Vec<Ticket>),
    Ended(Vec<TaskId>),
}

/// The journal's file, used by one thread.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    // None after a failure: redb refuses everything after an I/O error until the file is opened anew.
    database: Option<Database>,
}

impl Store {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let mut store = Self { path: path.to_owned(), database: None };
        store.database()?;
        Ok(store)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes all `changes` at once; the inner results tell of the changes whose own record was at fault.
    pub(crate) fn apply(&mut self, changes: &[Change]) -> Result<Vec<Result<()>>> {
        let path = self.path.clone();
        let database = self.database()?;
        write(database, &path, changes).map_err(|error| {
            self.database = None;
            failure::stored(WRITE, &path, error)
        })
    }

    /// Everything on record, oldest first.
    pub(crate) fn load(&mut self) -> Result<Vec<Entry>> {
        let path = self.path.clone();
        let database = self.database()?;
        let records = read(database).map_err(|error| {
            self.database = None;
            failure::stored(READ, &path, error)
        })?;
        let mut entries =
            records.iter().map(|(id, record)| decode(READ, &path, id, record)).collect::<Result<Vec<_>>>()?;
        // Records come by id, so that launches of the same millisecond have an order that stays.
        entries.sort_by_key(|entry| entry.launch.at);
        Ok(entries)
    }

    /// Every task on record.
    pub(crate) fn tasks(&mut self) -> Result<Vec<TaskEntry>> {
        let path = self.path.clone();
        let database = self.database()?;
        read_tasks(database).map_err(|error| {
            self.database = None;
            failure::stored(READ, &path, error)
        })
    }

    fn database(&mut self) -> Result<&Database> {
        let database = match self.database.take() {
            Some(database) => database,
            None => open_file(&self.path)?,
        };
        Ok(self.database.insert(database))
    }
}

fn open_file(path: &Path) -> Result<Database> {
    let failed = |error| failure::stored(OPEN, path, error);
    let file = create(path).map_err(|error| failure::io_failure(OPEN, path, &error))?;
    let backend = FileBackend::new(file).map_err(|error| failed(error.into()))?;
    // The check turns damage into an error where redb would trust the file and might panic; the file is small.
    let database = Database::builder()
        .set_cache_size(CACHE_BYTES)
        .set_check_integrity_on_open(true)
        .create_with_backend(backend)
        .map_err(|error| failed(error.into()))?;
    let transaction = database.begin_write().map_err(|error| failed(error.into()))?;
    let tables = transaction.list_tables().map_err(|error| failed(error.into()))?.count();
    check_format(&transaction, path, tables == 0)?;
    transaction.commit().map_err(|error| failed(error.into()))?;
    Ok(database)
}

/// Opens the file, made with mode 0600 and its name on the disk when it was not there.
fn create(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    {
        // Without this a crash of the machine could take the new file's name, and so the whole record.
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(directory)?.sync_all()?;
    }
    Ok(file)
}

fn check_format(transaction: &WriteTransaction, path: &Path, new: bool) -> Result<()> {
    let failed = |error| failure::stored(OPEN, path, error);
    let mut meta = transaction.open_table(META).map_err(|error| failed(error.into()))?;
    let value = |meta: &Table<'_, &'static str, &'static str>, key: &str| {
        let value = meta.get(key).map_err(|error| failed(error.into()))?;
        Ok(value.map(|value| value.value().to_owned()))
    };
    match value(&meta, "format")?.map(|format| format.parse::<u64>()) {
        Some(Ok(FORMAT)) => {}
        Some(Ok(newer)) if newer > FORMAT => {
            return Err(failure::newer_format(path, newer, value(&meta, "needs")?.as_deref()));
        }
        None if new => {
            meta.insert("format", FORMAT.to_string().as_str()).map_err(|error| failed(error.into()))?;
            meta.insert("needs", NEEDS).map_err(|error| failed(error.into()))?;
        }
        Some(_) | None => return Err(failure::foreign(path)),
    }
    transaction.open_table(LAUNCHES).map_err(|error| failed(error.into()))?;
    transaction.open_table(TASKS).map_err(|error| failed(error.into()))?;
    Ok(())
}

fn write(database: &Database, path: &Path, changes: &[Change]) -> Result<Vec<Result<()>>, redb::Error> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    let mut results = Vec::with_capacity(changes.len());
    {
        let mut launches = transaction.open_table(LAUNCHES)?;
        let mut tasks = transaction.open_table(TASKS)?;
        for change in changes {
            results.push(match change {
                Change::Launch(id, news) => put(&mut launches, path, id, news)?,
                Change::Forget(ids) => {
                    for id in ids {
                        launches.remove(id.as_str())?;
                    }
                    Ok(())
                }
                Change::Tasks(news) => put_tasks(&mut tasks, news).map(Ok)?,
            });
        }
    }
    transaction.commit()?;
    Ok(results)
}

fn put(
    table: &mut Table<'_, &'static str, &'static [u8]>,
    path: &Path,
    id: &LaunchId,
    news: &News,
) -> Result<Result<()>, redb::Error> {
    let old = table.get(id.as_str())?.map(|record| decode(WRITE, path, id.as_str(), record.value())).transpose();
    let entry = match (old, news) {
        (Err(error), _) => return Ok(Err(error)),
        // A launch that is called again keeps what is known of it.
        (Ok(Some(old)), News::Open(launch)) => Entry { launch: launch.clone(), ..old },
        (Ok(None), News::Open(launch)) => {
            Entry { launch: launch.clone(), receipt: None, settled: None, settled_at: None }
        }
        (Ok(Some(old)), News::Receipt(receipt)) => Entry { receipt: Some(receipt.clone()), ..old },
        (Ok(Some(old)), News::Settled(settled, at)) => {
            Entry { settled: Some(settled.clone()), settled_at: Some(*at), ..old }
        }
        // Forgotten already, and nothing is left to be known of it.
        (Ok(None), _) => return Ok(Ok(())),
    };
    Ok(match serde_json::to_vec(&entry) {
        Ok(record) => table.insert(id.as_str(), record.as_slice()).map(|_| Ok(()))?,
        Err(error) => Err(failure::corrupt(WRITE, path, id.as_str(), error)),
    })
}

fn read(database: &Database) -> Result<Vec<(String, Vec<u8>)>, redb::Error> {
    let table = database.begin_read()?.open_table(LAUNCHES)?;
    let mut records = Vec::new();
    for record in table.iter()? {
        let (id, record) = record?;
        records.push((id.value().to_owned(), record.value().to_owned()));
    }
    Ok(records)
}

fn put_tasks(table: &mut Table<'_, &'static [u8], Option<&'static [u8]>>, news: &TaskNews) -> Result<(), redb::Error> {
    match news {
        TaskNews::HandingOver(tasks) => {
            for task in tasks {
                if table.get(task.as_bytes())?.is_none() {
                    table.insert(task.as_bytes(), None)?;
                }
            }
        }
        TaskNews::HandedOver(tickets) => {
            for ticket in tickets {
                if table.get(ticket.task.as_bytes())?.is_some() {
                    table.insert(ticket.task.as_bytes(), Some(&ticket.handle[..]))?;
                }
            }
        }
        TaskNews::Ended(tasks) => {
            for task in tasks {
                table.remove(task.as_bytes())?;
            }
        }
    }
    Ok(())
}

fn read_tasks(database: &Database) -> Result<Vec<TaskEntry>, redb::Error> {
    let table = database.begin_read()?.open_table(TASKS)?;
    let mut tasks = Vec::new();
    for record in table.iter()? {
        let (task, handle) = record?;
        let handle = handle.value().map(Bytes::copy_from_slice);
        tasks.push(TaskEntry { task: TaskId::from(task.value()), handle });
    }
    Ok(tasks)
}

fn decode(operation: &'static str, path: &Path, id: &str, record: &[u8]) -> Result<Entry> {
    serde_json::from_slice(record).map_err(|error| failure::corrupt(operation, path, id, error))
}
