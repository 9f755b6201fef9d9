"""EFS over moto's state: slow deletions, the interfaces of mount targets, replications, pages."""

import datetime

from protocols import APIError


class EFSRules:
    """Each method named for an operation answers it."""

    def __init__(self, world, listing, moto):
        self.world, self.listing, self.moto = world, listing, moto

    def file_system(self, request, file_system_id):
        found = self.world.efs(request.region).file_systems_by_id.get(file_system_id)
        if found is None:
            raise APIError("FileSystemNotFound", f"File system '{file_system_id}' does not exist.", 404)
        return found

    def mount_target(self, request, mount_target_id):
        found = self.world.efs(request.region).mount_targets_by_id.get(mount_target_id)
        if found is None:
            raise APIError("MountTargetNotFound", f"Mount target '{mount_target_id}' does not exist.", 404)
        return found

    def targets_of(self, region, file_system_id):
        return [one for one in self.world.efs(region).mount_targets_by_id.values() if one.file_system_id == file_system_id]

    # File systems

    def DescribeFileSystems(self, request):
        asked = request.parameters
        if asked.get("FileSystemId") and asked.get("CreationToken"):
            raise APIError("BadRequest", "Request cannot contain both a file system ID and a creation token.")
        found = list(self.world.efs(request.region).file_systems_by_id.values())
        if asked.get("FileSystemId"):
            found = [self.file_system(request, asked["FileSystemId"])]
        if token := asked.get("CreationToken"):
            found = [one for one in found if one.creation_token == token]
        items = [self.file_system_item(request, one) for one in found]
        result = self.listing(request, items, "FileSystemId", "FileSystems")
        self.world.saw(*(item["FileSystemId"] for item in result["FileSystems"]))
        return result

    def file_system_item(self, request, one):
        tags = self.world.efs(request.region).list_tags_for_resource(one.file_system_id)
        item = {
            "FileSystemId": one.file_system_id, "FileSystemArn": one.file_system_arn, "CreationToken": one.creation_token,
            "OwnerId": one.owner_id, "CreationTime": datetime.datetime.fromtimestamp(one.creation_time, datetime.timezone.utc),
            "LifeCycleState": one.life_cycle_state,
            "NumberOfMountTargets": len(self.targets_of(request.region, one.file_system_id)),
            "SizeInBytes": {"Value": one.size_in_bytes["Value"]}, "PerformanceMode": one.performance_mode,
            "Encrypted": one.encrypted, "ThroughputMode": one.throughput_mode, "Tags": tags,
            "FileSystemProtection": {"ReplicationOverwriteProtection": "ENABLED"}}
        if name := next((tag["Value"] for tag in tags if tag["Key"] == "Name"), None):
            item["Name"] = name
        return item

    def DeleteFileSystem(self, request):
        one = self.file_system(request, request.parameters["FileSystemId"])
        targets = self.targets_of(request.region, one.file_system_id)
        self.world.saw(one.file_system_id, *(target.mount_target_id for target in targets))
        if targets:
            raise APIError("FileSystemInUse", f"{one.file_system_id} has mount targets created for it", 409)
        if one.file_system_id in self.world.replications:
            raise APIError("FileSystemInUse", f"{one.file_system_id} is the source of a replication configuration", 409)
        if one.life_cycle_state != "deleting":
            one.life_cycle_state = "deleting"
            backend = self.world.efs(request.region)

            def end():
                backend.file_systems_by_id.pop(one.file_system_id, None)
                backend.creation_tokens.discard(one.creation_token)
                for point in [point for point in backend.access_points.values() if point.file_system_id == one.file_system_id]:
                    del backend.access_points[point.access_point_id]

            self.world.later(one.file_system_id, self.world.timing.file_system_deletion, end)
        return {}

    # Mount targets

    def CreateMountTarget(self, request):
        made = self.moto(request)
        self.adopt(request.region)
        return made

    def adopt(self, region):
        """Makes the interfaces of mount targets EFS's own, which moto leaves plain."""
        for target in self.world.efs(region).mount_targets_by_id.values():
            if self.world.is_plain(region, target.network_interface_id):
                self.world.adopt_interface(
                    region, target.network_interface_id, f"EFS mount target for {target.file_system_id} ({target.mount_target_id})",
                    "efs", "amazon-aws")

    def DescribeMountTargets(self, request):
        asked = request.parameters
        if sum(name in asked for name in ("FileSystemId", "MountTargetId", "AccessPointId")) != 1:
            raise APIError("BadRequest", "Must specify exactly one of FileSystemId, MountTargetId and AccessPointId.")
        if "MountTargetId" in asked:
            found = [self.mount_target(request, asked["MountTargetId"])]
        else:
            file_system_id = asked.get("FileSystemId") or self.access_point(request, asked["AccessPointId"]).file_system_id
            found = self.targets_of(request.region, self.file_system(request, file_system_id).file_system_id)
        items = [{
            "OwnerId": one.owner_id, "MountTargetId": one.mount_target_id, "FileSystemId": one.file_system_id,
            "SubnetId": one.subnet_id, "LifeCycleState": one.life_cycle_state, "IpAddress": one.ip_address, "NetworkInterfaceId": one.network_interface_id,
            "AvailabilityZoneId": one.availability_zone_id, "VpcId": one.vpc_id}
            for one in found]
        result = self.listing(request, items, "MountTargetId", "MountTargets")
        self.world.saw(*(item["MountTargetId"] for item in result["MountTargets"]))
        return result

    def DescribeMountTargetSecurityGroups(self, request):
        target = self.mount_target(request, request.parameters["MountTargetId"])
        if target.life_cycle_state not in ("available", "updating"):
            raise APIError("IncorrectMountTargetState", f"{target.mount_target_id} is {target.life_cycle_state}", 409)
        interface = self.world.ec2(request.region).enis[target.network_interface_id]
        return {"SecurityGroups": [group.id for group in interface.group_set]}

    def DeleteMountTarget(self, request):
        target = self.mount_target(request, request.parameters["MountTargetId"])
        if target.life_cycle_state == "creating":
            raise APIError("IncorrectMountTargetState", f"{target.mount_target_id} is being created", 409)
        if target.life_cycle_state != "deleting":
            target.life_cycle_state = "deleting"
            self.world.later(
                target.mount_target_id, self.world.timing.mount_target_deletion, lambda: self.end(request.region, target))
        return {}

    def end(self, region, target):
        """The mount target is gone; its interface stays for a while."""
        self.world.efs(region).mount_targets_by_id.pop(target.mount_target_id, None)
        places = target._file_system._mount_targets
        for zone in [zone for zone, one in places.items() if one is target]:
            del places[zone]
        interface_id = target.network_interface_id
        self.world.later(
            interface_id, self.world.timing.mount_target_interface_lag, lambda: self.world.remove_interface(region, interface_id))

    # Access points and replications

    def access_point(self, request, access_point_id):
        found = self.world.efs(request.region).access_points.get(access_point_id)
        if found is None:
            raise APIError("AccessPointNotFound", f"Access point '{access_point_id}' does not exist.", 404)
        return found

    def DescribeAccessPoints(self, request):
        points = self.world.efs(request.region).access_points.values()
        if access_point_id := request.parameters.get("AccessPointId"):
            points = [self.access_point(request, access_point_id)]
        if file_system_id := request.parameters.get("FileSystemId"):
            self.file_system(request, file_system_id)
            points = [point for point in points if point.file_system_id == file_system_id]
        items = [{
            "AccessPointId": point.access_point_id, "AccessPointArn": point.access_point_arn, "FileSystemId": point.file_system_id,
            "OwnerId": self.world.efs(request.region).account_id, "LifeCycleState": "available"} for point in points]
        return self.listing(request, items, "AccessPointId", "AccessPoints")

    def DeleteAccessPoint(self, request):
        point = self.access_point(request, request.parameters["AccessPointId"])
        del self.world.efs(request.region).access_points[point.access_point_id]
        return {}

    def DescribeReplicationConfigurations(self, request):
        found = self.world.replications
        if file_system_id := request.parameters.get("FileSystemId"):
            self.file_system(request, file_system_id)
            found = {
                source: ends for source, ends in found.items()
                if file_system_id in (source, *(end["FileSystemId"] for end in ends))}
            if not found:
                raise APIError("ReplicationNotFound", f"no replication configuration for {file_system_id}", 404)
        backend = self.world.efs(request.region)
        items = [{
            "SourceFileSystemId": source, "SourceFileSystemRegion": request.region, "Destinations": ends,
            "SourceFileSystemArn": backend.file_systems_by_id[source].file_system_arn,
            "OriginalSourceFileSystemArn": backend.file_systems_by_id[source].file_system_arn,
            "CreationTime": datetime.datetime.fromtimestamp(0, datetime.timezone.utc)} for source, ends in found.items()]
        return self.listing(request, items, "SourceFileSystemId", "Replications")

    def DeleteReplicationConfiguration(self, request):
        if self.world.replications.pop(request.parameters["SourceFileSystemId"], None) is None:
            raise APIError("ReplicationNotFound", "no replication configuration", 404)
        return {}
