"""Backup: is there a second copy of everything a site knows, and does it come back whole?

In: a data folder, in use or not.  Out: a folder of files with an inventory of counts and hashes; a site made from it.
"""

from yaodun.backup.inventory import Inventory, read_inventory
from yaodun.backup.restoring import check, restore
from yaodun.backup.taking import take

__all__ = ["Inventory", "check", "read_inventory", "restore", "take"]
