"""The console script, and `python -m archcalc`."""

import gc


def main() -> None:
    """Runs the command line."""
    # A run makes many objects and drops few: looking for garbage rarely saves a tenth of a cold
    # start, and passing over what is left at the end another.
    gc.set_threshold(100_000, 50, 50)
    from archcalc.cli import run

    try:
        run()
    finally:
        gc.freeze()


if __name__ == "__main__":
    main()
