"""Asks the real Nova what it makes of flavors and images.

Reads one JSON object a line from standard input, {"flavor": {...}, "image": {...}} with bodies as Nova and Glance answer them, and
answers each with one line:

    {"refusals": [{"by": "flavor-api" | "server-api" | "scheduler", "key", "exception", "message"}], "encrypted", "model", "query"}

"encrypted" and "model" are null where Nova refuses before it knows; "query" is what it would ask Placement, null where it would not. The first line that is written is {"nova": VERSION}.
"""
import json
import logging
import re
import sys
import urllib.parse
import warnings

warnings.simplefilter('ignore')

from nova import exception
from nova import objects
from nova.api.validation.extra_specs import validators
from nova.compute import api as compute_api
from nova.image import glance
from nova.scheduler import request_filter
from nova.scheduler import utils as scheduler_utils
from nova.virt import hardware
from nova import version

logging.disable(logging.CRITICAL)
objects.register_all()

# There are more validators than Python keeps compiled patterns of; without this each look-up would compile all of them again.
re._MAXCACHE = re._MAXCACHE2 = 4096

BASE = {name: {} for name in (
    'id', 'name', 'status', 'visibility', 'protected', 'os_hidden', 'checksum', 'os_hash_algo', 'os_hash_value', 'owner', 'size',
    'virtual_size', 'container_format', 'disk_format', 'created_at', 'updated_at', 'tags', 'direct_url', 'min_ram', 'min_disk', 'self',
    'file', 'stores', 'schema', 'locations')}


class GlanceImage(dict):
    schema = {'name': 'image', 'properties': BASE}


def refusal(by, error, key=None):
    return {'by': by, 'key': key, 'exception': type(error).__name__, 'message': str(error)}


checked = {}


def extra_spec(key, value):
    """The flavor API's answer to one extra spec; the same each time."""
    if (key, value) not in checked:
        try:
            validators.validate(key, value)
            checked[key, value] = None
        except exception.ValidationError as error:
            checked[key, value] = refusal('flavor-api', error, key)
    return checked[key, value]


def query(flavor, image_meta):
    """The parameters of GET /allocation_candidates, as nova-scheduler sends them; without the filters that ask a database or the configuration."""
    spec = objects.RequestSpec(flavor=flavor, image=image_meta, is_bfv=False, requested_resources=[], num_instances=1,
                               request_level_params=objects.RequestLevelParams())
    for prefilter in (request_filter.compute_status_filter, request_filter.accelerators_filter, request_filter.ephemeral_encryption_filter):
        prefilter(None, spec)
    request = scheduler_utils.ResourceRequest.from_request_spec(spec)
    request._limit = None
    return urllib.parse.parse_qsl(request.to_querystring())


def answer(pair):
    body = pair['flavor']
    refusals = [found for found in (extra_spec(key, value) for key, value in body['extra_specs'].items()) if found]
    flavor = objects.Flavor(
        name=body['name'], flavorid=body['name'], memory_mb=body['ram'], vcpus=body['vcpus'], root_gb=body['disk'], ephemeral_gb=0,
        swap=0, extra_specs=dict(body['extra_specs']))
    image = glance._translate_from_glance(GlanceImage(pair['image']))
    encrypted = model = asked = None
    try:
        compute_api.API._validate_flavor_image_nostatus(None, image, flavor, None)
    except Exception as error:
        refusals.append(refusal('server-api', error))
    try:
        image_meta = objects.ImageMeta.from_dict(image)
        found = hardware.get_mem_encryption_constraint(flavor, image_meta)
        encrypted = bool(found)
        model = (getattr(found, 'model', None) or 'amd-sev') if found else None
        hardware.get_secure_boot_constraint(flavor, image_meta)
        hardware.get_vtpm_constraint(flavor, image_meta)
    except Exception as error:
        refusals.append(refusal('scheduler', error))
    if not any(found['by'] != 'flavor-api' for found in refusals):
        try:
            asked = query(flavor, image_meta)
        except (exception.NovaException, ValueError):
            pass        # what the API refuses in ways that are not looked at here
    return {'refusals': refusals, 'encrypted': encrypted, 'model': model, 'query': asked}


print(json.dumps({'nova': version.version_string()}), flush=True)
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
