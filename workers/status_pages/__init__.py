"""The pages where the world is told: one module per type, listed here. What one is: `workers.status_pages.contract`."""

from __future__ import annotations

from workers.status_pages import instatus, statuspage, webhook
from workers.status_pages.contract import StatusPageType

TYPES: dict[str, StatusPageType] = {
    "instatus": instatus.TYPE,
    "statuspage": statuspage.TYPE,
    "webhook": webhook.TYPE,
}
"""Every type by the word the YAML uses; a test compares this with the folder and docs/status-page.md."""
