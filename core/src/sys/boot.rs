//! Which boot of the machine this is: a pool last used in another one must be checked.

use std::sync::OnceLock;

/// The kernel's random id of this boot, as two words; zeros when the system has none to offer.
pub fn boot_id() -> [u64; 2] {
    static ID: OnceLock<[u64; 2]> = OnceLock::new();
    *ID.get_or_init(|| {
        let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
        let word = |range| u64::from_str_radix(digits.get(range).unwrap_or("0"), 16).unwrap_or(0);
        [word(0..16), word(16..32)]
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn is_stable_and_not_zero_on_linux() {
        assert_eq!(super::boot_id(), super::boot_id());
        assert_ne!(super::boot_id(), [0, 0]);
    }
}
