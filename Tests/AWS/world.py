"""What the services know beyond moto's backends: what is about to happen, who owns an interface, and what is still listed."""

import contextlib
import dataclasses
import random
import threading
import time

from moto.core.base_backend import BackendDict
from moto.ec2.models import ec2_backends
from moto.efs.models import efs_backends
from moto.moto_api._internal import mock_random
from moto.sagemaker.models import sagemaker_backends

ACCOUNT = "123456789012"


@dataclasses.dataclass(frozen=True)
class Delay:
    """How long something takes: so many seconds, and so many calls that see it. Both must have passed."""

    seconds: float = 0.0
    looks: int = 0


@dataclasses.dataclass
class Timing:
    """How long what a service does on its own takes; at once if nothing is said."""

    mount_target_deletion: Delay = Delay()
    # From the mount target's end to its interface's.
    mount_target_interface_lag: Delay = Delay()
    file_system_deletion: Delay = Delay()
    endpoint_deletion: Delay = Delay()
    # From the endpoint's end to its interfaces'.
    endpoint_interface_lag: Delay = Delay()
    # How many describe calls list what has just been deleted.
    stale_groups: int = 0
    stale_interfaces: int = 0
    # How many describe calls list a deleted endpoint as `deleted`.
    stale_endpoints: int = 0


@dataclasses.dataclass
class Pending:
    due: float
    looks: int
    action: object


class World:
    """All state. Every reading and change happens with `lock` held; `change()` gives it to a test."""

    def __init__(self, seed=0):
        self.lock = threading.RLock()
        self.reset(seed)

    def reset(self, seed=0):
        with self.lock:
            for service in (ec2_backends, efs_backends, sagemaker_backends):
                service.pop(ACCOUNT, None)
            mock_random.seed(seed)
            self.random = random.Random(seed)
            self.timing = Timing()
            self.pending = {}
            # Interface id -> its attachment and its operator in the names of the service model, where moto has none.
            self.attachments, self.operators = {}, {}
            # Kind -> id -> [the listing's item, describe calls left].
            self.stale = {"group": {}, "interface": {}}
            self.endpoint_looks = {}
            # (group id, VPC id) -> state.
            self.associations = {}
            # Source file system id -> destinations.
            self.replications = {}
            self.apps = []
            self.functions = []
            # Whether endpoint states come capitalised, as they sometimes do.
            self.capitalised_states = False

    @contextlib.contextmanager
    def change(self):
        with self.lock:
            self.advance()
            yield self

    @staticmethod
    def ec2(region):
        return ec2_backends[ACCOUNT][region]

    @staticmethod
    def efs(region):
        return efs_backends[ACCOUNT][region]

    @staticmethod
    def sagemaker(region):
        return sagemaker_backends[ACCOUNT][region]

    # What happens later

    def later(self, key, delay, action):
        """Does `action` when `delay` has passed; `key` is the id that calls see."""
        if delay == Delay():
            action()
        else:
            self.pending[key] = Pending(time.monotonic() + delay.seconds, delay.looks, action)

    def saw(self, *keys):
        """A call has seen these."""
        for key in keys:
            if key in self.pending:
                self.pending[key].looks -= 1

    def advance(self):
        """Does all that is due."""
        while due := [key for key, item in self.pending.items() if item.looks <= 0 and item.due <= time.monotonic()]:
            for key in due:
                self.pending.pop(key).action()

    def still_listed(self, kind, item_id, item, looks):
        if looks > 0:
            self.stale[kind][item_id] = [item, looks]

    def take_stale(self, kind):
        """What a listing shows although it is gone; each look brings its end nearer."""
        items = [item for item, _ in self.stale[kind].values()]
        for item_id in list(self.stale[kind]):
            self.stale[kind][item_id][1] -= 1
            if self.stale[kind][item_id][1] <= 0:
                del self.stale[kind][item_id]
        return items

    # Interfaces of services

    def adopt_interface(self, region, interface_id, description, kind, owner, status="in-use", managed=True):
        """Makes an interface one that a service made for itself; `owner` is the attachment's account, None for no attachment."""
        interface = self.ec2(region).enis[interface_id]
        interface.description, interface.interface_type, interface.status = description, kind, status
        interface.requester_managed = managed
        interface.requester_id = f"{self.random.randrange(10**11, 10**12)}" if managed else "AROAEXAMPLE:SageMaker"
        if owner:
            self.attachments[interface_id] = {
                "AttachmentId": f"ela-attach-{self.random.getrandbits(68):017x}", "InstanceOwnerId": owner, "Status": "attached",
                "DeleteOnTermination": False, "DeviceIndex": 1}

    def is_plain(self, region, interface_id):
        """Whether there is the interface, and no service has been said to have made it."""
        interface = self.ec2(region).enis.get(interface_id)
        return interface is not None and not interface.requester_managed

    def release_interface(self, region, interface_id):
        """The service has let go of the interface: detached, `available`, of the ordinary type."""
        if interface := self.ec2(region).enis.get(interface_id):
            interface.status, interface.interface_type = "available", "interface"
            self.attachments.pop(interface_id, None)

    def remove_interface(self, region, interface_id):
        if interface := self.ec2(region).enis.pop(interface_id, None):
            for address in interface.private_ip_addresses:
                with contextlib.suppress(KeyError, ValueError):
                    interface.subnet.del_subnet_ip(address["PrivateIpAddress"])
        self.attachments.pop(interface_id, None)
        self.operators.pop(interface_id, None)

    def group(self, region, group_id):
        return next((groups[group_id] for groups in self.ec2(region).groups.values() if group_id in groups), None)

    def groups(self, region):
        return [group for groups in self.ec2(region).groups.values() for group in groups.values()]


def forget_everything():
    """Drops the state of every moto backend, of the services without rules here too."""
    BackendDict.reset()
