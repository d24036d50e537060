"""A web server for one folder, which knows ranges and can be told to misbehave."""
import contextlib
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextlib.contextmanager
def serve(folder, breaks=0, ranges=True):
    """Serve the files of a folder.

    Args:
        breaks: so many answers end after half of what they announce.
        ranges: whether the server sends parts; without, it sends all.

    Yields:
        tuple: the address, and the list of the ranges that were asked for, None for a whole file.
    """
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.headers.get('Range'))
            path = folder / self.path.strip('/')
            if not path.is_file():
                return self.send_error(404)
            content, start = path.read_bytes(), 0
            if ranges and asked[-1]:
                start = int(re.fullmatch(r'bytes=(\d+)-', asked[-1]).group(1))
            if start >= len(content) > 0:
                self.send_response(416)
                self.send_header('Content-Range', f'bytes */{len(content)}')
                return self.end_headers()
            self.send_response(206 if start else 200)
            self.send_header('Content-Length', str(len(content) - start))
            self.end_headers()
            whole = content[start:]
            return self.wfile.write(whole[:len(whole) // 2] if len(asked) <= breaks else whole)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f'http://127.0.0.1:{server.server_port}', asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
