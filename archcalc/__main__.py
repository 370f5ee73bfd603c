"""The console script, and `python -m archcalc`."""

import gc


def main() -> None:
    """Runs the command line."""
    # A run creates many objects and drops few: garbage collection takes a tenth of a cold start and
    # rarely frees anything, and so does the final collection at exit.
    gc.set_threshold(100_000, 50, 50)
    from archcalc.cli import run

    try:
        run()
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
