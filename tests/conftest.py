"""Settings that every test shares."""

import pytest
from hypothesis import settings

# A deadline asserts wall time, which a loaded machine breaks. Every run draws other examples.
settings.register_profile("untimed", parent=settings.default, deadline=None, max_examples=20)
settings.load_profile("untimed")


LONG = {
    "test_a_law_that_could_not_be_fitted_ends_with_a_caveat",
    "test_a_misleading_prior_does_not_keep_the_search_from_the_optimum",
    "test_a_record_told_again_goes_on_as_it_did",
    "test_a_released_file_has_as_many_parameters_as_transformers_builds",
    "test_a_signal_saves_ends_the_children_and_the_same_command_continues[SIGINT]",
    "test_a_signal_saves_ends_the_children_and_the_same_command_continues[SIGUSR1]",
    "test_a_small_finite_space_is_used_up_the_target_of_its_best_early",
    "test_an_mpi_that_serves_one_thread_alone_runs_the_same_trials",
    "test_another_fit_of_the_same_name_is_refused_unless_forced",
    "test_another_process_proposes_the_same_to_the_last_bit",
    "test_auto_chooses_a_law_and_says_why",
    "test_constraints_hold_and_failed_trials_are_not_repeated",
    "test_copies_in_one_group_do_not_narrow_normal_draws",
    "test_failures_and_costs_that_are_not_known_stop_nothing",
    "test_fixing_a_coefficient_at_its_estimate_changes_nothing",
    "test_hidden_losses_do_not_reach_the_fits_or_the_choice",
    "test_it_refines_a_mixed_bowl_to_five_digits_in_fifty_trials",
    "test_laws_that_do_not_apply_are_listed_with_the_reason",
    "test_no_request_makes_the_service_fail",
    "test_objective_delta_level_and_filter_are_honoured",
    "test_of_a_large_table_draws_are_normal_and_as_wide_as_resamples",
    "test_one_command_makes_the_table_of_seeds",
    "test_our_searches_run_with_their_defaults_and_break_no_constraint",
    "test_planted_exponents_are_recovered_wherever_the_sizes_lie",
    "test_resuming_with_running_trials_gives_the_same_next_points",
    "test_runs_split_by_a_column_and_by_rolling_origins",
    "test_some_trials_without_the_second_objective_do_not_stop_it",
    "test_the_loss_falls_along_every_row_and_column",
    "test_the_seed_moves_the_starts_and_not_the_errors",
    "test_the_table_has_what_a_fit_needs_to_group_and_to_tell_corpora_apart",
    "test_a_finished_ladder_trains_nothing_again",
    "test_another_corpus_is_refused",
    "test_two_nodes_of_two_ranks_try_what_one_process_tries[mpiexec]",
    "test_what_a_prior_leaves_out_is_learned",
    "test_where_trials_fail_it_stays_away",
}
"""Long besides those that say so themselves: they take four CPU seconds or more."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark long tests; slow ones begin first, so that no process is left with one at the end."""
    for item in items:
        if {item.name, getattr(item, "originalname", None)} & LONG:
            item.add_marker(pytest.mark.long)
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)
