# SPDX-License-Identifier: GPL-2.0
#
# Thin over kbuild. KDIR names the kernel to build for, DESTDIR and PREFIX
# where to install; W=1 and C=1 pass through to kbuild.

KDIR ?= /lib/modules/$(shell uname -r)/build
PREFIX ?= /usr/local
export DESTDIR PREFIX

.PHONY: all modules usr check bench demo lint install modules_install dkms dkms-check deb \
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

modules_install: modules
	$(MAKE) -C $(KDIR) M=$(CURDIR) $(if $(DESTDIR),INSTALL_MOD_PATH=$(DESTDIR)) \
		INSTALL_MOD_DIR=updates modules_install

uninstall:
	rm -f $(DESTDIR)/lib/modules/*/updates/hearth_*.ko* \
	      $(DESTDIR)/lib/modules/*/updates/kmod/vhci/hearth_*.ko* \
	      $(DESTDIR)/lib/modules/*/updates/dm-rekey.ko* \
	      $(DESTDIR)/lib/modules/*/updates/kmod/rekey/dm-rekey.ko*
	$(MAKE) -C usr uninstall
	$(if $(DESTDIR),,depmod -a)

dkms deb dkms-check:
	packaging/$@

clean:
	$(MAKE) -C $(KDIR) M=$(CURDIR) clean
	$(MAKE) -C usr clean
