"""What people see: cards, forms and notices, the same for every chat product. Pure: values in, values out."""

from handlers.cards.common import Channel, Posting
from handlers.cards.forms import backup_form, exception_form, mailbox_form, send_back_form, successor_form
from handlers.cards.notices import Relayed, owner_change_notice, record_notice, relayed_notice, relayed_summary
from handlers.cards.overview import home_card, list_card
from handlers.cards.projection import postings
from handlers.cards.replies import (
    already_open_card,
    cancelled_card,
    choose_leaver_card,
    error_card,
    form_too_late_card,
    help_card,
    misunderstood_card,
    nobody_found_card,
    please_wait_card,
    refusal_card,
    started_card,
    status_card,
)

__all__ = [
    "Channel",
    "Posting",
    "Relayed",
    "already_open_card",
    "backup_form",
    "cancelled_card",
    "choose_leaver_card",
    "error_card",
    "exception_form",
    "form_too_late_card",
    "help_card",
    "home_card",
    "list_card",
    "mailbox_form",
    "misunderstood_card",
    "nobody_found_card",
    "owner_change_notice",
    "please_wait_card",
    "postings",
    "record_notice",
    "refusal_card",
    "relayed_notice",
    "relayed_summary",
    "send_back_form",
    "started_card",
    "status_card",
    "successor_form",
]
