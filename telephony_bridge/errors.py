"""The few names of what can go wrong. No match, an ambiguous one, a call that does not count: values, not errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


class BridgeError(Exception):
    """Something an operator must hear about; the text says what to do."""


class Unreadable(BridgeError):
    """The delivery cannot be understood as it stands; it is kept for replay.

    ``field`` names the part at fault in the sender's own spelling, ``why`` is a sentence for the sender.
    """

    def __init__(self, why: str, field: str | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.field = field


class Malformed(Unreadable):
    """Cannot be read, or a call event whose needed fields are missing or broken.

    ``syntax`` is true when the body could not even be taken apart (answered 400; otherwise 422). ``rows`` are the good ones
    of a body that holds many: they are understood all the same.
    """

    def __init__(self, why: str, field: str | None = None, *, syntax: bool = False, rows: Sequence[Any] = ()) -> None:
        super().__init__(why, field)
        self.syntax = syntax
        self.rows = rows


class NotACall(Unreadable):
    """Readable, but another kind of event of this vendor, which we do not use (answered 200)."""


class Misdirected(NotACall):
    """Readable, but not this vendor's at all: the webhook is pasted into the wrong system (answered 422)."""


class Refused(BridgeError):
    """A command or request that cannot be carried out; the text says why and what to do instead."""


class NotFound(Refused):
    """What the request names does not exist, or the asker may not know that it does."""


class NotYours(Refused):
    """What the asker knows and may not change: it is another's."""


class Conflict(Refused):
    """The request contradicts what is already recorded; ``existing`` is the record it collides with."""

    def __init__(self, why: str, existing: object = None) -> None:
        super().__init__(why)
        self.existing = existing
