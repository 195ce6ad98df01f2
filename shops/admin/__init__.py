"""The facts in the admin: all can be found and read; names and limits can be set, nothing else is changed."""

from shops.admin.access import ApiKeyAdmin, EvotorAccountAdmin
from shops.admin.bill import BillAdmin
from shops.admin.evotor import InstallationEventAdmin, RegisterDocumentAdmin, UnassignedMessageAdmin
from shops.admin.journal import ExchangeEventAdmin, JournalFragmentAdmin
from shops.admin.product import ProductAdmin
from shops.admin.receipt import ReceiptAdmin
from shops.admin.relay import ForwardAdmin, UpstreamAdmin
from shops.admin.retention import RetentionRunAdmin
from shops.admin.shift import ShiftAdmin
from shops.admin.shop import EmployeeAdmin, ShopAdmin, StoreAdmin, TerminalAdmin
from shops.admin.webhook import CrmWebhookAdmin, WebhookMessageAdmin

__all__ = [
    "ApiKeyAdmin",
    "BillAdmin",
    "CrmWebhookAdmin",
    "EmployeeAdmin",
    "EvotorAccountAdmin",
    "ExchangeEventAdmin",
    "ForwardAdmin",
    "InstallationEventAdmin",
    "JournalFragmentAdmin",
    "ProductAdmin",
    "ReceiptAdmin",
    "RegisterDocumentAdmin",
    "RetentionRunAdmin",
    "ShiftAdmin",
    "ShopAdmin",
    "StoreAdmin",
    "TerminalAdmin",
    "UnassignedMessageAdmin",
    "UpstreamAdmin",
    "WebhookMessageAdmin",
]
