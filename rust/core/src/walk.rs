//! Walks over a tree: its days, its crashes, its family.

use std::sync::Arc;

use rustix::io::Errno;

use crate::crash_id::CrashId;
use crate::dir::{Entry, EntryKind};
use crate::error::{During, Result};
use crate::layout::DayStyle;
use crate::slot::Slot;
use crate::tree::Tree;

/// The deepest that a crash ID can lie.
const LEVELS_MAX: usize = 9;
/// A sample that found nothing after this many directories has seen enough.
const SAMPLE_MAX: usize = 200;
/// Days that a sample looks at, the newest first.
const SAMPLE_DAYS: usize = 3;

/// What a sample of a tree shows it to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Each crash has a directory of its own.
    Leaf,
    /// Crashes share their radix directory.
    Legacy,
    /// The day directories are named in the other style.
    OtherDays,
}

/// A walk over the raw crashes of one day, a batch of them at a time.
#[derive(Debug)]
pub struct Walk {
    tree: Arc<Tree>,
    /// Directories still to be read, the next one last, with how many levels they are down.
    open: Vec<(String, usize)>,
    found: Vec<CrashId>,
}

impl Walk {
    /// Begin to walk over a day of the tree, named as its directory is.
    #[must_use]
    pub fn start(tree: Arc<Tree>, day: &str) -> Self {
        let top = [day, "/", &tree.layout().name_branch].concat();
        let open = if tree.layout().is_day(day) {
            vec![(top, 0)]
        } else {
            Vec::new()
        };
        Self {
            tree,
            open,
            found: Vec::new(),
        }
    }

    /// The next crashes, about `limit` of them; none when the walk is over.
    pub fn next_batch(&mut self, limit: usize) -> Result<Vec<CrashId>> {
        while self.found.len() < limit {
            let Some((path, level)) = self.open.pop() else {
                break;
            };
            self.read(&path, level)?;
        }
        let rest = self.found.split_off(self.found.len().min(limit));
        Ok(std::mem::replace(&mut self.found, rest))
    }

    fn read(&mut self, path: &str, level: usize) -> Result<()> {
        let mut entries = self.tree.root.list(path)?;
        entries.sort_unstable();
        for entry in entries
            .iter()
            .rev()
            .filter(|entry| is_level(entry) && level < LEVELS_MAX)
        {
            self.open
                .push(([path, "/", &entry.name].concat(), level + 1));
        }
        for id in entries.iter().filter_map(|entry| self.tree.crash_of(entry)) {
            // Elsewhere it could not be read: a stray copy, or another depth than this tree's.
            let here = self.tree.layout().radix(&id) == path;
            if here && (!self.tree.layout().leaf || self.tree.has_raw_crash_calmly(&id)?) {
                self.found.push(id);
            }
        }
        Ok(())
    }
}

fn is_level(entry: &Entry) -> bool {
    entry.kind == EntryKind::Directory && entry.name.len() == 2 && !entry.name.starts_with('.')
}

impl Tree {
    /// The day directories, oldest first. Days of the month begin behind today: those are last month's.
    pub fn days(&self) -> Result<Vec<String>> {
        let mut days: Vec<String> = self
            .root
            .list_days()?
            .into_iter()
            .filter_map(|entry| self.day_of(entry))
            .collect();
        days.sort_unstable();
        if self.layout().day_style == DayStyle::DayOfMonth {
            let today = format!("{:02}", day_of_month());
            let behind = days.partition_point(|day| *day <= today);
            days.rotate_left(behind);
        }
        Ok(days)
    }

    fn day_of(&self, entry: Entry) -> Option<String> {
        let day = self.layout().is_day(&entry.name);
        let directory = entry.kind == EntryKind::Directory
            || entry.kind == EntryKind::Link && self.options.follow_day_links;
        (day && directory).then_some(entry.name)
    }

    pub(crate) fn hours_of(&self, day: &str, notes: &mut Vec<String>) -> Result<Vec<u8>> {
        let path = [day, "/", &self.layout().date_branch].concat();
        self.sorted(&path, Slot::parse_hour, notes)
    }

    pub(crate) fn slots_of(
        &self,
        day: &str,
        hour: u8,
        notes: &mut Vec<String>,
    ) -> Result<Vec<Slot>> {
        let path = format!("{day}/{}/{hour:02}", self.layout().date_branch);
        self.sorted(&path, |name| Slot::parse_slice(hour, name), notes)
    }

    /// The directories of `path` as numbers, in order. Whatever else lies there is noted and left alone.
    fn sorted<T: Ord>(
        &self,
        path: &str,
        parse: impl Fn(&str) -> Option<T>,
        notes: &mut Vec<String>,
    ) -> Result<Vec<T>> {
        let entries = match self.root.list(path) {
            Err(error) if error.errno().is_some_and(is_stray) => {
                notes.push(format!("{path} is left alone: {error}"));
                return Ok(Vec::new());
            }
            other => other?,
        };
        let mut numbers = Vec::with_capacity(entries.len());
        for entry in entries {
            match parse(&entry.name).filter(|_| entry.kind == EntryKind::Directory) {
                Some(number) => numbers.push(number),
                None => notes.push(format!(
                    "{path}/{} is left alone: not of the date branch",
                    entry.name
                )),
            }
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The crash that an entry of a radix directory stands for.
    fn crash_of(&self, entry: &Entry) -> Option<CrashId> {
        let wanted = if self.layout().leaf {
            EntryKind::Directory
        } else {
            EntryKind::Other
        };
        let suffix = if self.layout().leaf {
            ""
        } else {
            &self.layout().json_suffix
        };
        let name = entry
            .name
            .strip_suffix(suffix)
            .filter(|_| entry.kind == wanted)?;
        CrashId::parse(name).ok()
    }

    /// Look at the newest days: what family the tree is of, if anything can be told.
    pub fn sample(&self) -> Result<Option<Family>> {
        let days: Vec<String> = self.days()?.into_iter().rev().take(SAMPLE_DAYS).collect();
        if days.is_empty() {
            return Ok(self.has_other_days()?.then_some(Family::OtherDays));
        }
        let top = |day: String| (day + "/" + &self.layout().name_branch, 0);
        let mut open: Vec<(String, usize)> = days.into_iter().rev().map(top).collect();
        for _ in 0..SAMPLE_MAX {
            let Some((path, level)) = open.pop() else {
                break;
            };
            let entries = self.list_calmly(&path)?;
            if let Some(family) = entries.iter().find_map(|entry| self.family_of(entry)) {
                return Ok(Some(family));
            }
            let levels = entries
                .iter()
                .filter(|entry| is_level(entry) && level < LEVELS_MAX);
            open.extend(
                levels.map(|entry| ([&path, "/", entry.name.as_str()].concat(), level + 1)),
            );
        }
        Ok(None)
    }

    /// The entries of a directory; nothing if something else has its name.
    fn list_calmly(&self, path: &str) -> Result<Vec<Entry>> {
        match self.root.list(path) {
            Err(error) if error.errno().is_some_and(is_stray) => Ok(Vec::new()),
            other => other,
        }
    }

    /// Whether there is a raw crash; what else has its name is none.
    fn has_raw_crash_calmly(&self, id: &CrashId) -> Result<bool> {
        match self.has_raw_crash(id) {
            Err(error) if error.errno().is_some_and(is_stray) => Ok(false),
            other => other,
        }
    }

    fn family_of(&self, entry: &Entry) -> Option<Family> {
        let (id, rest) = entry.name.split_at_checked(36)?;
        CrashId::parse(id).ok()?;
        let layout = self.layout();
        let ours = [
            &layout.json_suffix,
            &layout.jsonz_suffix,
            &layout.dump_suffix,
        ];
        match entry.kind {
            EntryKind::Directory if rest.is_empty() => Some(Family::Leaf),
            EntryKind::Other if ours.iter().any(|suffix| rest.ends_with(suffix.as_str())) => {
                Some(Family::Legacy)
            }
            _ => None,
        }
    }

    fn has_other_days(&self) -> Result<bool> {
        let other = match self.layout().day_style {
            DayStyle::Date => 2,
            DayStyle::DayOfMonth => 8,
        };
        for entry in self.root.list_days()? {
            let day =
                entry.name.len() == other && entry.name.bytes().all(|byte| byte.is_ascii_digit());
            if day && entry.kind == EntryKind::Directory {
                let below = self.root.list(&entry.name)?;
                if below
                    .iter()
                    .any(|entry| entry.name == self.layout().name_branch)
                {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Clear a day-of-the-month directory of what an earlier month left: files whose crash ID has another
    /// month than `crash`, which are not queued and not changed for `older_than` seconds. Returns how many
    /// crashes went.
    pub fn recycle(&self, crash: &CrashId, older_than: u64) -> Result<usize> {
        let top = [
            self.layout().day(crash).as_str(),
            "/",
            &self.layout().name_branch,
        ]
        .concat();
        let (mut open, mut removed) = (vec![(top, 0)], 0);
        while let Some((path, level)) = open.pop() {
            let entries = self.root.list(&path)?;
            let levels = entries
                .iter()
                .filter(|entry| is_level(entry) && level < LEVELS_MAX);
            open.extend(
                levels.map(|entry| ([&path, "/", entry.name.as_str()].concat(), level + 1)),
            );
            for id in stale_crashes(&entries, crash) {
                removed += usize::from(self.recycle_one(&path, &id, older_than)?);
            }
        }
        Ok(removed)
    }

    fn recycle_one(&self, path: &str, id: &CrashId, older_than: u64) -> Result<bool> {
        let name = self.layout().json_name(id);
        let status = self.root.open_dir(path).and_then(|dir| {
            rustix::fs::statat(&dir, &*name, rustix::fs::AtFlags::SYMLINK_NOFOLLOW)
        });
        let changed = match status {
            Err(Errno::NOENT) => return Ok(false),
            other => {
                other
                    .during("look at", || self.root.join(path).join(&name))?
                    .st_mtime
            }
        };
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime).tv_sec;
        let old = u64::try_from(now - changed).is_ok_and(|age| age > older_than);
        if old {
            self.remove(id, None)?;
        }
        Ok(old)
    }
}

/// Crashes of another month that have no back link, that is, are not queued.
fn stale_crashes(entries: &[Entry], now: &CrashId) -> Vec<CrashId> {
    let id_of = |entry: &Entry| entry.name.get(..36).and_then(|id| CrashId::parse(id).ok());
    let month = |id: &CrashId| (id.date().year, id.date().month);
    let queued = |id: &CrashId| entries.iter().any(|entry| entry.name == id.as_str());
    let mut ids: Vec<CrashId> = entries.iter().filter_map(id_of).collect();
    ids.sort_unstable();
    ids.dedup();
    ids.retain(|id| month(id) != month(now) && !queued(id));
    ids
}

/// Whether something of another kind lies where a file or a directory should be.
fn is_stray(errno: Errno) -> bool {
    matches!(errno, Errno::NOTDIR | Errno::LOOP | Errno::ISDIR)
}

fn day_of_month() -> u8 {
    let seconds = rustix::time::clock_gettime(rustix::time::ClockId::Realtime).tv_sec;
    civil_day(seconds.div_euclid(86_400))
}

/// Day of the month of a day counted from 1970-01-01, in the proleptic Gregorian calendar: eras of
/// 400 years, years that begin in March.
fn civil_day(days: i64) -> u8 {
    let day_of_era = (days + 719_468).rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    u8::try_from(day_of_year - (153 * month + 2) / 5 + 1).unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::civil_day;

    #[test]
    fn days_of_the_month() {
        for (days, day) in [
            (0, 1),
            (58, 28),
            (59, 1),
            (11_016, 29),
            (11_017, 1),
            (20_781, 24),
        ] {
            assert_eq!(civil_day(days), day, "{days} days after 1970-01-01");
        }
    }
}
