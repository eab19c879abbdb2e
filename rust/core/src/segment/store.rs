//! A segment storage: its root, and the days below it.

use std::path::Path;
use std::sync::Arc;

use rustix::fd::AsFd;
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use super::context::{Context, SegmentOptions, days_max};
use super::create::create_locked;
use super::day::{Day, Seen};
use super::days::Days;
use super::file::{mount_of, read_vec, write_at};
use super::format::VERSION;
use super::network::refuse_network;
use super::queue::Queue;
use super::record::Key;
use super::spare;
use crate::crash_id::CrashId;
use crate::dir::{self, EntryKind, FILE, is_gone};
use crate::error::{During, Error, Kind, Result};
use crate::root::Root;
use crate::slot::all_digits;

/// The file that says what the root holds.
const FORMAT: &str = "FORMAT";
const FORMAT_LINE: &str = "socorro-fast segments ";
/// Whoever removes days may be faster than whoever fills them, but not for ever.
const TRIES: usize = 100;

/// Crashes in segments.
#[derive(Debug)]
pub struct SegmentStore {
    pub(crate) context: Arc<Context>,
    pub(crate) days: Days,
    /// The process that opened it: a child of a fork seals nothing of its parent's.
    owner: u32,
    pub(crate) queue: Queue,
}

impl SegmentStore {
    /// Open the storage at `fs_root`, making the directory where it is missing.
    pub fn open(fs_root: &Path, options: SegmentOptions) -> Result<Self> {
        let root = Root::open(fs_root, options.modes, false)?;
        let fd = root.fd();
        if !options.allow_network {
            refuse_network(fd.as_fd(), root.path())?;
        }
        let context = Context::new(root, options, mount_of(fd.as_fd()));
        check_format(&context)?;
        spare::clean_up(&context);
        Ok(Self::over(Arc::new(context)))
    }

    fn over(context: Arc<Context>) -> Self {
        Self {
            context,
            days: Days::new(days_max()),
            owner: std::process::id(),
            queue: Queue::default(),
        }
    }

    /// The same storage without anything that belongs to the parent: for the child of a fork.
    #[must_use]
    pub fn renewed(&self) -> Self {
        let (root, options) = (self.context.root.again(), self.context.options.clone());
        Self::over(Arc::new(Context::new(root, options, self.context.mount)))
    }

    /// The root, absolute.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.context.root.path()
    }

    /// The name of the main dump.
    #[must_use]
    pub fn dump_field(&self) -> &str {
        &self.context.options.dump_field
    }

    /// What was met and left alone, repaired or given up since this was asked last.
    #[must_use]
    pub fn take_notes(&self) -> Vec<String> {
        self.context.take_notes()
    }

    /// Seal what is open, and let go of what was handed out. Saves that are under way seal what they use.
    pub fn close(&self) {
        if self.owner != std::process::id() {
            return self.abandon();
        }
        self.release_all();
        for day in self.days.all() {
            day.close();
        }
        self.context.spares.stop(&self.context);
        self.days.clear();
    }

    /// Let go of what a fork's child has of its parent: locks above all. A mutex that was held in the
    /// fork stays so.
    fn abandon(&self) {
        self.context.spares.abandon();
        self.queue.abandon();
        self.days.abandon();
    }

    pub(crate) fn has_open(&self, day: &Arc<Day>) -> bool {
        self.days.has(day)
    }

    /// The day of a crash, if there is one.
    pub(crate) fn day(&self, date: u32) -> Result<Option<Arc<Day>>> {
        if let Some(day) = self.days.get(date) {
            return Ok(Some(day));
        }
        let name = day_name(date);
        let dir = match self.context.root.open_dir(&name) {
            Err(Errno::NOENT) => return Ok(None),
            other => other.during("open directory", || self.context.root.join(&name))?,
        };
        let day = self.enter(date, dir);
        if is_gone(&day) {
            return Ok(None);
        }
        day.map(Some)
    }

    /// The day of a crash that is to be saved.
    pub(crate) fn day_to_write(&self, date: u32) -> Result<Arc<Day>> {
        if let Some(day) = self.days.get(date) {
            return Ok(day);
        }
        let durability = self.context.options.durability;
        let mut tries = 0;
        loop {
            let dir = self.context.root.make_dir(&day_name(date), durability)?;
            let day = self.enter(date, dir);
            tries += 1;
            // Whoever prunes may take it away again before anything is in it.
            if !is_gone(&day) || tries == TRIES {
                return day;
            }
        }
    }

    fn enter(&self, date: u32, dir: rustix::fd::OwnedFd) -> Result<Arc<Day>> {
        let path = self.context.root.join(&day_name(date));
        let open = || Day::open(&self.context, date, &path, dir);
        self.days.enter(date, open)
    }

    /// Forget a day whose directory was removed.
    pub(crate) fn forget(&self, gone: &Arc<Day>) {
        self.days.forget(gone);
    }

    /// Do something with a day that is there, again if it is removed meanwhile; nothing if there is
    /// none.
    pub(crate) fn with_day<T>(
        &self,
        date: u32,
        mut work: impl FnMut(&Arc<Day>) -> Result<Seen<T>>,
    ) -> Result<Option<T>> {
        for _ in 0..TRIES {
            let Some(day) = self.day(date)? else {
                return Ok(None);
            };
            match work(&day) {
                Ok(Seen::Is(found)) => return Ok(Some(found)),
                Ok(Seen::Gone) => self.forget(&day),
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Do something with a day that is made where it is missing, again if it is removed meanwhile.
    pub(crate) fn with_day_to_write<T>(
        &self,
        date: u32,
        mut work: impl FnMut(&Arc<Day>) -> Result<Seen<T>>,
    ) -> Result<T> {
        for _ in 0..TRIES {
            let day = self.day_to_write(date)?;
            match work(&day)? {
                Seen::Is(found) => return Ok(found),
                Seen::Gone => self.forget(&day),
            }
        }
        let path = || self.context.root.join(&day_name(date));
        Err(Errno::NOENT).during("save into", path)
    }

    pub(crate) fn not_found(&self, id: &CrashId, kind: Kind) -> Error {
        Error::NotFound {
            id: *id,
            kind,
            root: self.path().to_owned(),
        }
    }

    /// The days there are, oldest first, as yyyymmdd.
    pub fn days(&self) -> Result<Vec<u32>> {
        let mut days = Vec::new();
        for entry in self.context.root.list_days()? {
            match (date_in(&entry.name), entry.kind) {
                (Some(date), EntryKind::Directory) => days.push(date),
                _ if [FORMAT, "spare", "consumers"].contains(&entry.name.as_str()) => {}
                _ => self.context.note(format!(
                    "'{}' is not a segment storage's and was left alone",
                    self.context.root.join(&entry.name).display()
                )),
            }
        }
        days.sort_unstable();
        Ok(days)
    }

    /// The next crashes of a day that have a raw crash, in the order of their IDs, `limit` at most.
    pub fn list(&self, date: u32, after: Option<&CrashId>, limit: usize) -> Result<Vec<CrashId>> {
        let after = after.map(Key::of);
        let found = self.with_day(date, |day| {
            let Seen::Is(state) = day.refreshed()? else {
                return Ok(Seen::Gone);
            };
            let has_raw = |known: &super::index::Known| known.raw.is_some();
            Ok(Seen::Is(state.index.list(after.as_ref(), limit, has_raw)))
        })?;
        let ids = found.unwrap_or_default();
        Ok(ids
            .iter()
            .filter_map(|short| Key::lengthened(short, date).crash_id())
            .collect())
    }

    /// Bytes of memory that the indexes of the days in use take, and how many crashes they know.
    #[must_use]
    pub fn index_size(&self) -> (usize, usize) {
        let sizes = self.days.all().into_iter().map(|day| {
            let state = day.state();
            let crashes = state.index.list(None, usize::MAX, |_| true).len();
            (state.index.memory(), crashes)
        });
        sizes.fold((0, 0), |(bytes, all), (one, crashes)| {
            (bytes + one, all + crashes)
        })
    }
}

impl Drop for SegmentStore {
    fn drop(&mut self) {
        self.close();
    }
}

/// The day of a crash: yyyymmdd.
pub(crate) fn date_of(id: &CrashId) -> u32 {
    let date = id.date();
    u32::from(date.year) * 10_000 + u32::from(date.month) * 100 + u32::from(date.day)
}

pub(crate) fn day_name(date: u32) -> String {
    format!("{date:08}")
}

fn date_in(name: &str) -> Option<u32> {
    (name.len() == 8 && all_digits(name)).then(|| name.parse().ok())?
}

fn check_format(context: &Context) -> Result<()> {
    let (root, path) = (context.root.fd(), || context.root.join(FORMAT));
    match rustix::fs::openat(&*root, FORMAT, FILE, Mode::empty()) {
        Ok(fd) => {
            let text = read_vec(fd.as_fd(), 256, 0).during("read", path)?;
            check_format_line(&String::from_utf8_lossy(&text), &path())
        }
        Err(Errno::NOENT) => {
            refuse_radix_tree(context)?;
            write_format(context)
        }
        Err(other) => Err(other).during("open", path),
    }
}

fn check_format_line(text: &str, path: &Path) -> Result<()> {
    let version = text.strip_prefix(FORMAT_LINE).map(str::trim_end);
    match version.and_then(|version| version.parse::<u32>().ok()) {
        Some(version) if version <= VERSION => Ok(()),
        Some(version) => Err(Error::Configuration(format!(
            "{} names version {version} of the segment format; this release reads up to {VERSION}",
            path.display()
        ))),
        // It was being written when power was lost, or is being written now.
        None if FORMAT_LINE.starts_with(text) || version == Some("") => Ok(()),
        None => Err(Error::Configuration(format!(
            "{} does not say that segments are here",
            path.display()
        ))),
    }
}

fn write_format(context: &Context) -> Result<()> {
    let (root, path) = (context.root.fd(), || context.root.join(FORMAT));
    let fd = match create_locked(context, root.as_fd(), FORMAT) {
        // Somebody else was faster; or nothing can be written here, and reading goes without.
        Err(Errno::EXIST | Errno::ROFS | Errno::ACCESS) => return Ok(()),
        other => other.during("create", path)?,
    };
    write_at(
        fd.as_fd(),
        format!("{FORMAT_LINE}{VERSION}\n").as_bytes(),
        0,
    )
    .during("write", path)?;
    context.sync_all(fd.as_fd()).during("sync", path)?;
    context
        .sync_all(root.as_fd())
        .during("sync directory", path)
}

/// A radix tree has days of the same names: its crashes would not be found here.
fn refuse_radix_tree(context: &Context) -> Result<()> {
    let root = context.root.fd();
    for entry in context.root.list_days()? {
        if entry.kind != EntryKind::Directory || !all_digits(&entry.name) {
            continue;
        }
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        if dir::open_no_links(
            root.as_fd(),
            &format!("{}/name", entry.name),
            flags,
            Mode::empty(),
        )
        .is_ok()
        {
            return Err(Error::Configuration(format!(
                "{} holds a radix tree, not segments",
                context.root.path().display()
            )));
        }
    }
    Ok(())
}
