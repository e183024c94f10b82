// The empty program that one-shot commands are measured against: linked to the library, does nothing.
int main(void) {
    return 0;
}
