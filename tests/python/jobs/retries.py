"""Whether a failed attempt is followed by another one, as AWS documents it."""

from typing import Any

_CONDITIONS = {"onStatusReason": "status_reason", "onReason": "reason", "onExitCode": "exit_code"}


def wants_another(strategy: dict[str, Any], attempts: int, status_reason: str, reason: str, exit_code: int | None) -> bool:
    """Whether a job that has failed is tried again after so many attempts."""
    if attempts >= int(strategy.get("attempts") or 1):
        return False
    seen = {"status_reason": status_reason, "reason": reason, "exit_code": "" if exit_code is None else str(exit_code)}
    for rule in strategy.get("evaluateOnExit") or []:
        conditions = [(rule[key], seen[name]) for key, name in _CONDITIONS.items() if rule.get(key)]
        if all(_fits(pattern, text) for pattern, text in conditions):
            return bool(rule["action"].lower() == "retry")
    # What no rule fits is tried again.
    return True


def _fits(pattern: str, text: str) -> bool:
    if pattern.endswith("*"):
        return text.lower().startswith(pattern[:-1].lower())
    return text.lower() == pattern.lower()
