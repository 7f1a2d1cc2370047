from mmmlib.errors import BlockedError, InputError, MMMError, Problem, RunError


def test_one_problem_reads_as_one_sentence():
    error = InputError.one(
        "media.csv", "row 3, column tv", "'-5'", "zero or more", "Correct the export."
    )
    assert str(error) == (
        "media.csv: row 3, column tv: found '-5'; expected zero or more. Correct the export."
    )


def test_all_problems_of_a_file_are_reported_at_once():
    problems = [Problem("a", "1", "2"), Problem("b", "3", "4")]
    text = str(InputError("demo.yaml", problems))
    assert text.splitlines() == [
        "demo.yaml: 2 problems",
        "  - a: found 1; expected 2.",
        "  - b: found 3; expected 4.",
    ]


def test_exit_codes():
    assert issubclass(InputError, MMMError)
    assert (InputError.exit_code, RunError.exit_code, BlockedError.exit_code) == (
        1,
        1,
        2,
    )
