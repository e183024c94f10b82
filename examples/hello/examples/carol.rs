//! Greets carol.

fn main() {
    println!("{}", hello::greeting("carol"));
}
