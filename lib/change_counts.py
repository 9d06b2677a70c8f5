"""A count of the changes of each table, kept by the database: what validators of cached answers are made of.

Each statement that inserts, updates, deletes or truncates adds a row to ``zones_tablechange`` in its own transaction. The sum
over a table changes exactly when the change itself becomes visible, and no writer waits for another, as writers of one counter
would. Every 256th row folds the rows that no one else holds into one.
"""

from collections.abc import Iterable

from django.db.migrations.operations import RunSQL

CREATE_FUNCTION = """
CREATE FUNCTION count_table_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    row_id bigint;
BEGIN
    INSERT INTO zones_tablechange (table_name, changes) VALUES (TG_TABLE_NAME, 1) RETURNING id INTO row_id;
    IF row_id % 256 = 0 THEN
        WITH free AS (
            SELECT id FROM zones_tablechange WHERE table_name = TG_TABLE_NAME FOR UPDATE SKIP LOCKED
        ), folded AS (
            DELETE FROM zones_tablechange USING free WHERE zones_tablechange.id = free.id RETURNING changes
        )
        INSERT INTO zones_tablechange (table_name, changes) SELECT TG_TABLE_NAME, sum(changes) FROM folded HAVING count(*) > 0;
    END IF;
    RETURN NULL;
END $$
"""


def create_function() -> RunSQL:
    return RunSQL(CREATE_FUNCTION, "DROP FUNCTION count_table_change()")


def count_changes_of(tables: Iterable[str]) -> list[RunSQL]:
    """The migration operations that put the trigger on these tables."""
    return [
        RunSQL(
            f"CREATE TRIGGER count_table_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION count_table_change()",
            f"DROP TRIGGER count_table_change ON {table}",
        )
        for table in tables
    ]
