"""Which alert a fault has when people are told of it at once. Data only, for whoever names a runbook."""

GAVE_UP = "GaveUp"
NEEDS_PERSON = "IncidentNeedsPerson"
NO_GO = "preflight-no-go"
"""What people are told of under this name is no incident: nothing has happened yet."""
ALERT_OF = {
    NO_GO: "PreflightNoGo",
    "wrong-account": "WrongAccount",
    "restart-storm": GAVE_UP,
    **dict.fromkeys(
        ("twofa-pending", "twofa-timeout", "login-refused", "existing-session", "login-stuck", "weekly-token"),
        "LoginNeedsPerson",
    ),
    **dict.fromkeys(
        ("order-unacked", "exit-rejected", "naked-position", "unknown-position", "late-position", "second-engine"),
        "PositionAtRisk",
    ),
}


def alert_of(fault: str) -> str | None:
    """The alert that a fault has of its own."""
    return ALERT_OF.get(fault)
