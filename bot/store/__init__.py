"""What is remembered: one SQLite file, or one Postgres database.

    database.py    transactions from asyncio, migrations, one process for each SQLite file
    tables.py      the tables, all named ob_…, since they share the file with the engine library's
    inbox.py       what came in, once each        departures.py  the cases and their chained events
    outbox.py      what is to be posted, once     ledger.py      one row for each record moved
    snapshots.py, progress.py                     where a run stands
    purge.py       forgets people when their time is over

The functions take a connection, so that a caller joins several in one transaction:
`await database.write(departures.append, departure, events, expected_revision=3)`.
"""
