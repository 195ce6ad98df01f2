"""What a request is for, in the few words that metrics and logs sort by. Pure."""

BY_PREFIX = (
    ("/admin/", "admin"),
    ("/shops/", "owner"),
    ("/api/office/", "office"),
    ("/api/v1/", "evotor"),
    ("/api/v2/inventories/", "evotor"),
    ("/api/v2/installation/", "evotor"),
    ("/static/", "static"),
    ("/healthz", "probe"),
    ("/readyz", "probe"),
    ("/metrics", "probe"),
)
BILL_PATH, STATUS_END = "/api/v2/bill/byid/", "/status"
FRONT_CONTROLLER = "/index.php"
OF_BILL = {"GET": "BILL", "PUT": "PUT_BILL", "DELETE": "DELETE_BILL"}
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def name_kind(method: str, path: str, inner_path: str = "") -> str:
    """LIST, BILL, RECEIPT and the other words of the protocol, or the part of the site.

    `inner_path` is what the front controller of the original (`/index.php?q=...`) is asked for.
    """
    if path == FRONT_CONTROLLER:
        path = f"/{inner_path.strip('/')}"
    if path == "/api/v2/list":
        return "LIST"
    if path == "/api/v2/receipts":
        return "RECEIPT"
    if path == "/api/v2/bills":
        return "PUT_BILLS"
    if path.startswith(BILL_PATH):
        return OF_BILL.get(method, "other")
    if path.startswith("/api/v2/bills/") and path.endswith(STATUS_END):
        return "STATUS"
    return next((kind for prefix, kind in BY_PREFIX if path.startswith(prefix)), "other")


def name_method(method: str) -> str:
    """The method; one that nobody has heard of is none, for anybody can invent a thousand."""
    return method if method in METHODS else "other"
