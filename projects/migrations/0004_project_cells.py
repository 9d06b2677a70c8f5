"""The grid of projects: its table, the triggers that keep it, and the projects that are there already.

A statement on projects adds what it changed in each cell, so that no writer waits for another. Rows whose changes cancel
each other out leave no trace: an update of names costs the grid nothing. Whoever writes a row with a number that is
divisible by FOLD_EVERY folds the rows of each cell into one, those that no one else holds.
"""

import django.db.models.expressions
from django.db import migrations, models

from lib.mvt import cell_sql

LAST_ZOOM = 9
FOLD_EVERY = 32768
X, Y = cell_sql("geom", LAST_ZOOM)

# {rows} has geom, investment_wan and sign.
ADD_CHANGES = f"""
    INSERT INTO projects_projectcell (zoom, x, y, count, investment_wan, investment_wan_count)
    SELECT zoom, x >> ({LAST_ZOOM} - zoom), y >> ({LAST_ZOOM} - zoom), sum(n), sum(wan), sum(wan_n)
    FROM (
        SELECT
            {X} AS x, {Y} AS y, sum(sign) AS n, sum(sign * coalesce(investment_wan, 0)) AS wan,
            sum(CASE WHEN investment_wan IS NULL THEN 0 ELSE sign END) AS wan_n
        FROM ({{rows}}) AS changed WHERE NOT ST_IsEmpty(geom) GROUP BY 1, 2
    ) AS cell, generate_series(0, {LAST_ZOOM}) AS zoom
    WHERE n <> 0 OR wan <> 0 OR wan_n <> 0
    GROUP BY 1, 2, 3 HAVING sum(n) <> 0 OR sum(wan) <> 0 OR sum(wan_n) <> 0
    ORDER BY 1, 2 >> 5, 3 >> 5
"""

CREATE_FOLD = """
CREATE FUNCTION fold_project_cells() RETURNS void LANGUAGE sql AS $$
    WITH several AS (
        SELECT zoom, x, y FROM projects_projectcell GROUP BY zoom, x, y HAVING count(*) > 1
    ), free AS (
        SELECT id FROM projects_projectcell JOIN several USING (zoom, x, y) FOR UPDATE OF projects_projectcell SKIP LOCKED
    ), folded AS (
        DELETE FROM projects_projectcell AS cell USING free WHERE cell.id = free.id RETURNING cell.*
    )
    INSERT INTO projects_projectcell (zoom, x, y, count, investment_wan, investment_wan_count)
    SELECT zoom, x, y, sum(count), sum(investment_wan), sum(investment_wan_count) FROM folded GROUP BY zoom, x, y
    HAVING sum(count) <> 0 OR sum(investment_wan) <> 0 OR sum(investment_wan_count) <> 0
    ORDER BY zoom, x >> 5, y >> 5
$$
"""

AFTER = {"new": "SELECT geom, investment_wan, 1 AS sign FROM new_rows", "old": "SELECT geom, investment_wan, -1 AS sign FROM old_rows"}
EVENTS = {"insert": ("new",), "update": ("new", "old"), "delete": ("old",)}


def keep_on(event: str) -> list[migrations.RunSQL]:
    """The function and the trigger that add what one kind of statement changed."""
    kinds = EVENTS[event]
    name = f"add_project_cells_on_{event}"
    added = ADD_CHANGES.format(rows=" UNION ALL ".join(AFTER[kind] for kind in kinds))
    function = f"""
CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    first_id bigint;
    last_id bigint;
BEGIN
    WITH added AS ({added} RETURNING id) SELECT min(id), max(id) INTO first_id, last_id FROM added;
    IF (first_id - 1) / {FOLD_EVERY} < last_id / {FOLD_EVERY} THEN
        PERFORM fold_project_cells();
    END IF;
    RETURN NULL;
END $$
"""
    trigger = (
        f"CREATE TRIGGER add_cells_on_{event} AFTER {event.upper()} ON projects_project "
        f"REFERENCING {' '.join(f'{kind.upper()} TABLE AS {kind}_rows' for kind in kinds)} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )
    return [
        migrations.RunSQL(function, f"DROP FUNCTION {name}()"),
        migrations.RunSQL(trigger, f"DROP TRIGGER add_cells_on_{event} ON projects_project"),
    ]


# DELETE, because a table can't be truncated while a statement that truncates it too, as a test's, is still at work.
CREATE_CLEAR = """
CREATE FUNCTION clear_project_cells() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM projects_projectcell;
    RETURN NULL;
END $$
"""
CLEAR_ON_TRUNCATE = (
    "CREATE TRIGGER clear_cells_on_truncate AFTER TRUNCATE ON projects_project "
    "FOR EACH STATEMENT EXECUTE FUNCTION clear_project_cells()"
)


class Migration(migrations.Migration):

    dependencies = [
        ('projects', '0003_published_layers'),
    ]

    operations = [
        migrations.CreateModel(
            name='ProjectCell',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('zoom', models.SmallIntegerField()),
                ('x', models.IntegerField()),
                ('y', models.IntegerField()),
                ('count', models.BigIntegerField()),
                ('investment_wan', models.DecimalField(decimal_places=4, max_digits=24)),
                ('investment_wan_count', models.BigIntegerField()),
            ],
            options={
                'indexes': [models.Index(models.F('zoom'), django.db.models.expressions.CombinedExpression(models.F('x'), '>>', models.Value(5)), django.db.models.expressions.CombinedExpression(models.F('y'), '>>', models.Value(5)), name='projectcell_tile')],
            },
        ),
        migrations.RunSQL(CREATE_FOLD, "DROP FUNCTION fold_project_cells()"),
        *keep_on("insert"),
        *keep_on("update"),
        *keep_on("delete"),
        migrations.RunSQL(CREATE_CLEAR, "DROP FUNCTION clear_project_cells()"),
        migrations.RunSQL(CLEAR_ON_TRUNCATE, "DROP TRIGGER clear_cells_on_truncate ON projects_project"),
        migrations.RunSQL(
            ADD_CHANGES.format(rows="SELECT geom, investment_wan, 1 AS sign FROM projects_project"),
            migrations.RunSQL.noop,
        ),
    ]
