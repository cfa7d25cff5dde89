"""The handlers under `/aseptic/api/`: each authenticated, and authorized as `aseptic`."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
from jupyter_server.auth.decorator import authorized
from jupyter_server.base.handlers import APIHandler
from jupyter_server.utils import url_path_join
from tornado.web import HTTPError, authenticated

from aseptic.errors import (
    AsepticError,
    BadOption,
    BadQuery,
    FindingNotFound,
    NoSuchMetric,
    RunNotFound,
)
from aseptic.server import resources
from aseptic.server.encoding import encode
from aseptic.server.jobs import Jobs, NoSuchJob
from aseptic.server.openapi import document
from aseptic.server.places import NotServed, Places
from aseptic.server.routes import ID, ROUTES, Place, Route
from aseptic.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tornado.web import Application

    from aseptic.store.base import Store

_THREADS = 4  # requests that read stores at the same time; others wait
#: The status of each error that a request can cause.
_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (NotServed, 403),
    (RunNotFound, 404),
    (NoSuchMetric, 404),
    (FindingNotFound, 404),
    (NoSuchJob, 404),
    (BadQuery, 400),
    (BadOption, 400),
    (AsepticError, 503),  # the store is away, damaged or too new
)
#: Media types that a browser may be told; whatever else was recorded is bytes to it.
_SHOWN = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "text/plain"})


@dataclass
class Service:
    """What the handlers of one server share."""

    places: Places
    jobs: Jobs = field(default_factory=Jobs)
    threads: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(_THREADS, thread_name_prefix="aseptic")
    )

    async def in_thread(self, work: Callable[[], Any]) -> Any:
        """Does work that reads or waits, away from the loop that serves everybody."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, work)


def add_handlers(app: Application, service: Service) -> None:
    """Serves the API."""
    from aseptic.server.events import EventsHandler

    base = url_path_join(app.settings["base_url"], "aseptic", "api")
    shared: dict[str, Any] = {"service": service}
    by_path: dict[str, dict[str, Route]] = {}
    for one in ROUTES:
        by_path.setdefault(one.pattern, {})[one.method] = one
    handlers: list[Any] = [
        (url_path_join(base, "status"), StatusHandler, shared),
        (url_path_join(base, "openapi.json"), OpenApiHandler, shared),
        (url_path_join(base, "events"), EventsHandler, shared),
        (
            url_path_join(base, "runs/(?P<run_id>[^/]+)/artifacts/(?P<name>.+)"),
            ArtifactHandler,
            shared,
        ),
        (url_path_join(base, "runs/(?P<run_id>[^/]+)/check"), CheckHandler, shared),
        (url_path_join(base, "jobs/(?P<job_id>[^/]+)"), JobHandler, shared),
    ]
    handlers += [
        (url_path_join(base, pattern), ResourceHandler, {**shared, "routes": routes})
        for pattern, routes in by_path.items()
    ]
    handlers.append((url_path_join(base, ".*"), NothingHandler, shared))
    app.add_handlers(".*$", handlers)


class Handler(APIHandler):
    """What all handlers share: errors as JSON in one form, replies as the browser wants them."""

    auth_resource = "aseptic"

    def initialize(self, service: Service) -> None:
        """Takes what the handlers share."""
        self.service = service

    def prepare(self, *args: Any, **kwargs: Any) -> Any:
        """An id that is none names nothing, and is looked up nowhere."""
        ids = (self.path_kwargs.get(name) for name in ("run_id", "job_id"))
        if any(one is not None and not ID.fullmatch(one) for one in ids):
            raise HTTPError(404, "no such id")
        return super().prepare(*args, **kwargs)

    def arguments_as(self, kind: type[Place]) -> Any:
        """The query string as one of the contract's types. Raises BadOption."""
        lists = {f.name for f in msgspec.structs.fields(kind) if _is_list(f.type)}
        given: dict[str, Any] = {}
        for name in self.request.query_arguments:
            if name == "token":
                continue  # Jupyter's own
            values = self.get_query_arguments(name, strip=False)
            given[name] = values if name in lists else values[-1]
        return _converted(given, kind, strict=False)

    def body_as(self, kind: Any) -> Any:
        """The JSON body as one of the contract's types. Raises BadOption."""
        try:
            return msgspec.json.decode(self.request.body, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadOption(f"the body is not what is expected: {error}") from None

    async def reply(self, work: Callable[[], Any], *, status: int = 200) -> None:
        """Answers with what the work returns, or with the error that it raises."""
        try:
            content, media_type = await self.service.in_thread(partial(self._encoded, work))
        except AsepticError as error:
            self.fail(error)
            return
        self.set_status(status)
        self.finish(content, set_content_type=media_type)

    def fail(self, error: AsepticError) -> None:
        """One line that says what happened; never a traceback."""
        self.set_status(next(status for kind, status in _STATUS if isinstance(error, kind)))
        self.set_header("Content-Type", "application/json")
        self.finish(
            msgspec.json.encode({"message": str(error).encode("utf-8", "replace").decode()})
        )

    def _encoded(self, work: Callable[[], Any]) -> tuple[bytes, str]:
        return encode(work(), self.request.headers.get("Accept", ""))

    def set_default_headers(self) -> None:
        """Nothing here is a page, and nothing is to be kept by proxies."""
        super().set_default_headers()
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Cache-Control", "no-store")


class ResourceHandler(Handler):
    """Serves the resources that `routes.py` declares."""

    def initialize(self, service: Service, routes: Mapping[str, Route] | None = None) -> None:
        """Takes the methods that the path has."""
        super().initialize(service)
        self.routes = routes or {}
        self.SUPPORTED_METHODS = (*self.routes, "OPTIONS")

    @authenticated
    @authorized
    async def get(self, **names: str) -> None:
        """See the route."""
        await self._serve(names)

    @authenticated
    @authorized
    async def post(self, **names: str) -> None:
        """See the route."""
        await self._serve(names)

    @authenticated
    @authorized
    async def patch(self, **names: str) -> None:
        """See the route."""
        await self._serve(names)

    async def _serve(self, names: Mapping[str, str]) -> None:
        one = self.routes[self.request.method or ""]
        try:
            params = self.arguments_as(one.params)
            given: dict[str, Any] = dict(names)
            if one.params is not Place:
                given["params"] = params
            if one.body is not None:
                given["body"] = self.body_as(one.body)
        except BadOption as error:
            self.fail(error)
            return
        await self.reply(partial(self._call, one, params, given), status=one.status)

    def _call(self, one: Route, params: Place, given: dict[str, Any]) -> Any:
        places = self.service.places
        if isinstance(params, resources.RunsParams) and params.of_notebook:
            found = places.notebook(params.at)
            given["params"] = msgspec.structs.replace(params, notebook=found)
        return one.function(places.open(params.at), **given)


class StatusHandler(Handler):
    """Says which aseptic answers, and for which project."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """`{"version": "0.1.0", "project": "digits"}`: the folder's name, never its path."""
        await self.reply(lambda: {"version": __version__, "project": self.service.places.root.name})


class OpenApiHandler(Handler):
    """The description of all this, for programs."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """OpenAPI 3.1."""
        await self.reply(document)


class ArtifactHandler(Handler):
    """The content of an artifact, as a download: it is untrusted, whoever made it."""

    @authenticated
    @authorized
    async def get(self, run_id: str, name: str) -> None:
        """The artifact of that name in the record of the run; the name is never a path."""
        try:
            params = self.arguments_as(Place)
            content, media_type = await self.service.in_thread(
                partial(self._read, params.at, run_id, name)
            )
        except AsepticError as error:
            self.fail(error)
            return
        self.set_header("Content-Security-Policy", "sandbox; default-src 'none'")
        last = quote(name.replace("\\", "/").rpartition("/")[2], safe="")
        self.set_header("Content-Disposition", f"attachment; filename*=UTF-8''{last}")
        shown = media_type if media_type in _SHOWN else "application/octet-stream"
        self.finish(content, set_content_type=shown)

    def _read(self, at: str, run_id: str, name: str) -> tuple[bytes, str]:
        store = self.service.places.open(at)
        artifact = store.get_run(run_id).artifacts.get(name)
        if artifact is None:
            raise RunNotFound(f"{run_id}: artifact {name}", store.project)
        return store.read_object(artifact.digest), artifact.media_type


class CheckHandler(Handler):
    """Starts a check of a run, which may take minutes."""

    @authenticated
    @authorized
    async def post(self, run_id: str) -> None:
        """Answers at once with the job; `jobs/JOB_ID` says how far it is."""
        try:
            params = self.arguments_as(Place)
            body = self.body_as(CheckBody)
            store = await self.service.in_thread(partial(self._store_with, params.at, run_id))
        except AsepticError as error:
            self.fail(error)
            return
        job = await self.service.jobs.start_check(store.url, run_id, is_thorough=body.thorough)
        await self.reply(lambda: job, status=202)

    def _store_with(self, at: str, run_id: str) -> Store:
        store = self.service.places.open(at)
        store.get_run(run_id)
        return store


class CheckBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a run is checked."""

    thorough: bool = False


class NothingHandler(Handler):
    """What is not there: said as JSON, and only to who may ask."""

    @authenticated
    @authorized
    async def get(self) -> None:
        """404."""
        raise HTTPError(404, "no such resource")

    post = patch = put = delete = get


class JobHandler(Handler):
    """How far a job is, and its end."""

    @authenticated
    @authorized
    async def get(self, job_id: str) -> None:
        """The job as it stands."""
        await self.reply(lambda: self.service.jobs.get(job_id))

    @authenticated
    @authorized
    async def delete(self, job_id: str) -> None:
        """Stops the job."""
        await self.reply(lambda: self.service.jobs.stop(job_id))


def _is_list(kind: Any) -> bool:
    info = msgspec.inspect.type_info(kind)
    return isinstance(info, msgspec.inspect.ListType)


def _converted(given: Any, kind: Any, *, strict: bool) -> Any:
    try:
        return msgspec.convert(given, type=kind, strict=strict)
    except msgspec.ValidationError as error:
        raise BadOption(f"the request is not what is expected: {error}") from None
