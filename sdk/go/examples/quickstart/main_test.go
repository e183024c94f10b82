package main

func Example() {
	main()
	// Output:
	// 1: inlet 21.5
	// 3: inlet 22.0
}
