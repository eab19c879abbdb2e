//! Slots: the few seconds that the queue's directories stand for.

/// A slot of the date branch: a few seconds of one minute of the day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slot {
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// The second divided by the length of a slot.
    pub slice: u32,
    /// Digits of the slice in the directory's name: one, unless it needs two or was padded; none in
    /// the stores of 2009, whose slots are whole minutes.
    pub width: usize,
    /// A directory below the slot, as the collectors of 2009 made one each.
    pub webhead: Option<String>,
}

impl Slot {
    /// The slot of a moment, given as seconds since midnight UTC.
    #[must_use]
    pub fn at(second_of_day: u32, slice_seconds: u32) -> Self {
        let [hour, minute] = [second_of_day / 3600 % 24, second_of_day / 60 % 60]
            .map(|part| u8::try_from(part).unwrap_or_default());
        let slice = second_of_day % 60 / slice_seconds.max(1);
        let (width, webhead) = (if slice < 10 { 1 } else { 2 }, None);
        Self {
            hour,
            minute,
            slice,
            width,
            webhead,
        }
    }

    /// `12/34_5`, relative to the date branch.
    #[must_use]
    pub fn path(&self) -> String {
        let Self {
            hour,
            minute,
            slice,
            width,
            ..
        } = self;
        let mut path = match width {
            0 => format!("{hour:02}/{minute:02}"),
            _ => format!("{hour:02}/{minute:02}_{slice:0width$}"),
        };
        if let Some(webhead) = &self.webhead {
            path.push('/');
            path.push_str(webhead);
        }
        path
    }

    /// Read back [`Slot::path`].
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let mut parts = path.split('/');
        let hour = Self::parse_hour(parts.next()?)?;
        let slot = Self::parse_slice(hour, parts.next()?)?;
        let webhead = parts.next().map(str::to_owned);
        let safe = webhead
            .as_deref()
            .is_none_or(|name| !name.is_empty() && !name.starts_with('.'));
        (safe && parts.next().is_none()).then_some(Self { webhead, ..slot })
    }

    /// The hour that a directory of the date branch stands for.
    #[must_use]
    pub fn parse_hour(name: &str) -> Option<u8> {
        two_digits(name).filter(|hour| *hour < 24)
    }

    /// The slot that a directory of an hour stands for.
    #[must_use]
    pub fn parse_slice(hour: u8, name: &str) -> Option<Self> {
        let (minute, slice) = name.split_once('_').unwrap_or((name, "0"));
        let minute = two_digits(minute).filter(|minute| *minute < 60)?;
        let width = if name.contains('_') { slice.len() } else { 0 };
        if width > 2 || slice.is_empty() || !all_digits(slice) {
            return None;
        }
        let (slice, webhead) = (slice.parse().ok()?, None);
        Some(Self {
            hour,
            minute,
            slice,
            width,
            webhead,
        })
    }

    /// How many of the directories of [`Slot::path`], from the lowest up, no writer can be using whose
    /// clock shows about `second_of_day`.
    ///
    /// The directory above is named after the crash, not the clock, so the time of day is all there
    /// is; a minute on either side covers clocks that disagree.
    #[must_use]
    pub fn removable_steps(&self, second_of_day: u32) -> usize {
        let hour = u32::from(self.hour) * 3600;
        let near =
            |start: u32, length: u32| (second_of_day + 86_400 + 60 - start) % 86_400 < length + 120;
        let steps = self.path().split('/').count();
        if near(hour + u32::from(self.minute) * 60, 60) {
            0
        } else {
            steps - usize::from(near(hour, 3600))
        }
    }
}

pub(crate) fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn two_digits(text: &str) -> Option<u8> {
    (text.len() == 2 && all_digits(text))
        .then(|| text.parse().ok())
        .flatten()
}
