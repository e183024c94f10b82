//! Messages made up with right checksums, as nobody but an enemy makes them.

use std::fs::File;
use std::os::unix::fs::FileExt;

use plasmite_core::format::frame::{body_crc, len_for, Header, HEADER, HEADER_WORDS};
use plasmite_core::format::superblock::Superblock;
use plasmite_core::store::{AppendOptions, Client, Layout};

/// A pool of six messages, and how its frames are forged.
pub(crate) struct Forge {
    pub(crate) client: Client,
    pub(crate) file: File,
    superblock: Superblock,
    pub(crate) layout: Layout,
    _dir: tempfile::TempDir,
}

impl Forge {
    pub(crate) fn new() -> Forge {
        let (dir, client) = super::scratch();
        let pool = client.create("p", &super::sized(20_000)).unwrap();
        for n in 0..6 {
            let options = AppendOptions {
                tags: &[b"tag"],
                timestamp_ns: Some(1000 + n),
                ..AppendOptions::default()
            };
            pool.append_json(b"{\"some\":[1,2,\"data\"]}", &options)
                .unwrap();
        }
        let file = File::options()
            .read(true)
            .write(true)
            .open(pool.path())
            .unwrap();
        let mut page = [0; 4096];
        file.read_exact_at(&mut page, 0).unwrap();
        Forge {
            superblock: Superblock::parse(&page, 20_000).unwrap(),
            layout: pool.layout(10).unwrap(),
            client,
            file,
            _dir: dir,
        }
    }

    /// Changes the frame of message `seq` and makes its checksum right again.
    pub(crate) fn change(&self, seq: u64, change: impl FnOnce(&mut Header, &mut Vec<u8>)) {
        let place = self.layout.frames[seq as usize - 1];
        let mut words = [0; HEADER_WORDS];
        for (index, word) in words.iter_mut().enumerate() {
            let mut bytes = [0; 8];
            self.file
                .read_exact_at(&mut bytes, place.offset + index as u64 * 8)
                .unwrap();
            *word = u64::from_le_bytes(bytes);
        }
        let mut header = Header::parse(words).unwrap();
        let mut body = vec![0; header.body_len() as usize];
        self.file
            .read_exact_at(&mut body, place.offset + HEADER)
            .unwrap();
        change(&mut header, &mut body);
        assert_eq!(
            len_for(body.len() as u64),
            place.len,
            "it must fit its place"
        );
        assert_eq!(header.body_len(), body.len() as u64);
        let position = place.offset - self.superblock.geometry.ring_offset;
        header.crc = header.checksum(body_crc(&body), position, self.superblock.seed());
        let words: Vec<u8> = header
            .words()
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        self.file.write_all_at(&words, place.offset).unwrap();
        self.file
            .write_all_at(&body, place.offset + HEADER)
            .unwrap();
    }
}
