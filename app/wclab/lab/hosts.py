# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""The machines of a setting: an arm64 host with KVM under QEMU's TCG, whose stores the plugin watches, and perhaps its own
guest, which gets the host's devices by vfio-pci."""
import image
import nested
from machine import Guest
from step import Steps, vfio_bind

INNER_KERNEL = "6.12"


class Machines(Steps):
    """A setting says: `kernel` of the host, `inside` if the programs run in its guest, `patched` if the host's vfio-pci
    lacks VM_ALLOW_ANY_UNCACHED, `card` if the devices need a virtual IOMMU of the kind that cards do. The programs run in
    `self.machine`. Whoever inherits this says devices(), QEMU's options, slots(), where they are, and own_files(), what
    goes into guests: names in the build folder, and a function of image.Boot.own() or None."""

    def host(self):
        boot, setting = self.lab.boot, self.setting
        names, extra = self.own_files()
        own = boot.own("arm64", self.lab.args.build_arm64, names, extra or (lambda tree, root: None))
        user = boot.user("arm64")
        modules = nested.patched_modules if setting.patched else image.modules
        parts = [user, boot.modules(setting.kernel, "arm64", modules), own]
        if setting.inside:
            inner = boot.join("inner", user, boot.modules(INNER_KERNEL, "arm64"), own)
            parts.append(boot.work / "host.cpio")
            nested.host_archive(boot.trees, parts[-1], boot.kernel(INNER_KERNEL, "arm64")[0], inner)
        kernel, self.row["host_kernel"] = boot.kernel(setting.kernel, "arm64")
        options = ",virtualization=on" + ("" if setting.card else ",iommu=smmuv3")
        command = boot.command("arm64", kernel, boot.join("initrd", *parts), *self.devices(), options=options,
                               cpu="neoverse-n1", memory="3G")
        self.outer = self.machine = Guest(command, self.folder / "console.log")
        self.stack.callback(self.outer.close)
        return {"kernel": self.row["host_kernel"]}

    def guest(self):
        vfio_bind(self.outer, *(f"0000:00:{slot:02x}.0" for slot in self.slots()))
        devices = "-device virtio-iommu-pci,boot-bypass=off " if self.setting.card else ""
        devices += " ".join(f"-device vfio-pci,host=0000:00:{slot:02x}.0,addr={slot:#x}" for slot in self.slots())
        self.machine = nested.Inner(self.outer, devices)
        return {"kernel": self.machine.check("uname -r").strip()}
