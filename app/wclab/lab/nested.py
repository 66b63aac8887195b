# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""A virtual machine in a guest: the guest is an arm64 host with KVM, and the card is passed through to its own guest.
Both take commands like a Guest; the inner one's go through the outer one's console."""
import pathlib
import shlex
import shutil
import tempfile

import image
import patch
from life import PATIENCE_S, Failure
from machine import CALM

QEMU = "usr/bin/qemu-system-aarch64"
ROMS = ("efi-virtio.rom",)
# In the outer guest: sends one line to the inner one and prints its answer; its status is the inner one's.
TALK = ("l2() { printf '%s\\n' \"$1\" >&4; l2_answer; }; "
        "cr=$(printf '\\r'); l2_answer() { while IFS= read -r line <&5; do line=${line%$cr}; case $line in "
        "*'@@ '*) rest=${line%@@ *}; [ -z \"$rest\" ] || echo \"$rest\"; return ${line##*@@ };; esac; "
        "echo \"$line\"; case $line in @l2*) return 99;; esac; done; return 98; }")
# What QEMU for KVM says to standard error. When KVM stops a machine QEMU stays, so whoever waits for an answer is shown
# here; and when QEMU has ended.
LISTEN = ("while IFS= read -r line; do echo \"$line\" >>/run/l2.err; case $line in "
          "*'kvm run failed'*) printf '\\n@l2 was stopped by KVM: %s\\n' \"$line\" >/run/l2.out;; esac; done </run/l2.said; "
          "printf '\\n@l2: its QEMU has ended\\n' >/run/l2.out")


def host_archive(trees, archive, inner_kernel, inner_initrd):
    """What makes a guest a host: QEMU for KVM, and the inner guest's kernel and initial file system."""
    tree = trees.get("qemu-arm64")
    with tempfile.TemporaryDirectory(dir=archive.parent) as work:
        root = pathlib.Path(work)
        files = image.Image(tree, root)
        files.copy(QEMU)
        for rom in ROMS:
            found = next(iter(tree.rglob(rom)), None)
            if found:
                (root / "usr/share/qemu").mkdir(parents=True, exist_ok=True)
                shutil.copy(found.resolve(), root / "usr/share/qemu" / rom)
        (root / "l2").mkdir()
        shutil.copy(inner_kernel, root / "l2/Image")
        shutil.copy(inner_initrd, root / "l2/initrd")
        image.cpio(root, archive)


def patched_modules(tree, archive):
    """The modules of a kernel, with vfio-pci-core as `patch` makes it."""
    image.modules(tree, archive, edit={"vfio-pci-core.ko": patch.without_any_uncached})


STOPPED = ("KVM does that at an access which the mapping does not allow, as an unaligned store where stage 2 is Device; "
           "the console of the guest in this file has what ran there.\n")


class Inner:
    """The virtual machine inside; run() and check() as of a Guest."""
    BOOT_S = PATIENCE_S

    def __init__(self, outer, devices, append="", memory="640M"):
        self.outer, self.path = outer, outer.path
        outer.check(TALK)
        outer.check("rm -f /run/l2.*; mkfifo /run/l2.in /run/l2.out /run/l2.said; exec 4<>/run/l2.in; exec 5<>/run/l2.out")
        outer.check(f"{{ {LISTEN}; }} &")
        outer.check("qemu-system-aarch64 -nodefaults -no-user-config -machine virt,gic-version=host -accel kvm -cpu host "
                    f"-smp 2 -m {memory} -display none -serial stdio -monitor none -no-reboot -kernel /l2/Image "
                    f"-initrd /l2/initrd -append {shlex.quote(f'console=ttyAMA0 {CALM} {append}'.strip())} "
                    f"{devices} </run/l2.in >/run/l2.out 2>/run/l2.said & echo $! >/run/l2.pid")
        self.answer("l2_answer", self.BOOT_S, "boot")

    def run(self, line, timeout=PATIENCE_S):
        return self.answer("l2 " + shlex.quote(line), timeout, line)

    def answer(self, call, timeout, line):
        """Status and text; it is a failure of its own if the machine is no more."""
        status, text = self.outer.run(call, timeout, f"{line} (in the virtual machine inside)")
        last = text.splitlines()[-1:]
        if status == 99 and last and last[0].startswith("@l2"):
            said = self.outer.run("cat /run/l2.err")[1]
            why = STOPPED if "kvm run failed" in said else ""
            raise Failure(f"the virtual machine inside{last[0][3:]} at: {line}\n{why}{text[-1500:]}\n"
                          f"QEMU said: {said[:1500]}\n(all of it: {self.path})")
        return status, text

    def check(self, line, timeout=PATIENCE_S):
        status, text = self.run(line, timeout)
        if status != 0:
            raise Failure(f"in the virtual machine inside: {line}\nended with status {status}:\n{text}\n(all of it: {self.path})")
        return text

    def end(self):
        self.outer.run("kill $(cat /run/l2.pid)")
