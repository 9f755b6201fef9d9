#ifndef CLINUX_SHIM_H
#define CLINUX_SHIM_H

// What Swift's Glibc module leaves out.
#include <malloc.h>
#include <nss.h>
#include <sys/signalfd.h>

#endif
