//! The floor: what the results of the storages cost in bare system calls, and nothing else.
//!
//! No staging, no checks, no Python: directories are held open, names are put together from
//! bytes. The benchmarks send one command a line on standard input and read one answer a line:
//! the nanoseconds that the command took, or `error: ...`. IDs are of depth 2, and their dump is
//! the main one.

use std::collections::HashMap;
use std::error::Error;
use std::ffi::{CStr, CString};
use std::fs::create_dir_all;
use std::hint::black_box;
use std::io::{BufRead, Write, stdin, stdout};
use std::path::PathBuf;
use std::thread;
use std::time::Instant;

use rustix::buffer::spare_capacity;
use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags};
use rustix::fs::{fstat, mkdirat, openat, readlinkat, statat, symlinkat, unlinkat};
use rustix::io::{read, write};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

const NEW: OFlags = OFlags::WRONLY.union(OFlags::CREATE).union(OFlags::TRUNC);
const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY);
#[cfg(target_os = "linux")]
const LISTING_BUFFER: usize = 32 * 1024;
const SPINS: u64 = 20_000_000;

/// What the commands work on.
#[derive(Default)]
struct Bench {
    root: PathBuf,
    slot: String,
    ids: Vec<String>,
    json: Vec<u8>,
    dump: Vec<u8>,
    leaves: HashMap<String, OwnedFd>,
    days: HashMap<String, OwnedFd>,
    slots: HashMap<String, OwnedFd>,
}

impl Bench {
    fn set(&mut self, what: &str, value: &str) -> Result<()> {
        match what {
            "root" => {
                *self = Self {
                    root: value.into(),
                    ..Self::default()
                };
            }
            "slot" => value.clone_into(&mut self.slot),
            "ids" => {
                self.ids = std::fs::read_to_string(value)?
                    .lines()
                    .map(String::from)
                    .collect();
            }
            "json" => self.json = std::fs::read(value)?,
            "dump" => self.dump = std::fs::read(value)?,
            _ => return Err(format!("no setting {what}").into()),
        }
        Ok(())
    }

    /// Make and open every directory that the IDs share.
    fn warm(&mut self) -> Result<()> {
        for id in &self.ids {
            let day = self.root.join(day_of(id)?);
            open_shared(&mut self.days, day_of(id)?, || day.clone())?;
            open_shared(&mut self.leaves, &radix_of(id)?, || {
                day.join("name")
                    .join(id.get(..2).unwrap_or_default())
                    .join(id.get(2..4).unwrap_or_default())
            })?;
            if !self.slot.is_empty() {
                open_shared(&mut self.slots, &slot_key(day_of(id)?, &self.slot), || {
                    day.join("date").join(&self.slot)
                })?;
            }
        }
        Ok(())
    }

    fn run(&self, command: &str) -> Result<()> {
        match command {
            "save" => each(&self.ids, |id| self.save(id)),
            "save-2-threads" => self.save_in_two_threads(),
            "raw" => each(&self.ids, |id| self.raw(id)),
            "dumps-listed" => each(&self.ids, |id| self.dumps_listed(id)),
            "dumps-named" => each(&self.ids, |id| self.dumps_named(id)),
            "save-processed" => each(&self.ids, |id| self.save_processed(id)),
            "processed" => each(&self.ids, |id| self.processed(id)),
            "remove" => each(&self.ids, |id| self.remove(id)),
            "drop-processed" => each(&self.ids, |id| self.drop_processed(id)),
            "drain" => self.drain(true),
            "list" => self.drain(false),
            "spin" => {
                spin();
                Ok(())
            }
            "spin-2-threads" => spin_in_two_threads(),
            _ => Err(format!("no command {command}").into()),
        }
    }

    fn save(&self, id: &str) -> Result<()> {
        let leaf = held(&self.leaves, &radix_of(id)?)?;
        mkdirat(leaf, id, Mode::from(0o755))?;
        write_file(leaf, &format!("{id}/{id}.json"), &self.json)?;
        write_file(leaf, &format!("{id}/{id}.dump"), &self.dump)?;
        if self.slot.is_empty() {
            return Ok(());
        }
        let (one, two) = (
            id.get(..2).unwrap_or_default(),
            id.get(2..4).unwrap_or_default(),
        );
        symlinkat(
            format!("../../../../date/{}", self.slot),
            leaf,
            format!("{id}/date_root"),
        )?;
        let slot = held(&self.slots, &slot_key(day_of(id)?, &self.slot))?;
        symlinkat(format!("../../../name/{one}/{two}/{id}"), slot, id)?;
        Ok(())
    }

    fn save_in_two_threads(&self) -> Result<()> {
        let (one, two) = self.ids.split_at(self.ids.len() / 2);
        let save = |ids| move || each(ids, |id| self.save(id));
        thread::scope(|scope| {
            let other = scope.spawn(save(two));
            save(one)()?;
            other.join().map_err(|_| "a thread panicked")?
        })
    }

    fn raw(&self, id: &str) -> Result<()> {
        read_file(
            held(&self.leaves, &radix_of(id)?)?,
            format!("{id}/{id}.json"),
        )
    }

    fn dumps_named(&self, id: &str) -> Result<()> {
        read_file(
            held(&self.leaves, &radix_of(id)?)?,
            format!("{id}/{id}.dump"),
        )
    }

    fn dumps_listed(&self, id: &str) -> Result<()> {
        let dir = openat(
            held(&self.leaves, &radix_of(id)?)?,
            id,
            DIRECTORY,
            Mode::empty(),
        )?;
        list(&dir, |name, _| {
            if name.to_bytes().ends_with(b".dump") {
                read_file(&dir, name)?;
            }
            Ok(())
        })
    }

    /// Write `json`, which the caller has compressed.
    fn save_processed(&self, id: &str) -> Result<()> {
        let leaf = held(&self.leaves, &radix_of(id)?)?;
        write_file(leaf, &format!("{id}/{id}.jsonz"), &self.json)
    }

    fn processed(&self, id: &str) -> Result<()> {
        read_file(
            held(&self.leaves, &radix_of(id)?)?,
            format!("{id}/{id}.jsonz"),
        )
    }

    fn drop_processed(&self, id: &str) -> Result<()> {
        let leaf = held(&self.leaves, &radix_of(id)?)?;
        Ok(unlinkat(
            leaf,
            format!("{id}/{id}.jsonz"),
            AtFlags::empty(),
        )?)
    }

    fn remove(&self, id: &str) -> Result<()> {
        let leaf = held(&self.leaves, &radix_of(id)?)?;
        if let Ok(back) = readlinkat(leaf, format!("{id}/date_root"), Vec::new()) {
            let slot = back.to_str()?.trim_start_matches("../");
            let day = held(&self.days, day_of(id)?)?;
            unlinkat(day, format!("{slot}/{id}"), AtFlags::empty())?;
            unlinkat(leaf, format!("{id}/date_root"), AtFlags::empty())?;
        }
        unlinkat(leaf, format!("{id}/{id}.json"), AtFlags::empty())?;
        unlinkat(leaf, format!("{id}/{id}.dump"), AtFlags::empty())?;
        Ok(unlinkat(leaf, id, AtFlags::REMOVEDIR)?)
    }

    /// Visit every slot of every day; `unlink` says whether to take the crashes out.
    fn drain(&self, unlink: bool) -> Result<()> {
        for day in self.days.values() {
            let Ok(hours) = openat(day, "date", DIRECTORY, Mode::empty()) else {
                continue;
            };
            for hour in directories(&hours)? {
                let slots = openat(&hours, &hour, DIRECTORY, Mode::empty())?;
                for slot in directories(&slots)? {
                    self.drain_slot(&openat(&slots, &slot, DIRECTORY, Mode::empty())?, unlink)?;
                    if unlink {
                        unlinkat(&slots, &slot, AtFlags::REMOVEDIR)?;
                    }
                }
                if unlink {
                    unlinkat(&hours, &hour, AtFlags::REMOVEDIR)?;
                }
            }
        }
        Ok(())
    }

    fn drain_slot(&self, slot: &OwnedFd, unlink: bool) -> Result<()> {
        list(slot, |name, file_type| {
            if file_type != FileType::Symlink {
                return Ok(());
            }
            let id = black_box(name.to_str()?);
            if unlink {
                statat(slot, format!("{id}/{id}.json"), AtFlags::empty())?;
                let leaf = held(&self.leaves, &radix_of(id)?)?;
                unlinkat(leaf, format!("{id}/date_root"), AtFlags::empty())?;
                unlinkat(slot, id, AtFlags::empty())?;
            }
            Ok(())
        })
    }
}

fn each(ids: &[String], mut call: impl FnMut(&str) -> Result<()>) -> Result<()> {
    ids.iter().try_for_each(|id| call(id))
}

fn day_of(id: &str) -> Result<&'static str> {
    // One day is all that the benchmarks use; a leaked string a round would be measured too.
    match id.get(30..) {
        Some("180601") => Ok("20180601"),
        _ => Err(format!("{id} is not of 2018-06-01").into()),
    }
}

fn radix_of(id: &str) -> Result<String> {
    Ok(format!("{}{}", id.get(..4).ok_or("short ID")?, day_of(id)?))
}

fn slot_key(day: &str, slot: &str) -> String {
    format!("{day}/{slot}")
}

fn held<'a>(dirs: &'a HashMap<String, OwnedFd>, key: &str) -> Result<&'a OwnedFd> {
    dirs.get(key)
        .ok_or_else(|| format!("{key} is not open").into())
}

fn open_shared(
    dirs: &mut HashMap<String, OwnedFd>,
    key: &str,
    path: impl Fn() -> PathBuf,
) -> Result<()> {
    if !dirs.contains_key(key) {
        create_dir_all(path())?;
        dirs.insert(key.into(), openat(CWD, path(), DIRECTORY, Mode::empty())?);
    }
    Ok(())
}

fn write_file(dir: impl AsFd, name: &str, mut bytes: &[u8]) -> Result<()> {
    let file = openat(dir, name, NEW, Mode::from(0o644))?;
    while !bytes.is_empty() {
        bytes = bytes.get(write(&file, bytes)?..).unwrap_or_default();
    }
    Ok(())
}

fn read_file(dir: impl AsFd, name: impl rustix::path::Arg) -> Result<()> {
    let file = openat(dir, name, OFlags::RDONLY, Mode::empty())?;
    let size = usize::try_from(fstat(&file)?.st_size)?;
    let mut bytes = Vec::with_capacity(size);
    while bytes.len() < size && read(&file, spare_capacity(&mut bytes))? > 0 {}
    black_box(bytes);
    Ok(())
}

fn directories(dir: impl AsFd) -> Result<Vec<CString>> {
    let mut names = Vec::new();
    list(dir, |name, _| {
        if !name.to_bytes().starts_with(b".") {
            names.push(name.into());
        }
        Ok(())
    })?;
    Ok(names)
}

/// Visit every entry of a directory.
#[cfg(target_os = "linux")]
fn list(dir: impl AsFd, mut visit: impl FnMut(&CStr, FileType) -> Result<()>) -> Result<()> {
    let mut buffer = Vec::<u8>::with_capacity(LISTING_BUFFER);
    let mut entries = rustix::fs::RawDir::new(dir, buffer.spare_capacity_mut());
    while let Some(entry) = entries.next() {
        let entry = entry?;
        visit(entry.file_name(), entry.file_type())?;
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn list(dir: impl AsFd, mut visit: impl FnMut(&CStr, FileType) -> Result<()>) -> Result<()> {
    for entry in rustix::fs::Dir::read_from(dir)? {
        let entry = entry?;
        visit(entry.file_name(), entry.file_type())?;
    }
    Ok(())
}

/// Pure work: says how much of a second processor there is just now.
fn spin() {
    black_box((0..SPINS).fold(1_u64, |sum, n| black_box(sum.rotate_left(5) ^ n)));
}

fn spin_in_two_threads() -> Result<()> {
    let other = thread::spawn(spin);
    spin();
    Ok(other.join().map_err(|_| "a thread panicked")?)
}

fn answer(bench: &mut Bench, line: &str) -> Result<u128> {
    let (command, value) = line.split_once(' ').unwrap_or((line, ""));
    let start = Instant::now();
    match (command, value) {
        ("warm", _) => bench.warm()?,
        (_, "") if command != "slot" => bench.run(command)?,
        _ => bench.set(command, value)?,
    }
    Ok(start.elapsed().as_nanos())
}

fn main() -> Result<()> {
    let mut bench = Bench::default();
    for line in stdin().lock().lines() {
        match answer(&mut bench, line?.trim()) {
            Ok(nanoseconds) => writeln!(stdout(), "{nanoseconds}")?,
            Err(error) => writeln!(stdout(), "error: {error}")?,
        }
    }
    Ok(())
}
