"""JSON log lines: one event a line, UTC, with the request's id. Bodies are never logged, nor addresses that open."""

import logging
import re
from typing import Any

import structlog

# What follows is as good as a password; config/nginx.conf leaves it out of the proxy's log, too.
OPENING = re.compile(r"(/(?:invitations|accounts/confirm-email|accounts/password/reset/key)/)[^/\s\"'?\\]+")


class JsonFormatter(structlog.stdlib.ProcessorFormatter):
    """Formats standard-library records as one JSON object a line."""

    def __init__(self) -> None:
        shared: list[Any] = [
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
        ]
        super().__init__(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(),
            ],
        )

    def format(self, record: logging.LogRecord) -> str:
        return OPENING.sub(r"\1***", super().format(record))
