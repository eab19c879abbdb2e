//! The queue of segments, removal, compaction and pruning, as a program without Python uses them.
#![allow(missing_docs, clippy::unwrap_used, clippy::cast_possible_truncation)]

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use socorro_fast_core::crash_id::CrashId;
use socorro_fast_core::layout::DumpName;
use socorro_fast_core::segment::{NewSegmentCrash, SegmentOptions, SegmentPass, SegmentStore};
use socorro_fast_core::{Content, Durability, Error, Modes};

const DATE: u32 = 20_180_601;

fn options() -> SegmentOptions {
    SegmentOptions {
        modes: Modes {
            file: 0o644,
            dir: 0o755,
        },
        durability: Durability::Os,
        segment_bytes: 64 * 1024,
        compression: None,
        sync_interval: 0,
        keep_free: 0,
        max_open: 4,
        dump_field: "upload_file_minidump".to_owned(),
        allow_network: false,
    }
}

fn open(root: &Path) -> Arc<SegmentStore> {
    Arc::new(SegmentStore::open(root, options()).unwrap())
}

fn id(number: usize) -> CrashId {
    CrashId::parse(&format!("{number:08x}-0000-4000-8000-000002180601")).unwrap()
}

fn save(store: &SegmentStore, number: usize) {
    save_with(store, number, &[]);
}

fn save_with(store: &SegmentStore, number: usize, dump: &[u8]) {
    let raw = format!("{{\"number\": {number}}}");
    let dumps = (!dump.is_empty()).then(|| {
        let name = DumpName::parse("upload_file_minidump").unwrap();
        vec![(name, Content::Bytes(dump))]
    });
    let crash = NewSegmentCrash {
        raw: Some(raw.as_bytes()),
        dumps: Some(dumps.unwrap_or_default()),
        queue: true,
        ..NewSegmentCrash::default()
    };
    store.save(&id(number), crash).unwrap();
}

fn drain(store: &Arc<SegmentStore>) -> Vec<CrashId> {
    let mut pass = SegmentPass::start(Arc::clone(store)).unwrap();
    let mut all = Vec::new();
    loop {
        let batch = pass.next_batch(10).unwrap();
        if batch.ids.is_empty() {
            return all;
        }
        all.extend(batch.ids);
    }
}

fn day_of(root: &Path) -> PathBuf {
    root.join("20180601")
}

fn segments(root: &Path) -> BTreeSet<PathBuf> {
    let files = day_of(root)
        .read_dir()
        .unwrap()
        .map(|it| it.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|it| it == "seg"))
        .collect()
}

fn blocks(root: &Path) -> u64 {
    segments(root)
        .iter()
        .map(|path| path.metadata().unwrap().blocks())
        .sum()
}

#[test]
fn crashes_come_in_the_order_of_their_saves_and_once() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let order = [7, 3, 99, 1, 42];
    for number in order {
        save(&store, number);
    }
    assert_eq!(drain(&store), order.map(id));
    assert_eq!(drain(&store), []);
    save(&store, 5);
    assert_eq!(drain(&store), [id(5)]);
}

#[test]
fn what_was_acknowledged_is_not_handed_out_after_a_restart_and_the_rest_is() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    (0..50).for_each(|number| save(&store, number));
    assert_eq!(drain(&store).len(), 50);
    for number in (0..50).step_by(2) {
        assert!(store.ack(&id(number)).unwrap());
        assert!(!store.ack(&id(number)).unwrap());
    }
    drop(store);
    let odd: Vec<CrashId> = (1..50).step_by(2).map(id).collect();
    assert_eq!(drain(&open(root.path())), odd);
}

#[test]
fn two_consumers_share_and_one_inherits_what_the_other_left() {
    let root = tempfile::tempdir().unwrap();
    let (one, two) = (open(root.path()), open(root.path()));
    (0..20).for_each(|number| save(&one, number));
    let mut pass = SegmentPass::start(Arc::clone(&one)).unwrap();
    let first = pass.next_batch(12).unwrap().ids;
    assert_eq!(first, (0..12).map(id).collect::<Vec<_>>());
    assert_eq!(drain(&two), (12..20).map(id).collect::<Vec<_>>());
    assert_eq!(drain(&two), []);
    assert!(one.ack(&id(3)).unwrap());
    one.release_all();
    let left: Vec<CrashId> = (0..12).filter(|number| *number != 3).map(id).collect();
    assert_eq!(drain(&two), left);
    assert!(!one.ack(&id(4)).unwrap());
}

#[test]
fn a_released_crash_comes_again_in_a_later_pass_only() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    (0..3).for_each(|number| save(&store, number));
    let mut pass = SegmentPass::start(Arc::clone(&store)).unwrap();
    assert_eq!(pass.next_batch(2).unwrap().ids, [id(0), id(1)]);
    assert!(store.release(&id(0)).unwrap());
    assert_eq!(pass.next_batch(9).unwrap().ids, [id(2)]);
    assert_eq!(pass.next_batch(9).unwrap().ids, []);
    assert_eq!(drain(&open(root.path())), [id(0)]);
}

#[test]
fn a_crash_saved_again_while_it_is_held_comes_again_when_it_is_acknowledged() {
    let root = tempfile::tempdir().unwrap();
    let (store, other) = (open(root.path()), open(root.path()));
    save(&store, 1);
    assert_eq!(drain(&store), [id(1)]);
    save(&other, 1);
    assert_eq!(drain(&store), []);
    assert_eq!(drain(&other), []);
    assert!(store.ack(&id(1)).unwrap());
    assert_eq!(drain(&other), [id(1)]);
}

#[test]
fn a_removed_crash_is_not_handed_out() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    (0..3).for_each(|number| save(&store, number));
    open(root.path()).remove(&id(1)).unwrap();
    assert_eq!(drain(&store), [id(0), id(2)]);
    assert!(matches!(store.remove(&id(1)), Err(Error::NotFound { .. })));
}

#[test]
fn a_long_journal_is_rewritten_and_says_the_same() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    (0..12_000).for_each(|number| save(&store, number));
    let mut pass = SegmentPass::start(Arc::clone(&store)).unwrap();
    let ids = pass.next_batch(12_000).unwrap().ids;
    store.ack_many(ids.get(..11_990).unwrap()).unwrap();
    let journal = day_of(root.path()).join("queue");
    let before = journal.metadata().unwrap().len();
    (12_000..12_010).for_each(|number| save(&store, number));
    assert_eq!(drain(&store), (12_000..12_010).map(id).collect::<Vec<_>>());
    assert_eq!(drain(&store), []);
    let after = journal.metadata().unwrap().len();
    assert!(after * 4 < before, "{before} to {after} bytes");
    // Both live claims and acknowledgements have outlived it, for others too.
    let other = open(root.path());
    assert_eq!(drain(&other), []);
    assert!(store.ack(&id(11_999)).unwrap());
    store.release_all();
    let left: Vec<CrashId> = (11_990..12_010)
        .filter(|number| *number != 11_999)
        .map(id)
        .collect();
    assert_eq!(drain(&other), left);
}

#[test]
fn acknowledgements_reach_a_journal_that_is_rewritten_meanwhile() {
    let root = tempfile::tempdir().unwrap();
    let (store, other) = (open(root.path()), open(root.path()));
    (0..30_000).for_each(|number| save(&store, number));
    let ids = drain(&store);
    std::thread::scope(|scope| {
        for part in ids.chunks(10_000) {
            let store = &store;
            scope.spawn(move || {
                for each in part.chunks(7) {
                    store.ack_many(each).unwrap();
                }
            });
        }
        // New ones make the other consumer claim, and so rewrite.
        for number in 30_000..30_400 {
            save(&other, number);
            drain(&other);
        }
    });
    store.release_all();
    assert_eq!(drain(&open(root.path())), []);
}

#[test]
fn a_torn_entry_of_the_journal_takes_no_other_with_it() {
    use std::io::Write;
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    (0..4).for_each(|number| save(&store, number));
    assert_eq!(drain(&store).len(), 4);
    assert!(store.ack(&id(0)).unwrap());
    let journal = day_of(root.path()).join("queue");
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(journal)
        .unwrap();
    file.write_all(&[2; 31]).unwrap();
    assert!(store.ack(&id(1)).unwrap());
    drop(store);
    assert_eq!(drain(&open(root.path())), [id(2), id(3)]);
}

#[test]
fn what_is_done_with_is_not_read_again() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    (0..400).for_each(|number| save_with(&store, number, &[1; 1000]));
    store.ack_many(&drain(&store)).unwrap();
    store.close();
    assert_eq!(drain(&store), []);
    drop(store);
    let sealed = segments(root.path());
    assert!(sealed.len() > 3);
    for path in &sealed {
        // Whoever read it now would report it.
        std::fs::write(path, b"not a segment").unwrap();
    }
    let store = open(root.path());
    let mut pass = SegmentPass::start(Arc::clone(&store)).unwrap();
    let batch = pass.next_batch(10).unwrap();
    assert_eq!((batch.ids, batch.notes), (vec![], vec![]));
}

#[test]
fn removing_gives_the_space_back_and_leaves_the_neighbours() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let dump = vec![7; 400_000];
    (0..10).for_each(|number| save_with(&store, number, &dump));
    let before = blocks(root.path());
    (0..9).for_each(|number| store.remove(&id(number)).unwrap());
    let after = blocks(root.path());
    assert!(after * 5 < before, "{before} to {after} blocks");
    for store in [&store, &open(root.path())] {
        let name = DumpName::parse("upload_file_minidump").unwrap();
        let stored = store.raw_dump(&id(9), &name).unwrap();
        assert_eq!(stored.read().unwrap(), dump);
        assert!(matches!(
            store.raw_crash(&id(8)),
            Err(Error::NotFound { .. })
        ));
    }
}

#[test]
fn compaction_keeps_what_counts_and_removes_the_rest() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let other = open(root.path());
    (0..300).for_each(|number| save_with(&store, number, &[number as u8; 900]));
    (0..50).for_each(|number| save_with(&store, number, &[9; 900]));
    store.ack_many(&drain(&store)).unwrap();
    (100..300).for_each(|number| store.remove(&id(number)).unwrap());
    other.raw_crash(&id(5)).unwrap();
    store.close();
    let before = segments(root.path());
    let done = store.compact(DATE, 50).unwrap();
    assert!(done.segments > 2 && done.bytes > 100_000, "{done:?}");
    let left: Vec<_> = segments(root.path())
        .intersection(&before)
        .cloned()
        .collect();
    assert_eq!(left.len(), before.len() - done.segments);
    for store in [&store, &other, &open(root.path())] {
        let name = DumpName::parse("upload_file_minidump").unwrap();
        for number in 0..100 {
            let content = if number < 50 { 9 } else { number as u8 };
            let stored = store.raw_dump(&id(number), &name).unwrap();
            assert_eq!(stored.read().unwrap(), vec![content; 900]);
        }
        for number in 100..300 {
            let read = store.raw_crash(&id(number));
            assert!(matches!(read, Err(Error::NotFound { .. })), "{number}");
        }
        assert_eq!(drain(store), []);
    }
    assert_eq!(store.compact(DATE, 50).unwrap().segments, 0);
}

#[test]
fn compaction_leaves_segments_with_queued_crashes_alone() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    (0..200).for_each(|number| save_with(&store, number, &[1; 900]));
    (1..200).for_each(|number| store.remove(&id(number)).unwrap());
    store.close();
    store.compact(DATE, 50).unwrap();
    assert_eq!(drain(&open(root.path())), [id(0)]);
}

#[test]
fn a_pruned_day_is_gone_for_everybody_and_can_be_saved_into_again() {
    let root = tempfile::tempdir().unwrap();
    let (store, other) = (open(root.path()), open(root.path()));
    (0..200).for_each(|number| save_with(&store, number, &[1; 900]));
    assert_eq!(drain(&other).len(), 200);
    assert!(store.prune(DATE).unwrap());
    assert!(!day_of(root.path()).exists());
    assert!(!store.prune(DATE).unwrap());
    for store in [&store, &other] {
        let read = store.raw_crash(&id(7));
        assert!(matches!(read, Err(Error::NotFound { .. })));
    }
    // What was in somebody's hands is done with, one way or the other.
    assert!(other.ack(&id(7)).unwrap());
    save(&other, 7);
    assert_eq!(drain(&store), [id(7)]);
}

#[test]
fn a_day_with_a_foreign_file_is_emptied_and_says_what_is_in_the_way() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    save(&store, 1);
    std::fs::write(day_of(root.path()).join("notes.txt"), b"mine").unwrap();
    let error = store.prune(DATE).unwrap_err();
    assert!(error.to_string().contains("20180601"), "{error}");
    assert!(day_of(root.path()).join("notes.txt").exists());
    assert!(matches!(
        store.raw_crash(&id(1)),
        Err(Error::NotFound { .. })
    ));
}

#[test]
fn a_day_is_removed_with_the_segment_that_somebody_was_about_to_make() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    save(&store, 1);
    std::fs::write(day_of(root.path()).join("0000000000000001.new"), b"").unwrap();
    assert!(store.prune(DATE).unwrap());
    assert!(!day_of(root.path()).exists());
}

#[test]
fn saves_beside_a_prune_are_pruned_or_there() {
    let root = tempfile::tempdir().unwrap();
    let (store, other) = (open(root.path()), open(root.path()));
    std::thread::scope(|scope| {
        let saver = scope.spawn(|| (0..3_000).for_each(|number| save(&other, number)));
        while !saver.is_finished() {
            store.prune(DATE).unwrap();
        }
    });
    save(&other, 9_999);
    let read = open(root.path());
    assert!(read.raw_crash(&id(9_999)).is_ok());
    let listed = read.list(DATE, None, usize::MAX).unwrap();
    for id in listed {
        read.raw_crash(&id).unwrap();
    }
}
