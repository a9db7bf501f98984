package vfs

import "syscall"

func protectFile(b []byte) error { return syscall.Mprotect(b, syscall.PROT_READ) }
