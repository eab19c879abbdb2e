//! A radix tree in memory over packed items: 29 bytes for each thing that is known of a crash.
//!
//! Inner nodes branch by one hexadecimal digit of the crash ID; leaves are sorted arrays. All items of
//! one crash lie in one leaf, one behind the other.

use std::ops::Range;

use super::record::Key;

/// Leaves that grow beyond this become a node with sixteen.
const LEAF_MAX: usize = 192;
/// The digits of a crash ID before its date: what is told apart here.
const DIGITS: usize = 26;

/// The digits of a crash ID before its date, which is the same in all of one day.
pub(crate) type ShortKey = [u8; DIGITS / 2];

pub(crate) fn shorten(key: &Key) -> ShortKey {
    let mut short = [0; DIGITS / 2];
    for (to, from) in short.iter_mut().zip(key.0) {
        *to = from;
    }
    short
}

/// One thing that is known of a crash: where its newest raw crash lies, say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) key: ShortKey,
    /// What it is, in the high four bits, and four flags.
    pub(crate) role: u8,
    sequence: [u8; 8],
    slot: [u8; 3],
    offset: [u8; 4],
}

impl Item {
    /// `offset` is a multiple of 8 below 2^35, `slot` below 2^24.
    pub(crate) fn new(key: ShortKey, role: u8, sequence: u64, slot: u32, offset: u64) -> Self {
        let [a, b, c, _] = slot.to_le_bytes();
        Self {
            key,
            role,
            sequence: sequence.to_le_bytes(),
            slot: [a, b, c],
            offset: u32::try_from(offset / 8).unwrap_or(u32::MAX).to_le_bytes(),
        }
    }

    pub(crate) fn sequence(&self) -> u64 {
        u64::from_le_bytes(self.sequence)
    }

    pub(crate) fn slot(&self) -> u32 {
        let [a, b, c] = self.slot;
        u32::from_le_bytes([a, b, c, 0])
    }

    pub(crate) fn offset(&self) -> u64 {
        u64::from(u32::from_le_bytes(self.offset)) * 8
    }
}

#[derive(Debug)]
enum Node {
    Leaf(Vec<Item>),
    Branch(Box<[Node; 16]>),
}

impl Default for Node {
    fn default() -> Self {
        Self::Leaf(Vec::new())
    }
}

fn digit(key: &ShortKey, level: usize) -> usize {
    let byte = key.get(level / 2).copied().unwrap_or_default();
    usize::from(if level % 2 == 0 { byte >> 4 } else { byte & 15 })
}

/// The tree.
#[derive(Debug, Default)]
pub(crate) struct Radix {
    root: Node,
}

impl Radix {
    /// The items of a crash.
    pub(crate) fn get(&self, key: &ShortKey) -> &[Item] {
        let (mut node, mut level) = (&self.root, 0);
        loop {
            match node {
                Node::Leaf(items) => return items.get(range_of(items, key)).unwrap_or_default(),
                Node::Branch(children) => match children.get(digit(key, level)) {
                    Some(child) => (node, level) = (child, level + 1),
                    None => return &[],
                },
            }
        }
    }

    /// Put items in the place of a crash's: what `change` makes of them, the first `n` of five, in the
    /// order of their roles.
    pub(crate) fn update(
        &mut self,
        key: &ShortKey,
        change: impl FnOnce(&[Item]) -> ([Item; 5], usize),
    ) {
        let (mut node, mut level) = (&mut self.root, 0);
        loop {
            if matches!(node, Node::Leaf(items) if items.len() >= LEAF_MAX && level < DIGITS) {
                split(node, level);
            }
            match node {
                Node::Leaf(items) => return replace(items, key, change),
                Node::Branch(children) => match children.get_mut(digit(key, level)) {
                    Some(child) => (node, level) = (child, level + 1),
                    None => return,
                },
            }
        }
    }

    /// Visit the items of each crash behind `after`, in the order of the keys, until `visit` says that
    /// it has enough.
    pub(crate) fn walk(&self, after: Option<&ShortKey>, mut visit: impl FnMut(&[Item]) -> bool) {
        walk_node(&self.root, 0, after, &mut visit);
    }

    /// Bytes of memory in use, without what the allocator adds.
    pub(crate) fn memory(&self) -> usize {
        size_of::<Self>() + memory_of(&self.root)
    }
}

fn range_of(items: &[Item], key: &ShortKey) -> Range<usize> {
    let start = items.partition_point(|item| item.key < *key);
    let mut end = start;
    while items.get(end).is_some_and(|item| item.key == *key) {
        end += 1;
    }
    start..end
}

fn replace(
    items: &mut Vec<Item>,
    key: &ShortKey,
    change: impl FnOnce(&[Item]) -> ([Item; 5], usize),
) {
    let range = range_of(items, key);
    let (new, count) = change(items.get(range.clone()).unwrap_or_default());
    let new = new.get(..count).unwrap_or_default();
    if items.len() + new.len() > items.capacity() + range.len() {
        // Not twice the size, as a vector would by itself: most of the memory is here.
        items.reserve_exact(new.len().max(items.len() / 4));
    }
    match new {
        [one] if range.is_empty() => items.insert(range.start, *one),
        _ => drop(items.splice(range, new.iter().copied())),
    }
}

#[cold]
fn split(node: &mut Node, level: usize) {
    let Node::Leaf(items) = node else { return };
    let mut children: [Vec<Item>; 16] = Default::default();
    for item in items.drain(..) {
        if let Some(child) = children.get_mut(digit(&item.key, level)) {
            child.push(item);
        }
    }
    let exact = children.map(|mut child| {
        child.shrink_to_fit();
        Node::Leaf(child)
    });
    *node = Node::Branch(Box::new(exact));
}

fn walk_node(
    node: &Node,
    level: usize,
    after: Option<&ShortKey>,
    visit: &mut impl FnMut(&[Item]) -> bool,
) -> bool {
    match node {
        Node::Leaf(items) => {
            let start = after.map_or(0, |after| items.partition_point(|item| item.key <= *after));
            let rest = items.get(start..).unwrap_or_default();
            rest.chunk_by(|one, other| one.key == other.key)
                .all(&mut *visit)
        }
        Node::Branch(children) => {
            let first = after.map_or(0, |after| digit(after, level));
            children.iter().enumerate().skip(first).all(|(at, child)| {
                let after = after.filter(|_| at == first);
                walk_node(child, level + 1, after, visit)
            })
        }
    }
}

fn memory_of(node: &Node) -> usize {
    match node {
        Node::Leaf(items) => items.capacity() * size_of::<Item>(),
        Node::Branch(children) => {
            size_of::<[Node; 16]>() + children.iter().map(memory_of).sum::<usize>()
        }
    }
}
