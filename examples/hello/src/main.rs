//! Greets the world.

fn main() {
    println!("{}", hello::greeting("world"));
}
