//! Others who append while a flush syncs: what the sync writes of each page is of some moment of that time.

use std::cell::RefCell;
use std::rc::Rc;

use plasmite_core::pool::Pool;

use super::{refusing, within, Disk, Random, CONTROL};

const SYNCED_BEFORE: usize = CONTROL + 520;

/// An append by another.
pub(crate) struct Step {
    pub(crate) body: Vec<u8>,
    /// States of the file since the step before.
    pub(crate) within: Vec<Vec<u8>>,
    /// The file after it.
    pub(crate) image: Vec<u8>,
    /// Whether it synced the control page on its way.
    pub(crate) synced_control: bool,
}

/// Whether the control page was synced between two states of the file.
pub(crate) fn synced_control(before: Option<&Vec<u8>>, after: &[u8]) -> bool {
    let word = |image: &[u8]| image[SYNCED_BEFORE..SYNCED_BEFORE + 8].to_vec();
    before.is_some_and(|before| word(before) != word(after))
}

/// Lets others append during the next sync, if they are about and the numbers say so: up to a lap and more.
pub(crate) fn prepare(pool: &Pool, random: &mut Option<Random>) -> Rc<RefCell<Vec<Step>>> {
    let steps = Rc::new(RefCell::new(Vec::new()));
    let Some(random) = random else {
        return steps;
    };
    if random.below(3) == 0 {
        return steps;
    }
    let most = [200, 500, 900][random.below(3) as usize];
    let bodies: Vec<Vec<u8>> = (0..random.below(60)).map(|_| random.body(most)).collect();
    let (pool, out) = (pool.share(), Rc::clone(&steps));
    refusing::during_next_sync(Some(Box::new(move || {
        let mut before = std::fs::read(pool.path()).unwrap();
        for body in bodies {
            pool.append(&Disk::draft(&body), None, &Disk::options())
                .unwrap();
            let within = within::so_far();
            let image = std::fs::read(pool.path()).unwrap();
            let synced_control = synced_control(Some(&before), &image);
            before.clone_from(&image);
            out.borrow_mut().push(Step {
                body,
                within,
                image,
                synced_control,
            });
        }
    })));
    steps
}
