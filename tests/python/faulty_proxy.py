"""An HTTP proxy before the server: it records every request, and breaks those that a test tells it to."""

import http.client
import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol
from urllib.parse import urlsplit
from urllib.request import urlopen

from google.auth.credentials import AnonymousCredentials
from google.cloud.bigquery import Client

COMMENT = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
STATEMENT = re.compile(r"(create|drop)(?: or replace)? (\w+)|(\w+)", re.IGNORECASE)
IDS = re.compile(r"(?<=/)(projects|queries|jobs|datasets|tables)/[^/]+")
ROWS_OF_TABLE = re.compile(r"/bigquery/v2/projects/([^/]+)/datasets/([^/]+)/tables/([^/]+)/data(?:\?|$)")
# Headers that are about one connection or one way to write the content.
RENEWED = {"connection", "transfer-encoding", "keep-alive", "content-length"}


@dataclass
class Request:
    """A request as the client sent it, and its stage: what kind of request it is.

    With the version of a table that it is meant for, where it names one.
    """

    method: str
    target: str
    body: bytes
    stage: str = ""
    if_match: str | None = None

    def same_as(self, other: "Request") -> bool:
        return (self.method, self.target, self.body) == (other.method, other.target, other.body)

    @property
    def job(self) -> dict[str, Any]:
        """The job that the request starts, as it is posted. Empty where it starts none, or uploads a seed."""
        if self.method != "POST" or not urlsplit(self.target).path.endswith("/jobs") or "/upload/" in self.target:
            return {}
        posted: dict[str, Any] = json.loads(self.body)
        return posted

    @property
    def sql(self) -> str:
        query: str = self.job.get("configuration", {}).get("query", {}).get("query", "")
        return COMMENT.sub("", query).strip()


@dataclass(frozen=True)
class Answer:
    """What the server has answered."""

    status: int
    headers: list[tuple[str, str]]
    content: bytes


def refusal(status: int, reason: str, message: str) -> "Fault":
    """An error as Google's API says it."""
    errors = [{"reason": reason, "message": message, "domain": "global"}]
    return Fault(answer=(status, {"error": {"code": status, "message": message, "errors": errors, "status": reason}}))


Edit = Callable[[dict[str, Any]], dict[str, Any]]

# The local server lists what it holds without a lock, which fails where another request adds a table meanwhile.
SERVER_COLLISION = b"test double: internal RuntimeError: dictionary changed size during iteration"


@dataclass(frozen=True)
class Fault:
    """What becomes of a request: whether the server hears it, and what the client hears: an answer, or nothing.

    Or the server hears an edited request, or the client an edited answer, with the status that an error in it names.
    """

    reaches_server: bool = False
    answer: tuple[int, dict[str, Any]] | None = None
    instead: Callable[[], None] = lambda: None
    edit_request: Edit | None = None
    edit_answer: Edit | None = None

    @property
    def is_edit(self) -> bool:
        return bool(self.edit_request or self.edit_answer)


FaultFor = Callable[[Request], Fault | None]


class Memory(Protocol):
    """What is known of the results of jobs."""

    def turn(self, request: Request) -> AbstractContextManager[str]:
        """The key under which the job is known, while no other job that has it is under way."""

    def put_back(self, request: Request, key: str, job: dict[str, Any]) -> dict[str, Any]:
        """The job to send for the one that was asked for."""

    def keep(self, request: Request, key: str) -> None:
        """Take note that the server has done the job that was asked for."""


def no_fault(_: Request) -> None:
    """Let a request be."""


class Proxy:
    """What a test says to the proxy, and what the proxy has recorded."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.url = ""
        self.requests: list[Request] = []
        self.look_between: Callable[[], None] | None = None
        self.memory: Memory | None = None
        self._fault_for: FaultFor = no_fault
        self._recording = threading.Lock()
        self._turn = threading.Lock()
        self._changed = threading.Condition()
        self._in_hand = 0
        self._statements: dict[str, str] = {}

    def reset(self, fault_for: FaultFor = no_fault) -> None:
        """Forget what was recorded, and break from now on what the test says."""
        self.requests = []
        self._fault_for = fault_for

    def record(self, method: str, target: str, body: bytes, if_match: str | None) -> tuple[Request, Fault | None]:
        with self._recording:
            request = Request(method, target, body, if_match=if_match)
            request.stage = self._stage(request)
            self.requests.append(request)
            return request, self._fault_for(request)

    def forward(self, request: Request, headers: list[tuple[str, str]], edit: Edit | None = None) -> Answer:
        memory = self.memory if request.job and not edit else None
        if not memory:
            return self._sent(request, headers, edit)
        with memory.turn(request) as key:
            answer = self._sent(request, headers, partial(memory.put_back, request, key))
            if answer.status == HTTPStatus.OK:
                memory.keep(request, key)
            return answer

    def _listed(self, project: str, dataset: str, table: str) -> Answer:
        """The rows of a table, which the local server only gives as those of a query, in the same shape."""
        client = Client(project, AnonymousCredentials(), client_options={"api_endpoint": self.endpoint})
        job = client.query(f"select * from `{dataset}`.`{table}`")
        job.result()
        with urlopen(f"{self.endpoint}/bigquery/v2/projects/{project}/queries/{job.job_id}") as response:
            return Answer(response.status, [("Content-Type", "application/json")], response.read())

    def _sent(self, request: Request, headers: list[tuple[str, str]], edit: Edit | None) -> Answer:
        with self.in_turn():
            answer = self._send(request, headers, edit)
            while SERVER_COLLISION in answer.content:
                answer = self._send(request, headers, edit)
        return answer

    def _send(self, request: Request, headers: list[tuple[str, str]], edit: Edit | None) -> Answer:
        endpoint = urlsplit(self.endpoint)
        is_google = endpoint.scheme == "https"
        rows_of_table = ROWS_OF_TABLE.match(request.target)
        if rows_of_table and not is_google:
            return self._listed(*rows_of_table.groups())
        server = (http.client.HTTPSConnection if is_google else http.client.HTTPConnection)(endpoint.netloc)
        server.putrequest(request.method, request.target, skip_host=not is_google, skip_accept_encoding=True)
        body = json.dumps(edit(json.loads(request.body))).encode() if edit else request.body
        changed = {"accept-encoding", "content-length", *(("host",) if is_google else ())}
        for name, value in headers:
            if name.lower() not in changed:
                server.putheader(name, value)
        server.putheader("Content-Length", str(len(body)))
        server.endheaders(body)
        response = server.getresponse()
        return Answer(response.status, response.getheaders(), response.read())

    @contextmanager
    def in_hand(self) -> Iterator[None]:
        with self._changed:
            self._in_hand += 1
        try:
            yield
        finally:
            with self._changed:
                self._in_hand -= 1
                self._changed.notify_all()

    def settle(self) -> None:
        """Wait until the server has done what a client that is gone has asked of it."""
        with self._changed:
            self._changed.wait_for(lambda: not self._in_hand)

    @contextmanager
    def in_turn(self) -> Iterator[None]:
        """While a test looks between requests, the server gets them one by one."""
        look = self.look_between
        if look is None:
            yield
            return
        with self._turn:
            look()
            yield
            look()

    def _stage(self, request: Request) -> str:
        """The kind of a request: its method, its path without ids, and what its SQL begins with."""
        path = urlsplit(request.target).path.removeprefix("/bigquery/v2")
        statement = ""
        if request.job:
            statement = _statement(request.sql)
            if request.job["configuration"].get("dryRun"):
                statement += " dry run"
            self._statements[request.job["jobReference"]["jobId"]] = statement
        elif match := re.search(r"/(?:queries|jobs)/([^/]+)", path):
            statement = self._statements.get(match[1], "")
        kind = IDS.sub(lambda match: f"{match[1]}/{{}}", path)
        if "/datasets/_" in path:
            kind = kind.replace("/tables/{}", "/tables/{result}")
        return f"{request.method} {kind} {statement}".strip()


def _statement(sql: str) -> str:
    match = STATEMENT.match(sql)
    assert match, sql
    word = " ".join(part.lower() for part in match.groups() if part)
    return "select" if word == "with" else word


@contextmanager
def proxy_before(endpoint: str) -> Iterator[Proxy]:
    proxy = Proxy(endpoint)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def handle_any(self) -> None:
            with proxy.in_hand():
                self.handle_in_hand()

        def handle_in_hand(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            request, fault = proxy.record(self.command, self.path, body, self.headers.get("if-match"))
            if fault is None or fault.reaches_server or fault.is_edit:
                answer = proxy.forward(request, self.headers.items(), fault.edit_request if fault else None)
                if fault is None or fault.is_edit:
                    status, content = answer.status, answer.content
                    if fault and fault.edit_answer:
                        edited = fault.edit_answer(json.loads(content))
                        status = edited.get("error", {}).get("code", status)
                        content = json.dumps(edited).encode()
                    headers = [header for header in answer.headers if header[0].lower() not in RENEWED]
                    self.reply(status, [*headers, ("Content-Length", str(len(content)))], content)
                    return
            fault.instead()
            if fault.answer:
                status, error = fault.answer
                content = json.dumps(error).encode()
                headers = [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
                self.reply(status, headers, content)
            else:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)

        def reply(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                self.send_header(name, value)
            # A test may have killed the client.
            with suppress(ConnectionError):
                self.end_headers()
                self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """The record says it all."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    proxy.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
