//! The tree that Antenna's file system storage writes: a day's crashes beside each other, by kind.
//!
//! ```text
//! <fs_root>/20180601/dump_names/<id>.json       the names of the dumps
//! <fs_root>/20180601/<name>/<id>                one dump
//! <fs_root>/20180601/raw_crash/<id>.json        the raw crash, without which nothing is read
//! ```
//!
//! A first save ends with the raw crash. Whoever finds anything of the crash already there takes the
//! lock of the day and replaces object by object, again with the raw crash last.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fd::{AsFd, BorrowedFd, OwnedFd};
use rustix::fs::AtFlags;
use rustix::io::Errno;

use crate::crash_id::CrashId;
use crate::dir::{self, Durability, Entry, EntryKind, Modes};
use crate::error::{During, Error, Kind, Result};
use crate::layout::DumpName;
use crate::leaf::until_there;
use crate::object::Object;
use crate::root::Root;
use crate::synced::Synced;
use crate::tree::NewDumps;
use crate::write::{Content, Source, Staged, Style};

const RAW_CRASH: &str = "raw_crash";
const DUMP_NAMES: &str = "dump_names";

/// A tree of Antenna.
#[derive(Debug)]
pub struct AntennaTree {
    root: Arc<Root>,
    style: Style,
    synced: Synced,
}

/// One file of a crash that is to be saved.
struct File<'a> {
    dir: String,
    name: String,
    source: Source<'a>,
}

/// Everything of a crash that is to be saved.
struct Report<'a> {
    id: &'a CrashId,
    day: String,
    dump_names: File<'a>,
    dumps: Vec<File<'a>>,
    raw_crash: File<'a>,
}

/// What a save put where nothing was: it goes again if the save fails.
struct Made<'f, 'a> {
    file: &'f File<'a>,
    inode: u64,
}

impl File<'_> {
    fn path(&self) -> String {
        [&self.dir, "/", &self.name].concat()
    }
}

impl AntennaTree {
    /// Open the tree at `fs_root`, making the directory where it is missing.
    pub fn open(fs_root: &Path, modes: Modes, durability: Durability) -> Result<Self> {
        let style = Style {
            modes,
            durability,
            tight_umask: false,
        };
        Ok(Self {
            root: Arc::new(Root::open(fs_root, modes, false)?),
            style,
            synced: Synced::default(),
        })
    }

    /// The same tree without the locks of this one: for the child of a fork.
    #[must_use]
    pub fn renewed(&self) -> Self {
        Self {
            root: Arc::new(self.root.again()),
            style: self.style,
            synced: Synced::default(),
        }
    }

    /// The root, absolute.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.root.path()
    }

    /// Save a crash: a first save becomes visible whole or not at all, a replacement object by object
    /// with the raw crash last.
    ///
    /// `dump_names` and `raw_crash` are JSON. A dump may have the empty name: it lies beside the
    /// directories of the others.
    pub fn save(
        &self,
        id: &CrashId,
        raw_crash: &[u8],
        dump_names: &[u8],
        dumps: NewDumps<'_>,
    ) -> Result<()> {
        let json = |kind, bytes| json_file(id, kind, Source::Bytes(bytes));
        let dump = |(name, content)| dump_file(id, &name, content);
        let report = Report {
            id,
            day: id.date().yyyymmdd(),
            dump_names: json(DUMP_NAMES, dump_names),
            dumps: dumps.into_iter().map(dump).collect::<Result<_>>()?,
            raw_crash: json(RAW_CRASH, raw_crash),
        };
        until_there(|| self.attempt(&report))
    }

    fn attempt(&self, report: &Report<'_>) -> Result<()> {
        let mut made = Vec::new();
        let saved = match self.save_first(report, &mut made) {
            Ok(false) => self.replace(report),
            first => first.map(drop),
        };
        saved.inspect_err(|_| self.take_back(report, &made))
    }

    /// Save a crash of which nothing is there yet; false if something was.
    fn save_first<'r, 'a>(
        &self,
        report: &'r Report<'a>,
        made: &mut Vec<Made<'r, 'a>>,
    ) -> Result<bool> {
        let order = [&report.dump_names].into_iter().chain(&report.dumps);
        for file in order.chain([&report.raw_crash]) {
            let dir = self.make_dir(&file.dir)?;
            let staged = self.stage(dir.as_fd(), report.id, file)?;
            let inode = staged.inode;
            if staged
                .publish_new(&file.name)
                .during("publish", || self.shown(file))?
                .is_err()
            {
                return Ok(false);
            }
            made.push(Made { file, inode });
            self.sync(dir.as_fd(), file)?;
        }
        Ok(true)
    }

    /// Remove what a failed save made, unless another save has put its own there since.
    fn take_back(&self, report: &Report<'_>, made: &[Made<'_, '_>]) {
        let _lock = self.lock(report);
        for Made { file, inode } in made.iter().rev() {
            let Ok(dir) = self.root.open_dir(&file.dir) else {
                continue;
            };
            let found = rustix::fs::statat(&dir, &*file.name, AtFlags::SYMLINK_NOFOLLOW);
            if found.is_ok_and(|status| status.st_ino == *inode) {
                let _ = dir::unlink(dir.as_fd(), &file.name);
            }
        }
    }

    /// Object by object over what is there; what the crash no longer has goes last.
    fn replace(&self, report: &Report<'_>) -> Result<()> {
        let _lock = self.lock(report)?;
        let mut is_new = false;
        self.publish_over(report, &mut is_new)
            .and_then(|()| self.drop_absent_dumps(report))
            .inspect_err(|_| {
                if is_new {
                    if let Ok(dir) = self.root.open_dir(&report.raw_crash.dir) {
                        let _ = dir::unlink(dir.as_fd(), &report.raw_crash.name);
                    }
                }
            })
    }

    /// Stage everything, so that a full disk comes before the first change, and publish it. Says whether
    /// there is a raw crash now where none was: of what a killed save left, or one under way.
    fn publish_over(&self, report: &Report<'_>, is_new: &mut bool) -> Result<()> {
        let order = report.dumps.iter().chain([&report.dump_names]);
        let files: Vec<&File<'_>> = order.chain([&report.raw_crash]).collect();
        let dirs = files
            .iter()
            .map(|file| self.make_dir(&file.dir))
            .collect::<Result<Vec<OwnedFd>>>()?;
        let mut staged = Vec::with_capacity(files.len());
        for (file, dir) in files.iter().zip(&dirs) {
            let new = self.stage(dir.as_fd(), report.id, file)?;
            staged.push(
                new.named_as(again(&file.name))
                    .during("create", || self.shown(file))?,
            );
        }
        for ((file, dir), new) in files.iter().zip(&dirs).zip(staged) {
            let added = self.put(report, file, new)?;
            *is_new = added && std::ptr::eq(*file, &raw const report.raw_crash);
            self.sync(dir.as_fd(), file)?;
        }
        Ok(())
    }

    /// Give a staged file its name, whatever has it; whether nothing had.
    fn put(&self, report: &Report<'_>, file: &File<'_>, new: Staged<'_>) -> Result<bool> {
        let done = match new.publish_new(&file.name) {
            Ok(Err(new)) => new.publish_over(report.id, &file.name).map(|()| false),
            added => added.map(|_| true),
        };
        done.during("replace", || self.shown(file))
    }

    /// Remove the dumps that a save before this one left, under names that this one does not have.
    fn drop_absent_dumps(&self, report: &Report<'_>) -> Result<()> {
        let id = report.id.as_str();
        for Entry { name, kind } in self.root.list(&report.day)? {
            if kind == EntryKind::Directory {
                self.drop_absent(report, &[&report.day, "/", &name].concat())?;
            } else if kind == EntryKind::Other && (name == id || name == again(id)) {
                self.drop_absent(report, &report.day)?;
            }
        }
        Ok(())
    }

    fn drop_absent(&self, report: &Report<'_>, path: &str) -> Result<()> {
        if report.dumps.iter().any(|dump| dump.dir == path) {
            return Ok(());
        }
        let dir = match self.root.open_dir(path) {
            Err(Errno::NOENT) => return Ok(()),
            other => other.during("open directory", || self.root.join(path))?,
        };
        for name in [report.id.as_str(), &again(report.id.as_str())] {
            dir::unlink(dir.as_fd(), name).during("remove", || self.root.join(path).join(name))?;
        }
        Ok(())
    }

    /// Wait for the lock of the crash's day; it ends with what this returns.
    fn lock(&self, report: &Report<'_>) -> Result<OwnedFd> {
        let dir = self.make_dir(&report.raw_crash.dir)?;
        dir::lock(dir.as_fd());
        Ok(dir)
    }

    fn make_dir(&self, path: &str) -> Result<OwnedFd> {
        let dir = self.root.make_dir(path, self.style.durability)?;
        self.synced
            .ensure(&self.root, path, self.style.durability)?;
        Ok(dir)
    }

    fn stage<'d>(&self, dir: BorrowedFd<'d>, id: &CrashId, file: &File<'_>) -> Result<Staged<'d>> {
        Staged::write(dir, id, &file.source, self.style, || self.shown(file))
    }

    fn sync(&self, dir: BorrowedFd<'_>, file: &File<'_>) -> Result<()> {
        match self.style.durability {
            Durability::Os => Ok(()),
            Durability::Disk => {
                crate::sync::all(dir).during("sync directory", || self.root.join(&file.dir))
            }
        }
    }

    fn shown(&self, file: &File<'_>) -> PathBuf {
        self.root.join(&file.path())
    }

    /// The raw crash as stored.
    pub fn raw_crash(&self, id: &CrashId) -> Result<Object> {
        self.open_object(id, &json_path(id, RAW_CRASH), || Kind::RawCrash)
    }

    /// The names of the crash's dumps as stored.
    pub fn dump_names(&self, id: &CrashId) -> Result<Object> {
        self.open_object(id, &json_path(id, DUMP_NAMES), || Kind::DumpNames)
    }

    /// One dump. The caller has read the raw crash: without it a dump may be that of a save in progress.
    pub fn dump(&self, id: &CrashId, name: &DumpName) -> Result<Object> {
        let path = [&dump_dir(id, name), "/", id.as_str()].concat();
        self.open_object(id, &path, || Kind::Dump(name.as_str().to_owned()))
    }

    fn open_object(&self, id: &CrashId, path: &str, kind: impl FnOnce() -> Kind) -> Result<Object> {
        match self.root.open_file(path) {
            Err(Errno::NOENT) => Err(Error::NotFound {
                id: *id,
                kind: kind(),
                root: self.root.path().to_owned(),
            }),
            other => Object::of(other, || self.root.join(path)),
        }
    }
}

/// What a replacement of a file is staged under. As the lock is held, one name is enough, and what a
/// killed save left under it is found without looking through a whole day.
fn again(name: &str) -> String {
    [".", name, ".again"].concat()
}

fn json_file<'a>(id: &CrashId, kind: &str, source: Source<'a>) -> File<'a> {
    File {
        dir: [&id.date().yyyymmdd(), "/", kind].concat(),
        name: [id.as_str(), ".json"].concat(),
        source,
    }
}

fn json_path(id: &CrashId, kind: &str) -> String {
    json_file(id, kind, Source::Bytes(&[])).path()
}

fn dump_file<'a>(id: &CrashId, name: &DumpName, content: Content<'a>) -> Result<File<'a>> {
    Ok(File {
        dir: dump_dir(id, name),
        name: id.as_str().to_owned(),
        source: Source::open(content)?,
    })
}

/// Where a dump lies. Without a name it lies in the day's own directory, as Antenna joins the two.
fn dump_dir(id: &CrashId, name: &DumpName) -> String {
    let day = id.date().yyyymmdd();
    match name.as_str() {
        "" => day,
        name => [&day, "/", name].concat(),
    }
}
