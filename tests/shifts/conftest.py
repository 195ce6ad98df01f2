"""The cast of a shift: Evotor's cloud, which brings the receipts and documents of a register."""

from tests.evotor.conftest import cloud, crm, install, other_crm, other_shop, other_till, shop, till

__all__ = ["cloud", "crm", "install", "other_crm", "other_shop", "other_till", "shop", "till"]
