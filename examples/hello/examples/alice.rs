//! Greets alice.

fn main() {
    println!("{}", hello::greeting("alice"));
}
