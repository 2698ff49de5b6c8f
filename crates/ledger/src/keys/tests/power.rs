//! A disk that forgets what was not synced: the order write, sync, rename, sync of the folder.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use aludel_durable::files::{Disk, replace};

/// What a name leads to, and what of it is on the platters.
#[derive(Clone, Debug, Default)]
struct Inode {
    content: Vec<u8>,
    durable: Vec<u8>,
}

/// Names and contents in memory, and names as they are after a power cut. Fails from step `left` on.
struct Fake {
    inodes: RefCell<Vec<Inode>>,
    names: RefCell<BTreeMap<PathBuf, usize>>,
    durable_names: RefCell<BTreeMap<PathBuf, usize>>,
    left: Cell<usize>,
}

const NAME: &str = "/wallet/k.usage";

impl Fake {
    fn holding(content: &[u8], steps: usize) -> Self {
        let names = BTreeMap::from([(PathBuf::from(NAME), 0)]);
        let inode = Inode { content: content.to_vec(), durable: content.to_vec() };
        Self {
            inodes: RefCell::new(vec![inode]),
            durable_names: RefCell::new(names.clone()),
            names: RefCell::new(names),
            left: Cell::new(steps),
        }
    }

    fn step(&self) -> io::Result<()> {
        let left = self.left.get().checked_sub(1).ok_or_else(|| io::Error::other("no power"))?;
        self.left.set(left);
        Ok(())
    }

    /// What is found after a power cut. Names that were not synced may have reached the disk or not.
    fn after_a_cut(&self, names_reached: bool) -> Option<Vec<u8>> {
        let names = if names_reached { &self.names } else { &self.durable_names };
        let inode = *names.borrow().get(Path::new(NAME))?;
        Some(self.inodes.borrow()[inode].durable.clone())
    }
}

impl Disk for Fake {
    type Open = usize;

    fn create(&self, path: &Path) -> io::Result<usize> {
        self.step()?;
        let mut inodes = self.inodes.borrow_mut();
        inodes.push(Inode::default());
        self.names.borrow_mut().insert(path.to_owned(), inodes.len() - 1);
        Ok(inodes.len() - 1)
    }

    fn write(&self, file: &mut usize, bytes: &[u8]) -> io::Result<()> {
        self.step()?;
        self.inodes.borrow_mut()[*file].content.extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&self, file: &usize) -> io::Result<()> {
        self.step()?;
        let inode = &mut self.inodes.borrow_mut()[*file];
        inode.durable.clone_from(&inode.content);
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        let mut names = self.names.borrow_mut();
        let inode = names.remove(from).ok_or(io::ErrorKind::NotFound)?;
        names.insert(to.to_owned(), inode);
        Ok(())
    }

    fn sync_path(&self, folder: &Path) -> io::Result<()> {
        self.step()?;
        assert_eq!(folder, Path::new("/wallet"));
        self.durable_names.borrow_mut().clone_from(&self.names.borrow());
        Ok(())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.names.borrow_mut().remove(path).map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

#[test]
fn a_power_cut_leaves_the_old_record_or_the_new_one() {
    let mut failed = 0;
    for steps in 0.. {
        let disk = Fake::holding(b"old", steps);
        let done = replace(&disk, Path::new(NAME), b"new").is_ok();
        let found = [false, true].map(|names_reached| disk.after_a_cut(names_reached).expect("a file"));
        for content in &found {
            assert!(content == b"old" || content == b"new", "after {steps} steps: {content:?}");
        }
        if done {
            assert_eq!(found, [b"new", b"new"], "what was promised is there");
            break;
        }
        failed += 1;
    }
    assert_eq!(failed, 5, "create, write, sync, rename, sync of the folder");
}
