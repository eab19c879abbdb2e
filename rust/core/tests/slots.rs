//! Names of slots: what is read is written back the same, whoever wrote it.

use socorro_fast_core::slot::Slot;

#[test]
fn slots_of_every_time_are_read_and_written_back() {
    for path in [
        "12/34_5",
        "00/00_0",
        "23/59_14",
        "12/34_05",
        "12/34_5/webhead01_0",
        "12/34",
        "12/34/pm-collector01.example.org_3",
    ] {
        let slot = Slot::parse(path).expect(path);
        assert_eq!(slot.path(), path);
    }
}

#[test]
fn what_is_no_slot_is_refused() {
    for path in [
        "",
        "12",
        "12/",
        "24/00",
        "12/60",
        "12/3",
        "12/345",
        "12/34_",
        "12/34_x",
        "12/34_123",
        "12/_5",
        "12/34/",
        "12/34/.hidden",
        "12/34/..",
        "12/34/a/b",
        "1/34",
        "+1/34",
        "12/+4",
    ] {
        assert_eq!(Slot::parse(path), None, "{path}");
    }
}

#[test]
fn a_whole_minute_is_left_alone_as_long_as_writers_may_use_it() {
    let slot = Slot::parse("12/34/webhead01_0").expect("a slot");
    let at = |hour: u32, minute: u32| slot.removable_steps((hour * 60 + minute) * 60);
    assert_eq!((at(12, 34), at(12, 40), at(15, 0)), (0, 2, 3));
}
