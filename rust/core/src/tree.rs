//! A radix tree: one root, one layout, and every operation on single crashes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use rustix::fd::{AsFd, OwnedFd};
use rustix::io::Errno;

use crate::claims::Claims;
use crate::crash_id::CrashId;
use crate::dir::{self, Durability, Modes, Reading};
use crate::error::{During, Error, Kind, Result, corrupt};
use crate::gzip;
use crate::layout::{DumpName, Layout};
use crate::leaf::until_there;
use crate::object::Object;
use crate::root::Root;
use crate::save::{NewCrash, Saver};
use crate::slot::Slot;
use crate::slots::Slots;
use crate::synced::Synced;
use crate::write::{Content, Source, Style};

/// A processed crash that expands further than this is taken for a bomb.
const PROCESSED_MAX: u64 = 2 << 30;
const DAY_SECONDS: u64 = 86_400;

/// What a tree is opened with. Names are those of the Python options.
#[derive(Debug, Clone)]
pub struct Options {
    /// Names and family.
    pub layout: Layout,
    /// Permission bits of what is made.
    pub modes: Modes,
    /// What a save waits for.
    pub durability: Durability,
    /// 0 to 9, of processed crashes.
    pub compression_level: u32,
    /// Whether directories that a removal empties go too.
    pub prune_empty_dirs: bool,
    /// Whether day directories may be symbolic links.
    pub follow_day_links: bool,
}

/// Dumps to be saved with a raw crash.
pub type NewDumps<'a> = Vec<(DumpName, Content<'a>)>;

/// Whether a save puts its crash into the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// Into the slot of this second of the day (UTC); nothing means now.
    At(Option<u32>),
    /// Not at all.
    No,
}

/// A radix tree.
#[derive(Debug)]
pub struct Tree {
    pub(crate) root: Arc<Root>,
    pub(crate) options: Options,
    pub(crate) slots: Slots,
    pub(crate) claims: Claims,
    synced: Synced,
}

impl Tree {
    /// Open the tree at `fs_root`, making the directory where it is missing.
    pub fn open(fs_root: &Path, options: Options) -> Result<Self> {
        options.layout.check()?;
        let root = Root::open(fs_root, options.modes, options.follow_day_links)?;
        Ok(Self::over(Arc::new(root), options))
    }

    fn over(root: Arc<Root>, options: Options) -> Self {
        let (slots, claims, synced) = (Slots::new(), Claims::new(), Synced::default());
        Self {
            root,
            options,
            slots,
            claims,
            synced,
        }
    }

    /// The same tree without the locks and claims of this one: for the child of a fork.
    #[must_use]
    pub fn renewed(&self) -> Self {
        Self::over(Arc::new(self.root.again()), self.options.clone())
    }

    /// The root, absolute.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.root.path()
    }

    /// The names this tree is made of.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.options.layout
    }

    pub(crate) fn saver<'a>(&'a self, id: &'a CrashId, second_of_day: u32) -> Saver<'a> {
        let Options {
            layout,
            modes,
            durability,
            prune_empty_dirs,
            ..
        } = &self.options;
        let style = Style {
            modes: *modes,
            durability: *durability,
            tight_umask: false,
        };
        Saver {
            root: &self.root,
            layout,
            slots: &self.slots,
            synced: &self.synced,
            style,
            prune_empty_dirs: *prune_empty_dirs,
            id,
            day: layout.day(id),
            second_of_day,
        }
    }

    /// Save a raw crash and its dumps: a first save becomes visible whole or not at all, a replacement
    /// object by object with the raw crash last. No dumps mapping leaves the stored dumps alone.
    pub fn save_raw_crash(
        &self,
        id: &CrashId,
        json: &[u8],
        dumps: Option<NewDumps<'_>>,
        queue: Queue,
    ) -> Result<()> {
        let second = match queue {
            Queue::At(Some(second)) => second,
            _ => second_of_day(),
        };
        let queued = self.layout().dated && queue != Queue::No;
        let slot = queued.then(|| Slot::at(second, self.layout().slice_seconds));
        let dumps = dumps.map(|dumps| self.sources(id, dumps)).transpose()?;
        let crash = NewCrash { json, dumps, slot };
        let saver = self.saver(id, second);
        until_there(|| {
            if self.layout().leaf {
                saver.save_leaf(&crash)
            } else {
                saver.save_legacy(&crash)
            }
        })
    }

    fn sources<'a>(&self, id: &CrashId, dumps: NewDumps<'a>) -> Result<Vec<(String, Source<'a>)>> {
        let mut sources: Vec<(String, Source<'a>)> = Vec::with_capacity(dumps.len());
        for (name, content) in dumps {
            let file = self.layout().dump_file(id, &name)?;
            if sources.iter().any(|(other, _)| *other == file) {
                let (name, why) = (name.as_str().to_owned(), "two dumps of the crash have it");
                return Err(Error::InvalidDumpName { name, why });
            }
            sources.push((file, Source::open(content)?));
        }
        Ok(sources)
    }

    /// Compress and save a processed crash, given as JSON.
    pub fn save_processed(&self, id: &CrashId, json: &[u8]) -> Result<()> {
        let path = || {
            self.root
                .join(&self.layout().crash_dir(id))
                .join(self.layout().jsonz_name(id))
        };
        let packed =
            gzip::compress(json, self.options.compression_level).during("compress", path)?;
        let saver = self.saver(id, 0);
        until_there(|| self.save_jsonz(&saver, &packed)).inspect_err(|_| saver.drop_empty_dir())
    }

    fn save_jsonz(&self, saver: &Saver<'_>, packed: &[u8]) -> Result<()> {
        let path = self.layout().crash_dir(saver.id);
        let name = self.layout().jsonz_name(saver.id);
        let dir = self.root.make_dir(&path, self.options.durability)?;
        saver.sync_path(&path)?;
        let staged = saver.stage_file(dir.as_fd(), &name, &Source::Bytes(packed))?;
        if let Err(staged) = staged
            .publish_new(&name)
            .during("publish", || saver.shown(&name))?
        {
            staged
                .publish_over(saver.id, &name)
                .during("replace", || saver.shown(&name))?;
        }
        saver.sync(dir.as_fd())
    }

    fn open_object(&self, id: &CrashId, name: &str, kind: impl FnOnce() -> Kind) -> Result<Object> {
        let relative = [self.layout().crash_dir(id).as_str(), "/", name].concat();
        match self.root.open_file(&relative) {
            Err(Errno::NOENT) => Err(self.not_found(id, kind())),
            other => Object::of(other, || self.root.join(&relative)),
        }
    }

    pub(crate) fn not_found(&self, id: &CrashId, kind: Kind) -> Error {
        Error::NotFound {
            id: *id,
            kind,
            root: self.root.path().to_owned(),
        }
    }

    /// The raw crash as stored.
    pub fn raw_crash(&self, id: &CrashId) -> Result<Object> {
        self.open_object(id, &self.layout().json_name(id), || Kind::RawCrash)
    }

    /// One dump; the main dump has the empty name or `dump_field`.
    pub fn raw_dump(&self, id: &CrashId, name: &DumpName) -> Result<Object> {
        let file = self.layout().dump_file(id, name)?;
        let shown = if name.as_str().is_empty() {
            &self.layout().dump_field
        } else {
            name.as_str()
        };
        let kind = || Kind::Dump(shown.to_owned());
        if self.layout().leaf {
            return self.open_object(id, &file, kind);
        }
        let mut dump = self.open_shared(id, &file, kind)?;
        for _ in 0..dir::TRIES {
            if dump.linked {
                break;
            }
            dump = self.open_shared(id, &file, kind)?;
        }
        Ok(dump)
    }

    /// Open a dump in a directory that crashes share, where it may be that of a save in progress. It is
    /// whole if it was opened before its raw crash was seen, and has its name still.
    fn open_shared(&self, id: &CrashId, file: &str, kind: impl FnOnce() -> Kind) -> Result<Object> {
        let relative = [self.layout().crash_dir(id).as_str(), "/", file].concat();
        let opened = self.root.open_file(&relative);
        if opened.as_ref().err() == Some(&Errno::NOENT) || !self.has_raw_crash(id)? {
            return Err(self.not_found(id, kind()));
        }
        Object::of(opened, || self.root.join(&relative))
    }

    /// Whether there is a raw crash, behind no link.
    pub fn has_raw_crash(&self, id: &CrashId) -> Result<bool> {
        let path = self.json_path(id);
        self.root
            .is_file(&path)
            .during("look at", || self.root.join(&path))
    }

    pub(crate) fn json_path(&self, id: &CrashId) -> String {
        [
            self.layout().crash_dir(id).as_str(),
            "/",
            &self.layout().json_name(id),
        ]
        .concat()
    }

    /// Every dump, by name, in the order of the names.
    pub fn raw_dumps(&self, id: &CrashId) -> Result<Vec<(String, Object)>> {
        for _ in 0..dir::TRIES {
            if let (dumps, true) = self.open_dumps(id)? {
                return Ok(dumps);
            }
        }
        Ok(self.open_dumps(id)?.0)
    }

    /// Open every dump; false if they may be of several saves. See [`Tree::open_shared`].
    fn open_dumps(&self, id: &CrashId) -> Result<(Vec<(String, Object)>, bool)> {
        let path = self.layout().crash_dir(id);
        let dir = match self.root.open_dir(&path) {
            Err(Errno::NOENT) => return Err(self.not_found(id, Kind::Crash)),
            other => other.during("open directory", || self.root.join(&path))?,
        };
        let (mut files, mut same) = (Vec::new(), true);
        for (name, file) in self.dump_files(id, &dir, &path)? {
            let opened = rustix::fs::openat(&dir, &*file, dir::FILE, rustix::fs::Mode::empty());
            if opened.as_ref().err() == Some(&Errno::NOENT) {
                same = self.layout().leaf; // removed since it was listed
            } else {
                files.push((name, file, opened));
            }
        }
        if !self.layout().leaf && !self.has_raw_crash(id)? {
            return Err(self.not_found(id, Kind::Crash));
        }
        let mut dumps = Vec::with_capacity(files.len());
        for (name, file, opened) in files {
            let dump = Object::of(opened, || self.root.join(&path).join(&file))?;
            same &= dump.linked || self.layout().leaf;
            dumps.push((name, dump));
        }
        Ok((dumps, same))
    }

    /// Names and paths of the stored dump files: the storage's own, for reading only.
    pub fn raw_dump_paths(&self, id: &CrashId) -> Result<Vec<(String, PathBuf)>> {
        let path = self.layout().crash_dir(id);
        let dir = match self.root.open_dir(&path) {
            Err(Errno::NOENT) => return Err(self.not_found(id, Kind::Crash)),
            other => other.during("open directory", || self.root.join(&path))?,
        };
        let files = self.dump_files(id, &dir, &path)?;
        let shown = self.root.join(&path);
        Ok(files
            .into_iter()
            .map(|(name, file)| (name, shown.join(file)))
            .collect())
    }

    fn dump_files(&self, id: &CrashId, dir: &OwnedFd, path: &str) -> Result<Vec<(String, String)>> {
        let (mut files, mut json, mut link) = (Vec::new(), false, None);
        let json_name = self.layout().json_name(id);
        dir::each_entry(dir.as_fd(), Reading::Whole, |file, kind| {
            json |= file == json_name;
            if let Some(name) = self.layout().dump_of(id, file) {
                files.push((name.to_owned(), file.to_owned()));
                link = (kind == dir::EntryKind::Link)
                    .then(|| file.to_owned())
                    .or(link.take());
            }
        })
        .during("list directory", || self.root.join(path))?;
        if let Some(file) = link {
            // We made none: following it would read what somebody wants read.
            return Err(Errno::LOOP).during("open", || self.root.join(path).join(&file));
        }
        if !json {
            return Err(self.not_found(id, Kind::Crash));
        }
        files.sort_unstable();
        files.dedup_by(|one, other| one.0 == other.0); // `<id>..dump` is the main dump once more
        Ok(files)
    }

    /// The processed crash, expanded.
    pub fn processed(&self, id: &CrashId) -> Result<Vec<u8>> {
        let object =
            self.open_object(id, &self.layout().jsonz_name(id), || Kind::ProcessedCrash)?;
        let packed = object.read()?;
        gzip::expand(&packed, PROCESSED_MAX)
            .map_err(|error| corrupt(&object.path, error.to_string()))
    }

    /// Remove everything of one crash and nothing of its neighbours.
    pub fn remove(&self, id: &CrashId, second: Option<u32>) -> Result<()> {
        let saver = self.saver(id, second.unwrap_or_else(second_of_day));
        let found = if self.layout().leaf {
            saver.remove_leaf()
        } else {
            saver.remove_legacy()
        }?;
        // Whoever removes a crash that it took from the queue has no more to acknowledge. Until here
        // it is the only one that has it.
        self.claims.settle(id, |_| ());
        if found.names.is_empty() {
            Err(self.not_found(id, Kind::Crash))
        } else {
            Ok(())
        }
    }
}

/// Now, as seconds since midnight UTC.
pub(crate) fn second_of_day() -> u32 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    u32::try_from(now.as_secs() % DAY_SECONDS).unwrap_or_default()
}
