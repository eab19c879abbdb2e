//! Names that come from submitters and from directories: dump names, slots, link targets.
#![no_main]

use libfuzzer_sys::fuzz_target;
use socorro_fast_core::crash_id::CrashId;
use socorro_fast_core::layout::{DayStyle, DumpName, Layout};
use socorro_fast_core::slot::Slot;

fn layout() -> Layout {
    Layout {
        day_style: DayStyle::Date,
        leaf: true,
        dated: true,
        zero_depth: 4,
        name_branch: "name".to_owned(),
        date_branch: "date".to_owned(),
        json_suffix: ".json".to_owned(),
        jsonz_suffix: ".jsonz".to_owned(),
        dump_suffix: ".dump".to_owned(),
        dump_field: "upload_file_minidump".to_owned(),
        slice_seconds: 4,
    }
}

fuzz_target!(|text: &str| {
    let id = CrashId::parse("aabbcccc-0000-4000-8000-000002180601").unwrap();
    let layout = layout();
    if let Ok(name) = DumpName::parse(text) {
        if let Ok(file) = layout.dump_file(&id, &name) {
            assert!(!file.contains('/') && file.len() <= 255 && file.starts_with(id.as_str()));
            let read = layout.dump_of(&id, &file).unwrap();
            assert!(read == text || text.is_empty() && read == layout.dump_field);
        }
    }
    if let Some(slot) = Slot::parse(text) {
        assert_eq!(Slot::parse(&slot.path()).as_ref(), Some(&slot));
        assert!(!slot.path().split('/').any(|step| step.starts_with('.')));
        assert_eq!(layout.slot_of_target(&layout.back_target(&id, &slot)), Some(slot));
    }
    let _ = layout.slot_of_target(text);
});
