"""The DatabaseWrapper that Django looks for in a backend."""

import select

from django.contrib.gis.db.backends.postgis.base import DatabaseWrapper as PostGISWrapper
from psycopg2.extensions import TRANSACTION_STATUS_IDLE  # type: ignore[import-untyped]


class DatabaseWrapper(PostGISWrapper):
    """Knows without a ``SELECT 1`` a request whether the server has ended the connection.

    Between two transactions it has nothing to say but farewell: after it, or when the server is gone, the socket can be read.
    """

    def is_usable(self) -> bool:
        if self.connection is None or self.connection.closed:
            return False
        if self.connection.info.transaction_status != TRANSACTION_STATUS_IDLE:
            return super().is_usable()
        poll = select.poll()
        poll.register(self.connection, select.POLLIN)
        return not poll.poll(0) or super().is_usable()
