//! Where the objects of a crash lie: pure functions from crash ID and options to names.
//!
//! ```text
//! <fs_root>/20180601/name/aa/bb/<id>/<id>.json          leaf directory a crash (FSRadix, FSDated)
//! <fs_root>/20180601/name/aa/bb/<id>.json               shared radix directory (legacy)
//! <fs_root>/20180601/date/12/34_5/<id>                  slot link, to the directory above
//! <fs_root>/20180601/name/aa/bb/<id>/date_root          back link, to the slot (legacy: .../bb/<id>)
//! ```

use crate::crash_id::CrashId;
use crate::error::{Error, Result};
use crate::slot::{Slot, all_digits};

/// The back link's name in a leaf directory; in a legacy radix directory it is the crash ID.
const DATE_ROOT: &str = "date_root";
/// The longest file name that every file system of interest takes.
const NAME_MAX: usize = 255;

/// What a directory below the root is named after.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayStyle {
    /// `20180601`.
    Date,
    /// `01`: directories come round every month (`FSTemporaryStorage`).
    DayOfMonth,
}

/// The names of a radix tree. All fields are checked by [`Layout::check`].
#[derive(Debug, Clone)]
pub struct Layout {
    /// How day directories are named.
    pub day_style: DayStyle,
    /// Whether each crash has a directory of its own (false: legacy).
    pub leaf: bool,
    /// Whether there is a date branch, that is, a queue.
    pub dated: bool,
    /// The depth that the digit 0 stands for.
    pub zero_depth: u8,
    /// Directory of the crashes below a day.
    pub name_branch: String,
    /// Directory of the slots below a day.
    pub date_branch: String,
    /// Suffix of raw crashes.
    pub json_suffix: String,
    /// Suffix of processed crashes.
    pub jsonz_suffix: String,
    /// Suffix of dumps.
    pub dump_suffix: String,
    /// The name under which the main dump is known.
    pub dump_field: String,
    /// Length of a slot in seconds.
    pub slice_seconds: u32,
}

/// A name under which a dump may be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DumpName(String);

impl DumpName {
    /// Check a name that a caller wants to store a dump under.
    pub fn parse(name: &str) -> Result<Self> {
        if !name.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
            return Err(invalid_name(name, "only printable ASCII is allowed"));
        }
        Self::parse_stored(name)
    }

    /// Check a name that only has to be safe: trees of the past hold names that we would not store.
    pub fn parse_stored(name: &str) -> Result<Self> {
        if name.starts_with('.') {
            return Err(invalid_name(name, "it begins with a dot"));
        }
        if name.contains(['/', '\0']) {
            return Err(invalid_name(name, "it holds a slash or a NUL"));
        }
        Ok(Self(name.to_owned()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn invalid_name(name: &str, why: &'static str) -> Error {
    Error::InvalidDumpName {
        name: name.to_owned(),
        why,
    }
}

impl Layout {
    /// Refuse names that would lead out of the tree or make two objects share a file.
    pub fn check(&self) -> Result<()> {
        for (option, name) in [
            ("name_branch_base", &self.name_branch),
            ("date_branch_base", &self.date_branch),
        ] {
            if name.is_empty() || name.starts_with('.') || name.contains(['/', '\0']) {
                return Err(configuration(option, name, "a plain directory name"));
            }
        }
        if self.name_branch == self.date_branch {
            return Err(configuration(
                "date_branch_base",
                &self.date_branch,
                "not name_branch_base",
            ));
        }
        if !(1..=60).contains(&self.slice_seconds) {
            let text = self.slice_seconds.to_string();
            return Err(configuration(
                "minute_slice_interval",
                &text,
                "1 to 60 seconds",
            ));
        }
        self.check_suffixes()
    }

    fn check_suffixes(&self) -> Result<()> {
        let suffixes = [
            ("json_file_suffix", &self.json_suffix),
            ("jsonz_file_suffix", &self.jsonz_suffix),
            ("dump_file_suffix", &self.dump_suffix),
        ];
        for (option, suffix) in suffixes {
            if suffix.len() < 2 || !suffix.starts_with('.') || suffix.contains(['/', '\0']) {
                return Err(configuration(
                    option,
                    suffix,
                    "a dot and a name, like '.json'",
                ));
            }
            let clash = suffixes
                .iter()
                .find(|(other, text)| *other != option && text.ends_with(suffix.as_str()));
            if let Some((other, _)) = clash {
                return Err(configuration(
                    option,
                    suffix,
                    &format!("different from {other}"),
                ));
            }
        }
        Ok(())
    }

    /// The day directory of a crash.
    #[must_use]
    pub fn day(&self, id: &CrashId) -> String {
        match self.day_style {
            DayStyle::Date => id.date().yyyymmdd(),
            DayStyle::DayOfMonth => format!("{:02}", id.date().day),
        }
    }

    /// Whether a crash belongs into a day directory.
    #[must_use]
    pub fn is_of_day(&self, id: &CrashId, day: &str) -> bool {
        // The date of an ID is its last six characters; what precedes them in a name is the century.
        let date = id.as_str().get(30..).unwrap_or_default();
        match self.day_style {
            DayStyle::Date => day.strip_prefix("20") == Some(date),
            DayStyle::DayOfMonth => date.get(4..) == Some(day),
        }
    }

    /// Whether a directory below the root is a day of this layout.
    #[must_use]
    pub fn is_day(&self, name: &str) -> bool {
        all_digits(name)
            && match self.day_style {
                DayStyle::Date => name.len() == 8,
                DayStyle::DayOfMonth => name.len() == 2,
            }
    }

    /// The radix directory of a crash, relative to the root.
    #[must_use]
    pub fn radix(&self, id: &CrashId) -> String {
        let mut path = self.day(id);
        path.reserve(self.name_branch.len() + 64);
        self.push_below_day(&mut path, id);
        path
    }

    fn push_below_day(&self, path: &mut String, id: &CrashId) {
        path.push('/');
        path.push_str(&self.name_branch);
        for level in 0..id.depth(self.zero_depth) {
            path.push('/');
            path.push_str(
                id.as_str()
                    .get(2 * level..2 * level + 2)
                    .unwrap_or_default(),
            );
        }
    }

    /// The directory that holds the crash's files, relative to the root.
    #[must_use]
    pub fn crash_dir(&self, id: &CrashId) -> String {
        let mut path = self.radix(id);
        if self.leaf {
            path.push('/');
            path.push_str(id.as_str());
        }
        path
    }

    /// File name of the raw crash.
    #[must_use]
    pub fn json_name(&self, id: &CrashId) -> String {
        [id.as_str(), &self.json_suffix].concat()
    }

    /// File name of the processed crash.
    #[must_use]
    pub fn jsonz_name(&self, id: &CrashId) -> String {
        [id.as_str(), &self.jsonz_suffix].concat()
    }

    /// File name of a dump; the main dump is named by `dump_field` or by nothing.
    pub fn dump_file(&self, id: &CrashId, name: &DumpName) -> Result<String> {
        let name = name.as_str();
        if name.is_empty() || name == self.dump_field {
            return Ok([id.as_str(), &self.dump_suffix].concat());
        }
        let file = [id.as_str(), ".", name, &self.dump_suffix].concat();
        if file.len() > NAME_MAX {
            return Err(invalid_name(name, "the file name would pass 255 bytes"));
        }
        Ok(file)
    }

    /// The dump that a file of the crash holds, or nothing if it is no dump of it.
    #[must_use]
    pub fn dump_of<'a>(&'a self, id: &CrashId, file: &'a str) -> Option<&'a str> {
        let rest = file
            .strip_prefix(id.as_str())?
            .strip_suffix(self.dump_suffix.as_str())?;
        match rest {
            "" | "." => Some(&self.dump_field),
            _ => rest.strip_prefix('.'),
        }
    }

    /// Name of the back link beside (legacy) or among (leaf) the crash's files.
    #[must_use]
    pub fn back_link<'a>(&self, id: &'a CrashId) -> &'a str {
        if self.leaf { DATE_ROOT } else { id.as_str() }
    }

    /// Target of the back link.
    #[must_use]
    pub fn back_target(&self, id: &CrashId, slot: &Slot) -> String {
        let up = "../".repeat(id.depth(self.zero_depth) + 1 + usize::from(self.leaf));
        [&up, self.date_branch.as_str(), "/", &slot.path()].concat()
    }

    /// The slot that a back link names, or nothing if it names none of this tree's.
    #[must_use]
    pub fn slot_of_target(&self, target: &str) -> Option<Slot> {
        let below = target.trim_start_matches("../");
        Slot::parse(
            below
                .strip_prefix(self.date_branch.as_str())?
                .strip_prefix('/')?,
        )
    }

    /// Target of the slot link.
    #[must_use]
    pub fn slot_target(&self, id: &CrashId, slot: &Slot) -> String {
        let mut target = "../..".to_owned()
            + if slot.webhead.is_some() {
                "/../.."
            } else {
                "/.."
            };
        self.push_below_day(&mut target, id);
        if self.leaf {
            target.push('/');
            target.push_str(id.as_str());
        }
        target
    }

    /// A slot's directory, relative to the root.
    #[must_use]
    pub fn slot_dir(&self, day: &str, slot: &Slot) -> String {
        [day, "/", &self.date_branch, "/", &slot.path()].concat()
    }
}

fn configuration(option: &str, value: &str, allowed: &str) -> Error {
    Error::Configuration(format!("{option} is {value:?}; it must be {allowed}"))
}
