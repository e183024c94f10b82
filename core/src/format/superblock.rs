//! The superblock: what a pool is, written once when it is created.

use crate::error::{Error, ErrorKind, Result};
use crate::format::geometry::{Geometry, INDEX_OFFSET};
use crate::format::PAGE;

/// First bytes of every pool, of this and of older formats.
pub const MAGIC: [u8; 4] = *b"PLSM";
/// The format this library reads and writes.
pub const VERSION: u32 = 4;
/// The older format that can be converted to it.
pub const CONVERTIBLE: u32 = 3;
/// Writers exclude each other by a futex word and a byte lock that shows that its owner lives.
pub const LOCK_FUTEX_AND_BYTE: u32 = 1;
/// Times of this pool may fall from one message to the next (converted pools).
pub const FLAG_TIMES_UNORDERED: u32 = 1;
/// Frames are summed as [`frame::checksum`](super::frame::checksum) says. All pools have it but those of builds from before
/// the first release: a writer of this build would take all of their messages for damage.
const FLAG_SUMS: u32 = 2;

/// Where the pool's identity is, in bytes.
pub const ID: usize = 72;
const BYTE_ORDER_LITTLE: u8 = 1;
const CRC_AT: usize = PAGE as usize - 4;

/// A superblock that was read and found good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Superblock {
    /// Where the parts of the file lie.
    pub geometry: Geometry,
    /// How writers exclude each other.
    pub lock: u32,
    /// Properties that pools can have or not; unknown ones make them unreadable.
    pub flags: u32,
    /// Random identity of the pool.
    pub id: [u8; 16],
    /// Creation, in nanoseconds since the epoch.
    pub created_ns: u64,
}

impl Superblock {
    /// The page's bytes.
    pub fn encode(&self) -> [u8; PAGE as usize] {
        let mut page = [0; PAGE as usize];
        let geometry = &self.geometry;
        page[0..4].copy_from_slice(&MAGIC);
        page[4..8].copy_from_slice(&VERSION.to_le_bytes());
        page[8] = BYTE_ORDER_LITTLE;
        let words = [
            geometry.file_size,
            INDEX_OFFSET,
            geometry.index_slots,
            geometry.index_stride,
            geometry.ring_offset,
            geometry.ring_size,
        ];
        for (place, word) in page[16..64].chunks_exact_mut(8).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        page[64..68].copy_from_slice(&self.lock.to_le_bytes());
        page[68..72].copy_from_slice(&(self.flags | FLAG_SUMS).to_le_bytes());
        page[ID..ID + 16].copy_from_slice(&self.id);
        page[88..96].copy_from_slice(&self.created_ns.to_le_bytes());
        let crc = crc_fast::crc32_iscsi(&page[..CRC_AT]);
        page[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
        page
    }

    /// Reads and checks the page of a file that is `file_len` bytes long.
    ///
    /// # Errors
    /// Corrupt for anything but a good page; Usage for a pool of another format or with a lock or
    /// flags this build does not know. The caller adds the path.
    pub fn parse(page: &[u8], file_len: u64) -> Result<Superblock> {
        if page.len() < 9 || page[0..4] != MAGIC {
            return Err(
                Error::corrupt("not a pool: the file does not begin with the mark of one")
                    .with_offset(0),
            );
        }
        let version = half(page, 4);
        if version != VERSION {
            let error = Error::usage(format!(
                "the pool has format {version}, and this build reads and writes format {VERSION}"
            ));
            return Err(error.with_hint(match version {
                CONVERTIBLE => "convert it with `pool migrate`, or use the build that wrote it",
                _ if version < VERSION => "use the build that wrote it",
                _ => "use a newer build",
            }));
        }
        if page.len() < PAGE as usize {
            return Err(
                Error::corrupt("the file is too short to be a pool").with_offset(page.len() as u64)
            );
        }
        if page[8] != BYTE_ORDER_LITTLE
            || half(page, CRC_AT) != crc_fast::crc32_iscsi(&page[..CRC_AT])
        {
            return Err(Error::corrupt("the pool's superblock is damaged").with_offset(0));
        }
        let superblock = Superblock::fields(page);
        if word(page, 24) != INDEX_OFFSET || !superblock.geometry.is_sound() {
            return Err(
                Error::corrupt("the pool's superblock gives impossible sizes").with_offset(16),
            );
        }
        if superblock.geometry.file_size != file_len {
            return Err(Error::corrupt(format!(
                "the pool's file is {file_len} bytes long, but was created with {}",
                superblock.geometry.file_size
            ))
            .with_offset(file_len.min(superblock.geometry.file_size)));
        }
        if superblock.flags & !FLAG_TIMES_UNORDERED != 0 || superblock.lock != LOCK_FUTEX_AND_BYTE {
            return Err(
                Error::usage("the pool uses features that this build does not know")
                    .with_hint("use a newer build"),
            );
        }
        if half(page, 68) & FLAG_SUMS == 0 {
            return Err(Error::usage(
                "the pool was made by a build from before the first release, which summed its messages in another way",
            )
            .with_offset(68)
            .with_hint("with that build print the messages (`follow POOL --no-follow --jsonl`), then feed them into a new pool (`feed NEW --create --copy`)"));
        }
        Ok(superblock)
    }

    /// What the page says whether or not that can be right.
    fn fields(page: &[u8]) -> Superblock {
        Superblock {
            geometry: Geometry {
                file_size: word(page, 16),
                index_slots: word(page, 32),
                index_stride: word(page, 40),
                ring_offset: word(page, 48),
                ring_size: word(page, 56),
            },
            lock: half(page, 64),
            flags: half(page, 68) & !FLAG_SUMS,
            id: page[ID..ID + 16].try_into().unwrap_or_default(),
            created_ns: word(page, 88),
        }
    }

    /// As [`Superblock::parse`], for whoever can tell by the messages whether the page is right: a damaged one is given
    /// as it is, with what is wrong with it.
    ///
    /// # Errors
    /// Usage as there; Corrupt when the page is not all there.
    pub fn guess(page: &[u8], file_len: u64) -> Result<(Superblock, Option<Error>)> {
        match Superblock::parse(page, file_len) {
            Ok(superblock) => Ok((superblock, None)),
            Err(error) if error.kind() == ErrorKind::Corrupt && page.len() == PAGE as usize => {
                Ok((Superblock::fields(page), Some(error)))
            }
            Err(error) => Err(error),
        }
    }

    /// Whether times may fall in this pool.
    pub fn times_unordered(&self) -> bool {
        self.flags & FLAG_TIMES_UNORDERED != 0
    }

    /// The identity as the words that the file has.
    pub fn id_words(&self) -> [u64; 2] {
        let (low, high) = self.id.split_at(8);
        [low, high].map(|half| u64::from_ne_bytes(half.try_into().unwrap_or_default()))
    }

    /// The part of the identity that goes into every frame's checksum.
    pub fn seed(&self) -> u64 {
        u64::from_le_bytes(self.id[..8].try_into().unwrap_or_default())
    }
}

fn half(page: &[u8], at: usize) -> u32 {
    let bytes = page.get(at..at + 4).and_then(|bytes| bytes.try_into().ok());
    bytes.map_or(0, u32::from_le_bytes)
}

fn word(page: &[u8], at: usize) -> u64 {
    u64::from(half(page, at)) | u64::from(half(page, at + 4)) << 32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Superblock {
        Superblock {
            geometry: Geometry::plan(100_000, None).unwrap(),
            lock: LOCK_FUTEX_AND_BYTE,
            flags: 0,
            id: [7; 16],
            created_ns: 5,
        }
    }

    #[test]
    fn comes_back_as_it_went_in() {
        assert_eq!(
            Superblock::parse(&sample().encode(), 100_000).unwrap(),
            sample()
        );
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let page = sample().encode();
        for at in 0..page.len() {
            let mut bad = page;
            bad[at] ^= 0x10;
            let error = Superblock::parse(&bad, 100_000).unwrap_err();
            let expected = if (4..8).contains(&at) {
                ErrorKind::Usage
            } else {
                ErrorKind::Corrupt
            };
            assert_eq!(error.kind(), expected, "byte {at}");
        }
    }

    #[test]
    fn pools_of_before_the_first_release_are_named() {
        let mut page = sample().encode();
        page[68] = 0;
        let crc = crc_fast::crc32_iscsi(&page[..CRC_AT]);
        page[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
        let error = Superblock::parse(&page, 100_000).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.message().contains("before the first release"));
    }

    #[test]
    fn every_truncation_is_noticed() {
        let page = sample().encode();
        for len in 0..page.len() {
            assert_eq!(
                Superblock::parse(&page[..len], len as u64)
                    .unwrap_err()
                    .kind(),
                ErrorKind::Corrupt
            );
        }
        assert_eq!(
            Superblock::parse(&page, 99_999).unwrap_err().kind(),
            ErrorKind::Corrupt
        );
    }

    #[test]
    fn other_formats_are_named() {
        let mut page = sample().encode();
        page[4] = 3;
        let error = Superblock::parse(&page, 100_000).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
        assert!(error.message().contains("format 3"));
        assert!(error
            .hint()
            .is_some_and(|hint| hint.contains("pool migrate")));
        for version in [0, 1, 2, 5, 255] {
            page[4] = version;
            let error = Superblock::parse(&page, 100_000).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Usage);
            assert!(error.hint().is_some_and(|hint| !hint.contains("migrate")));
        }
    }
}
