"""`python -m nba_backfill` is `nba-backfill`."""

from nba_backfill.commands.main import main

if __name__ == "__main__":
    main()
