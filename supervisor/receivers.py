"""Who Alertmanager tells: a receiver is on when its secret file says something. Pure.

The routes are those of alertmanager/alertmanager.yml; only its last block, the receivers, is written anew. No secret is
in what is written: Alertmanager reads each from its file whenever it has something to tell.
"""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from preflight.secret_files import ALERTMANAGERS
from supervisor.errors import SettingsRefused

_MOUNTED: Final = "/run/secrets"
_EMAIL, _SLACK, _TELEGRAM, _PAGERDUTY, _WEBHOOK, _DEAD_MAN = ALERTMANAGERS

_WAYS: Final = {
    _EMAIL: "e-mail",
    _SLACK: "Slack",
    _TELEGRAM: "Telegram",
    _PAGERDUTY: "PagerDuty",
    _WEBHOOK: "a webhook",
}

_TITLE: Final = "{{ .Status | toUpper }} {{ .CommonLabels.alertname }} {{ .CommonLabels.tenant }}"
_TEXT: Final = (
    "{{ range .Alerts }}{{ if eq .Status `resolved` }}Over: {{ end }}{{ .Labels.alertname }}"
    "{{ with .Labels.tenant }} ({{ . }}){{ end }}: {{ .Annotations.description }}\n"
    "{{ .Annotations.runbook_url }}\n{{ end }}"
)
_RECEIVERS: Final = "\nreceivers:\n"


def rendered(routes: str, filled: Collection[str], settings: Mapping[str, str]) -> str:
    """Alertmanager's configuration.

    Args:
        routes: alertmanager/alertmanager.yml.
        filled: the secret files that say something.
        settings: what the user set; what is no secret of a receiver stands there.

    Raises:
        SettingsRefused: a receiver's secret is there and one of its settings is not; one line for each.
    """
    faults: list[str] = []
    person, notice = _integrations(filled, settings, faults, page=True), _integrations(filled, settings, [], page=False)
    if faults:
        raise SettingsRefused("\n".join(faults))
    dead_man = (
        {"webhook_configs": [{"url_file": _file(_DEAD_MAN), "send_resolved": False}]} if _DEAD_MAN in filled else {}
    )
    receivers = [
        {"name": "nowhere"},
        {"name": "person", **person},
        {"name": "notice", **notice},
        {"name": "dead-man", **dead_man},
    ]
    head, found, _ = routes.rpartition(_RECEIVERS)
    if not found:
        raise SettingsRefused("alertmanager/alertmanager.yml: expected a last block `receivers:`, found none")
    # JSON is YAML.
    return head + found + "".join(f"  - {json.dumps(one)}\n" for one in receivers)


def told(filled: Collection[str]) -> str:
    """What `make up` says of it."""
    ways = [name for secret, name in _WAYS.items() if secret in filled]
    dead_man = "on" if _DEAD_MAN in filled else "off"
    return f"  alerts go to {', '.join(ways) or 'nobody'}; the dead man's switch is {dead_man} (docs/paging.md)"


def _integrations(
    filled: Collection[str], settings: Mapping[str, str], faults: list[str], *, page: bool
) -> dict[str, Any]:
    """Each integration that is on. What is no page rings no bell: Telegram shows it silently, PagerDuty is not told."""
    found: dict[str, Any] = {}
    if _EMAIL in filled:
        sender = _setting(settings, "EMAIL_FROM", r"\S+@\S+", "an address", _EMAIL, faults)
        found["email_configs"] = [
            {
                "to": _setting(settings, "EMAIL_TO", r"\S+@\S+(, *\S+@\S+)*", "an address", _EMAIL, faults),
                "from": sender,
                "smarthost": _setting(
                    settings, "EMAIL_SERVER", r"[\w.-]+:\d+", "host:port, such as smtp.example.com:587", _EMAIL, faults
                ),
                "auth_username": settings.get("EMAIL_USER") or sender,
                "auth_password_file": _file(_EMAIL),
                "headers": {"Subject": _TITLE},
                "text": _TEXT,
                "html": "",
                "send_resolved": True,
            }
        ]
    if _SLACK in filled:
        found["slack_configs"] = [
            {"api_url_file": _file(_SLACK), "title": _TITLE, "text": _TEXT, "send_resolved": True}
        ]
    if _TELEGRAM in filled:
        chat = _setting(settings, "TELEGRAM_CHAT_ID", r"-?\d+", "the chat's number", _TELEGRAM, faults)
        found["telegram_configs"] = [
            {
                "bot_token_file": _file(_TELEGRAM),
                "chat_id": int(chat or 0),
                "message": _TEXT,
                "parse_mode": "",
                "disable_notifications": not page,
                "send_resolved": True,
            }
        ]
    if _PAGERDUTY in filled and page:
        found["pagerduty_configs"] = [
            {
                "routing_key_file": _file(_PAGERDUTY),
                "description": _TITLE,
                "severity": "{{ .CommonLabels.severity }}",
                "details": {"text": _TEXT},
                "send_resolved": True,
            }
        ]
    if _WEBHOOK in filled:
        found["webhook_configs"] = [{"url_file": _file(_WEBHOOK), "send_resolved": True}]
    return found


def _file(secret: str) -> str:
    return f"{_MOUNTED}/{secret}"


def _setting(
    settings: Mapping[str, str], name: str, pattern: str, expected: str, secret: str, faults: list[str]
) -> str:
    value = settings.get(name) or ""
    if not re.fullmatch(pattern, value):
        faults.append(f"{name}: expected {expected}, since the secret {secret} is filled, found {value or 'nothing'}")
        return ""
    return value
