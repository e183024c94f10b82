//! A list of defects that programs of this kind have had, and for each the tests that would notice it here.

/// Number, what went wrong, and `file: test`. 1 to 13: wrong results, hangs, lost data; 14 to 19: less than was promised;
/// 20 to 33: servers; 34 to 47: manners of the commands.
const DEFECTS: &[(u32, &str, &[&str])] = &[
    (
        1,
        "readers loop at the end of a wrapped ring",
        &[
            "cli/tests/traps.rs: readers_of_wrapped_rings_come_to_an_end",
            "core/tests/full_ring.rs: little_room_at_the_end_of_a_wrapped_ring",
        ],
    ),
    (
        2,
        "tails of a wrapped ring begin somewhere else than at the oldest message",
        &[
            "core/tests/append_and_read.rs: wraps_at_every_size_and_keeps_order",
            "cli/tests/remote_follow.rs: losses_are_told",
        ],
    ),
    (
        3,
        "a live follower of an exactly full ring shows all of it",
        &["core/tests/full_ring.rs: an_exactly_full_ring"],
    ),
    (
        4,
        "an overtaken follower skips messages that are retained, and counts wrong",
        &[
            "cli/tests/follow.rs: a_reader_that_was_overtaken_goes_on_at_the_oldest",
            "core/tests/full_ring.rs: an_overtaken_follower",
        ],
    ),
    (
        5,
        "a damaged message hangs everything",
        &[
            "cli/tests/traps.rs: a_damaged_message_holds_nothing_up",
            "cli/tests/doctor.rs: verdicts_in_a_pipe",
            "core/tests/damage.rs: each_byte_of_a_small_pool",
        ],
    ),
    (
        6,
        "followers and writers of a deleted pool notice nothing",
        &[
            "cli/tests/follow.rs: followers_of_a_deleted_or_replaced_pool_end",
            "core/tests/names.rs: writers_and_followers_learn_that_their_pool_is_gone",
        ],
    ),
    (
        7,
        "records of a live producer are held back",
        &[
            "cli/tests/feed_live.rs: a_record_is_shown_when_it_is_printed",
            "cli/tests/feed_live.rs: a_journal_is_followed",
            "cli/tests/duplex.rs: both_directions_at_once",
        ],
    ),
    (
        8,
        "--tail counts before filtering, follow begins with history",
        &[
            "cli/tests/follow.rs: tags_must_all_be_there",
            "cli/tests/follow.rs: without_history_only_new_messages_are_shown",
            "cli/tests/remote_follow.rs: without_history_only_new_messages_are_shown",
            "cli/tests/remote_follow.rs: history_and_then_what_comes",
        ],
    ),
    (
        9,
        "numbers, keys with NUL and the order of keys change",
        &[
            "cli/tests/traps.rs: values_come_back_as_they_were",
            "core/tests/json_values.rs: values_come_out_in_their_canonical_form",
        ],
    ),
    (
        10,
        "piped duplex ends too early",
        &[
            "cli/tests/duplex.rs: what_was_sent_is_shown_before_the_end",
            "cli/tests/duplex.rs: a_time_that_lies_ahead_holds_nothing_up",
        ],
    ),
    (
        11,
        "panics: closed output, odd times, long bad records",
        &[
            "cli/tests/general.rs: nobody_reads_the_output",
            "cli/src/cli/args/values.rs: times",
            "cli/tests/feed_bad.rs: long_ones_are_cut_between_characters",
        ],
    ),
    (
        12,
        "the writer lock is waited for without end",
        &["cli/tests/busy.rs: feed_waits_so_long_and_no_longer"],
    ),
    (
        13,
        "times before 1970 select nothing",
        &["cli/tests/traps.rs: a_time_before_1970_is_before_everything"],
    ),
    (
        14,
        "filters know half of jq",
        &[
            "cli/tests/where.rs: conditions_of_every_form",
            "cli/tests/cookbook.rs: the_cookbook",
        ],
    ),
    (
        15,
        "--from is missing",
        &[
            "cli/tests/follow.rs: a_finite_read_shows_what_is_there",
            "cli/tests/replay.rs: what_is_selected_is_replayed_and_no_more",
        ],
    ),
    (
        16,
        "sequences, event streams or old options are missing",
        &[
            "cli/tests/feed_forms.rs: every_form_by_name",
            "cli/tests/cookbook.rs: every_line_of_the_description_is_run",
            "cli/tests/remote_trust.rs: every_command_over_tls_with_a_token",
        ],
    ),
    (
        17,
        "readers need the right to write",
        &["cli/tests/traps.rs: readers_need_no_right_to_write"],
    ),
    (
        18,
        "certificates that do not cover the address, secrets that all can read",
        &[
            "cli/tests/serve_tls.rs: what_init_makes_is_what_clients_need",
            "cli/tests/serve_life.rs: init_makes_what_a_server_needs",
            "cli/tests/remote_trust.rs: the_commands_of_init_work_as_they_stand",
        ],
    ),
    (
        19,
        "only objects, and only shallow ones, are messages",
        &[
            "cli/tests/traps.rs: values_come_back_as_they_were",
            "core/tests/json_values.rs: nesting_has_one_limit_everywhere_and_needs_no_stack",
        ],
    ),
    (
        20,
        "open tails hold the end of a server up",
        &["cli/tests/serve_waiting.rs: tails_end_at_once_when_the_server_stops"],
    ),
    (
        21,
        "clients that are gone keep their places",
        &["cli/tests/serve_waiting.rs: a_client_that_goes_away_frees_its_slot"],
    ),
    (
        22,
        "a missing pool is told within a stream",
        &["cli/tests/serve_tails.rs: bad_queries"],
    ),
    (
        23,
        "feed reads first, so servers that may only be written to refuse it",
        &["cli/tests/remote_trust.rs: what_servers_allow"],
    ),
    (
        24,
        "one unreadable file hides all pools",
        &["cli/tests/serve_routes.rs: one_bad_file_does_not_hide_the_others"],
    ),
    (
        25,
        "bodies are read before the token is looked at",
        &["cli/tests/serve_safety.rs: the_token_comes_before_the_body"],
    ),
    (
        26,
        "errors without kind and message",
        &[
            "cli/tests/serve_routes.rs: bad_bodies_are_told_what_is_wrong",
            "cli/tests/serve_routes.rs: methods_paths_and_heads",
            "cli/tests/remote_commands.rs: messages_are_fed",
        ],
    ),
    (
        27,
        "hints are lost on the way, and others lead astray",
        &[
            "cli/tests/remote_usage.rs: hints_lead_on",
            "cli/tests/remote_trust.rs: tokens_that_are_missing_or_wrong",
            "cli/tests/remote_trust.rs: servers_that_are_not_trusted",
        ],
    ),
    (
        28,
        "pages of others reach the server",
        &[
            "cli/tests/serve_hosts.rs: foreign_hosts_are_refused_on_loopback",
            "cli/tests/serve_hosts.rs: pages_of_others_are_refused",
        ],
    ),
    (
        29,
        "nothing tells where the server listens, or how to trust it",
        &[
            "cli/tests/serve_life.rs: in_a_pipe_it_says_where_it_listens",
            "cli/tests/serve_tls.rs: a_self_signed_certificate_can_be_had",
        ],
    ),
    (
        30,
        "settings that cannot work, or are unsafe, are accepted",
        &[
            "cli/tests/serve_tls.rs: bad_pairs_are_found_before_anything_is_served",
            "cli/tests/serve_life.rs: what_is_unsafe_is_refused",
        ],
    ),
    (
        31,
        "events cannot be resumed, and give no sign of life",
        &[
            "cli/tests/serve_tails.rs: events_resume",
            "cli/tests/serve_tails.rs: signs_of_life",
        ],
    ),
    (
        32,
        "followers of a server end with its limit or its connection",
        &[
            "cli/tests/remote_follow.rs: a_timeout_may_be_longer_than_a_tail_of_the_server",
            "cli/tests/remote_follow.rs: a_server_that_dies_and_comes_back",
        ],
    ),
    (
        33,
        "MCP: versions, waits that block, null that is refused",
        &[
            "cli/tests/mcp_stdio.rs: versions_are_negotiated",
            "cli/tests/mcp_stdio.rs: waits_are_served_side_by_side",
            "cli/tests/mcp_tools.rs: null_is_as_good_as_absent",
        ],
    ),
    (
        34,
        "a failure in the middle leaves pools behind",
        &[
            "cli/tests/pool.rs: create_checks_all_names_before_it_makes_one",
            "cli/tests/feed.rs: creating_needs_a_good_message",
            "cli/tests/tap.rs: what_cannot_run_makes_no_pool",
        ],
    ),
    (
        35,
        "the command of a hint is not the one to type",
        &[
            "cli/tests/traps.rs: the_command_of_a_hint_works_as_it_stands",
            "cli/tests/duplex.rs: a_missing_pool_and_how_to_make_it",
            "cli/tests/remote_usage.rs: hints_lead_on",
        ],
    ),
    (
        36,
        "bad records end a feed that skips them, or tear the good ones",
        &[
            "cli/tests/feed_bad.rs: each_is_told_of_and_counted",
            "cli/tests/feed_bad.rs: values_over_several_lines_stay_whole",
            "cli/tests/feed_bad.rs: too_large_for_the_pool",
            "cli/tests/feed_forms.rs: the_shared_inputs",
            "cli/tests/manners.rs: records_that_others_stumble_over",
        ],
    ),
    (
        37,
        "colours where programs read, NO_COLOR ignored",
        &[
            "cli/tests/general.rs: color_in_a_pipe_touches_only_what_is_indented",
            "cli/tests/terminals.rs: json_is_indented_and_coloured",
        ],
    ),
    (
        38,
        "timeouts tell what is not so, or do not count",
        &[
            "cli/tests/terminals.rs: a_timeout_is_told_to_people",
            "cli/tests/replay.rs: a_timeout_counts_in_a_replay_too",
            "cli/tests/follow.rs: a_time_that_lies_ahead_is_waited_for",
        ],
    ),
    (
        39,
        "tap loses the program, its output or its end",
        &[
            "cli/tests/tap.rs: signals_are_passed_on",
            "cli/tests/tap.rs: bytes_that_are_no_text_are_replaced_in_the_record_only",
            "cli/tests/tap.rs: lines_too_long_for_the_pool_are_cut",
            "cli/tests/tap.rs: programs_that_die",
            "cli/tests/tap.rs: programs_in_the_background_are_waited_for",
        ],
    ),
    (
        40,
        "errors of parsing lose what they are about",
        &[
            "cli/tests/general.rs: errors_of_parsing_say_what_was_wrong",
            "cli/tests/manners.rs: words_too_many_and_bad_numbers",
        ],
    ),
    (
        41,
        "errors without path or name",
        &[
            "cli/tests/pool.rs: foreign_files_are_refused_with_their_path",
            "cli/tests/pool.rs: a_missing_pool_is_named_with_what_to_do",
            "cli/tests/feed.rs: a_bad_line_is_named_and_those_before_it_stay",
            "cli/tests/doctor.rs: verdicts_in_a_pipe",
        ],
    ),
    (
        42,
        "wrong kinds: unreadable directories, deletion without rights, URLs",
        &[
            "cli/tests/pool.rs: an_unreadable_directory_is_an_error",
            "cli/tests/pool.rs: list_shows_every_pool_also_the_unreadable",
            "cli/tests/traps.rs: readers_need_no_right_to_write",
            "cli/tests/traps.rs: urls_are_no_paths",
            "cli/tests/remote_commands.rs: pools_look_the_same",
            "cli/tests/remote_usage.rs: addresses",
        ],
    ),
    (
        43,
        "doctor --all is unsorted, ends at an odd entry, says it looked where it did not",
        &[
            "cli/tests/doctor.rs: directories",
            "cli/tests/doctor.rs: on_a_terminal",
            "cli/tests/info.rs: what_is_odd_is_told",
        ],
    ),
    (
        44,
        "names that hide or harm something",
        &[
            "cli/tests/traps.rs: names_are_harmless",
            "cli/tests/pool.rs: paths_and_odd_names_work",
            "cli/tests/remote_usage.rs: addresses",
        ],
    ),
    (
        45,
        "pls is a second process, and has no completion",
        &[
            "cli/tests/traps.rs: pls_is_one_process",
            "cli/tests/completion.rs: bash_completes_commands_options_and_values",
        ],
    ),
    (
        46,
        "tags that can be written but not found",
        &["cli/tests/traps.rs: tags_are_exact"],
    ),
    (
        47,
        "no time for fast programs, stale times of pools",
        &[
            "cli/tests/tap.rs: a_run_takes_as_long_as_it_takes",
            "cli/tests/traps.rs: a_pool_is_as_new_as_its_newest_message",
        ],
    ),
];

#[test]
fn each_has_a_test() {
    let numbers: Vec<u32> = DEFECTS.iter().map(|(number, ..)| *number).collect();
    let wanted: Vec<u32> = (1..=47).collect();
    assert_eq!(numbers, wanted);
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for (number, what, tests) in DEFECTS {
        assert!(!what.is_empty() && !tests.is_empty(), "{number}");
        for test in *tests {
            let (file, name) = test.split_once(": ").expect("file: test");
            let text = std::fs::read_to_string(root.join(file))
                .unwrap_or_else(|error| panic!("{number}: {file}: {error}"));
            let declared = format!(
                "#[test]\n{}fn {name}() {{",
                if file.contains("/src/") { "    " } else { "" }
            );
            assert!(
                text.contains(&declared),
                "{number}: {file} has no test {name}"
            );
        }
    }
}
