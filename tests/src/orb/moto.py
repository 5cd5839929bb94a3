"""An emulator of EC2 that knows the filter which an ORB server finds its instances by."""

import sys

from moto.ec2.models import instances
from moto.server import main

plain = instances.filter_reservations


def filter_reservations(reservations, filters):
    filters = dict(filters)
    wanted = filters.pop("reservation-id", None)
    found = [each for each in reservations if wanted is None or each.id in wanted]
    return plain(found, filters) if filters else found


instances.filter_reservations = filter_reservations
main(["-H", "127.0.0.1", "-p", sys.argv[1]])
