"""What the wire may carry: rows 15 to 21 of the list of bad inputs, over a real gunicorn."""

import json
import socket

import pytest

pytestmark = [pytest.mark.full, pytest.mark.django_db(transaction=True)]


def raw(server, text):
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as wire:
        wire.sendall(text.encode())
        wire.settimeout(10)
        answer = b""
        while chunk := wire.recv(65536):
            answer += chunk
            if b"\r\n\r\n" in answer and b"Connection: close" in answer:
                continue
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.decode(), body.decode()


HOST = "Host: 127.0.0.1\r\nConnection: close\r\n"


@pytest.mark.parametrize(
    ("name", "request_text", "status"),
    [
        (
            "both lengths",
            f"POST / HTTP/1.1\r\n{HOST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            400,
        ),
        (
            "two lengths",
            f"POST /api/v1/shipments/ HTTP/1.1\r\n{HOST}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
            400,
        ),
        ("negative length", f"POST /api/v1/shipments/ HTTP/1.1\r\n{HOST}Content-Length: -1\r\n\r\n", 400),
        ("long line", f"GET /api/v1/shipments/?q={'x' * 5000} HTTP/1.1\r\n{HOST}\r\n", 414),
        ("big header", f"GET /healthz HTTP/1.1\r\n{HOST}X-Big: {'x' * 9000}\r\n\r\n", 431),
        (
            "many headers",
            f"GET /healthz HTTP/1.1\r\n{HOST}" + "".join(f"X-{n}: 1\r\n" for n in range(120)) + "\r\n",
            431,
        ),
    ],
)
def test_gunicorn_refuses_in_its_own_words(server, name, request_text, status):
    found, _, _ = raw(server, request_text)
    assert found == status or (status in (414, 431) and found in (400, 414, 431)), name


def test_a_chunked_body_is_asked_for_its_length(server):
    head = f"POST /api/v1/shipments/ HTTP/1.1\r\n{HOST}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
    status, headers, body = raw(server, f"{head}\r\n2\r\n{{}}\r\n0\r\n\r\n")
    assert (status, json.loads(body)["code"]) == (411, "length-required")
    assert "application/problem+json" in headers
