"""A fake Slack, PagerDuty and mail server for `tocsin up --demo`, and the outbox page that shows what they got."""

from router.demo.app import demo, listen_for_mail

__all__ = ["demo", "listen_for_mail"]
