"""Certificate authorities and server certificates for one test run, made with the `openssl` command."""

import pathlib
import subprocess


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


class Authority:
    """A certificate authority of our own, in `folder`."""

    def __init__(self, folder, name):
        self.folder = pathlib.Path(folder)
        self.certificate = self.folder / f"{name}.crt"
        self.key = self.folder / f"{name}.key"
        openssl(
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE",
            "-addext", "keyUsage=critical,keyCertSign", "-keyout", str(self.key), "-out", str(self.certificate))

    def issue(self, host):
        """A server certificate for `host`: the paths of the certificate and its key."""
        certificate, key = self.folder / f"{host}.crt", self.folder / f"{host}.key"
        request, extensions = self.folder / f"{host}.csr", self.folder / f"{host}.ext"
        extensions.write_text(f"subjectAltName=DNS:{host}\nextendedKeyUsage=serverAuth\n")
        openssl(
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={host}",
            "-keyout", str(key), "-out", str(request))
        openssl(
            "x509", "-req", "-in", str(request), "-CA", str(self.certificate), "-CAkey", str(self.key),
            "-CAcreateserial", "-days", "2", "-extfile", str(extensions), "-out", str(certificate))
        return certificate, key
