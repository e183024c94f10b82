// calls_clients.c: what is asked of a client: pools made, opened, listed, deleted, examined, converted.
#include "fuzz.h"

extern const char *directory;

// A call that gives a handle away: takes it in.
#define MAKES(kind, type, call)                             \
    do {                                                    \
        type **place = output(sizeof *place);               \
        int code = CALL(0, call);                           \
        if (code == 0) keep(kind, *place);                  \
        else untouched(#call, code, place, sizeof *place, 0); \
    } while (0)

// These wait for the writer lock, which a reservation of ours would hold until they give up.
static void without_reservations(void) { free_all(RESERVATION); }

static plsm_pool_options_t *pool_options(void) {
    plsm_pool_options_t made = PLSM_POOL_OPTIONS_INIT;
    made.size_bytes = rarely(6) ? number() : 9216 + below(20000);
    if (made.size_bytes > 1 << 20) made.size_bytes |= 1ull << 45; // refused, and not a file of that size
    made.has_index_capacity = flag();
    made.index_capacity = (uint32_t)(rarely(4) ? number() : below(200));
    made.file_mode = rarely(4) ? (uint32_t)number() : 0600;
    if (made.file_mode && (made.file_mode & 0600) != 0600) made.file_mode = 0600;
    return options(&made, sizeof made);
}

static void client_new(void) {
    const char *dir = rarely(10) ? reference() : directory;
    // The default directory is not ours.
    if (!dir) dir = directory;
    MAKES(CLIENT, plsm_client_t, plsm_client_new(dir, place, error_place()));
    keep(CLIENT, NULL);
    plsm_client_t *sure = NULL;
    if (plsm_client_new(directory, &sure, NULL) == 0) keep(CLIENT, sure);
}
static void client_new_with(void) {
    // No server is ever asked: nothing listens on port 1, and requests give up at once.
    static const char *const tokens[] = {NULL, "token", "", "two words", "\xff"};
    static const char *const files[] = {NULL, NULL, "/nowhere", "", "/dev/null"};
    plsm_client_options_t made = PLSM_CLIENT_OPTIONS_INIT;
    made.flags = flag();
    made.pool_dir = rarely(4) ? "http://127.0.0.1:1" : directory;
    made.token = tokens[below(5)];
    made.token_file = files[below(5)];
    made.tls_ca_file = files[below(5)];
    made.request_timeout_ms = 1 + below(50);
    made.largest_bytes = number();
    MAKES(CLIENT, plsm_client_t, plsm_client_new_with(options(&made, sizeof made), place, error_place()));
}
static void client_free(void) { plsm_client_free(to_free(CLIENT)); }
static void client_dir(void) {
    plsm_buf_t *buf = output(sizeof *buf);
    drop(CALL(0, plsm_client_pool_dir(handle(CLIENT), buf, error_place())), buf);
}
static void resolve(void) {
    plsm_buf_t *buf = output(sizeof *buf);
    drop(CALL(0, plsm_pool_resolve(handle(CLIENT), reference(), buf, error_place())), buf);
}
static void exists(void) { CALL(1, plsm_pool_exists(handle(CLIENT), reference(), error_place())); }
static void delete(void) {
    without_reservations();
    if (rarely(3)) CALL(0, plsm_pool_delete(handle(CLIENT), reference(), error_place()));
}
static void create(void) {
    uint64_t size = rarely(4) ? number() : 9216;
    if (size == 0 || size > 1 << 20) size |= 1ull << 45;
    MAKES(POOL, plsm_pool_t, plsm_pool_create(handle(CLIENT), reference(), size, place, error_place()));
}
static void create_with(void) {
    MAKES(POOL, plsm_pool_t, plsm_pool_create_with(handle(CLIENT), reference(), pool_options(), place, error_place()));
}
static void ensure(void) {
    uint32_t *created = output(sizeof *created);
    MAKES(POOL, plsm_pool_t, plsm_pool_ensure(handle(CLIENT), reference(), pool_options(), place, created, error_place()));
}
static void open(void) {
    MAKES(POOL, plsm_pool_t, plsm_pool_open(handle(CLIENT), reference(), place, error_place()));
}
static void open_with(void) {
    plsm_open_options_t made = PLSM_OPEN_OPTIONS_INIT;
    made.flags = flag();
    MAKES(POOL, plsm_pool_t,
          plsm_pool_open_with(handle(CLIENT), reference(), options(&made, sizeof made), place, error_place()));
}
static void list_open(void) { MAKES(LIST, plsm_pool_list_t, plsm_pool_list_open(handle(CLIENT), place, error_place())); }
static void list_entry(void) {
    const plsm_pool_list_t *list = handle(LIST);
    size_t count = plsm_pool_list_count(list);
    plsm_list_entry_t *entry = sized_output(sizeof *entry);
    CALL(0, plsm_pool_list_entry(list, rarely(4) ? (size_t)number() : below(count + 1), entry, error_place()));
}
static void list_free(void) { plsm_pool_list_free(to_free(LIST)); }
static void list_json(void) {
    plsm_buf_t *buf = output(sizeof *buf);
    drop(CALL(0, plsm_pool_list_json(handle(CLIENT), buf, error_place())), buf);
}
static void doctor_open(void) {
    const char *one = rarely(3) ? NULL : reference();
    MAKES(DOCTOR, plsm_doctor_t, plsm_doctor_open(handle(CLIENT), one, place, error_place()));
}
static void doctor_step(void) {
    plsm_doctor_progress_t *progress = sized_output(sizeof *progress);
    CALL(1, plsm_doctor_step(handle(DOCTOR), rarely(3) ? number() : 4096, progress, error_place()));
}
static void doctor_report(void) {
    plsm_doctor_t *doctor = handle(DOCTOR);
    size_t count = plsm_doctor_report_count(doctor), index = rarely(4) ? (size_t)number() : below(count + 1);
    CALL(0, plsm_doctor_report(doctor, index, sized_output(sizeof(plsm_doctor_report_t)), error_place()));
    size_t issue = rarely(4) ? (size_t)number() : below(3);
    CALL(0, plsm_doctor_issue(doctor, index, issue, sized_output(sizeof(plsm_doctor_issue_t)), error_place()));
    (void)plsm_doctor_hint(doctor, index, issue);
}
static void doctor_json(void) {
    plsm_buf_t *buf = output(sizeof *buf);
    drop(CALL(0, plsm_doctor_json(handle(DOCTOR), buf, error_place())), buf);
}
static void doctor_free(void) { plsm_doctor_free(to_free(DOCTOR)); }
static void migrate(void) {
    without_reservations();
    plsm_buf_t *backup = output(sizeof *backup);
    plsm_migrated_t *migrated = sized_output(sizeof *migrated);
    const char *new_ref = rarely(2) ? NULL : reference();
    int code = CALL(0, plsm_pool_migrate(handle(CLIENT), rarely(2) ? "old" : reference(), new_ref, pool_options(), migrated,
                                         backup, error_place()));
    drop(code, backup);
}
static void salvage(void) {
    without_reservations();
    size_t room = below(4);
    plsm_gap_t *lost = rarely(4) ? NULL : memory(room * sizeof *lost);
    plsm_salvaged_t *salvaged = sized_output(sizeof *salvaged);
    CALL(0, plsm_pool_salvage(handle(CLIENT), reference(), reference(), pool_options(), salvaged, lost, room, error_place()));
}

const struct call client_calls[] = {
    {"plsm_client_new", client_new},
    {"plsm_client_new_with", client_new_with},
    {"plsm_client_free", client_free},
    {"plsm_client_pool_dir", client_dir},
    {"plsm_pool_resolve", resolve},
    {"plsm_pool_exists", exists},
    {"plsm_pool_delete", delete},
    {"plsm_pool_create", create},
    {"plsm_pool_create_with", create_with},
    {"plsm_pool_ensure", ensure},
    {"plsm_pool_open", open},
    {"plsm_pool_open_with", open_with},
    {"plsm_pool_list_open", list_open},
    {"plsm_pool_list_count", list_entry},
    {"plsm_pool_list_entry", list_entry},
    {"plsm_pool_list_free", list_free},
    {"plsm_pool_list_json", list_json},
    {"plsm_doctor_open", doctor_open},
    {"plsm_doctor_step", doctor_step},
    {"plsm_doctor_report_count", doctor_report},
    {"plsm_doctor_report", doctor_report},
    {"plsm_doctor_issue", doctor_report},
    {"plsm_doctor_hint", doctor_report},
    {"plsm_doctor_json", doctor_json},
    {"plsm_doctor_free", doctor_free},
    {"plsm_pool_migrate", migrate},
    {"plsm_pool_salvage", salvage},
    {NULL, NULL},
};
