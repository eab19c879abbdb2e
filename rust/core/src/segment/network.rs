//! Roots that other machines share.

use std::path::Path;

use rustix::fd::BorrowedFd;

use crate::error::{During, Error, Result};

/// File systems whose locks and caches other machines do not see at once.
const NETWORK: [(u64, &str); 9] = [
    (0x6969, "NFS"),
    (0x517b, "SMB"),
    (0xff53_4d42, "CIFS"),
    (0xfe53_4d42, "SMB2"),
    (0x5346_414f, "AFS"),
    (0x7375_7245, "Coda"),
    (0x0102_1997, "9P"),
    (0x0bd0_0bd0, "Lustre"),
    (0x00c3_6400, "Ceph"),
];

fn network_of(magic: u64) -> Option<&'static str> {
    let found = NETWORK.iter().find(|(number, _)| *number == magic);
    found.map(|(_, name)| *name)
}

pub(crate) fn refuse_network(root: BorrowedFd<'_>, path: &Path) -> Result<()> {
    let found = rustix::fs::fstatfs(root).during("look at", || path.to_owned())?;
    #[allow(
        clippy::cast_sign_loss,
        clippy::unnecessary_cast,
        reason = "its type differs by platform"
    )]
    let magic = found.f_type as u64 & 0xffff_ffff;
    match network_of(magic) {
        None => Ok(()),
        Some(name) => Err(Error::Configuration(format!(
            "{} is on {name}, where segments are not safe: other machines see neither the locks nor \
             the saves of this one in time; allow_network takes it all the same",
            path.display()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::network_of;

    #[test]
    fn network_file_systems_are_told_from_local_ones() {
        let (nfs, cifs) = (0x6969, 0xff53_4d42);
        assert_eq!(
            (network_of(nfs), network_of(cifs)),
            (Some("NFS"), Some("CIFS"))
        );
        let (ext4, xfs, btrfs, tmpfs) = (0xef53, 0x5846_5342, 0x9123_683e, 0x0102_1994);
        let overlay = 0x794c_7630;
        for local in [ext4, xfs, btrfs, tmpfs, overlay] {
            assert_eq!(network_of(local), None);
        }
    }
}
