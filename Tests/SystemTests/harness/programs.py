"""Small C programs for what Python is too slow for; each built once a run."""
import os
import shutil
import subprocess
import tempfile

SOURCES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "programs")


class Builder:
    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="tapswitch-programs-")
        os.chmod(self.directory, 0o755)

    def __call__(self, name, *options):
        path = os.path.join(self.directory, name)
        if not os.path.exists(path):
            subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", *options, "-o", path, f"{SOURCES}/{name}.c"],
                           check=True)
        return path

    def close(self):
        shutil.rmtree(self.directory, ignore_errors=True)
