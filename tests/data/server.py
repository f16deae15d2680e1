"""A server on this machine that gives files as badly as a test wants."""

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Site:
    """Files by name, and how they are given.

    ranges:     whether a request for the rest of a file gets the rest
    breaks:     for each of the first answers, the bytes after which it breaks off
    liar:       whether a range is answered with another one
    asked:      the Range headers that came
    """

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files, self.ranges, self.breaks, self.liar = files, True, [], False
        self.asked: list[str] = []
        self.moved: dict[str, str] = {}


@contextmanager
def serving(files: dict[str, bytes]):
    """Inside, the files are at the address that is given."""
    site = Site(files)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):  # noqa: N802
            name, wanted = self.path.rpartition("/")[2], self.headers.get("Range", "")
            site.asked.append(wanted)
            if name in site.moved:
                self.send_response(302)
                self.send_header("Location", site.moved[name])
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if name not in site.files:
                self.send_error(404)
                return
            content = site.files[name]
            start = int(wanted[6:-1]) if wanted and site.ranges else 0
            self.send_response(206 if wanted and site.ranges else 200)
            if wanted and site.ranges:
                first = start + 1 if site.liar else start
                self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            rest = content[start:]
            self.wfile.write(rest[: site.breaks.pop(0)] if site.breaks else rest)
            self.close_connection = True

        def log_message(self, *_):
            """Nothing is printed."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", site
        finally:
            server.shutdown()
            thread.join()
