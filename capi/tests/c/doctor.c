// doctor.c: examining one pool and a directory, in slices.
#include "check.h"

#include <fcntl.h>

static void overwrite(const char *path, off_t offset, const char *bytes, size_t len) {
    int fd = open(path, O_WRONLY);
    CHECK(fd >= 0 && pwrite(fd, bytes, len, offset) == (ssize_t)len);
    close(fd);
}

// Steps to the end and gives the number of steps.
static int examine(plsm_doctor_t *doctor, uint64_t bytes) {
    plsm_error_t *err = NULL;
    plsm_doctor_progress_t progress = PLSM_DOCTOR_PROGRESS_INIT;
    uint64_t before = 0;
    int steps = 0, more;
    do {
        more = plsm_doctor_step(doctor, bytes, &progress, &err);
        CHECK(more >= 0);
        CHECK_U64(progress.struct_size, sizeof progress);
        CHECK(progress.bytes_done >= before && progress.bytes_done <= progress.bytes);
        CHECK((more == 1) == (progress.path != NULL) && (more == 1) == (progress.pools_done < progress.pools));
        before = progress.bytes_done;
        steps++;
    } while (more == 1);
    NO(plsm_doctor_step(doctor, bytes, NULL, &err));
    return steps;
}

static void one_pool(void) {
    plsm_error_t *err = NULL;
    plsm_client_t *client = scratch_client();
    plsm_pool_t *pool = scratch_pool("one", 200000);
    plsm_doctor_t *doctor = NULL;
    plsm_doctor_report_t report = PLSM_DOCTOR_REPORT_INIT;
    plsm_doctor_issue_t issue = PLSM_DOCTOR_ISSUE_INIT;
    plsm_buf_t json = {NULL, 0};
    char text[4096];
    for (int i = 0; i < 100; i++) append(pool, "{\"some\":\"thing\"}");

    OK(plsm_doctor_open(client, "one", &doctor, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_doctor_report(doctor, 0, &report, &err));
    CHECK_U64(plsm_doctor_report_count(doctor), 0);
    CHECK(examine(doctor, 1000) > 5);
    CHECK_U64(plsm_doctor_report_count(doctor), 1);
    OK(plsm_doctor_report(doctor, 0, &report, &err));
    CHECK_U64(report.status, PLSM_DOCTOR_OK);
    CHECK_STR(report.pool_ref, "one");
    CHECK_STR(report.path, plsm_pool_path(pool));
    CHECK_U64(report.has_last_good_seq, 1);
    CHECK_U64(report.last_good_seq, 100);
    CHECK_U64(report.bounds.oldest, 1);
    CHECK_U64(report.bounds.newest, 100);
    CHECK_U64(report.bounds.count, 100);
    CHECK_U64(report.issue_count + report.issues_listed + report.hint_count, 0);
    CHECK(report.checked_bytes >= 4800 && report.checked_slots >= 12);
    FAILS(PLSM_ERROR_USAGE, plsm_doctor_issue(doctor, 0, 0, &issue, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_doctor_report(doctor, 1, &report, &err));
    CHECK(plsm_doctor_hint(doctor, 0, 0) == NULL && plsm_doctor_hint(doctor, 1, 0) == NULL);
    plsm_doctor_free(doctor);

    plsm_frame_place_t frames[8];
    plsm_layout_t layout;
    OK(plsm_pool_layout(pool, frames, 8, &layout, &err));
    overwrite(plsm_pool_path(pool), (off_t)frames[4].offset + 41, "\xff\xff", 2);
    OK(plsm_doctor_open(client, "one", &doctor, &err));
    // All at once.
    NO(plsm_doctor_step(doctor, 0, NULL, &err));
    OK(plsm_doctor_report(doctor, 0, &report, &err));
    CHECK_U64(report.status, PLSM_DOCTOR_CORRUPT);
    CHECK_U64(report.last_good_seq, 4);
    CHECK_U64(report.bounds.count, 99);
    CHECK_U64(report.issue_count, 1);
    OK(plsm_doctor_issue(doctor, 0, 0, &issue, &err));
    CHECK_STR(issue.code, "corrupt");
    CHECK_STR(issue.finding, "frame");
    CHECK_STR(issue.message, "message 5 is damaged");
    CHECK(issue.has_seq == 1 && issue.has_offset == 1);
    CHECK_U64(issue.seq, 5);
    CHECK_U64(issue.offset, frames[4].offset);
    CHECK_U64(report.hint_count, 1);
    CHECK_STR(plsm_doctor_hint(doctor, 0, 0), issue.advice);
    OK(plsm_doctor_json(doctor, &json, &err));
    snprintf(text, sizeof text, "%.*s", (int)json.len, (const char *)json.data);
    plsm_buf_free(&json);
    CHECK(strncmp(text, "{\"reports\":[{\"pool_ref\":\"one\",\"path\":", 37) == 0);
    CHECK_HAS(text, "\"status\":\"corrupt\",\"last_good_seq\":4,\"issue_count\":1,\"issues\":[{\"code\":\"corrupt\"");
    CHECK_HAS(text, "\"snapshot_path\":null");
    plsm_doctor_free(doctor);

    // Freed before it is done.
    OK(plsm_doctor_open(client, "one", &doctor, &err));
    YES(plsm_doctor_step(doctor, 1, NULL, &err));
    plsm_doctor_free(doctor);
    plsm_doctor_free(NULL);
    plsm_pool_free(pool);
}

static void a_directory(void) {
    plsm_error_t *err = NULL;
    plsm_client_t *client = NULL;
    plsm_doctor_t *doctor = NULL;
    plsm_pool_t *pool = NULL;
    plsm_doctor_report_t report = PLSM_DOCTOR_REPORT_INIT, first = PLSM_DOCTOR_REPORT_INIT;
    plsm_doctor_issue_t issue = PLSM_DOCTOR_ISSUE_INIT;
    char dir[128], path[192];
    snprintf(dir, sizeof dir, "%s/all", scratch());
    OK(plsm_client_new(dir, &client, &err));
    FAILS(PLSM_ERROR_NOT_FOUND, plsm_doctor_open(client, NULL, &doctor, &err));
    static const char *const names[] = {"zz", "aa"};
    for (int i = 0; i < 2; i++) {
        OK(plsm_pool_create(client, names[i], 100000, &pool, &err));
        append(pool, "1");
        plsm_pool_free(pool);
    }
    snprintf(path, sizeof path, "%s/mm.plasmite", dir);
    CHECK(mkdir(path, 0700) == 0);
    FAILS(PLSM_ERROR_IO, plsm_doctor_open(client, "mm", &doctor, &err));
    OK(plsm_doctor_open(client, NULL, &doctor, &err));
    YES(plsm_doctor_step(doctor, 1, NULL, &err));
    while (plsm_doctor_report_count(doctor) == 0) YES(plsm_doctor_step(doctor, 1, NULL, &err));
    OK(plsm_doctor_report(doctor, 0, &first, &err));
    examine(doctor, 50);
    CHECK_U64(plsm_doctor_report_count(doctor), 3);
    static const char *const sorted[] = {"aa", "mm", "zz"};
    for (size_t i = 0; i < 3; i++) {
        OK(plsm_doctor_report(doctor, i, &report, &err));
        snprintf(path, sizeof path, "%s/%s.plasmite", dir, sorted[i]);
        CHECK_STR(report.pool_ref, path);
        CHECK_STR(report.path, path);
        CHECK_U64(report.status, i == 1 ? PLSM_DOCTOR_UNREADABLE : PLSM_DOCTOR_OK);
    }
    // What was lent before the last steps is still there.
    CHECK_HAS(first.path, "aa.plasmite");
    OK(plsm_doctor_issue(doctor, 1, 0, &issue, &err));
    CHECK_STR(issue.code, "io");
    CHECK_STR(issue.finding, "unreadable");
    plsm_doctor_free(doctor);
    plsm_client_free(client);
}

static void misuse(void) {
    plsm_error_t *err = NULL;
    plsm_client_t *client = scratch_client();
    plsm_doctor_t *doctor = NULL;
    plsm_doctor_report_t report = PLSM_DOCTOR_REPORT_INIT;
    FAILS(PLSM_ERROR_NOT_FOUND, plsm_doctor_open(client, "missing", &doctor, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_doctor_open(client, "http://host/pool", &doctor, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_doctor_open(NULL, "x", &doctor, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_doctor_open(client, "x", NULL, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_doctor_step(NULL, 1, NULL, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_doctor_step((plsm_doctor_t *)client, 1, NULL, &err));
    CHECK(doctor == NULL);
    CHECK_U64(plsm_doctor_report_count(NULL), 0);
    plsm_pool_free(scratch_pool("empty", 0));
    OK(plsm_doctor_open(client, "empty", &doctor, &err));
    NO(plsm_doctor_step(doctor, 0, NULL, &err));
    report.struct_size = 8;
    FAILS(PLSM_ERROR_USAGE, plsm_doctor_report(doctor, 0, &report, &err));
    report.struct_size = sizeof report;
    OK(plsm_doctor_report(doctor, 0, &report, &err));
    CHECK_U64(report.has_last_good_seq, 0);
    FAILS(PLSM_ERROR_USAGE, plsm_doctor_report(doctor, 0, NULL, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_doctor_issue(doctor, 0, 0, NULL, &err));
    FAILS(PLSM_ERROR_USAGE, plsm_doctor_json(doctor, NULL, &err));
    plsm_doctor_free(doctor);
}

int main(void) {
    one_pool();
    a_directory();
    misuse();
    return finish("doctor");
}
