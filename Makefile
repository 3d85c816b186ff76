# SPDX-License-Identifier: GPL-2.0
#
# Thin over kbuild. KDIR names the kernel to build for, DESTDIR and PREFIX
# where to install; W=1 and C=1 pass through to kbuild.

KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
export DESTDIR PREFIX

.PHONY: all modules usr check bench demo lint install modules_install dkms dkms-check deb deb-check \
	uninstall clean

all: modules usr

modules:
	$(MAKE) -C $(KDIR) M=$(CURDIR) modules

usr:
	$(MAKE) -C usr

check:
	./scripts/check

bench:
	./scripts/bench

demo:
	./scripts/demo

lint:
	./scripts/lint

install: modules_install
	$(MAKE) -C usr install

# Signed only where the kernel's build left its key; without one, modules_install
# tries and prints an SSL error.
unsigned = $(if $(wildcard $(KDIR)/certs/signing_key.pem),,CONFIG_MODULE_SIG_ALL=)

modules_install: modules
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) \
		INSTALL_MOD_DIR=updates $(unsigned) modules_install

# What modules_install put there, whichever kernel it was for, and folders that are empty then.
uninstall:
	for d in $(DESTDIR)/lib/modules/*/updates; do \
		[ -d "$$d" ] || continue; \
		rm -f "$$d"/hearth.ko* "$$d"/hearth_*.ko* "$$d"/dm-rekey*.ko* "$$d"/kmod/hearth/hearth*.ko* \
			"$$d"/kmod/vhci/hearth_*.ko* "$$d"/kmod/rekey/dm-rekey*.ko*; \
		rmdir -p --ignore-fail-on-non-empty "$$d/kmod/hearth" "$$d/kmod/vhci" "$$d/kmod/rekey" 2>/dev/null; \
		[ -n "$(DESTDIR)" ] || ! [ -e "$${d%/updates}/modules.dep" ] || \
			depmod "$$(basename "$${d%/updates}")"; \
	done
	$(MAKE) -C usr uninstall

dkms deb dkms-check deb-check:
	packaging/$@

clean:
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean
	$(MAKE) -C usr clean
