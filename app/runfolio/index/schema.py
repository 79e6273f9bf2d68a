"""The tables of the index. There are no keys, no indexes and no migrations: another version means rebuild.

Points are one long table written in the order of their series, params one sorted by key; both follow measurements
told in `resources/help/design/storage.md`. What the table of runs shows comes from `series` and `run_params`, never
from points. Tables of runs hold what is shown of each run, so that a filter joins one table by the run's id.
"""

from __future__ import annotations

SCHEMA_VERSION = 15

SCHEMA = (
    "create table meta(name varchar, value varchar)",
    "create sequence ids start 1",
    # The library: folders that the user added.
    """create table sources(
        id integer, path varchar, name varchar, added_us bigint, scanned_us bigint, present boolean)""",
    # Folders that a reader claimed, and what they looked like when last read.
    """create table units(
        source integer, path varchar, reader varchar, fingerprint varchar, failed boolean, settled varchar,
        beside varchar, shared varchar, beside_mark varchar)""",
    # Folders that were looked at, claimed or not; see `readers.looks`. Lists are JSON, "" for empty ones.
    """create table looks(
        source integer, path varchar, mark varchar, readers varchar, pruned varchar, touched varchar)""",
    # Of sources all of which one hash tells to be as they were read, see `readers.tree_mark`, with the number of
    # claimed folders and of those that are `settled`.
    "create table trees(source integer, mark varchar, units bigint, settled bigint)",
    """create table recordings(
        id integer, source integer, unit varchar, reader varchar, path varchar, format varchar, tracker_id varchar,
        identity varchar, has_id boolean, name varchar, status varchar, status_raw varchar, started_us bigint,
        ended_us bigint, experiment varchar, parent_id varchar, "precision" varchar, overlay boolean,
        params_digest varchar, extra varchar)""",
    """create table params(
        recording integer, ordinal integer, key varchar, path varchar, text varchar, value varchar, num double,
        kind varchar, file varchar)""",
    "create table tags(recording integer, name varchar, text varchar)",
    "create table facts(recording integer, name varchar, text varchar)",
    """create table series(
        id integer, recording integer, name varchar, n bigint, has_step boolean, first_step bigint, first_value double,
        last_step bigint, last_value double, min_value double, max_value double, best_min double, best_max double,
        nan_count bigint, inf_count bigint, final double, shown double, final_rule varchar, file varchar,
        first_wall bigint, wall_unit integer, mean_value double, std_value double, slope double)""",
    # Differences as `point_columns` has them, those of wall times in the unit of their series. The compression is
    # named where it is known, so that no other is tried.
    """create table points(
        series integer using compression rle, step_diff bigint using compression bitpacking,
        wall_diff bigint using compression bitpacking, value double)""",
    """create table datasets(
        recording integer, name varchar, digest varchar, context varchar, algorithm varchar, row_count bigint,
        origin varchar)""",
    "create table artifacts(recording integer, path varchar, size_bytes bigint, base varchar)",
    """create table problems(
        source integer, unit varchar, reader varchar, recording integer, severity varchar, code varchar, path varchar,
        message varchar, hint varchar, at_byte bigint)""",
    # What recordings without a tracker's id were before their folders were read again, until it is known whether their
    # identity has changed; see `replaced`. `key` is that of the run which the recording named.
    """create table replaced(
        id integer, source integer, reader varchar, path varchar, tracker_id varchar, identity varchar, key varchar,
        alone boolean, params_digest varchar)""",
    "create table replaced_starts(id integer, name varchar, n bigint, first_value double)",
    # Keys that another place has now, with the places that had them, until it was told; see `passed_keys`.
    """create table passed(
        key varchar, place integer, source integer, path varchar, name varchar, format varchar)""",
    # Runs, made of recordings by `links`; replaced as a whole when linking is done again. Their ids are their places
    # when the newest start comes first, so that sorting by id is the order of last resort.
    """create table runs(
        id integer, key varchar, source integer, name varchar, experiment varchar, status varchar, status_raw varchar,
        started_us bigint, ended_us bigint, path varchar, format varchar, parent_key varchar, recording integer,
        metrics integer, points bigint, problems integer)""",
    """create table links(
        recording integer, run integer, rank integer, reason varchar, prefix varchar, is_primary boolean,
        leg integer)""",
    # Series that linking laid end to end, of runs that were resumed; they are in `series` and `points` like others.
    "create table made_series(id integer)",
    # What is shown of a run where several recordings have the same metric, param, tag or fact: the one of lowest rank.
    # A row with an `origin` shows the run's series of that name under another, its values times `scale`.
    """create table run_series(
        run integer, name varchar, series integer, recording integer, origin varchar, scale double)""",
    # The alignments that `run_series` was made with, and how many runs show each name under the target.
    "create table aligned(target varchar, place integer, name varchar, scale double, runs bigint)",
    # `is_first` is one row for each (run, key): paths of different parts may have one dotted key.
    """create table run_params(
        run integer, key varchar, path varchar, text varchar, value varchar, num double, kind varchar,
        is_first boolean)""",
    "create table run_texts(run integer, kind varchar, name varchar, text varchar)",
    # The names of metrics, params, tags and facts, with the number of runs that have each.
    "create table fields(kind varchar, name varchar, runs bigint, texts bigint, numeric boolean)",
    # A mirror of the ledger, so that tags and stages filter and sort like everything else.
    "create table run_tags(key varchar, ordinal integer, tag varchar)",
    "create table run_notes(key varchar, note varchar)",
    "create table run_marks(key varchar, starred boolean, color integer, hidden boolean, archived boolean)",
    # Long series in blocks; see `pyramids`, which adds them to an index that was made without.
    """create table if not exists pyramids(
        series integer, n bigint, size integer, by_wall boolean, last_step bigint, last_wall bigint, hidden bigint,
        first_row bigint, together boolean, turns bigint[])""",
    """create table if not exists pyramid_blocks(
        series integer, size integer, place bigint, step bigint, wall bigint, "first" double, low double, high double,
        above double, nans bigint, rises bigint, falls bigint, at_row bigint)""",
    "create table versions(model varchar, version integer, key varchar, stage varchar, aliases varchar)",
)

READ_TABLES = ("params", "tags", "facts", "datasets", "artifacts")
"""Tables with a `recording` column that go with their recording, besides series, points and problems."""
