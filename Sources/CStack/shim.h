#ifndef CSTACK_SHIM_H
#define CSTACK_SHIM_H
#include <elf.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stddef.h>
#include <sys/auxv.h>
#include <ucontext.h>

/* Of the Swift runtime: called with every error at the place it is thrown; Swift Testing uses the same hook. */
extern void _swift_setWillThrowHandler(void (*handler)(void *));
extern void swift_willThrow(void);
extern void swift_willThrowTypedImpl(void);
extern char *swift_demangle(const char *, size_t, char *, size_t *, uint32_t);

static inline uintptr_t cstack_will_throw(void) { return (uintptr_t)&swift_willThrow; }
static inline uintptr_t cstack_will_throw_typed(void) { return (uintptr_t)&swift_willThrowTypedImpl; }

/* The caller's frame. Not inlined, so that it is the caller's in every build: Swift inlines such functions or does not,
   as it likes, and the frame of this one is gone when it returns. */
__attribute__((noinline)) static uintptr_t cstack_frame(void) {
    return *(uintptr_t *)__builtin_frame_address(0);
}

/* GNU extensions that Swift's Glibc module leaves out. */
#define CSTACK_PIPE_FLAGS (O_CLOEXEC | O_NONBLOCK)
extern int pipe2(int[2], int);
extern int pthread_getattr_np(pthread_t, pthread_attr_t *);
static inline int cstack_pipe(int ends[2]) { return pipe2(ends, CSTACK_PIPE_FLAGS); }
static inline int cstack_bounds(uintptr_t *start, size_t *size) {
    pthread_attr_t attributes;
    void *base = 0;
    if (pthread_getattr_np(pthread_self(), &attributes)) return -1;
    int result = pthread_attr_getstack(&attributes, &base, size);
    pthread_attr_destroy(&attributes);
    *start = (uintptr_t)base;
    return result;
}

#if defined(__x86_64__)
static inline uintptr_t cstack_pc(const void *c) { return (uintptr_t)((const ucontext_t *)c)->uc_mcontext.gregs[16]; }
static inline uintptr_t cstack_fp(const void *c) { return (uintptr_t)((const ucontext_t *)c)->uc_mcontext.gregs[10]; }
static inline uintptr_t cstack_sp(const void *c) { return (uintptr_t)((const ucontext_t *)c)->uc_mcontext.gregs[15]; }
#elif defined(__aarch64__)
static inline uintptr_t cstack_pc(const void *c) { return (uintptr_t)((const ucontext_t *)c)->uc_mcontext.pc; }
static inline uintptr_t cstack_fp(const void *c) { return (uintptr_t)((const ucontext_t *)c)->uc_mcontext.regs[29]; }
static inline uintptr_t cstack_sp(const void *c) { return (uintptr_t)((const ucontext_t *)c)->uc_mcontext.sp; }
#endif

static inline int cstack_handle(int number, void (*handler)(int, siginfo_t *, void *)) {
    struct sigaction action;
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESETHAND | SA_NODEFER;
    sigemptyset(&action.sa_mask);
    return sigaction(number, &action, 0);
}
#endif
