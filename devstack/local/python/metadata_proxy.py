"""metadata_proxy.py STATE_DIR PORT SERVER_ID PROJECT_ID: Nova's metadata service as one server sees it, on 127.0.0.1:PORT.

A cloud has Neutron's proxy for this, which knows a guest by its address and signs the guest's id. Here guests have no network:
this proxy says of each request that it comes from that one server. No header of the request goes on.
"""

import hashlib
import hmac
import shlex
import sys
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def settings_of(state_dir):
    with open(state_dir + '/settings', encoding='utf-8') as lines:
        return {name: ''.join(shlex.split(value)) for name, _, value in (line.rstrip('\n').partition('=') for line in lines)}


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    nova = None
    headers_of_server = {}

    def do_GET(self):
        request = urllib.request.Request(self.nova + self.path, headers=self.headers_of_server)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                status, kind, body = answer.status, answer.headers.get('Content-Type'), answer.read()
        except urllib.error.HTTPError as error:
            status, kind, body = error.code, error.headers.get('Content-Type'), error.read()
        except OSError:
            status, kind, body = 502, None, b''
        self.send_response(status)
        self.send_header('Content-Type', kind or 'text/plain')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        sys.stderr.write('%s %s\n' % (self.command, self.path))


if __name__ == '__main__':
    state_dir, port, server, project = sys.argv[1:]
    settings = settings_of(state_dir)
    Handler.nova = 'http://%(IP)s:%(MPORT)s' % settings
    Handler.headers_of_server = {
        'X-Instance-ID': server,
        'X-Tenant-ID': project,
        'X-Instance-ID-Signature': hmac.new(settings['PASSWORD'].encode(), server.encode(), hashlib.sha256).hexdigest(),
    }
    ThreadingHTTPServer(('127.0.0.1', int(port)), Handler).serve_forever()
