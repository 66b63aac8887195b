# SPDX-License-Identifier: BSD-3-Clause
# Copyright(c) 2026 The wcnic authors
"""Which machines are tried, and what each must answer. The rungs are those of lib/wcbar."""
import dataclasses

# Which rung of the ladder gives write combining, by the kernel and how the device is bound.
WC, WC_VFIO, WC_RELAXED, PAT, UC = "sysfs-wc", "sysfs-wc-vfio", "sysfs-wc-relaxed", "vfio-pat", "vfio"


@dataclasses.dataclass(frozen=True)
class Setting:
    name: str
    what: str
    arch: str
    kernel: str
    driver: str  # the kernel driver that the card is bound to
    devices: tuple = ()  # of QEMU, before the cards
    append: str = ""  # to the kernel's command line
    prepare: str = ""  # a line of shell in the guest, before anything is bound
    machine: str = ""  # more of QEMU's machine option
    iommu: bool = True  # the machine has one
    user: str = "user"  # whose programs: of the host's release, with its DPDK, or user-next
    rung: str = ""  # that must give the push windows
    no_interrupts: str = ""  # what the refusal of Rx interrupts says, where there are none
    cpus: int = 2
    net_ena: bool = True  # of Ena: VFIO works here, so that DPDK's driver is tried too
    whole: bool = False  # left out of a quick run
    memory: str = ""  # more of the object behind its memory
    hugepages: int = 96


UNSAFE = "echo 1 >/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts"
NO_IOMMU = "echo 1 >/sys/module/vfio/parameters/enable_unsafe_noiommu_mode"
INTEL_IOMMU = ("-device", "intel-iommu,caching-mode=on")
# Without bypass, as QEMU ends itself when a device whose server was killed falls back to it.
VIRTIO_IOMMU = ("-device", "virtio-iommu-pci,boot-bypass=off")

FORWARDING = [
    Setting("x86-uio", "x86-64, no IOMMU, uio_pci_generic", "amd64", "6.1", "uio_pci_generic", rung=WC,
            no_interrupts="vfio-pci"),
    Setting("x86-noiommu", "x86-64, VFIO without an IOMMU", "amd64", "own-strict", "vfio-pci", prepare=NO_IOMMU,
            rung=WC_VFIO, iommu=False),
    Setting("x86-intel-iommu", "x86-64, intel-iommu, vfio-pci", "amd64", "6.12", "vfio-pci", INTEL_IOMMU,
            append="intel_iommu=on", prepare=UNSAFE, rung=WC_VFIO),
    Setting("x86-virtio-iommu", "x86-64, virtio-iommu, vfio-pci", "amd64", "6.12", "vfio-pci", VIRTIO_IOMMU,
            prepare=UNSAFE, rung=WC_VFIO, whole=True),
    Setting("arm64-virtio-iommu", "aarch64, virtio-iommu, vfio-pci", "arm64", "6.12", "vfio-pci", VIRTIO_IOMMU,
            rung=WC_VFIO),
    Setting("x86-new-kernel", "x86-64, virtio-iommu, vfio-pci", "amd64", "7.3", "vfio-pci", VIRTIO_IOMMU,
            prepare=UNSAFE, rung=PAT),
    Setting("arm64-new-kernel", "aarch64, virtio-iommu, vfio-pci, iomem=relaxed", "arm64", "7.3", "vfio-pci",
            VIRTIO_IOMMU, append="iomem=relaxed", rung=WC_RELAXED,
            # Seen: its interrupt controller's driver has no interrupts for VFIO here; 6.12 in the same machine has.
            no_interrupts="No space left on device"),
]

# The moments at which a sysfs mapping is tried, in the order of tests/guest/ladder_moments: the device bound
# and nothing open; its VFIO device open; its BAR mapped by VFIO; a mapping made before that, used after it; and
# which rung wins when lib/wcbar is asked to keep the BAR mapped write-combining while it opens the device.
MOMENTS = ("bound", "open", "vfio_mapped", "kept", "held")
OLD = ("works", "works", "EINVAL", "revoked", WC_VFIO)
RELAXED = ("works", "works", "works", "works", WC_RELAXED)
ANSWERS = {
    # architecture, kernel, iomem=relaxed; x86 has one type for each range, and VFIO's is UC
    ("amd64", "6.1", False): OLD,
    ("amd64", "6.12", False): OLD,
    ("amd64", "7.3", False): ("works", "EINVAL", "EINVAL", "revoked", PAT),
    ("amd64", "6.1", True): ("works", "works", "demoted", "works", WC_RELAXED),
    ("amd64", "6.12", True): ("works", "works", "demoted", "works", WC_RELAXED),
    ("amd64", "7.3", True): ("works", "demoted", "demoted", "works", WC_RELAXED),
    ("amd64", "own-open", False): ("works", "works", "demoted", "works", WC_RELAXED),
    ("amd64", "own-strict", False): OLD,
    ("arm64", "6.1", False): OLD,
    ("arm64", "6.12", False): OLD,
    ("arm64", "7.3", False): ("works", "EINVAL", "EINVAL", "revoked", UC),
    ("arm64", "6.1", True): RELAXED,
    ("arm64", "6.12", True): RELAXED,
    ("arm64", "7.3", True): RELAXED,
}


def ladder(arch, kernel, relaxed):
    iommu = {"devices": INTEL_IOMMU, "append": "intel_iommu=on"} if arch == "amd64" else {"machine": ",iommu=smmuv3"}
    iommu["append"] = " ".join(filter(None, [iommu.get("append"), relaxed and "iomem=relaxed"]))
    return Setting(f"ladder-{'x86' if arch == 'amd64' else 'arm64'}-{kernel}{'-relaxed' * relaxed}",
                   f"the ladder on Linux {kernel}{', iomem=relaxed' * relaxed}", arch, kernel, "vfio-pci",
                   prepare=UNSAFE, rung=ANSWERS[arch, kernel, relaxed][-1], user="user-next" if kernel == "7.3" else "user",
                   whole=kernel == "6.1", **iommu)


LADDERS = [ladder(arch, kernel, relaxed) for arch in ("amd64", "arm64") for kernel in ("6.1", "6.12", "7.3")
           for relaxed in (False, True)]

# wcrun, by architecture, kernel, iomem=relaxed: whether BARs come out write-combining under it, and by its holder.
WCRUN = {
    ("amd64", "6.1", False): (True, False),
    ("amd64", "6.12", False): (True, False),
    ("amd64", "7.3", False): (True, True),
    ("amd64", "6.1", True): (True, True),
    ("amd64", "6.12", True): (True, True),
    ("amd64", "7.3", True): (True, True),
    ("amd64", "own-open", False): (True, True),
    ("amd64", "own-strict", False): (True, False),
    ("arm64", "6.1", False): (True, False),
    ("arm64", "6.12", False): (True, False),
    ("arm64", "7.3", False): (False, False),
    ("arm64", "7.3", True): (True, False),
}
WCRUN_WHOLE = ("ladder-x86-6.12", "ladder-arm64-6.12")  # all that is tried with it
# Where a secondary process that is not under wcrun takes the primary's mappings away, as it maps the BARs by VFIO.
WCRUN_SECONDARY_REVOKES = (("amd64", "6.12"), ("arm64", "6.12"))

# Kernels that are built here: without CONFIG_IO_STRICT_DEVMEM, and VFIO without an IOMMU.
LADDERS += [
    Setting("ladder-x86-open", "the ladder on Linux 6.1 without CONFIG_IO_STRICT_DEVMEM", "amd64", "own-open", "vfio-pci",
            INTEL_IOMMU, append="intel_iommu=on", prepare=UNSAFE, rung=WC_RELAXED),
    Setting("ladder-x86-noiommu", "the ladder on Linux 6.1, VFIO without an IOMMU", "amd64", "own-strict", "vfio-pci",
            prepare=NO_IOMMU, rung=WC_VFIO, iommu=False),
]

# Cards for Amazon's drivers. Linux's gets as many queues as there are CPUs.
ENA = [
    Setting("x86-ena", "x86-64, stock net_ena, and Linux's ena", "amd64", "6.12", "vfio-pci", VIRTIO_IOMMU, prepare=UNSAFE,
            cpus=4),
    Setting("arm64-ena", "aarch64, stock net_ena, and Linux's ena", "arm64", "6.12", "vfio-pci", VIRTIO_IOMMU, cpus=4),
    Setting("x86-ena-6.1", "the same on Linux 6.1", "amd64", "6.1", "vfio-pci", INTEL_IOMMU, append="intel_iommu=on",
            prepare=UNSAFE, cpus=4, whole=True),
    Setting("x86-ena-7.3", "the same on Linux 7.3, DPDK of the next release", "amd64", "7.3", "vfio-pci", VIRTIO_IOMMU,
            prepare=UNSAFE, cpus=4, user="user-next", whole=True),
    Setting("arm64-ena-6.1", "Linux's ena on Linux 6.1, where VFIO has no IOMMU", "arm64", "6.1", "-", cpus=4, net_ena=False,
            whole=True),
    Setting("arm64-ena-7.3", "the same on Linux 7.3, iomem=relaxed, DPDK of the next release", "arm64", "7.3", "vfio-pci",
            VIRTIO_IOMMU, append="iomem=relaxed", cpus=4, user="user-next", no_interrupts="No space left on device",
            whole=True),
]

# A guest that attacks its card.
HOSTILE = [
    # Without QEMU's seal, so that its memory can be cut short.
    Setting("hostile-intel-iommu", "a guest that attacks its card, intel-iommu", "amd64", "6.12", "vfio-pci", INTEL_IOMMU,
            append="intel_iommu=on", prepare=UNSAFE, whole=True, memory=",seal=off"),
    Setting("hostile-virtio-iommu", "the same, virtio-iommu", "amd64", "6.12", "vfio-pci", VIRTIO_IOMMU, prepare=UNSAFE,
            memory=",seal=off"),
    Setting("hostile-hugetlb", "the same, its memory in hugepages", "amd64", "6.12", "vfio-pci", VIRTIO_IOMMU, prepare=UNSAFE,
            memory=",seal=off,hugetlb=on,hugetlbsize=2M", whole=True),
]

SUITES = [
    Setting("arm64-tests", "the project's own tests on aarch64", "arm64", "6.12", "-"),
    # A huge page has 32 MiB there.
    Setting("arm64-tests-16k", "the same, pages of 16 KiB", "arm64", "6.12-16k", "-", hugepages=0, whole=True),
]
