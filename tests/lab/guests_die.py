# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Guests that die or say nothing: in a real nested machine, and with a shell in QEMU's place."""
import contextlib
import pathlib
import unittest

import image
import life
import nested
import rig
from boot import Boot
from machine import Guest
from step import vfio_bind
from trees import Trees

BDF = "0000:00:10.0"
SHARED = ("-object", "memory-backend-ram,id=shared,size=1M,share=on", "-device", "ivshmem-plain,memdev=shared,addr=0x10")


def host(boot, kernel):
    """An arm64 host with ivshmem and what its guest is made of; stage 2 is Device if it is older than 6.9."""
    own, user = boot.own("arm64", rig.args.build_arm64, ["tests/lab/unaligned"]), boot.user("arm64")
    inner = boot.join("inner", user, boot.modules("6.12", "arm64"), own)
    nested.host_archive(boot.trees, boot.work / "host.cpio", boot.kernel("6.12", "arm64")[0], inner)
    initrd = boot.join("initrd", user, boot.modules(kernel, "arm64"), own, boot.work / "host.cpio")
    return boot.command("arm64", boot.kernel(kernel, "arm64")[0], initrd, *SHARED,
                        options=",virtualization=on,iommu=smmuv3", cpu="neoverse-n1", memory="2G")


class Real(unittest.TestCase):
    def test_unaligned_store_under_device_stage_2__reported_at_once(self):
        with life.work_folder(rig.args.cache, "lab") as work, contextlib.ExitStack() as stack:
            guest = Guest(host(Boot(Trees(rig.args.cache, life.progress), work), "6.1"), rig.out() / "dies.console.log")
            stack.callback(guest.close)
            vfio_bind(guest, BDF)
            inner = nested.Inner(guest, f"-device vfio-pci,host={BDF},addr=0x10")
            inner.check(f"echo 1 >/sys/bus/pci/devices/{BDF}/enable")
            with self.assertRaisesRegex(life.Failure, r"(?s)inside was stopped by KVM.*kvm run failed.* at: unaligned.*"
                                                      r"unaligned store.*about to store") as caught:
                inner.check(f"unaligned /sys/bus/pci/devices/{BDF}/resource2_wc")
            self.assertIn(str(guest.path), str(caught.exception))
            inner.end()
            with self.assertRaisesRegex(life.Failure, "inside: its QEMU has ended at: true"):
                inner.check("true")
            with self.assertRaisesRegex(life.Failure, r"(?s)the kernel panicked at: echo c.*Kernel panic"):
                guest.check("echo c >/proc/sysrq-trigger")
        self.assertIsNotNone(guest.process.returncode)


class Hung(unittest.TestCase):
    """A shell in QEMU's place."""

    def boots(self, script, why, boot_s=life.PATIENCE_S):
        class Quick(Guest):
            BOOT_S = boot_s

        log = rig.out() / "hung.console.log"
        with self.assertRaisesRegex(life.Failure, why):
            Quick(["sh", "-c", script], log)
        self.assertEqual(rig.children(), set())

    def test_silence__reported_with_the_end_of_the_console(self):
        self.boots("echo first; echo last words; exec sleep 1000", r"(?s)no answer within 10 s to: boot\n.*\| last words",
                   10)

    def test_panic__reported_at_once(self):
        self.boots("echo 'Kernel panic - not syncing: no init'; exec sleep 1000",
                   r"(?s)the kernel panicked at: boot\n.*no init")

    def test_end_of_qemu__reported_with_its_status(self):
        self.boots("echo 'no such machine' >&2; exit 3", r"(?s)QEMU ended \(status 3\) at: boot\n.*no such machine")

    def test_closed_console__ended(self):
        self.boots("exec >&-; exec sleep 1000", r"QEMU ended \(status -9\)")

    def test_no_qemu__reported(self):
        with self.assertRaisesRegex(life.Failure, "/nowhere/qemu cannot be started: No such file"):
            Guest(["/nowhere/qemu"], rig.out() / "hung.console.log")

    def test_hang_after_boot__reported(self):
        guest = Guest(["sh", "-c", "echo '@@ 0'; read line; echo got $line; exec sleep 1000"], rig.out() / "hung.console.log")
        with self.assertRaisesRegex(life.Failure, r"(?s)no answer within 10 s to: uname\n.*\| got uname"):
            guest.run("uname", 10)
        with contextlib.suppress(life.Failure):
            try:
                raise life.Failure("as a run ends")
            finally:
                guest.close()
        self.assertEqual(rig.children(), set())
