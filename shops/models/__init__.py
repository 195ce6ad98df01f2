"""Facts: what shops, registers and the CRM said. One noun a file."""

from shops.models.access import ApiKey, EvotorAccount
from shops.models.allocation import AllocatedLine, AllocatedPart, Allocation
from shops.models.bill import Bill, BillLine, BillVersion
from shops.models.erasure import ErasedEntry, Erasure
from shops.models.evotor import InstallationEvent, RegisterDocument, UnassignedMessage
from shops.models.exchange import ExchangeBody, ExchangeEvent, JournalFragment, Moment
from shops.models.invitation import Invitation
from shops.models.mailing import Mailing
from shops.models.membership import Membership
from shops.models.membership_change import MembershipChange
from shops.models.product import Product
from shops.models.receipt import Receipt, ReceiptDelivery, ReceiptLine
from shops.models.relay import Forward, Upstream
from shops.models.retention import RetentionRun
from shops.models.shift import Shift
from shops.models.shop import Employee, Shop, Store, Terminal
from shops.models.webhook import CrmWebhook, WebhookMessage

__all__ = [
    "AllocatedLine",
    "AllocatedPart",
    "Allocation",
    "ApiKey",
    "Bill",
    "BillLine",
    "BillVersion",
    "CrmWebhook",
    "Employee",
    "ErasedEntry",
    "Erasure",
    "EvotorAccount",
    "ExchangeBody",
    "ExchangeEvent",
    "Forward",
    "InstallationEvent",
    "Invitation",
    "JournalFragment",
    "Mailing",
    "Membership",
    "MembershipChange",
    "Moment",
    "Product",
    "Receipt",
    "ReceiptDelivery",
    "ReceiptLine",
    "RegisterDocument",
    "RetentionRun",
    "Shift",
    "Shop",
    "Store",
    "Terminal",
    "UnassignedMessage",
    "Upstream",
    "WebhookMessage",
]
