//! Greets bob.

fn main() {
    println!("{}", hello::greeting("bob"));
}
