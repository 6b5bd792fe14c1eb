"""What a backfill costs here, and what the same work costs with others: `make bench`, `make bench-full`.

`contenders` does one piece of work in each way and `scale` does it behind longer and longer histories; `page` says what
came of it. Nothing here runs in the tests but for a check that the SQL goes into every generated project.
"""
