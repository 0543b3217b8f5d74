"""The least of an OpenStack client, from the standard library: no client package needs to be installed."""

import json
import time
import urllib.error
import urllib.request

TIMEOUT_SECONDS = 30


class ApiError(Exception):
    def __init__(self, status, message):
        super().__init__(message)
        self.status = status


class Session:
    """Requests as the cloud's admin."""

    def __init__(self, keystone, password):
        self.keystone = keystone
        self.token = None
        answer, headers = self._send('POST', keystone + '/auth/tokens', {'auth': {
            'identity': {'methods': ['password'], 'password': {'user': {
                'name': 'admin', 'domain': {'id': 'default'}, 'password': password}}},
            'scope': {'project': {'name': 'admin', 'domain': {'id': 'default'}}}}})
        self.token = headers['X-Subject-Token']
        self.catalogue = answer['token']['catalog']

    def endpoint(self, service_type):
        for service in self.catalogue:
            if service['type'] == service_type:
                return service['endpoints'][0]['url'].rstrip('/')
        raise KeyError('no %s in the catalogue' % service_type)

    def get(self, url, **headers):
        return self._send('GET', url, None, headers)[0]

    def send(self, method, url, body=None):
        return self._send(method, url, body)[0]

    def _send(self, method, url, body, headers=None):
        headers = dict(headers or {}, **{'Content-Type': 'application/json'})
        if self.token:
            headers['X-Auth-Token'] = self.token
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, method=method, data=data, headers=headers)
        started = time.time()
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
                text = answer.read()
                return json.loads(text) if text else None, answer.headers
        except urllib.error.HTTPError as error:
            detail = error.read()[:300].decode(errors='replace')
            raise ApiError(error.code, '%s %s -> %s %s' % (method, url, error.code, detail))
        finally:
            print('%6.2f s  %s %s' % (time.time() - started, method, url), flush=True)
