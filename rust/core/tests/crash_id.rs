//! Crash IDs against a slow, obvious reading of what they are.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::thread;

use proptest::prelude::*;
use socorro_fast_core::crash_id::{
    CrashId, Date, InvalidCrashId, NewCrashIdError, Tail, reseed_after_fork,
};
use socorro_fast_core::shard::shard_of;

const ID: &str = "aabbcccc-0000-4000-8000-000002180601";
const SOME_DAY: Date = Date {
    year: 2018,
    month: 6,
    day: 1,
};

/// What the pages say, read character by character.
fn is_crash_id(text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    characters.len() == 36
        && characters
            .iter()
            .enumerate()
            .all(|(at, character)| match at {
                8 | 13 | 18 | 23 => *character == '-',
                29.. => "0123456789".contains(*character),
                _ => "0123456789abcdef".contains(*character),
            })
        && text[30..].parse().is_ok_and(|yymmdd: u32| is_day(yymmdd))
}

/// By the Gregorian rule in full, though no century ends between 2000 and 2099.
fn is_day(yymmdd: u32) -> bool {
    let (year, month, day) = (2000 + yymmdd / 10_000, yymmdd / 100 % 100, yymmdd % 100);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let february = if leap { 29 } else { 28 };
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let length = month.checked_sub(1).and_then(|at| lengths.get(at as usize));
    length.is_some_and(|length| (1..=*length).contains(&day))
}

/// Texts that are crash IDs, or nearly.
fn texts() -> impl Strategy<Value = String> {
    let near = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{5}[0-9]";
    let date = "[0-9]{2}(0[0-9]|1[0-3])([0-2][0-9]|3[0-2])";
    let close = (near, date).prop_map(|(near, date)| near + &date).boxed();
    let spoilt = (close.clone(), 0..36_usize, any::<char>()).prop_map(|(text, at, character)| {
        text.chars()
            .enumerate()
            .map(|(i, c)| if i == at { character } else { c })
            .collect()
    });
    let longer = (close.clone(), ".|\n").prop_map(|(text, more)| text + &more);
    let shorter = (close.clone(), 0..36_usize).prop_map(|(text, end)| text[..end].to_owned());
    prop_oneof![close, spoilt, longer, shorter, any::<String>()]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..Default::default() })]

    #[test]
    fn parses_what_is_a_crash_id_and_nothing_else(text in texts()) {
        let parsed = CrashId::parse(&text);
        prop_assert_eq!(parsed.is_ok(), is_crash_id(&text));
        prop_assert_eq!(CrashId::accept(text.as_bytes()), parsed.clone().ok());
        if let Ok(id) = parsed {
            prop_assert_eq!(id.as_str(), &text);
            prop_assert_eq!(id.date().yyyymmdd(), format!("20{}", &text[30..]));
            prop_assert_eq!(id.depth(7), if &text[29..30] == "0" { 7 } else { text[29..30].parse()? });
        }
    }

    #[test]
    fn refuses_any_bytes_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..50)) {
        let told = CrashId::from_bytes(&bytes).map_err(|error| error.to_string());
        prop_assert!(told.is_ok() == std::str::from_utf8(&bytes).is_ok_and(is_crash_id));
    }

    #[test]
    fn names_the_position_of_a_wrong_character(at in 0..36_usize, wrong in "[A-Zg-z \n\u{e9}\u{661}]") {
        let mut characters: Vec<char> = ID.chars().collect();
        characters[at] = wrong.chars().next().unwrap_or_default();
        let text: String = characters.into_iter().collect();
        let told = CrashId::parse(&text).map_err(|error| error.to_string());
        let place = format!("at position {at}, where");
        prop_assert!(told.as_ref().is_err_and(|told| told.contains(&place)), "{told:?}");
    }

    #[test]
    fn names_the_position_where_a_text_ends(end in 0..36_usize) {
        let told = CrashId::parse(&ID[..end]).map_err(|error| error.to_string());
        let place = format!("ends at position {end}, where");
        prop_assert!(told.as_ref().is_err_and(|told| told.contains(&place)), "{told:?}");
    }

    #[test]
    fn keeps_the_radix_of_every_depth(id in "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{5}[1-9]180601") {
        let parsed = CrashId::parse(&id)?;
        let levels: Vec<&str> = parsed.radix(4).collect();
        prop_assert_eq!(levels.len(), parsed.depth(4));
        prop_assert!(id.starts_with(&levels.concat()));
    }

    #[test]
    fn a_new_id_is_a_uuid_4_with_its_depth_and_date(depth in 1..=4_u8, day in 10_957..47_482_u64) {
        let date = Date::from_unix_day(day)?;
        let id = Tail::new(date, depth)?.random()?;
        prop_assert_eq!(CrashId::parse(id.as_str()), Ok(id));
        prop_assert_eq!((id.date(), id.depth(0)), (date, usize::from(depth)));
        prop_assert_eq!(&id.as_str()[14..15], "4");
        prop_assert!("89ab".contains(&id.as_str()[19..20]));
    }

    #[test]
    fn an_id_of_a_uuid_keeps_its_first_29_characters(
        uuid in "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    ) {
        let id = Tail::new(SOME_DAY, 3)?.of_uuid(&uuid)?;
        prop_assert_eq!(id.as_str(), format!("{}3180601", &uuid[..29]));
    }

    #[test]
    fn one_more_shard_moves_crashes_to_itself_only(random in any::<u128>(), shards in 1..=256_u32) {
        let id = numbered(random)?;
        let (before, after) = (shard(&id, shards), shard(&id, shards + 1));
        prop_assert!(before < shards);
        prop_assert!(after == before || after == shards);
    }
}

fn numbered(number: u128) -> Result<CrashId, NewCrashIdError> {
    let hex = format!("{number:032x}");
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    Tail::new(SOME_DAY, 2)?.of_uuid(&parts.join("-"))
}

fn shard(id: &CrashId, shards: u32) -> u32 {
    shard_of(id, NonZeroU32::new(shards).unwrap_or(NonZeroU32::MIN))
}

#[test]
fn accepts_exactly_the_days_of_a_century() {
    let mut accepted = 0;
    for yymmdd in 0..1_000_000 {
        let text = format!("{}{yymmdd:06}", &ID[..30]);
        let is_accepted = CrashId::accept(text.as_bytes()).is_some();
        assert_eq!(is_accepted, is_day(yymmdd), "{text}");
        accepted += u32::from(is_accepted);
    }
    assert_eq!(accepted, 36_525);
}

#[test]
fn counts_the_days_of_a_century() {
    let days = (0..1_000_000).filter(|yymmdd| is_day(*yymmdd));
    for (unix_day, yymmdd) in (10_957..).zip(days) {
        let date = Date::from_unix_day(unix_day).unwrap();
        assert_eq!(date.yyyymmdd(), format!("20{yymmdd:06}"));
        assert!(date.exists());
    }
    for outside in [0, 10_956, 47_482, u64::from(u32::MAX) + 10_957, u64::MAX] {
        assert_eq!(
            Date::from_unix_day(outside),
            Err(NewCrashIdError::Clock { day: outside })
        );
    }
}

#[test]
fn says_what_is_wrong_with_a_text() {
    let told = |text: &str| CrashId::parse(text).unwrap_err().to_string();
    assert_eq!(
        told("aabbcccc-0000-4000-8000-000002180230"),
        r#"crash ID "aabbcccc-0000-4000-8000-000002180230" has the impossible date 2018-02-30 at position 30"#
    );
    assert_eq!(
        told(&format!("{ID}\n")),
        format!(r#"crash ID "{ID}\n" has '\n' at position 36, where the end belongs"#)
    );
    assert_eq!(
        told("aabbcccc-0000-4000-8000-00000x180601"),
        r#"crash ID "aabbcccc-0000-4000-8000-00000x180601" has 'x' at position 29, where the depth, one of 0-9, belongs"#
    );
    assert_eq!(
        told(""),
        r#"crash ID "" ends at position 0, where one of 0-9 and a-f belongs"#
    );
    assert!(told(&"f".repeat(100_000)).len() < 250);
}

#[test]
fn says_which_argument_of_a_new_id_is_out_of_its_range() {
    let told = |date, depth| Tail::new(date, depth).unwrap_err().to_string();
    assert_eq!(told(SOME_DAY, 0), "depth is 0; it must be 1 to 4");
    assert_eq!(told(SOME_DAY, 5), "depth is 5; it must be 1 to 4");
    for year in [1999, 2100] {
        let date = Date { year, ..SOME_DAY };
        assert_eq!(
            told(date, 2),
            format!("date is {year}-06-01; it must be a day of the years 2000 to 2099")
        );
    }
    assert!(matches!(
        Tail::new(
            Date {
                day: 31,
                ..SOME_DAY
            },
            2
        ),
        Err(NewCrashIdError::Date { .. })
    ));
    let upper = "AABBCCCC-0000-4000-8000-000000000000";
    let told = Tail::new(SOME_DAY, 2)
        .unwrap()
        .of_uuid(upper)
        .unwrap_err()
        .to_string();
    assert_eq!(
        told,
        format!("uuid is {upper:?}, wrong at position 0, where one of 0-9 and a-f belongs")
    );
}

#[test]
fn every_free_bit_of_a_new_id_is_random() {
    let tail = Tail::new(SOME_DAY, 2).unwrap();
    let ids: Vec<CrashId> = (0..2_000).map(|_| tail.random().unwrap()).collect();
    for at in 0..29 {
        let seen: HashSet<u8> = ids.iter().map(|id| id.as_bytes()[at]).collect();
        let expected = match at {
            8 | 13 | 14 | 18 | 23 => 1,
            19 => 4,
            _ => 16,
        };
        assert_eq!(seen.len(), expected, "at position {at}");
    }
}

#[test]
fn no_two_threads_make_the_same_id() {
    let tail = Tail::new(SOME_DAY, 2).unwrap();
    let make = move || -> Vec<CrashId> {
        let one = |i| {
            if i % 100 == 0 {
                reseed_after_fork();
            }
            tail.random().unwrap()
        };
        (0..50_000).map(one).collect()
    };
    let threads: Vec<_> = (0..4).map(|_| thread::spawn(make)).collect();
    let ids = threads
        .into_iter()
        .flat_map(|thread| thread.join().unwrap());
    assert_eq!(ids.collect::<HashSet<_>>().len(), 200_000);
}

#[test]
fn prints_as_its_text_and_sorts_like_it() {
    let (id, later) = (CrashId::parse(ID).unwrap(), numbered(u128::MAX).unwrap());
    assert_eq!(
        format!("{id}|{id:>38}|{id:?}"),
        format!("{ID}|  {ID}|CrashId({ID})")
    );
    assert_eq!(id < later, id.as_str() < later.as_str());
    assert_eq!(ID.parse(), Ok(id));
    let error: &(dyn std::error::Error + Send + Sync) = &CrashId::parse("").unwrap_err();
    assert!(error.downcast_ref::<InvalidCrashId>().is_some());
}

/// Four standard deviations either way, for IDs as alike as IDs can be: numbered ones.
#[test]
fn spreads_a_million_crashes_evenly_and_moves_few() {
    let million: Vec<CrashId> = (0..1_000_000_u32)
        .map(|n| CrashId::parse(&format!("{n:08x}{}", &ID[8..])).unwrap())
        .collect();
    for shards in [2, 10, 256] {
        let mut counts = vec![0_u32; shards as usize];
        let mut moved = 0;
        for id in &million {
            let home = shard(id, shards);
            counts[home as usize] += 1;
            moved += u32::from(shard(id, shards + 1) != home);
        }
        for count in counts {
            assert_within_four_deviations(count, 1.0 / f64::from(shards));
        }
        assert_within_four_deviations(moved, 1.0 / f64::from(shards + 1));
    }
}

fn assert_within_four_deviations(count: u32, probability: f64) {
    let expected = 1e6 * probability;
    let deviation = (expected * (1.0 - probability)).sqrt();
    let off = (f64::from(count) - expected).abs();
    assert!(
        off <= 4.0 * deviation,
        "{count} where {expected:.0} +- {deviation:.0} was expected"
    );
}

/// Placement is permanent: these are published in docs/crash-ids.md.
#[test]
fn shards_are_those_published() {
    let published = include_str!("../../../docs/crash-ids.md");
    let rows: Vec<Vec<&str>> = published
        .lines()
        .filter(|line| line.starts_with("| `") && line.len() > 50)
        .map(|line| {
            line.split('|')
                .map(|cell| cell.trim().trim_matches('`'))
                .collect()
        })
        .collect();
    assert_eq!(rows.len(), 8);
    for row in rows {
        let id = CrashId::parse(row[1]).unwrap();
        let shards = [2, 3, 10, 64, 100, 256, 1000, 65_536];
        let placed = shards.map(|shards| shard(&id, shards).to_string());
        assert_eq!(placed.as_slice(), &row[3..11], "{id}");
    }
}
