"""What the commands that need the database have in common."""

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _


class DatabaseCommand(BaseCommand):
    """A command that finds its tables, or says how to get them."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        self._prepare_database()
        return super().execute(*args, **options)

    def _prepare_database(self) -> None:
        """An embedded database that is still empty gets its tables; any other is an administrator's matter."""
        executor = MigrationExecutor(connection)
        if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return
        if connection.vendor != "sqlite" or executor.loader.applied_migrations:
            raise CommandError(_("The database is not up to date. Run: manage.py migrate"))
        self.stderr.write(_("The database is new: its tables are made."))
        call_command("migrate", verbosity=0)
