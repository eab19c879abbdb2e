//! Bytes of a segment: numbers, checks and the segment's header.

use std::hash::Hasher;

use siphasher::sip::SipHasher24;

/// The format version that is written, and the highest that is read.
pub const VERSION: u32 = 1;
/// Everything in a segment begins at a multiple of this.
pub(crate) const ALIGN: u64 = 8;
pub(crate) const ALIGN_BYTES: usize = 8;
/// Length of the segment header.
pub(crate) const HEADER: u64 = 64;
pub(crate) const HEADER_BYTES: usize = 64;
/// Where its copy is: not in the block that is damaged with it.
pub(crate) const COPY_AT: u64 = 4096;
/// Where the first record begins in segments that are written.
pub(crate) const FIRST: u64 = COPY_AT + HEADER;
/// No segment grows beyond this: offsets are stored in 32 bits, divided by [`ALIGN`].
pub(crate) const SEGMENT_MAX: u64 = 1 << 35;

pub(crate) const MAGIC: &[u8; 8] = b"SOCORSEG";
/// Where the header of a sealed segment says where the footer is.
pub(crate) const SEALED_AT: usize = 44;

/// What it says there.
pub(crate) fn sealed_word(footer: u64) -> [u8; 4] {
    u32::try_from(footer / ALIGN)
        .unwrap_or_default()
        .to_le_bytes()
}

/// The number at an offset, or nothing where the bytes end before it.
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(array_at(bytes, at)?))
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(array_at(bytes, at)?))
}

pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(array_at(bytes, at)?))
}

pub(crate) fn array_at<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at.checked_add(N)?)?.try_into().ok()
}

/// Put bytes at an offset; what would pass the end is left out.
pub(crate) fn put(into: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = into.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

/// The next multiple of [`ALIGN`].
pub(crate) fn padded(length: u64) -> u64 {
    length.next_multiple_of(ALIGN)
}

/// CRC-32C.
pub(crate) fn crc(bytes: &[u8]) -> u32 {
    Crc::new().add(bytes).value()
}

/// CRC-32C of bytes that come in pieces.
#[derive(Debug, Clone)]
pub(crate) struct Crc(crc_fast::Digest);

impl Crc {
    pub(crate) fn new() -> Self {
        Self(crc_fast::Digest::new(crc_fast::CrcAlgorithm::Crc32Iscsi))
    }

    pub(crate) fn add(mut self, bytes: &[u8]) -> Self {
        self.0.update(bytes);
        self
    }

    pub(crate) fn value(&self) -> u32 {
        u32::try_from(self.0.finalize() & 0xffff_ffff).unwrap_or_default()
    }
}

/// What a segment's checks are keyed with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Salt(pub(crate) [u8; 16]);

// Whoever knows a salt can forge records: it stays out of logs.
impl std::fmt::Debug for Salt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Salt")
    }
}

impl Salt {
    /// The check of some bytes.
    pub(crate) fn check(self, bytes: &[u8]) -> u64 {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        hasher.write(bytes);
        hasher.finish()
    }
}

/// The header of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    /// The segment's number, as in its name.
    pub(crate) number: u64,
    /// The day of its crashes: yyyymmdd.
    pub(crate) date: u32,
    /// When it was made, in nanoseconds since 1970.
    pub(crate) made: u64,
    pub(crate) salt: Salt,
    /// Tells mounts of the file system apart.
    pub(crate) mount: u32,
    /// Where the first record begins.
    pub(crate) length: u64,
    /// Where its footer was written when it was sealed; 0 before that. No checksum covers it: it only
    /// says what to expect of a segment that has no footer there.
    pub(crate) sealed: u64,
}

/// Why some bytes are no segment header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoHeader {
    /// Written by a later release, in this version of the format.
    Newer(u32),
    Damaged,
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        put(&mut bytes, 0, MAGIC);
        put(&mut bytes, 8, &VERSION.to_le_bytes());
        let length = u32::try_from(self.length).unwrap_or_default();
        put(&mut bytes, 12, &length.to_le_bytes());
        put(&mut bytes, 16, &self.salt.0);
        put(&mut bytes, 32, &self.number.to_le_bytes());
        put(&mut bytes, 40, &self.date.to_le_bytes());
        put(&mut bytes, 48, &self.made.to_le_bytes());
        put(&mut bytes, 56, &self.mount.to_le_bytes());
        let sum = crc(bytes.get(..60).unwrap_or_default());
        put(&mut bytes, 60, &sum.to_le_bytes());
        put(&mut bytes, SEALED_AT, &sealed_word(self.sealed));
        bytes
    }

    /// What a segment begins with: the header, and its copy.
    pub(crate) fn encode_both(&self) -> Vec<u8> {
        let length = usize::try_from(self.length.min(FIRST)).unwrap_or_default();
        let mut bytes = vec![0; length];
        // Without a copy, it would be behind the end.
        for at in [0, usize::try_from(COPY_AT).unwrap_or_default()] {
            put(&mut bytes, at, &self.encode());
        }
        bytes
    }

    /// Where it says in a segment that it is sealed.
    pub(crate) fn sealed_at(&self) -> impl Iterator<Item = u64> {
        // Segments of early releases have no copy.
        let copy = (self.length >= FIRST).then_some(COPY_AT);
        std::iter::once(0)
            .chain(copy)
            .map(|at| at + SEALED_AT as u64)
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, NoHeader> {
        if !bytes.starts_with(MAGIC) {
            return Err(NoHeader::Damaged);
        }
        match u32_at(bytes, 8) {
            Some(VERSION) => Self::decode_this(bytes).ok_or(NoHeader::Damaged),
            Some(newer) if newer > VERSION => Err(NoHeader::Newer(newer)),
            _ => Err(NoHeader::Damaged),
        }
    }

    fn decode_this(bytes: &[u8]) -> Option<Self> {
        let length = u32_at(bytes, 12)?;
        let mut checked: [u8; 60] = array_at(bytes, 0)?;
        put(&mut checked, SEALED_AT, &[0; 4]);
        let sound = crc(&checked) == u32_at(bytes, 60)?
            && u64::from(length) >= HEADER
            && u64::from(length) % ALIGN == 0;
        sound.then_some(Self {
            number: u64_at(bytes, 32)?,
            date: u32_at(bytes, 40)?,
            made: u64_at(bytes, 48)?,
            salt: Salt(array_at(bytes, 16)?),
            mount: u32_at(bytes, 56)?,
            length: length.into(),
            sealed: u64::from(u32_at(bytes, SEALED_AT)?) * ALIGN,
        })
    }
}
