//! What kind of file system a file is on, and whether programs can share memory through it.
//!
//! Pools need one copy of a file's pages for all who have it open, and locks that all of them see. Network file
//! systems, and those that pass a host's files to a virtual machine, keep a copy in each machine, and no call
//! fails: messages just get lost. So they are told apart by name.

#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::MetadataExt;

use crate::sys::retry::uninterrupted;

/// What a file system means for a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// All processes of the machine share its pages.
    Whole,
    /// So they do, but a file of a lower layer becomes another file when it is first opened for writing: who
    /// mapped it before goes on seeing the old one.
    CopiesUp,
    /// Others may have copies of the pages; the name of the file system.
    Apart(String),
}

/// What a kind says by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Whole,
    CopiesUp,
    Apart(&'static str),
    /// Files come from a program; which one tells the table of mounts.
    Fuse,
    /// Not known to this build: the table of mounts has the name.
    Unknown,
}

/// By the number that statfs(2) gives.
fn kind(magic: u32) -> Kind {
    match magic {
        // ext2 to ext4, XFS, Btrfs, tmpfs, ramfs, F2FS, ZFS, bcachefs.
        0xef53 | 0x5846_5342 | 0x9123_683e | 0x0102_1994 | 0x8584_58f6 | 0xf2f5_2010
        | 0x2fc1_2fc1 | 0xca45_1a4e => Kind::Whole,
        // JFS, ReiserFS, NILFS, FAT, exFAT, NTFS (both drivers), HFS+, eCryptfs, EROFS, SquashFS, ISO 9660.
        0x3153_464a | 0x5265_4973 | 0x3434 | 0x4d44 | 0x2011_bab0 | 0x5346_544e | 0x7366_746e
        | 0x482b | 0xf15f | 0xe0f5_e1e2 | 0x7371_7368 | 0x9660 => Kind::Whole,
        0x794c_7630 | 0x6175_6673 => Kind::CopiesUp,
        0x6573_5546 => Kind::Fuse,
        0x6969 => Kind::Apart("NFS"),
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => Kind::Apart("SMB/CIFS"),
        0x0102_1997 => Kind::Apart("9p"),
        0x00c3_6400 => Kind::Apart("Ceph"),
        0x5346_414f | 0x6b41_4653 => Kind::Apart("AFS"),
        0x7375_7245 => Kind::Apart("Coda"),
        0x564c => Kind::Apart("NCP"),
        0x0116_1970 => Kind::Apart("GFS2"),
        0x7461_636f => Kind::Apart("OCFS2"),
        0x0bd0_0bd0 => Kind::Apart("Lustre"),
        0x4750_4653 => Kind::Apart("GPFS"),
        0x1983_0326 => Kind::Apart("BeeGFS"),
        0x2003_0528 => Kind::Apart("OrangeFS"),
        0xaad7_aaea => Kind::Apart("PanFS"),
        0xbeef_dead => Kind::Apart("StorNext"),
        0x786f_4256 => Kind::Apart("VirtualBox shared folders"),
        0xbacb_acbc => Kind::Apart("VMware shared folders"),
        0x7c7c_6673 => Kind::Apart("Parallels shared folders"),
        // Locks of the first Windows subsystem for Linux do not exclude each other.
        0x5346_4846 => Kind::Apart("WSL 1"),
        _ => Kind::Unknown,
    }
}

/// By the name in the table of mounts: of file systems in user space, whose files may come from anywhere, and
/// of those whose number is not known.
fn sharing_by_name(name: &str, fuse: bool) -> Sharing {
    // On a block device, or on a local directory that nobody changes but through the mount.
    const LOCAL: [&str; 7] = [
        "fuseblk",
        "fuse.fuse-overlayfs",
        "fuse.ntfs-3g",
        "fuse.exfat",
        "fuse.ext2",
        "fuse.fuse2fs",
        "fuse.gocryptfs",
    ];
    const APART: [&str; 12] = [
        "virtiofs",
        "9p",
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "ceph",
        "afs",
        "prl_fs",
        "vboxsf",
        "fakeowner",
        "drvfs",
    ];
    let apart = if fuse {
        !LOCAL.contains(&name)
    } else {
        APART.contains(&name)
    };
    if apart {
        Sharing::Apart(name.to_string())
    } else {
        Sharing::Whole
    }
}

/// The type of the mounted file system with this device number, as /proc/self/mountinfo has it.
fn name_in(mounts: &str, device: u64) -> Option<&str> {
    let number = format!("{}:{}", libc::major(device), libc::minor(device));
    mounts.lines().find_map(|line| {
        let (place, source) = line.split_once(" - ")?;
        let found = place.split(' ').nth(2)? == number;
        found.then(|| source.split(' ').next())?
    })
}

/// Whether a file keeps the blocks that it was given. On those that copy on writing (ZFS, Btrfs, bcachefs) it does not, and what
/// has no blocks may be compressed.
pub fn keeps_blocks(file: &File) -> bool {
    !matches!(magic_of(file), Ok(0x2fc1_2fc1 | 0x9123_683e | 0xca45_1a4e))
}

fn magic_of(file: &File) -> io::Result<u32> {
    // SAFETY: all-zero is a valid statfs, and a place for the answer.
    let mut data: libc::statfs = unsafe { std::mem::zeroed() };
    let told = uninterrupted(|| {
        // SAFETY: an open descriptor, a valid place.
        match unsafe { libc::fstatfs(file.as_raw_fd(), &mut data) } {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    });
    match told {
        Ok(()) => Ok(data.f_type as u32),
        Err(error) => match error.raw_os_error() {
            // A sandbox may not have the call.
            Some(libc::ENOSYS | libc::EPERM) => Ok(0),
            _ => Err(error),
        },
    }
}

/// What the file system of an open file means for a pool on it.
pub fn sharing(file: &File) -> io::Result<Sharing> {
    let found = kind(magic_of(file)?);
    Ok(match found {
        Kind::Whole => Sharing::Whole,
        Kind::CopiesUp => Sharing::CopiesUp,
        Kind::Apart(name) => Sharing::Apart(name.to_string()),
        Kind::Fuse | Kind::Unknown => {
            let fuse = found == Kind::Fuse;
            let mounts = std::fs::read("/proc/self/mountinfo").unwrap_or_default();
            let mounts = String::from_utf8_lossy(&mounts);
            let name = name_in(&mounts, uninterrupted(|| file.metadata())?.dev());
            sharing_by_name(name.unwrap_or("fuse"), fuse)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_number() {
        for local in [
            0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x858458f6, 0x2fc12fc1, 0x4d44,
        ] {
            assert_eq!(kind(local), Kind::Whole, "{local:#x}");
        }
        assert_eq!(kind(libc::OVERLAYFS_SUPER_MAGIC as u32), Kind::CopiesUp);
        assert_eq!(kind(libc::FUSE_SUPER_MAGIC as u32), Kind::Fuse);
        for (apart, name) in [
            (libc::NFS_SUPER_MAGIC, "NFS"),
            (libc::SMB_SUPER_MAGIC, "SMB/CIFS"),
            (0xff534d42, "SMB/CIFS"),
            (0xfe534d42, "SMB/CIFS"),
            (0x01021997, "9p"),
            (libc::CODA_SUPER_MAGIC, "Coda"),
            (libc::NCP_SUPER_MAGIC, "NCP"),
            (libc::AFS_SUPER_MAGIC, "AFS"),
            (0x00c36400, "Ceph"),
            (0x786f4256, "VirtualBox shared folders"),
        ] {
            assert_eq!(kind(apart as u32), Kind::Apart(name), "{apart:#x}");
        }
        assert_eq!(kind(libc::EXT4_SUPER_MAGIC as u32), Kind::Whole);
        assert_eq!(kind(libc::TMPFS_MAGIC as u32), Kind::Whole);
        assert_eq!(kind(0x1234_5678), Kind::Unknown);
    }

    #[test]
    fn by_name() {
        for local in ["fuseblk", "fuse.fuse-overlayfs", "fuse.ntfs-3g"] {
            assert_eq!(sharing_by_name(local, true), Sharing::Whole, "{local}");
        }
        for apart in [
            "virtiofs",
            "fuse.sshfs",
            "fuse.grpcfuse",
            "fuse.bindfs",
            "fuse",
        ] {
            let expected = Sharing::Apart(apart.to_string());
            assert_eq!(sharing_by_name(apart, true), expected, "{apart}");
        }
        for unknown in ["newfs", "fuse"] {
            assert_eq!(sharing_by_name(unknown, false), Sharing::Whole, "{unknown}");
        }
        let expected = Sharing::Apart("fakeowner".to_string());
        assert_eq!(sharing_by_name("fakeowner", false), expected);
    }

    #[test]
    fn names_are_found_by_device() {
        let mounts = "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n\
                      40 22 0:51 / /mnt/with\\040space rw - fuse.sshfs me@host: rw,user_id=0\n\
                      41 22 0:52 /a - virtiofs\n";
        assert_eq!(name_in(mounts, libc::makedev(254, 0)), Some("ext4"));
        assert_eq!(name_in(mounts, libc::makedev(0, 51)), Some("fuse.sshfs"));
        assert_eq!(name_in(mounts, libc::makedev(0, 52)), Some("virtiofs"));
        assert_eq!(name_in(mounts, libc::makedev(0, 5)), None);
        assert_eq!(name_in("nonsense\n - x\n", 0), None);
    }

    #[test]
    fn files_here() {
        let file = tempfile::tempfile().unwrap();
        assert!(!matches!(sharing(&file).unwrap(), Sharing::Apart(_)));
        let proc = File::open("/proc/self/stat").unwrap();
        assert_eq!(sharing(&proc).unwrap(), Sharing::Whole);
    }
}
