// pools.c: directories, references, create, ensure, open, list, info, delete.
#define _GNU_SOURCE
#include "check.h"

#include <fcntl.h>
#include <sys/wait.h>

static void check_resolve(plsm_client_t *client, const char *reference, const char *want) {
    plsm_error_t *err = NULL;
    plsm_buf_t path = {NULL, 0};
    OK(plsm_pool_resolve(client, reference, &path, &err));
    CHECK_BYTES(path.data, path.len, want);
    plsm_buf_free(&path);
}

static void references(void) {
    plsm_error_t *err = NULL;
    plsm_client_t *client = NULL;
    plsm_buf_t path = {NULL, 0};
    OK(plsm_client_new("some/dir", &client, &err));
    check_resolve(client, "name", "some/dir/name.plasmite");
    check_resolve(client, "name.plasmite", "some/dir/name.plasmite");
    check_resolve(client, "./name", "./name");
    check_resolve(client, "/abs/x.y", "/abs/x.y");
    FAILS(PLSM_ERROR_USAGE, plsm_pool_resolve(client, "", &path, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_pool_resolve(client, "http://host/pool", &path, &err));
    OK(plsm_client_pool_dir(client, &path, &err));
    CHECK_BYTES(path.data, path.len, "some/dir");
    plsm_buf_free(&path);
    plsm_client_free(client);

    setenv("HOME", "/home/somebody", 1);
    OK(plsm_client_new(NULL, &client, &err));
    OK(plsm_client_pool_dir(client, &path, &err));
    CHECK_BYTES(path.data, path.len, "/home/somebody/.plasmite/pools");
    plsm_buf_free(&path);
    OK(plsm_default_pool_dir(&path, &err));
    CHECK_BYTES(path.data, path.len, "/home/somebody/.plasmite/pools");
    plsm_buf_free(&path);
    plsm_client_free(client);
    unsetenv("HOME");
    client = NULL;
    FAILS(PLSM_ERROR_USAGE, plsm_client_new(NULL, &client, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_default_pool_dir(&path, &err));
    CHECK(client == NULL);
}

static void create_and_open(void) {
    plsm_error_t *err = NULL;
    plsm_client_t *client = scratch_client();
    plsm_pool_t *pool = NULL, *again = NULL;
    struct stat file;

    NO(plsm_pool_exists(client, "a", &err));
    OK(plsm_pool_create(client, "a", 0, &pool, &err));
    YES(plsm_pool_exists(client, "a", &err));
    CHECK(stat(plsm_pool_path(pool), &file) == 0);
    CHECK_U64(file.st_size, 1048576);
    CHECK_U64(file.st_mode & 0777, 0600);
    CHECK_STR(plsm_pool_name(pool), "a");
    CHECK_U64(plsm_pool_is_read_only(pool), 0);
    YES(plsm_pool_is_current(pool, &err));
    OK(plsm_pool_open(client, "a", &again, &err));
    append(pool, "{\"x\":1}");
    plsm_bounds_t bounds = {9, 9, 9};
    OK(plsm_pool_bounds(again, &bounds, &err));
    CHECK_U64(bounds.oldest, 1);
    CHECK_U64(bounds.newest, 1);
    CHECK_U64(bounds.count, 1);
    uint8_t id[16] = {0}, other[16] = {0}, none[16] = {0};
    OK(plsm_pool_id(pool, id, &err));
    OK(plsm_pool_id(again, other, &err));
    CHECK(memcmp(id, other, 16) == 0 && memcmp(id, none, 16) != 0);
    CHECK_U64(plsm_pool_generation(pool), plsm_pool_generation(again));
    plsm_pool_free(pool);
    plsm_pool_free(again);

    // An odd size is kept exactly; a nested directory is made; a path is used as it stands.
    char path[128];
    snprintf(path, sizeof path, "%s/deep/er/odd", scratch());
    OK(plsm_pool_create(client, path, 70001, &pool, &err));
    CHECK(stat(path, &file) == 0);
    CHECK_U64(file.st_size, 70001);
    plsm_pool_free(pool);

    // The parent is a file.
    snprintf(path, sizeof path, "%s/a.plasmite/pool", scratch());
    pool = NULL;
    FAILS_KEEP(PLSM_ERROR_IO, plsm_pool_create(client, path, 0, &pool, &err));
    if (err) CHECK(err->path != NULL);
    drop_error(&err);
    CHECK(pool == NULL);
    FAILS(PLSM_ERROR_IO, plsm_pool_open(client, scratch(), &pool, &err));

    plsm_pool_options_t options = PLSM_POOL_OPTIONS_INIT;
    options.size_bytes = 200000;
    options.has_index_capacity = 1;
    options.index_capacity = 1000;
    options.file_mode = 0640;
    mode_t mask = umask(022);
    OK(plsm_pool_create_with(client, "opt", &options, &pool, &err));
    umask(mask);
    CHECK(stat(plsm_pool_path(pool), &file) == 0);
    CHECK_U64(file.st_size, 200000);
    CHECK_U64(file.st_mode & 0777, 0640);
    plsm_pool_info_t info = PLSM_POOL_INFO_INIT;
    OK(plsm_pool_info(pool, &info, &err));
    CHECK(info.index_capacity >= 1000 || info.index_size_bytes >= 8000);
    plsm_pool_free(pool);
}

static void ensure(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = NULL;
    uint32_t created = 7;
    OK(plsm_pool_ensure(scratch_client(), "en", NULL, &pool, &created, &err));
    CHECK_U64(created, 1);
    append(pool, "1");
    plsm_pool_free(pool);
    OK(plsm_pool_ensure(scratch_client(), "en", NULL, &pool, &created, &err));
    CHECK_U64(created, 0);
    plsm_pool_free(pool);
    OK(plsm_pool_ensure(scratch_client(), "en", NULL, &pool, NULL, &err));
    plsm_bounds_t bounds;
    OK(plsm_pool_bounds(pool, &bounds, &err));
    CHECK_U64(bounds.count, 1);
    plsm_pool_free(pool);
}

static void read_only(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("ro", 0), *reader = NULL;
    append(pool, "{\"v\":1}");
    plsm_open_options_t options = PLSM_OPEN_OPTIONS_INIT;
    options.flags = PLSM_OPEN_READ_ONLY;
    OK(plsm_pool_open_with(scratch_client(), "ro", &options, &reader, &err));
    CHECK_U64(plsm_pool_is_read_only(reader), 1);
    plsm_buf_t json = {NULL, 0};
    OK(plsm_pool_get_json(reader, 1, &json, &err));
    plsm_buf_free(&json);
    FAILS(PLSM_ERROR_PERMISSION, plsm_pool_append(reader, (const uint8_t *)"1", 1, NULL, NULL, &err));
    plsm_pool_free(reader);
    plsm_pool_free(pool);
}

// Without the right to write a pool opens for reading, by itself.
static int as_reader(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = NULL;
    plsm_buf_t json = {NULL, 0};
    checks_failed = 0;
    if (geteuid() == 0) CHECK(setgid(65534) == 0 && setuid(65534) == 0);
    OK(plsm_pool_open(scratch_client(), "mine", &pool, &err));
    CHECK_U64(plsm_pool_is_read_only(pool), 1);
    OK(plsm_pool_get_json(pool, 1, &json, &err));
    plsm_buf_free(&json);
    FAILS(PLSM_ERROR_PERMISSION, plsm_pool_append(pool, (const uint8_t *)"1", 1, NULL, NULL, &err));
    plsm_pool_free(pool);
    pool = NULL;
    FAILS_KEEP(PLSM_ERROR_PERMISSION, plsm_pool_open(scratch_client(), "secret", &pool, &err));
    if (err) CHECK_HAS(err->path, "secret.plasmite");
    drop_error(&err);
    return checks_failed ? 1 : 0;
}

static void not_permitted_to_write(void) {
    plsm_pool_t *pool = scratch_pool("mine", 0), *secret = scratch_pool("secret", 0);
    int status = -1;
    append(pool, "{\"v\":1}");
    CHECK(chmod(scratch(), 0711) == 0 && chmod(plsm_pool_path(pool), 0444) == 0 && chmod(plsm_pool_path(secret), 0) == 0);
    plsm_pool_free(pool);
    plsm_pool_free(secret);
    pid_t pid = fork();
    if (pid == 0) _exit(as_reader());
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void info(void) {
    plsm_error_t *err = NULL;
    plsm_pool_t *pool = scratch_pool("info", 100000);
    plsm_pool_info_t info = PLSM_POOL_INFO_INIT;
    OK(plsm_pool_info(pool, &info, &err));
    CHECK_U64(info.struct_size, sizeof info);
    CHECK_U64(info.file_size, 100000);
    CHECK_U64(info.bounds.count, 0);
    CHECK_U64(info.used_bytes, 0);
    CHECK_U64(info.format, 4);
    CHECK(info.ring_offset + info.ring_size <= info.file_size);
    CHECK(info.index_offset + info.index_size_bytes <= info.file_size);
    for (int i = 0; i < 3; i++) append(pool, "{\"some\":\"thing\"}");
    OK(plsm_pool_info(pool, &info, &err));
    CHECK_U64(info.bounds.newest, 3);
    CHECK_U64(info.used_bytes + info.free_bytes, info.ring_size);
    CHECK(info.oldest_time_ns > 0 && info.oldest_time_ns <= info.newest_time_ns);
    plsm_buf_t json = {NULL, 0};
    OK(plsm_pool_info_json(pool, &json, &err));
    char text[2048];
    snprintf(text, sizeof text, "%.*s", (int)json.len, (const char *)json.data);
    plsm_buf_free(&json);
    CHECK(strncmp(text, "{\"name\":\"info\",\"path\":", 22) == 0);
    CHECK_HAS(text, "\"file_size\":100000");
    CHECK_HAS(text, "\"bounds\":{\"oldest\":1,\"newest\":3}");
    CHECK_HAS(text, "\"message_count\":3");

    CHECK_HAS(text, "\"writers\":1");
    CHECK(strstr(text, "warnings") == NULL);

    // This process has written; another one that does so counts as long as it lives.
    uint32_t writers = 7;
    OK(plsm_pool_writers(pool, &writers, &err));
    CHECK_U64(writers, 1);
    int told[2], held[2];
    CHECK(pipe(told) == 0 && pipe(held) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        char byte = 0;
        append(pool, "1");
        close(held[1]);
        _exit(write(told[1], &byte, 1) == 1 && read(held[0], &byte, 1) == 0 ? 0 : 1);
    }
    char byte;
    CHECK(pid > 0 && read(told[0], &byte, 1) == 1);
    OK(plsm_pool_writers(pool, &writers, &err));
    CHECK_U64(writers, 2);
    close(held[1]);
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    OK(plsm_pool_writers(pool, &writers, &err));
    CHECK_U64(writers, 1);
    close(told[0]);
    close(told[1]);
    close(held[0]);
    OK(plsm_pool_info(pool, &info, &err));
    CHECK_U64(info.bounds.newest, 4);

    // Nothing is odd, until the index is damaged. The messages are found all the same.
    plsm_buf_t odd = {NULL, 0};
    OK(plsm_pool_warnings(pool, &odd, &err));
    CHECK_U64(odd.len, 0);
    plsm_buf_free(&odd);
    int file = open(plsm_pool_path(pool), O_RDWR);
    char junk[4096];
    memset(junk, 0xff, sizeof junk);
    ssize_t size = (ssize_t)(info.index_size_bytes < sizeof junk ? info.index_size_bytes : sizeof junk);
    for (int i = 0; i < 8; i++) append(pool, "{}");
    CHECK(file >= 0 && pwrite(file, junk, (size_t)size, (off_t)info.index_offset) == size);
    close(file);
    OK(plsm_pool_warnings(pool, &odd, &err));
    snprintf(text, sizeof text, "%.*s", (int)odd.len, (const char *)odd.data);
    plsm_buf_free(&odd);
    CHECK_HAS(text, "the index misses 1 of 1 messages it should know, the first is 8: ");
    CHECK(strchr(text, '\n') == text + strlen(text) - 1);
    OK(plsm_pool_info_json(pool, &json, &err));
    CHECK(memmem(json.data, json.len, "\"warnings\":[\"the index misses", 29) != NULL);
    plsm_buf_free(&json);
    pool = (plsm_pool_free(pool), scratch_pool("ring", 100000));
    for (int i = 0; i < 3; i++) append(pool, "{\"some\":\"thing\"}");
    OK(plsm_pool_info(pool, &info, &err));

    // The ring: three frames, one behind the other.
    plsm_frame_place_t frames[8];
    plsm_layout_t layout;
    OK(plsm_pool_layout(pool, frames, 8, &layout, &err));
    CHECK_U64(layout.frame_count, 3);
    CHECK_U64(layout.head - layout.tail, info.used_bytes);
    for (int i = 0; i < 3; i++) CHECK_U64(frames[i].seq, i + 1);
    CHECK_U64(frames[1].offset, frames[0].offset + frames[0].len);
    OK(plsm_pool_layout(pool, frames, 2, &layout, &err));
    CHECK_U64(layout.frame_count, 2);
    OK(plsm_pool_layout(pool, NULL, 0, &layout, &err));
    CHECK_U64(layout.frame_count, 0);
    plsm_pool_free(pool);
}

static void list_and_delete(void) {
    plsm_error_t *err = NULL;
    plsm_client_t *client = NULL;
    char dir[128], bad[192];
    plsm_pool_list_t *list = NULL;
    plsm_buf_t json = {NULL, 0};
    snprintf(dir, sizeof dir, "%s/list", scratch());
    OK(plsm_client_new(dir, &client, &err));
    OK(plsm_pool_list_open(client, &list, &err));
    CHECK_U64(plsm_pool_list_count(list), 0);
    plsm_pool_list_free(list);
    OK(plsm_pool_list_json(client, &json, &err));
    CHECK_BYTES(json.data, json.len, "{\"pools\":[]}");
    plsm_buf_free(&json);

    plsm_pool_t *pool = NULL;
    OK(plsm_pool_create(client, "zz", 0, &pool, &err));
    append(pool, "1");
    plsm_pool_t *other = NULL;
    OK(plsm_pool_create(client, "aa", 0, &other, &err));
    plsm_pool_free(other);
    snprintf(bad, sizeof bad, "%s/mm.plasmite", dir);
    int fd = open(bad, O_CREAT | O_WRONLY, 0600);
    CHECK(fd >= 0 && write(fd, "no pool at all", 14) == 14);
    close(fd);
    OK(plsm_pool_list_open(client, &list, &err));
    CHECK_U64(plsm_pool_list_count(list), 3);
    static const char *const names[] = {"aa", "mm", "zz"};
    for (size_t i = 0; i < 3; i++) {
        plsm_list_entry_t entry = PLSM_LIST_ENTRY_INIT;
        OK(plsm_pool_list_entry(list, i, &entry, &err));
        CHECK_STR(entry.name, names[i]);
        CHECK_HAS(entry.path, names[i]);
        CHECK_U64(entry.has_mtime, 1);
        CHECK((entry.info == NULL) == (i == 1) && (entry.error == NULL) == (i != 1));
        if (entry.info) CHECK_U64(entry.info->bounds.count, i == 2);
        if (entry.error) {
            CHECK_U64(entry.error->kind, PLSM_ERROR_CORRUPT);
            plsm_error_free((plsm_error_t *)(uintptr_t)entry.error); // borrowed: left alone
            CHECK(entry.error->message && *entry.error->message);
        }
    }
    plsm_list_entry_t entry = PLSM_LIST_ENTRY_INIT;
    FAILS(PLSM_ERROR_USAGE, plsm_pool_list_entry(list, 3, &entry, &err));
    plsm_pool_list_free(list);
    OK(plsm_pool_list_json(client, &json, &err));
    CHECK(json.len > 12 && memcmp(json.data, "{\"pools\":[{\"name\":\"aa\",", 23) == 0);
    plsm_buf_free(&json);

    OK(plsm_pool_delete(client, "zz", &err));
    NO(plsm_pool_exists(client, "zz", &err));
    NO(plsm_pool_is_current(pool, &err));
    usleep(1000);
    FAILS_KEEP(PLSM_ERROR_NOT_FOUND, plsm_pool_append(pool, (const uint8_t *)"1", 1, NULL, NULL, &err));
    if (err) CHECK_HAS(err->path, "zz.plasmite");
    drop_error(&err);
    FAILS(PLSM_ERROR_NOT_FOUND, plsm_pool_delete(client, "zz", &err));
    plsm_pool_free(pool);
    plsm_client_free(client);
}

int main(void) {
    scratch();
    references();
    create_and_open();
    ensure();
    read_only();
    not_permitted_to_write();
    info();
    list_and_delete();
    return finish("pools");
}
