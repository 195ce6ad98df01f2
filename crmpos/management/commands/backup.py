"""`manage.py backup FILE`: a copy of the embedded database, while the program works on."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import DatabaseError
from django.utils.translation import gettext as _

from crmpos.operating.backup import DamagedCopy, NotEmbedded, back_up
from shops.management.base import DatabaseCommand


class Command(DatabaseCommand):
    help = "Writes a copy of the embedded database into a new file, while the program works on."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            size_bytes = back_up(file.absolute())
        except NotEmbedded:
            raise CommandError(_("The database is a PostgreSQL server's: use pg_dump, as the README tells.")) from None
        except FileExistsError:
            raise CommandError(_("%(file)s is there already: name a new file.") % {"file": file}) from None
        except DamagedCopy as error:
            raise CommandError(_("The copy is damaged, and was removed: %(fault)s") % {"fault": error}) from None
        except (DatabaseError, OSError) as error:
            raise CommandError(_("The copy cannot be written: %(fault)s") % {"fault": error}) from None
        self.stdout.write(_("%(file)s: %(size)d bytes") % {"file": file, "size": size_bytes})
