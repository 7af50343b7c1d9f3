"""Puts the native library into what is installed. Knows wheels and tags; src/nemoserve/native/build.py knows the compiler.

Where it cannot be compiled, the package is installed without it and is the same for every machine; the engine then tries again at its
first start, and runs on PyTorch alone if that fails too.
"""

from __future__ import annotations

import os
import platform
import runpy
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class NativeLibrary(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile for the machine that builds, or for all with the glibc in $NEMOSERVE_GLIBC; `version` is "standard" or "editable"."""
        if os.environ.get("NEMOSERVE_NATIVE", "1") == "0":
            return
        folder = Path(self.root) / "src" / "nemoserve" / "native"
        building = runpy.run_path(str(folder / "build.py"))
        for old in folder.glob("nemo-*.so"):
            if old.name != building["file_name"]():
                old.unlink()
        if glibc := os.environ.get("NEMOSERVE_GLIBC"):
            # A wheel for others is not to be made without the library.
            library = building["build"](Path(self.root) / "build" / f"glibc-{glibc}", glibc=glibc)
            build_data["force_include"][str(library)] = f"nemoserve/native/{library.name}"
            system = f"manylinux_{glibc.replace('.', '_')}_{platform.machine()}"
        else:
            try:
                library = folder / building["file_name"]()
                if not library.exists():
                    building["build"](folder)
            except building["BuildError"] as error:
                self.app.display_warning(f"nemoserve is installed without its native library: {error}")
                return
            build_data["artifacts"].append(f"/src/nemoserve/native/{library.name}")
            system = sysconfig.get_platform().replace("-", "_").replace(".", "_")
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{system}"
