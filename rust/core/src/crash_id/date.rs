//! The days that a crash ID can name.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use super::NewCrashIdError;

/// From 1970-01-01 to 1996-03-01, where a cycle of four years begins.
const DAYS_TO_MARCH_1996: u64 = 9556;
/// Four years, one of them a leap year. Without exception from 1901 to 2099.
const DAYS_IN_FOUR_YEARS: u64 = 1461;

/// A day of the years 2000 to 2099, the ones that a crash ID can name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// 2000 to 2099.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
}

impl Date {
    /// The current day in UTC.
    pub fn today() -> Result<Self, NewCrashIdError> {
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self::from_unix_day(now.as_secs() / 86_400)
    }

    /// The day that lies so many days after 1970-01-01.
    pub fn from_unix_day(day: u64) -> Result<Self, NewCrashIdError> {
        let days = day
            .checked_sub(DAYS_TO_MARCH_1996)
            .and_then(|days| u32::try_from(days).ok());
        days.and_then(Self::since_march_1996)
            .filter(|date| date.exists())
            .ok_or(NewCrashIdError::Clock { day })
    }

    /// Years that begin in March have their odd day at the end, and months that follow a line.
    fn since_march_1996(days: u32) -> Option<Self> {
        let days = u64::from(days);
        let years = (4 * days + 3) / DAYS_IN_FOUR_YEARS;
        let day_of_year = days - DAYS_IN_FOUR_YEARS * years / 4;
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let (year, month) = if month < 10 {
            (years, month + 3)
        } else {
            (years + 1, month - 9)
        };
        Some(Self {
            year: u16::try_from(1996 + year).ok()?,
            month: u8::try_from(month).ok()?,
            day: u8::try_from(day).ok()?,
        })
    }

    /// Whether the calendar has this day and a crash ID can name it.
    #[must_use]
    #[inline]
    pub fn exists(self) -> bool {
        (2000..2100).contains(&self.year) && (1..=self.days_in_month()).contains(&self.day)
    }

    /// 0 for a month that is none.
    #[inline]
    fn days_in_month(self) -> u8 {
        match self.month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 => 28 + u8::from(self.year % 4 == 0),
            _ => 0,
        }
    }

    /// The name of a day directory: `20180601`.
    #[must_use]
    pub fn yyyymmdd(self) -> String {
        format!("{:04}{:02}{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}
