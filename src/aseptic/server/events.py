"""The live feed: which runs were written to, told within half a second, over a websocket.

It says that something is new, not what: whoever shows it asks for as much as the screen needs.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from jupyter_server.auth.decorator import authorized, ws_authenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from aseptic.errors import AsepticError

if TYPE_CHECKING:
    from aseptic.server.handlers import Service
    from aseptic.store.base import Store

_INTERVAL_S = 0.25
#: A run whose process died is found by folding, which need not be done for each look.
_FOLD_EVERY = 8


class Changed(msgspec.Struct, frozen=True, kw_only=True, tag="changed"):
    """Something was written: points or records of these runs, which may be new."""

    run_ids: list[str]
    others: bool  # whether something changed that is not told run by run: an edit, the end of a run


class EventsHandler(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """Tells one browser tab what changes in one store, for as long as it listens."""

    auth_resource = "aseptic"

    def initialize(self, service: Service) -> None:
        """Takes what the handlers share."""
        self.service = service
        self._watch: asyncio.Task[None] | None = None

    @ws_authenticated
    @authorized
    async def get(self) -> None:
        """Opens the feed."""
        # Tornado's `get` upgrades the connection; Jupyter's mixin has checked the origin.
        await WebSocketHandler.get(self)

    def open(self, *args: Any, **kwargs: Any) -> None:
        """Begins to watch."""
        super().open(*args, **kwargs)
        self._watch = asyncio.ensure_future(self._tell(self.get_query_argument("at", "")))

    def on_message(self, message: str | bytes) -> None:
        """Nothing is taken from the browser here."""

    def on_close(self) -> None:
        """Ends the watch."""
        super().on_close()
        if self._watch is not None:
            self._watch.cancel()

    async def _tell(self, at: str) -> None:
        known: dict[str, int] | None = None
        looks = 0
        while True:
            try:
                now = await self.service.in_thread(
                    partial(self._look, at, looks % _FOLD_EVERY == 0)
                )
            except AsepticError:
                now = {}  # no store yet: its first run will be told
            looks += 1
            if known is not None and now != known:
                changed = [name for name in now.keys() | known if now.get(name) != known.get(name)]
                event = Changed(
                    run_ids=sorted(name for name in changed if name), others="" in changed
                )
                try:
                    await self.write_message(msgspec.json.encode(event).decode())
                except WebSocketClosedError:
                    return
            known = now
            await asyncio.sleep(_INTERVAL_S)

    def _look(self, at: str, is_time_to_fold: bool) -> dict[str, int]:
        store: Store = self.service.places.open(at)
        now = store.fingerprint()
        if is_time_to_fold and len(now) > 1:
            store.fold()
        return now
