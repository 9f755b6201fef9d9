#!/usr/bin/env python3
"""The packaged functions where there is nothing but what Lambda promises: names, certificates and hostile hosts.

Everything outside is a server of ours on the loopback interface of a network of its own.
"""

import glob
import os
import pathlib
import queue
import subprocess
import tempfile
import unittest

from certificates import Authority
from functions import REPOSITORY, unpacked
from isolation import Root, enter
from servers import Names, RuntimeAPI, Upstream

CA_BUNDLE = "etc/pki/tls/certs/ca-bundle.crt"  # Where Amazon Linux keeps its own.
OLD_RELEASE = {"debian": "bullseye", "ubuntu": "focal"}

EVENT = {
    "requestContext": {
        "elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/mlflow/6d0ecf831eec9f09"}
    },
    "httpMethod": "GET",
    "path": "/version",
    "multiValueQueryStringParameters": {},
    "multiValueHeaders": {"host": ["mlflow.example.com"], "x-forwarded-proto": ["https"], "x-forwarded-for": ["203.0.113.7"]},
    "body": "",
    "isBase64Encoded": False,
}

# A name service module that ends the process as soon as it is loaded, as one made for another glibc may.
HOSTILE_MODULE = "__attribute__((constructor)) static void loaded(void) { __builtin_trap(); }\n"

# A static program that looks a name up without saying which modules it wants.
UNPREPARED = """
#include <netdb.h>
int main(void) { struct addrinfo *found; return getaddrinfo("mlflow.test", "443", 0, &found) != 0; }
"""


def compile_c(source, output, *options):
    subprocess.run(["gcc", "-w", *options, "-x", "c", "-", "-o", output], input=source.encode(), check=True, capture_output=True)


class Isolated(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        folder = pathlib.Path(cls.folder.name)
        cls.names = Names()
        cls.authority = Authority(folder, "authority")
        cls.stranger = Authority(folder, "stranger")
        cls.upstream = Upstream(*cls.authority.issue("mlflow.test"))
        cls.addClassCleanup(cls.upstream.close)

    def root(self, bundle=CA_BUNDLE, authority=None):
        """A root directory with the functions and a bundle that holds `authority` (ours by default)."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        root = Root(pathlib.Path(folder.name) / "root")
        self.addCleanup(root.close)
        if bundle:
            root.copy(bundle, (authority or self.authority).certificate)
        return root

    def invoke(self, root, name="mlflow-proxy", event=EVENT, host="mlflow.test", **environment):
        """Hands one event to a function inside `root`. Returns what it posted, once it has asked for the next event."""
        api = RuntimeAPI([event])
        self.addCleanup(api.close)
        root.copy("var/task/bootstrap", unpacked(name))
        process = root.start("/var/task/bootstrap", {
            "AWS_LAMBDA_RUNTIME_API": api.address,
            "AWS_LAMBDA_FUNCTION_NAME": name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "LAMBDA_TASK_ROOT": "/var/task",
            "AWS_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "MLFLOW_TRACKING_ARN": "arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/team",
            "SAGEMAKER_MLFLOW_CUSTOM_ENDPOINT": f"https://{host}:{self.upstream.port}",
            "PROXY_AUTH": "network",
            **environment,
        })
        try:
            kind, body = self.posted(api, process)[:2]
            self.assertTrue(api.idle.wait(timeout=10), f"{name} did not ask for another event")
            self.assertIsNone(process.poll(), f"{name} ended after its answer")
            return kind, body.decode()
        except queue.Empty:
            process.kill()
            self.fail(f"{name} posted nothing; exit {process.wait()}: {process.stdout.read().decode(errors='replace')}")
        finally:
            process.kill()
            process.wait()
            process.stdout.close()

    def posted(self, api, process):
        """What the function posts next; `queue.Empty` where it ends or says nothing for 20 seconds."""
        for _ in range(100):
            try:
                return api.posted.get(timeout=0.2)
            except queue.Empty:
                if process.poll() is not None:
                    break
        return api.posted.get_nowait()

    def assert_answers(self, posted):
        kind, body = posted
        self.assertEqual(kind, "response", body)
        self.assertRegex(body, r'"statusCode" ?: ?200\b')
        self.assertIn("3.0.0 from the upstream", body)

    def assert_gateway_error(self, posted):
        kind, body = posted
        self.assertEqual(kind, "response", body)
        self.assertRegex(body, r'"statusCode" ?: ?50[234]\b')
        self.assertNotIn("from the upstream", body)

    def test_the_example_answers_in_an_empty_root(self):
        kind, body = self.invoke(self.root(bundle=None), "example-echo", {"hello": "world"})
        self.assertEqual(kind, "response", body)
        self.assertIn("world", body)

    def test_the_proxy_reaches_a_named_upstream_over_TLS_with_the_bundle_of_amazon_linux(self):
        self.assert_answers(self.invoke(self.root()))

    def test_HTTP_2_is_not_offered(self):
        self.upstream.protocols.clear()
        self.assert_answers(self.invoke(self.root()))
        self.assertEqual(set(self.upstream.protocols) - {"http/1.1", None}, set())

    def test_AWS_CA_BUNDLE_names_the_bundle(self):
        self.assert_answers(self.invoke(self.root("opt/own.pem"), AWS_CA_BUNDLE="/opt/own.pem"))

    def test_SSL_CERT_FILE_names_the_bundle(self):
        self.assert_answers(self.invoke(self.root("opt/own.pem"), SSL_CERT_FILE="/opt/own.pem"))

    def test_an_unknown_authority_is_refused(self):
        self.assert_gateway_error(self.invoke(self.root(authority=self.stranger)))

    def test_no_bundle_at_all_is_refused(self):
        self.assert_gateway_error(self.invoke(self.root(bundle=None)))

    def test_a_certificate_for_another_host_is_refused(self):
        self.assert_gateway_error(self.invoke(self.root(), host="other.test"))

    def test_a_name_that_does_not_exist_is_an_error_not_a_crash(self):
        self.assert_gateway_error(self.invoke(self.root(), host="missing.test"))

    def test_a_hostile_name_service_module_of_the_host_is_never_loaded(self):
        root = self.root()
        self.make_hostile(root)
        self.assert_answers(self.invoke(root))

    def test_the_hostile_module_ends_a_static_program_that_is_not_prepared(self):
        root = self.root()
        self.make_hostile(root)
        compile_c(UNPREPARED, root.copy("unprepared"), "-static")
        with root.start("/unprepared", {}) as process:
            self.assertLess(process.wait(timeout=20), 0)

    def make_hostile(self, root):
        root.write("etc/nsswitch.conf", "hosts: files hostile dns\n")
        multiarch = subprocess.run(["gcc", "-print-multiarch"], check=True, capture_output=True, text=True).stdout.strip()
        module = root.copy(f"lib/{multiarch}/libnss_hostile.so.2")
        compile_c(HOSTILE_MODULE, module, "-shared", "-fPIC", "-nostdlib")

    def test_an_older_distribution_whose_hosts_go_through_hesiod(self):
        root = self.root()
        unpack_old_glibc(self, root.path)
        root.write("etc/nsswitch.conf", "hosts: files hesiod dns\n")
        self.assert_answers(self.invoke(root))


OLD_GLIBC = REPOSITORY / ".build-static" / "roots"


def old_release():
    """The code name of an older release of this distribution, or nothing."""
    with open("/etc/os-release", encoding="utf-8") as file:
        fields = dict(line.strip().split("=", 1) for line in file if "=" in line)
    return OLD_RELEASE.get(fields.get("ID", "").strip('"'))


def fetch_old_glibc():
    """Downloads the libc6 package of an older release, once. The network is needed, so this runs outside the namespaces."""
    release = old_release()
    if not release or glob.glob(f"{OLD_GLIBC}/{release}/libc6_*.deb"):
        return
    folder = OLD_GLIBC / release
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as state:
        subprocess.run(
            [REPOSITORY / ".scripts/apt-private.sh", state, "download", "libc6"], cwd=folder, capture_output=True,
            env={**os.environ, "RELEASE": release})


def unpack_old_glibc(test, root):
    packages = glob.glob(f"{OLD_GLIBC}/{old_release()}/libc6_*.deb")
    if not packages:
        test.skipTest("the C library of an older release could not be downloaded")
    subprocess.run(["dpkg-deb", "--extract", packages[0], root], check=True)


if __name__ == "__main__":
    if not os.environ.get("PACKAGING_TESTS_INSIDE_NAMESPACE"):
        fetch_old_glibc()
    reason = enter()
    if reason:
        Isolated = unittest.skip(reason)(Isolated)
    unittest.main(verbosity=2)
