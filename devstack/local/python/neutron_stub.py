"""neutron_stub.py ADDRESS PORT: a Neutron that has nothing.

Nova asks Neutron for ports and security groups even of servers without networks
(GET /servers fails without an answer): empty lists are all it needs then.
"""

import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

QUOTAS = ('network', 'subnet', 'port', 'router', 'floatingip', 'security_group', 'security_group_rule')


def answer_of(method, path, host):
    """Status and body."""
    path = path.split('?')[0].rstrip('/')
    if path == '':
        link = {'rel': 'self', 'href': 'http://%s/v2.0/' % host}
        return 200, {'versions': [{'id': 'v2.0', 'status': 'CURRENT', 'links': [link]}]}
    if path == '/v2.0':
        return 200, {'resources': []}
    match = re.fullmatch(r'/v2\.0/([a-z-]+)(/[^/]+)?(?:\.json)?', path)
    if method == 'GET' and match:
        collection, one = match.groups()
        if collection == 'quotas':
            return 200, {'quota': {name: -1 for name in QUOTAS}}
        if not one:
            return 200, {collection.replace('-', '_'): []}
    return 404, {'NeutronError': {'type': 'NotFound', 'message': 'the stub has no %s' % path, 'detail': ''}}


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def answer(self):
        self.rfile.read(int(self.headers.get('Content-Length') or 0))
        status, body = answer_of(self.command, self.path, self.headers.get('Host'))
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_DELETE = answer

    def log_message(self, format, *args):
        sys.stderr.write('%s %s\n' % (self.command, self.path))


if __name__ == '__main__':
    ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Handler).serve_forever()
